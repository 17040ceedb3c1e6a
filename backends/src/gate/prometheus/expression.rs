//! Which metrics an expression of Prometheus is about, as far as its text tells.
//!
//! A rule about a metric that nobody publishes is loaded, evaluated and healthy, and can never fire. To see that, the names
//! are needed and no more; so this reads words, not `PromQL`.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::str::CharIndices;

/// The metrics of an expression.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Metrics {
    /// Their names.
    pub(super) names: BTreeSet<String>,
    /// Whether the expression goes without some of them: `a or b`, `a unless b`.
    pub(super) any: bool,
    /// Whether it is about metrics that are not there (`absent`), or names them in a way that is not read here.
    pub(super) unclear: bool,
}

impl Metrics {
    /// Those that keep the expression from ever having a result while only `known` metrics are there.
    pub(super) fn missing(&self, known: &BTreeSet<String>) -> Vec<&str> {
        let missing: Vec<&str> = self.names.iter().filter(|name| !known.contains(*name)).map(String::as_str).collect();
        if self.unclear || (self.any && missing.len() < self.names.len()) { Vec::new() } else { missing }
    }
}

/// Words that are neither a metric nor a function.
const KEYWORDS: [&str; 12] =
    ["and", "or", "unless", "atan2", "bool", "offset", "inf", "nan", "start", "end", "group_left", "group_right"];
/// Words before a list of labels in parentheses.
const BEFORE_LABELS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];
/// Functions that may stand apart from their parentheses: `sum by (job) (up)`.
const AGGREGATIONS: [&str; 15] = [
    "sum",
    "min",
    "max",
    "avg",
    "group",
    "stddev",
    "stdvar",
    "count",
    "count_values",
    "bottomk",
    "topk",
    "quantile",
    "limitk",
    "limit_ratio",
    "mad",
];

/// Reads the metrics of an expression.
pub(super) fn metrics(expression: &str) -> Metrics {
    let mut found = Metrics::default();
    let mut rest = expression.char_indices().peekable();
    while let Some((at, char)) = rest.next() {
        match char {
            '"' | '\'' | '`' => quoted(&mut rest, char),
            '#' => while rest.next_if(|(_, char)| *char != '\n').is_some() {},
            '[' => while rest.next().is_some_and(|(_, char)| char != ']') {},
            '{' => matchers(&mut rest, expression, at, &mut found),
            '0'..='9' | '.' => while rest.next_if(|(_, char)| is_of_word(*char) || *char == '.').is_some() {},
            _ if is_of_word(char) => {
                let mut end = at + char.len_utf8();
                while let Some((at, char)) = rest.next_if(|(_, char)| is_of_word(*char)) {
                    end = at + char.len_utf8();
                }
                word(&expression[at..end], &mut rest, &mut found);
            }
            _ => {}
        }
    }
    found
}

type Rest<'a> = Peekable<CharIndices<'a>>;

fn is_of_word(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_' || char == ':'
}

fn word(word: &str, rest: &mut Rest<'_>, found: &mut Metrics) {
    while rest.next_if(|(_, char)| char.is_whitespace()).is_some() {}
    let opens = rest.peek().is_some_and(|(_, char)| *char == '(');
    let lower = word.to_ascii_lowercase();
    let is = |list: &[&str]| list.contains(&lower.as_str());
    if opens && is(&BEFORE_LABELS) {
        while rest.next().is_some_and(|(_, char)| char != ')') {}
    } else if is(&["or", "unless"]) {
        found.any = true;
    } else if opens && is(&["absent", "absent_over_time"]) {
        found.unclear = true;
    } else if !opens && !is(&KEYWORDS) && !is(&AGGREGATIONS) {
        found.names.insert(word.to_owned());
    }
}

/// Goes past a text; in backticks nothing is escaped.
fn quoted(rest: &mut Rest<'_>, quote: char) {
    while let Some((_, char)) = rest.next() {
        if char == quote {
            return;
        }
        if char == '\\' && quote != '`' {
            rest.next();
        }
    }
}

/// Goes past `{job="a"}`. A selector without a name of its own may have it in there.
fn matchers(rest: &mut Rest<'_>, expression: &str, from: usize, found: &mut Metrics) {
    let mut to = from;
    while let Some((at, char)) = rest.next() {
        to = at;
        match char {
            '}' => break,
            '"' | '\'' | '`' => quoted(rest, char),
            _ => {}
        }
    }
    let inside = expression.get(from..to).unwrap_or_default();
    let named = expression[..from].trim_end().ends_with(is_of_word);
    // A name in quotes, or one that stands for several: not read here.
    found.unclear |= !named || inside.contains("__name__");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(expression: &str) -> Vec<String> {
        let found = metrics(expression);
        assert!(!found.unclear, "{expression}");
        found.names.into_iter().collect()
    }

    #[test]
    fn metrics_are_told_from_functions_labels_and_words() {
        for (expression, expected) in [
            ("up == 0", vec!["up"]),
            ("up{job=\"kubelet\", instance=~\"a or b{2}\"} == bool 0", vec!["up"]),
            ("sum by (job, node) (rate(errors_total[5m])) / sum(rate(requests_total[5m:1m] offset 1w)) > 1e-3", {
                vec!["errors_total", "requests_total"]
            }),
            ("sum(up) by (job) < 3", vec!["up"]),
            ("a * on (node) group_left (zone) b", vec!["a", "b"]),
            ("a * on(node) group_left b", vec!["a", "b"]),
            ("histogram_quantile(0.99, job:etcd:p99{quantile=\"0.99\"}) > 0.5", vec!["job:etcd:p99"]),
            ("time() - process_start_time_seconds > 0x1f # since start", vec!["process_start_time_seconds"]),
            ("count_values(\"version\", kubernetes_build_info) > Inf", vec!["kubernetes_build_info"]),
            ("up @ end() > 1", vec!["up"]),
            ("vector(1)", vec![]),
            ("label_replace(up, 'a', `\\`, \"b\\\"\", '') > 0", vec!["up"]),
            ("größe > 1", vec!["e", "gr"]),
        ] {
            assert_eq!(names(expression), expected, "{expression}");
        }
    }

    #[test]
    fn what_is_missing_keeps_it_from_firing_unless_there_is_another_way() {
        let known = BTreeSet::from(["up".to_owned()]);
        for (expression, expected) in [
            ("up == 0", vec![]),
            ("gone == 0", vec!["gone"]),
            ("up * gone == 0", vec!["gone"]),
            ("gone == 0 or up == 0", vec![]),
            ("up == 0 unless on () gone == 1", vec![]),
            ("gone == 0 or missing == 0", vec!["gone", "missing"]),
            ("absent(gone)", vec![]),
            ("absent_over_time(gone[5m]) or up == 0", vec![]),
            ("{__name__=~\"gone|lost\"} == 0", vec![]),
            ("{\"gone\"} == 0", vec![]),
            ("gone{__name__!=\"\"} == 0", vec![]),
        ] {
            assert_eq!(metrics(expression).missing(&known), expected, "{expression}");
        }
    }

    #[test]
    fn no_text_is_too_odd() {
        for text in ["", "{", "}", "\"", "'\\", "a[", "by (", "(((", "#", "ü{", "`", "a{b=\"", "\\"] {
            let _ = metrics(text);
        }
    }
}
