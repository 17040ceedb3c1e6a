//! Arguments of the provider block from the environment, and their defaults.

use std::fmt;
use std::str::FromStr as _;

use homelab_cty::{Block, Model, Number, Path, Type, Value};

use super::ProviderConfig;
use super::arguments::{ALTERNATIVES, BLOCKS, Presence};
pub use super::arguments::{ARGUMENTS, Argument};

/// A variable whose text is not what its argument takes. The text itself is not shown: it may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentError {
    /// The variable.
    pub variable: &'static str,
    /// The argument that it stands for.
    pub path: Path,
    /// What it must be, as a fragment: "must be true or false".
    pub message: String,
}

impl std::error::Error for EnvironmentError {}

impl fmt::Display for EnvironmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the environment variable {} (for {}) {}", self.variable, self.path, self.message)
    }
}

/// The effective configuration: what the block says, else what the environment says, else the default of [`ARGUMENTS`].
///
/// `get` reads one variable; an empty one counts as not set. A block that is absent comes into being where a variable says
/// what it is about (`VAULT_ADDR` makes `vault`, `VAULT_TOKEN` alone does not); `site`, `checks` and `probe` always do. What
/// is unknown in the block stays unknown. Where several arguments are ways to say one thing (a cluster or a folder; a
/// token or a certificate), the environment only adds to the way that the block chose; where the block chose none, the first
/// way of [`ProviderConfig::kubernetes`], [`ProviderConfig::vault`] and [`ProviderConfig::dns`] that a variable names wins.
///
/// # Errors
///
/// Every variable that is used and does not fit its argument.
pub fn with_environment(
    config: &ProviderConfig,
    get: impl Fn(&str) -> Option<String>,
) -> Result<ProviderConfig, Vec<EnvironmentError>> {
    let schema = ProviderConfig::block();
    let environment = Environment { get: &get, ignored: Vec::new() };
    let mut value = config.to_value();
    let environment = environment.ignoring_other_ways(&value);
    make_blocks(&schema, &mut value, &environment);

    let mut effective = config.clone();
    let mut errors = Vec::new();
    for argument in ARGUMENTS {
        let Some((variable, text)) = environment.text(argument) else { continue };
        let mut with_this = value.clone();
        if let Err(message) = fill(&schema, &mut with_this, argument, &text).and_then(|()| {
            // The whole is read again, since only the Rust type knows ranges and enums.
            ProviderConfig::from_value(&with_this, &Path::root())
                .map(|_| value = with_this)
                .map_err(|wrong| wrong.message)
        }) {
            errors.push(EnvironmentError { variable, path: argument.as_path(), message });
        }
    }
    for argument in ARGUMENTS {
        if let Some(default) = argument.default {
            // A default that does not fit is a mistake in the table, which a test would show.
            let _ = fill(&schema, &mut value, argument, default);
        }
    }
    if let Ok(read) = ProviderConfig::from_value(&value, &Path::root()) {
        effective = read;
    }
    if errors.is_empty() { Ok(effective) } else { Err(errors) }
}

struct Environment<'a> {
    get: &'a dyn Fn(&str) -> Option<String>,
    ignored: Vec<&'static str>,
}

impl Environment<'_> {
    /// The first variable of `argument` that is set, unless another way was chosen.
    fn text(&self, argument: &Argument) -> Option<(&'static str, String)> {
        if self.ignored.contains(&argument.path) {
            return None;
        }
        let set = |variable: &&'static str| Some((*variable, (self.get)(variable).filter(|text| !text.is_empty())?));
        argument.variables.iter().find_map(set)
    }

    /// Whether the environment gives this argument, `false` not counting as given.
    fn gives(&self, path: &str) -> bool {
        ARGUMENTS
            .iter()
            .filter(|argument| argument.path == path)
            .filter_map(|argument| self.text(argument))
            .any(|(_, text)| boolean(&text) != Some(false))
    }

    fn ignoring_other_ways(mut self, config: &Value) -> Self {
        for ways in ALTERNATIVES {
            let in_block: Vec<bool> =
                ways.iter().map(|way| way.iter().any(|path| is_given(lookup(config, path)))).collect();
            let chosen = if in_block.contains(&true) {
                in_block
            } else {
                // The first member of a way is what it is about.
                let first = ways.iter().position(|way| way.first().is_some_and(|path| self.gives(path)));
                (0..ways.len()).map(|index| first.is_none_or(|first| first == index)).collect()
            };
            for (way, chosen) in ways.iter().zip(chosen) {
                if !chosen {
                    self.ignored.extend(way.iter());
                }
            }
        }
        self
    }
}

