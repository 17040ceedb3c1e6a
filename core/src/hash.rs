//! Hashes of what was rendered, for attributes that shall change when and only when the rendering does.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The first 16 hexadecimal digits of SHA-256 over the value with its members in order of their names. It is for telling
/// renderings apart, not for secrets: nothing secret may go in.
pub fn hash(value: &Value) -> String {
    let mut text = String::new();
    canonical(value, &mut text);
    Sha256::digest(text.as_bytes()).iter().take(8).fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (name, member) in sorted {
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                canonical(member, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(elements) => {
            text.push('[');
            for element in elements {
                canonical(element, text);
                text.push(',');
            }
            text.push(']');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn order_of_members_does_not_count_and_all_else_does() {
        let one = json!({"a": 1, "b": [1, {"c": null, "d": "x"}]});
        let same: Value = serde_json::from_str(r#"{"b": [1, {"d": "x", "c": null}], "a": 1}"#).unwrap();
        assert_eq!(hash(&one), hash(&same));
        assert_eq!(hash(&one).len(), 16);
        for other in [json!({"a": 1, "b": [{"c": null, "d": "x"}, 1]}), json!({"a": "1", "b": []}), json!(["a", 1])] {
            assert_ne!(hash(&one), hash(&other));
        }
        assert_ne!(hash(&json!(["a", "b"])), hash(&json!(["a\",\"b"])));
    }
}
