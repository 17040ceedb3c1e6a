//! `provider::notes::loud`: text, louder.

use homelab_cty::{Type, Value};
use homelab_plugin::{Function, FunctionError, Parameter, Signature};

/// The function.
pub(crate) struct Loud;

impl Function for Loud {
    fn name(&self) -> &'static str {
        "loud"
    }

    fn signature(&self) -> Signature {
        let text = Parameter { name: "text", ty: Type::String, description: "What to say." };
        let more = Parameter { name: "more", ty: Type::String, description: "What else to say." };
        Signature {
            parameters: vec![text],
            variadic: Some(more),
            returns: Type::String,
            summary: "Says it louder",
            description: "Joins its arguments, in capital letters.",
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let words: Vec<_> = arguments.iter().filter_map(Value::as_str).collect();
        if let Some(index) = words.iter().position(|word| word.contains('!')) {
            let text = "must not be loud already: it contains `!`".to_owned();
            return Err(FunctionError { text, argument: i64::try_from(index).ok() });
        }
        Ok(Value::string(words.join(" ").to_uppercase()))
    }
}
