//! The operator's words without what may be a value.
//!
//! Its messages name keys and paths. But a function of a template that fails, or YAML that does not fit, is quoted with what it
//! was given; and that is what was fetched.

use homelab_cty::Path;
use homelab_schema::external_secret::ExternalSecret;

use crate::names;

/// The longest message that is repeated.
const LONGEST: usize = 1000;

/// The message, with everything left out that may be a value of a secret.
pub fn without_values(message: &str) -> String {
    let mut text = message.trim().to_owned();
    if let Some(start) = text.find("error calling ") {
        let function = &text[start + "error calling ".len()..];
        if let Some(end) = function.find(':') {
            let kept = start + "error calling ".len() + end;
            text = format!("{}: (left out, as it may repeat a value)", &text[..kept]);
        }
    }
    text = unquoted(&text);
    text = without_templates(&text);
    if text.chars().count() > LONGEST {
        text = text.chars().take(LONGEST).chain(['…']).collect();
    }
    text
}

/// The block that the operator's words are about; the root where they name none. It counts entries in the order in which they
/// were written.
pub fn blamed(message: &str, model: &ExternalSecret) -> Path {
    let index_after = |list: &str| {
        let (_, rest) = message.split_once(list)?;
        rest.split_once(']')?.0.parse::<usize>().ok()
    };
    if let Some(index) = index_after("spec.dataFrom[") {
        return Path::attr("data_from").then_index(index);
    }
    let label = index_after("spec.data[").and_then(|index| model.data.known()?.keys().nth(index));
    label.map_or_else(Path::root, |label| Path::attr("data").then_key(label))
}

/// YAML's and JSON's libraries put what they met between backquotes.
fn unquoted(text: &str) -> String {
    if !text.contains("unmarshal") {
        return text.to_owned();
    }
    let parts = text.split('`').enumerate();
    let parts: Vec<&str> = parts.map(|(index, part)| if index % 2 == 1 { "…" } else { part }).collect();
    parts.join("`")
}

/// A template that makes several keys is named by its text, which may have come out of a Secret.
fn without_templates(text: &str) -> String {
    const AT: &str = "at key ";
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(AT) {
        let (before, after) = rest.split_at(start + AT.len());
        out.push_str(before);
        match after.split_once(": ") {
            Some((key, more))
                if names::is_secret_key(key) && (more.starts_with("template: ") || more.starts_with("unable to ")) =>
            {
                rest = after;
            }
            // Where the template ends cannot be told.
            _ => {
                out.push_str("(a template)");
                return out;
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use homelab_schema::external_secret::DataEntry;

    use super::*;

    #[test]
    fn the_block_that_is_meant_is_blamed() {
        let data = ["A", "B"].map(|label| (label.to_owned(), DataEntry::default()));
        let model = ExternalSecret { data: BTreeMap::from(data).into(), ..ExternalSecret::default() };
        for (message, path) in [
            ("error processing spec.data[1] (key: photos), err: x", "data[\"B\"]"),
            ("error processing spec.data[7] (key: photos), err: x", ""),
            ("error processing spec.dataFrom[0].extract, err: x", "data_from[0]"),
            ("could not update secret", ""),
        ] {
            assert_eq!(blamed(message, &model).to_string(), path);
        }
    }

    #[test]
    fn keys_stay_and_values_do_not() {
        for (message, expected) in [
            (
                "error processing spec.data[0] (key: photos), err: cannot find secret data for key: \"nope\"",
                "error processing spec.data[0] (key: photos), err: cannot find secret data for key: \"nope\"",
            ),
            (
                "could not execute template: unable to execute template at key URL: template: URL:1:3: executing \"URL\" at \
                 <mustToDate>: error calling mustToDate: parsing time \"hunter2\"",
                "could not execute template: unable to execute template at key URL: template: URL:1:3: executing \"URL\" at \
                 <mustToDate>: error calling mustToDate: (left out, as it may repeat a value)",
            ),
            (
                "could not unmarshal template to map: yaml: cannot unmarshal !!str `hunter2` into int",
                "could not unmarshal template to map: yaml: cannot unmarshal !!str `…` into int",
            ),
            (
                "unable to execute template at key user: hunter2\nb: {{ .x }}: template: map has no entry for key \"x\"",
                "unable to execute template at key (a template)",
            ),
            ("unable to execute template at key a b: {{ .x }}: oops", "unable to execute template at key (a template)"),
        ] {
            assert_eq!(without_values(message), expected);
        }
        assert_eq!(without_values(&"é".repeat(2000)).chars().count(), 1001);
    }
}