/// Adds empty blocks for those that are absent and have a reason to be there.
fn make_blocks(schema: &Block, value: &mut Value, environment: &Environment<'_>) {
    for (path, presence) in BLOCKS {
        let wanted = match presence {
            Presence::Always => true,
            Presence::IfAny(arguments) => arguments.iter().any(|argument| environment.gives(argument)),
        };
        let Some(empty) = block_at(schema, path).map(Block::empty_value) else { continue };
        if let Some(slot) = slot(value, path)
            && wanted
            && slot.is_null()
        {
            *slot = empty;
        }
    }
}

/// Sets an argument that is null, where its block is there.
fn fill(schema: &Block, value: &mut Value, argument: &Argument, text: &str) -> Result<(), String> {
    let (parent, name) = argument.path.rsplit_once('.').unwrap_or(("", argument.path));
    let Some(attribute) = block_at(schema, parent).and_then(|block| block.attributes.get(name)) else { return Ok(()) };
    match slot(value, argument.path) {
        Some(slot) if slot.is_null() => {
            *slot = parse(&attribute.ty, text)?;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The nested block at a dotted path; the empty path is the whole.
pub(super) fn block_at<'a>(schema: &'a Block, path: &str) -> Option<&'a Block> {
    path.split('.').filter(|name| !name.is_empty()).try_fold(schema, |block, name| Some(&block.blocks.get(name)?.block))
}

fn slot<'a>(value: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    path.split('.').try_fold(value, |value, name| match value {
        Value::Map(members) => members.get_mut(name),
        _ => None,
    })
}

/// The value at a dotted path; unknown where a block on the way is.
fn lookup<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |value, name| if value.is_unknown() { value } else { value.member(name) })
}

fn is_given(value: &Value) -> bool {
    !value.is_null() && *value != Value::Bool(false)
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "1" => Some(true),
        "false" | "f" | "0" => Some(false),
        _ => None,
    }
}

/// Reads a text as a value of `ty`: the one form for scalars; JSON or commas for lists and maps.
fn parse(ty: &Type, text: &str) -> Result<Value, String> {
    match ty {
        Type::Bool => boolean(text).map(Value::Bool).ok_or_else(|| "must be true or false".to_owned()),
        Type::Number => Number::from_str(text.trim()).map(Value::Number).map_err(|_| "must be a number".to_owned()),
        Type::List(element) => {
            let wrong = || "must be a JSON list of texts, or texts separated by commas".to_owned();
            let parts: Vec<String> = if text.trim_start().starts_with('[') {
                serde_json::from_str(text).map_err(|_| wrong())?
            } else {
                split(text).map(str::to_owned).collect()
            };
            parts.iter().map(|part| parse(element, part)).collect::<Result<_, _>>().map(Value::List)
        }
        Type::Map(element) => {
            let wrong = || "must be a JSON object of texts, or name=value pairs separated by commas".to_owned();
            let pairs: Vec<(String, String)> = if text.trim_start().starts_with('{') {
                let object: std::collections::BTreeMap<String, String> =
                    serde_json::from_str(text).map_err(|_| wrong())?;
                object.into_iter().collect()
            } else {
                split(text)
                    .map(|pair| pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())))
                    .collect::<Option<_>>()
                    .ok_or_else(wrong)?
            };
            pairs
                .iter()
                .map(|(name, part)| Ok((name.clone(), parse(element, part)?)))
                .collect::<Result<_, String>>()
                .map(Value::Map)
        }
        _ => Ok(Value::string(text)),
    }
}

fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}
