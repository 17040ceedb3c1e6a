//! As much of JSON Schema as our documents use.
//!
//! A whole validator would bring twenty crates for six small schemas. So this knows a few keywords, refuses a schema that
//! uses any other, and is stricter than the standard in one thing: a member that is not declared is a problem, since a
//! published schema that forgets a member is out of date.

use serde_json::{Map, Value};

/// Keywords that say nothing about what is valid.
const REMARKS: [&str; 6] = ["$schema", "$defs", "title", "description", "format", "default"];

/// Everything in which `document` does not fit `schema`; empty when it does.
pub(crate) fn problems(schema: &Value, document: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    Check { root: schema }.check(schema, document, "$", &mut problems);
    problems
}

struct Check<'a> {
    root: &'a Value,
}

impl Check<'_> {
    fn check(&self, schema: &Value, value: &Value, at: &str, problems: &mut Vec<String>) {
        let Value::Object(keywords) = schema else { return };
        for (keyword, rule) in keywords {
            let fits = match keyword.as_str() {
                "type" => of_type(rule, value),
                "const" => rule == value,
                "enum" => rule.as_array().unwrap().contains(value),
                "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
                "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()),
                "oneOf" => self.matching(rule, value, at) == 1,
                "anyOf" => self.matching(rule, value, at) > 0,
                "required" => required(rule, value),
                "$ref" => {
                    let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
                    self.check(self.root.pointer(pointer).unwrap(), value, at, problems);
                    true
                }
                "items" => {
                    for (index, element) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(rule, element, &format!("{at}[{index}]"), problems);
                    }
                    true
                }
                "properties" => {
                    self.members(rule.as_object().unwrap(), value, at, problems);
                    true
                }
                // A map: whatever the names, the members are alike.
                "additionalProperties" if rule.is_object() => {
                    for (name, member) in value.as_object().into_iter().flatten() {
                        self.check(rule, member, &format!("{at}.{name}"), problems);
                    }
                    true
                }
                // Every other object is taken to be closed.
                "additionalProperties" => rule == false,
                other => {
                    assert!(REMARKS.contains(&other), "the keyword {other} is not known to this test");
                    true
                }
            };
            if !fits {
                problems.push(format!("{at}: {value} does not fit {keyword} = {rule}"));
            }
        }
    }

    fn members(&self, declared: &Map<String, Value>, value: &Value, at: &str, problems: &mut Vec<String>) {
        for (name, member) in value.as_object().into_iter().flatten() {
            match declared.get(name) {
                Some(schema) => self.check(schema, member, &format!("{at}.{name}"), problems),
                None => problems.push(format!("{at}.{name} is not declared")),
            }
        }
    }

    fn matching(&self, schemas: &Value, value: &Value, at: &str) -> usize {
        let fits = |schema: &&Value| {
            let mut problems = Vec::new();
            self.check(schema, value, at, &mut problems);
            problems.is_empty()
        };
        schemas.as_array().unwrap().iter().filter(fits).count()
    }
}

fn required(names: &Value, value: &Value) -> bool {
    let Value::Object(members) = value else { return true };
    names.as_array().unwrap().iter().all(|name| members.contains_key(name.as_str().unwrap()))
}

fn of_type(rule: &Value, value: &Value) -> bool {
    let is = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the type {other} is not known to this test"),
    };
    match rule {
        Value::Array(names) => names.iter().any(|name| is(name.as_str().unwrap())),
        name => is(name.as_str().unwrap()),
    }
}

#[test]
fn the_validator_finds_what_is_wrong() {
    let schema = serde_json::json!({
        "type": "object", "required": ["a"],
        "properties": {
            "a": {"type": ["integer", "null"], "minimum": 0},
            "b": {"type": "array", "items": {"$ref": "#/$defs/word"}},
        },
        "$defs": {"word": {"oneOf": [{"const": "x"}, {"enum": ["y", "z"]}]}},
    });
    let count = |document: Value| problems(&schema, &document).len();
    assert_eq!(count(serde_json::json!({"a": 1, "b": ["x", "z"]})), 0);
    assert_eq!(count(serde_json::json!({"a": null})), 0);
    for wrong in [
        serde_json::json!({}),
        serde_json::json!([]),
        serde_json::json!({"a": -1}),
        serde_json::json!({"a": "1"}),
        serde_json::json!({"a": 1, "b": ["w"]}),
        serde_json::json!({"a": 1, "c": 1}),
    ] {
        assert_eq!(count(wrong.clone()), 1, "{wrong}");
    }
}
