//! What `var.x` and `local.x` are, as far as files and environment tell.
//!
//! The order is Terraform's: a variable's default, then `TF_VAR_x`, then `terraform.tfvars`, `terraform.tfvars.json` and
//! `*.auto.tfvars` by name, each over the ones before. What is given by `-var` or a file of another name is not known here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hcl::Value;
use hcl::eval::{Context, Evaluate};
use hcl::expr::Expression;

use super::source::{Located, Source};
use crate::output::Failure;

/// The context in which the expressions of a folder are evaluated.
pub(super) fn context(dir: &Path, blocks: &[Located], environment: Environment) -> Result<Context<'static>, Failure> {
    let mut variables = BTreeMap::new();
    let nothing = Context::new();
    for block in blocks.iter().filter(|block| block.kind() == "variable") {
        let body = &block.block.body;
        let name = block.label(0);
        let default = body.get_attribute("default").map(|default| Expression::from(default.value.clone()));
        let given = environment(&format!("TF_VAR_{name}"));
        let value = match given {
            Some(text) if is_text(body) => Some(Value::String(text)),
            // Terraform reads other types as expressions.
            Some(text) => text.parse::<Expression>().ok().and_then(|parsed| parsed.evaluate(&nothing).ok()),
            None => default.and_then(|default| default.evaluate(&nothing).ok()),
        };
        variables.extend(value.map(|value| (name.to_owned(), value)));
    }
    for file in value_files(dir) {
        variables.extend(values_of(&file)?);
    }
    let mut context = Context::new();
    context.declare_var(hcl::Identifier::sanitized("var"), object(&variables));
    Ok(with_locals(context, blocks))
}

/// Looks one environment variable up.
pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Whether a variable takes the text of its environment variable as it is.
fn is_text(variable: &hcl::edit::structure::Body) -> bool {
    let Some(declared) = variable.get_attribute("type") else { return true };
    matches!(Expression::from(declared.value.clone()).to_string().as_str(), "string" | "number" | "bool" | "any")
}

/// The files that Terraform reads by itself, in its order.
fn value_files(dir: &Path) -> Vec<PathBuf> {
    let mut automatic: Vec<PathBuf> = std::fs::read_dir(dir)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.ends_with(".auto.tfvars") || name.ends_with(".auto.tfvars.json")
        })
        .collect();
    automatic.sort();
    let fixed = ["terraform.tfvars", "terraform.tfvars.json"].map(|name| dir.join(name));
    fixed.into_iter().filter(|path| path.is_file()).chain(automatic).collect()
}

fn values_of(file: &Path) -> Result<BTreeMap<String, Value>, Failure> {
    if file.extension().is_some_and(|extension| extension == "json") {
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure::new(format!("failed to read {}: {error}", file.display())))?;
        let values: BTreeMap<String, serde_json::Value> = serde_json::from_str(&text)
            .map_err(|error| Failure::new(format!("failed to parse {}: {error}", file.display())))?;
        return Ok(values.into_iter().map(|(name, value)| (name, from_json(value))).collect());
    }
    let (_, body) = Source::parse(file)?;
    let nothing = Context::new();
    let value = |attribute: &hcl::edit::structure::Attribute| {
        let value = Expression::from(attribute.value.clone()).evaluate(&nothing).ok()?;
        Some((attribute.key.as_str().to_owned(), value))
    };
    Ok(body.attributes().filter_map(value).collect())
}

// Numbers keep every digit in serde_json, in a form that no other deserializer understands.
fn from_json(value: serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(value),
        serde_json::Value::Number(number) => {
            number.to_string().parse::<Expression>().ok().map_or(Value::Null, |number| match number {
                Expression::Number(number) => Value::Number(number),
                _ => Value::Null,
            })
        }
        serde_json::Value::String(text) => Value::String(text),
        serde_json::Value::Array(elements) => elements.into_iter().map(from_json).collect(),
        serde_json::Value::Object(members) => {
            Value::Object(members.into_iter().map(|(name, value)| (name, from_json(value))).collect())
        }
    }
}

/// Locals may refer to each other in any order: what can be evaluated is, until nothing more can.
fn with_locals(mut context: Context<'static>, blocks: &[Located]) -> Context<'static> {
    let mut open: Vec<(String, Expression)> = blocks
        .iter()
        .filter(|block| block.kind() == "locals")
        .flat_map(|block| block.block.body.attributes())
        .map(|local| (local.key.as_str().to_owned(), Expression::from(local.value.clone())))
        .collect();
    let mut known = BTreeMap::new();
    loop {
        context.declare_var(hcl::Identifier::sanitized("local"), object(&known));
        let before = open.len();
        open.retain(|(name, expression)| match expression.evaluate(&context) {
            Ok(value) => {
                known.insert(name.clone(), value);
                false
            }
            Err(_) => true,
        });
        if open.len() == before {
            return context;
        }
    }
}

fn object(members: &BTreeMap<String, Value>) -> Value {
    Value::Object(members.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
}
