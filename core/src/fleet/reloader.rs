//! Reloader: the program that restarts a workload when a Secret changes, and what workloads say to it.
//!
//! Its rules, as far as Secrets go: `auto` takes every Secret that the workload names, `reload` a list of names or patterns,
//! `search` those Secrets that carry `match`; a list of exceptions and an annotation of the Secret take one out. The
//! workload's own annotations decide; those of its pods only where it has none of them.

use regex::Regex;
use serde_json::Value;

const AUTO: &str = "reloader.stakater.com/auto";
const SECRET_AUTO: &str = "secret.reloader.stakater.com/auto";
const SECRET_RELOAD: &str = "secret.reloader.stakater.com/reload";
const SEARCH: &str = "reloader.stakater.com/search";
const EXCLUDE: &str = "secrets.exclude.reloader.stakater.com/reload";
/// The flag by which it takes everything.
const ALL: &str = "--auto-reload-all";
/// Flags by which it calls its annotations otherwise: then what is written here is not what it reads.
const RENAMED: [&str; 4] =
    ["--auto-annotation", "--secret-auto-annotation", "--secret-annotation", "--auto-search-annotation"];

/// What a workload says to Reloader.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reloading {
    /// Every Secret that it names; `Some(false)` is a refusal, also of [`Flags::everything`].
    pub auto: Option<bool>,
    /// These: names, or patterns of names.
    pub named: Vec<String>,
    /// Those that carry `match`.
    pub search: bool,
    /// Not these, whatever `auto` says.
    pub except: Vec<String>,
}

/// How Reloader was started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// It takes every workload that does not refuse.
    pub everything: bool,
    /// It calls its annotations otherwise.
    pub renamed: bool,
}

/// What the ExternalSecret makes of its Secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// It carries `match`.
    pub matched: bool,
    /// It carries `ignore`.
    pub ignored: bool,
}

impl Reloading {
    /// From the annotations of a workload and of its pods.
    pub fn of(workload: &Value, pods: &Value) -> Self {
        let says = |annotations: &Value| {
            [AUTO, SECRET_AUTO, SECRET_RELOAD, SEARCH].iter().any(|name| !annotations[*name].is_null())
        };
        let annotations = if says(workload) { workload } else { pods };
        let is = |name: &str| annotations[name].as_str().map(|text| text.trim().eq_ignore_ascii_case("true"));
        let list = |name: &str| {
            let names = annotations[name].as_str().unwrap_or_default().split(',').map(str::trim);
            names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
        };
        let auto = match (is(AUTO), is(SECRET_AUTO)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), _) | (_, Some(false)) => Some(false),
            (None, None) => None,
        };
        Self { auto, named: list(SECRET_RELOAD), search: is(SEARCH) == Some(true), except: list(EXCLUDE) }
    }

    /// Whether it asks for a restart when that Secret changes, which it names itself.
    pub fn asks_for(&self, secret: &str, marks: Marks) -> bool {
        let listed = |patterns: &[String]| patterns.iter().any(|pattern| fits(pattern, secret));
        if marks.ignored {
            return false;
        }
        let auto = self.auto == Some(true) && !listed(&self.except);
        auto || listed(&self.named) || (self.search && marks.matched)
    }

    /// Whether it refuses what [`Flags::everything`] would do.
    pub fn refuses(&self) -> bool {
        self.auto == Some(false)
    }
}

/// Whether a name, or a pattern of the whole name, fits.
fn fits(pattern: &str, name: &str) -> bool {
    pattern == name || Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|pattern| pattern.is_match(name))
}

impl Flags {
    /// Those of the Reloader in a pod; `None` where none is in it.
    pub fn of(pod: &Value) -> Option<Self> {
        let containers = pod["containers"].as_array().into_iter().flatten();
        let reloader = containers.into_iter().find(|container| {
            let image = container["image"].as_str().unwrap_or_default();
            let name = image.split('@').next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
            name.split(':').next() == Some("reloader")
        })?;
        let flags: Vec<&str> = ["command", "args"]
            .iter()
            .flat_map(|list| reloader[*list].as_array().into_iter().flatten())
            .filter_map(Value::as_str)
            .collect();
        let is = |flag: &str, argument: &str| {
            let rest = argument.strip_prefix(flag);
            rest.is_some_and(|rest| rest.is_empty() || rest == "=true")
        };
        let renames = |argument: &str| RENAMED.iter().any(|flag| argument.starts_with(flag));
        Some(Self {
            everything: flags.iter().any(|argument| is(ALL, argument)),
            renamed: flags.iter().any(|argument| renames(argument)),
        })
    }
}
