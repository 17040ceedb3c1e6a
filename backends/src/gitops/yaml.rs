//! YAML that every reader takes for the same object.
//!
//! kubectl, Argo CD and Flux still read YAML 1.1, where `on`, `yes` and `1:30` are no strings. Serialisers for YAML 1.2 write
//! such strings bare, so this one is ours: a string stands bare only where no version of YAML could take it for anything
//! else, and is a JSON string otherwise, which is YAML as well.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// The text of a value, keys in order: `apiVersion`, `kind` and `metadata` first, as people expect them, then by name.
pub(super) fn text(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Object(members) if !members.is_empty() => mapping(&mut text, members, 0, false),
        Value::Array(elements) if !elements.is_empty() => sequence(&mut text, elements, 0),
        leaf => {
            let _ = writeln!(text, "{}", scalar(leaf));
        }
    }
    text
}

/// `inline`: the first key stands behind the dash of a list element.
fn mapping(text: &mut String, members: &Map<String, Value>, indent: usize, inline: bool) {
    for (index, (key, value)) in in_order(members).into_iter().enumerate() {
        let indent_here = if inline && index == 0 { 0 } else { indent };
        let key = string(key);
        let _ = write!(text, "{:indent_here$}{key}:", "");
        match value {
            Value::Object(members) if !members.is_empty() => {
                text.push('\n');
                mapping(text, members, indent + 2, false);
            }
            Value::Array(elements) if !elements.is_empty() => {
                text.push('\n');
                sequence(text, elements, indent);
            }
            leaf => {
                let _ = writeln!(text, " {}", scalar(leaf));
            }
        }
    }
}

fn sequence(text: &mut String, elements: &[Value], indent: usize) {
    for element in elements {
        let _ = write!(text, "{:indent$}- ", "");
        match element {
            Value::Object(members) if !members.is_empty() => mapping(text, members, indent + 2, true),
            // A list in a list is rare enough to be written as JSON.
            leaf => {
                let _ = writeln!(text, "{}", scalar(leaf));
            }
        }
    }
}

/// A value on one line.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => string(text),
        // Empty containers, and what nobody nests this deep; JSON is YAML.
        other => json(other),
    }
}

/// JSON, without the characters that JSON allows in a string and YAML does not.
fn json(value: &Value) -> String {
    value.to_string().chars().fold(String::new(), |mut text, char| {
        match char {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(text, "\\u{:04x}", u32::from(char));
            }
            _ => text.push(char),
        }
        text
    })
}

fn string(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { json(&Value::from(text)) }
}

fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 11] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"];
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
        && text.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-' | '/' | '@'))
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

fn in_order(members: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let rank = |key: &str| ["apiVersion", "kind", "metadata"].iter().position(|first| *first == key).unwrap_or(3);
    let mut members: Vec<_> = members.iter().collect();
    members.sort_by(|(a, _), (b, _)| (rank(a), a).cmp(&(rank(b), b)));
    members
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_and_empty_things_are_where_kubectl_puts_them() {
        let value = json!({
            "spec": {"rules": [{"paths": [{"path": "/", "a": 1}], "host": "a.example.net"}, {}], "tls": [], "x": {}},
            "list": ["a", ["b"], null],
        });
        let expected = "\
list:
- a
- [\"b\"]
- null
spec:
  rules:
  - host: a.example.net
    paths:
    - a: 1
      path: /
  - {}
  tls: []
  x: {}
";
        assert_eq!(text(&value), expected);
        assert_eq!(serde_norway::from_str::<Value>(expected).expect("YAML"), value);
    }

    #[test]
    fn whatever_some_yaml_takes_for_something_else_is_quoted() {
        for tricky in [
            "",
            " ",
            "yes",
            "No",
            "ON",
            "off",
            "y",
            "true",
            "null",
            "~",
            "1",
            "1.10",
            "1e3",
            "0x1f",
            "1:30",
            "1_000",
            ".inf",
            "2026-11-21",
            "- a",
            "a: b",
            "a #b",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`a`",
            "{a}",
            "[a]",
            "a\nb",
            "\t",
            "\u{7f}",
            "\u{2028}",
            "ä",
            "<<",
            "=",
            "'",
            "\"",
            "\\",
        ] {
            let text = text(&json!({ tricky: tricky }));
            assert!(text.starts_with('"'), "{text}");
            assert_eq!(serde_norway::from_str::<Value>(&text).expect("YAML"), json!({ tricky: tricky }), "{text}");
        }
        for plain in ["traefik", "example.net/a-b", "/", "traefik-gate@kubernetescrd", "websecure"] {
            assert_eq!(string(plain), plain);
        }
    }
}
