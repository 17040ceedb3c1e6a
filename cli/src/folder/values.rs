//! From expressions to values of the declared model.
//!
//! What can be evaluated from variables and locals is; so are the targets of an ingress of the same folder. Everything
//! else (other references, functions) is unknown here, exactly as it is to a provider at plan: the engine already knows
//! how to say "not checked" for those.

use hcl::edit::structure::Body;
use hcl::eval::Evaluate;
use hcl::expr::{Expression, ObjectKey, TraversalOperator};
use homelab_cty::{Block, Nesting, Number, Type, Value};

use super::Folder;
use super::source::label;
use crate::output::Failure;

impl Folder {
    /// The value of a block's body. Arguments that were left out are null, also those with a default.
    pub(super) fn block_value(&self, body: &Body, schema: &Block) -> Result<Value, Failure> {
        let Value::Map(mut members) = schema.empty_value() else { return Ok(Value::Null) };
        for attribute in body.attributes() {
            if let Some(declared) = schema.attributes.get(attribute.key.as_str()) {
                let value = self.value(&attribute.value.clone().into(), &declared.ty)?;
                members.insert(attribute.key.as_str().to_owned(), value);
            }
        }
        for nested in body.blocks() {
            let name = nested.ident.as_str();
            if name == "dynamic" {
                if let Some(slot) = members.get_mut(label(nested, 0)) {
                    *slot = Value::UNKNOWN;
                }
                continue;
            }
            let Some(declared) = schema.blocks.get(name) else { continue };
            let value = self.block_value(&nested.body, &declared.block)?;
            match (declared.nesting, members.entry(name.to_owned()).or_insert(Value::Null)) {
                (Nesting::Single, slot) => *slot = value,
                (Nesting::List, Value::List(blocks)) | (Nesting::Set, Value::Set(blocks)) => blocks.push(value),
                (Nesting::Map, Value::Map(blocks)) => {
                    blocks.insert(label(nested, 0).to_owned(), value);
                }
                // A dynamic block of that name has made it unknown.
                _ => {}
            }
        }
        Ok(Value::Map(members))
    }

    /// The value of an expression as `ty`; unknown where only a Terraform run can tell.
    fn value(&self, expression: &Expression, ty: &Type) -> Result<Value, Failure> {
        if let Ok(value) = expression.evaluate(&self.context) {
            return Ok(converted(&value, ty));
        }
        Ok(match (expression, ty) {
            (Expression::Parenthesis(inner), _) => self.value(inner, ty)?,
            (Expression::Array(elements), Type::List(element)) => Value::List(self.values(elements, element)?),
            (Expression::Array(elements), Type::Set(element)) => Value::set(self.values(elements, element)?),
            (Expression::Object(members), Type::Map(element)) => {
                let member = |(key, value): (&ObjectKey, _)| Ok((key_text(key), self.value(value, element)?));
                Value::map(members.iter().map(member).collect::<Result<Vec<_>, Failure>>()?)
            }
            (Expression::Object(members), Type::Object(attributes)) => {
                let attribute = |(name, ty): (&String, _)| {
                    let found = members.iter().find(|(key, _)| key_text(key) == *name);
                    Ok((name.clone(), found.map_or(Ok(Value::Null), |(_, value)| self.value(value, ty))?))
                };
                Value::map(attributes.iter().map(attribute).collect::<Result<Vec<_>, Failure>>()?)
            }
            (Expression::FuncCall(call), Type::List(_)) if call.name.name.as_str() == "concat" => {
                let parts = self.values(&call.args, ty)?;
                parts.into_iter().reduce(joined).unwrap_or_else(|| Value::List(Vec::new()))
            }
            (Expression::Traversal(traversal), _) => match (&traversal.expr, traversal.operators.as_slice()) {
                (
                    Expression::Variable(root),
                    [TraversalOperator::GetAttr(name), TraversalOperator::GetAttr(attribute)],
                ) if root.as_str() == "homelab_ingress" && attribute.as_str() == "probe_targets" => {
                    self.probe_targets(name.as_str())?
                }
                _ => Value::UNKNOWN,
            },
            _ => Value::UNKNOWN,
        })
    }

    fn values(&self, expressions: &[Expression], ty: &Type) -> Result<Vec<Value>, Failure> {
        expressions.iter().map(|expression| self.value(expression, ty)).collect()
    }
}

/// An evaluated value as `ty`, with Terraform's conversions; unknown where there is none, which Terraform refuses.
fn converted(value: &hcl::Value, ty: &Type) -> Value {
    use hcl::Value as Hcl;
    match (value, ty) {
        (Hcl::Null, _) => Value::Null,
        (Hcl::Bool(value), Type::Bool) => Value::Bool(*value),
        (Hcl::Bool(value), Type::String) => Value::string(value.to_string()),
        (Hcl::Number(number), Type::Number) => {
            number.to_string().parse::<Number>().map_or(Value::UNKNOWN, Value::Number)
        }
        (Hcl::Number(number), Type::String) => Value::string(number.to_string()),
        (Hcl::String(text), Type::String) => Value::string(text),
        (Hcl::String(text), Type::Number) => text.parse::<Number>().map_or(Value::UNKNOWN, Value::Number),
        (Hcl::String(text), Type::Bool) => text.parse::<bool>().map_or(Value::UNKNOWN, Value::Bool),
        (Hcl::Array(elements), Type::List(element)) => {
            Value::List(elements.iter().map(|value| converted(value, element)).collect())
        }
        (Hcl::Array(elements), Type::Set(element)) => {
            Value::set(elements.iter().map(|value| converted(value, element)))
        }
        (Hcl::Object(members), Type::Map(element)) => {
            Value::map(members.iter().map(|(name, value)| (name.clone(), converted(value, element))))
        }
        (Hcl::Object(members), Type::Object(attributes)) => Value::map(attributes.iter().map(|(name, ty)| {
            let value = members.get(name).map_or(Value::Null, |value| converted(value, ty));
            (name.clone(), value)
        })),
        _ => Value::UNKNOWN,
    }
}

/// Two lists one after the other; unknown while one of them is.
fn joined(left: Value, right: Value) -> Value {
    match (left, right) {
        (Value::List(mut left), Value::List(right)) => {
            left.extend(right);
            Value::List(left)
        }
        _ => Value::UNKNOWN,
    }
}

fn key_text(key: &ObjectKey) -> String {
    match key {
        ObjectKey::Identifier(name) => name.as_str().to_owned(),
        ObjectKey::Expression(Expression::String(text)) => text.clone(),
        other => other.to_string(),
    }
}
