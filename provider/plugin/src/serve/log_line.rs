//! The text of one log line.

use jiff::Timestamp;
use serde_json::{Map, Value};

/// Bytes of a line with its end: the client's buffer is 64 KiB, and a line that fills it comes out in pieces.
pub(super) const LINE_LIMIT: usize = 60 << 10;
/// Characters that texts are cut to, one after the other, until the line fits.
const CUTS: [usize; 4] = [16 << 10, 4 << 10, 512, 64];
/// What stands at the end of a cut text.
const CUT_MARK: &str = "… (cut)";

/// One line with its end, shorter than [`LINE_LIMIT`]: the four keys that Terraform knows and then `fields`.
pub(super) fn log_line(at: Timestamp, level: &str, module: &str, message: &str, fields: Map<String, Value>) -> String {
    let mut line = Map::new();
    line.insert("@level".into(), level.into());
    line.insert("@message".into(), message.into());
    line.insert("@module".into(), module.into());
    line.insert("@timestamp".into(), time(at).into());
    // The client takes these four keys as texts and would crash on anything else.
    line.extend(fields.into_iter().filter(|(name, _)| !name.starts_with('@')));
    let mut text = finish(&line);
    for limit in CUTS {
        if text.len() < LINE_LIMIT {
            return text;
        }
        line.values_mut().for_each(|value| cut(value, limit));
        text = finish(&line);
    }
    if text.len() >= LINE_LIMIT {
        // Only thousands of fields come here.
        line.retain(|name, _| name.starts_with('@'));
        text = finish(&line);
    }
    text
}

/// The time as Go's layout `2006-01-02T15:04:05.000000Z07:00` has it.
fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

/// The object as a line.
fn finish(line: &Map<String, Value>) -> String {
    let mut text = Value::Object(line.clone()).to_string();
    text.push('\n');
    text
}

/// Cuts a text to `limit` characters; other values are short.
fn cut(value: &mut Value, limit: usize) {
    if let Value::String(text) = value
        && let Some((end, _)) = text.char_indices().nth(limit)
    {
        text.truncate(end);
        text.push_str(CUT_MARK);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn parsed(line: &str) -> Map<String, Value> {
        let text = line.strip_suffix('\n').unwrap();
        assert!(!text.contains('\n'), "{text}");
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_line_has_the_form_that_terraform_reads() {
        let fields = Map::from_iter([("tf_rpc".to_owned(), json!("PlanResourceChange")), ("n".to_owned(), json!(3))]);
        let line = log_line(Timestamp::UNIX_EPOCH, "info", "homelab_plugin.server", "planned\n\"it\"", fields);
        assert_eq!(
            line,
            concat!(
                r#"{"@level":"info","@message":"planned\n\"it\"","@module":"homelab_plugin.server","#,
                r#""@timestamp":"1970-01-01T00:00:00.000000Z","tf_rpc":"PlanResourceChange","n":3}"#,
                "\n"
            )
        );
    }

    #[test]
    fn times_have_six_digits_and_a_zone() {
        for (nanoseconds, text) in [
            (1_792_672_496_000_000_000_i128, "2026-10-22T12:34:56.000000Z"),
            (1_792_672_496_123_456_999, "2026-10-22T12:34:56.123456Z"),
            (951_782_400_000_001_000, "2000-02-29T00:00:00.000001Z"),
        ] {
            assert_eq!(time(Timestamp::from_nanosecond(nanoseconds).unwrap()), text);
        }
    }

    #[test]
    fn no_field_takes_the_place_of_a_known_key() {
        let fields = Map::from_iter([("@level".to_owned(), json!(7)), ("@other".to_owned(), json!(7))]);
        let line = parsed(&log_line(Timestamp::UNIX_EPOCH, "info", "m", "x", fields));
        assert_eq!(line["@level"], "info");
        assert_eq!(line.len(), 4);
    }

    proptest! {
        // Lines are long, and a few dozen of them reach every cut.
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

        #[test]
        fn every_line_is_one_object_and_fits(
            message in ".{0,40}",
            times in 1_usize..4000,
            fields in proptest::collection::btree_map("[a-z]{1,8}", ".{0,20}", 0..5),
            many in 0_usize..4000,
        ) {
            let mut fields: Map<String, Value> =
                fields.into_iter().map(|(name, text)| (name, json!(text.repeat(times)))).collect();
            fields.extend((0..many).map(|index| (format!("field{index}"), json!("\u{1}".repeat(8)))));
            let line = log_line(Timestamp::UNIX_EPOCH, "warn", "m", &message.repeat(times), fields);
            prop_assert!(line.len() < LINE_LIMIT, "{}", line.len());
            let line = parsed(&line);
            prop_assert!(line["@message"].is_string() && line["@level"] == "warn");
        }
    }
}
