//! Texts that a pattern matches, for showing that two routers overlap.
//!
//! Few and simple ones are enough: each is checked against everything else that the request has to meet, so a bad sample
//! costs a proof and never makes a wrong one.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// As many as are tried of one pattern.
const MOST: usize = 24;

/// Some texts in which the pattern is found. The pattern is one that was read before.
pub(super) fn of(pattern: &str) -> Vec<String> {
    let Some(hir) = parsed(pattern) else { return Vec::new() };
    let mut texts: Vec<String> = samples(&hir)
        .into_iter()
        .filter_map(|bytes| String::from_utf8(bytes).ok())
        .filter(|text| text.is_ascii())
        .collect();
    texts.sort();
    texts.dedup();
    texts
}

/// What every text begins with in which the pattern is found; empty where nothing can be said.
pub(super) fn prefix(pattern: &str) -> String {
    let Some(hir) = parsed(pattern) else { return String::new() };
    let HirKind::Concat(parts) = hir.kind() else { return String::new() };
    let mut parts = parts.iter();
    if !matches!(parts.next().map(Hir::kind), Some(HirKind::Look(Look::Start))) {
        return String::new();
    }
    match parts.next().map(Hir::kind) {
        Some(HirKind::Literal(literal)) => String::from_utf8(literal.0.to_vec()).unwrap_or_default(),
        _ => String::new(),
    }
}

fn parsed(pattern: &str) -> Option<Hir> {
    ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).ok()
}

fn samples(hir: &Hir) -> Vec<Vec<u8>> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => vec![Vec::new()],
        HirKind::Literal(literal) => vec![literal.0.to_vec()],
        HirKind::Class(class) => preferred(class).into_iter().map(|byte| vec![byte]).collect(),
        HirKind::Capture(capture) => samples(&capture.sub),
        HirKind::Alternation(parts) => first(parts.iter().flat_map(samples)),
        HirKind::Concat(parts) => parts.iter().fold(vec![Vec::new()], |starts, part| {
            let ends = samples(part);
            first(starts.iter().flat_map(|start| ends.iter().map(move |end| [start.as_slice(), end].concat())))
        }),
        HirKind::Repetition(repetition) => {
            let inside = samples(&repetition.sub);
            let least = usize::try_from(repetition.min).unwrap_or(usize::MAX).min(1000);
            let more = repetition.max.is_none_or(|most| most > repetition.min);
            let times = [least, least + 1];
            let counts = &times[..if more { 2 } else { 1 }];
            first(counts.iter().flat_map(|count| inside.iter().map(|text| text.repeat(*count))))
        }
    }
}

fn first(all: impl Iterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    all.take(MOST).collect()
}

/// A letter, a digit and something else of a class.
fn preferred(class: &Class) -> Vec<u8> {
    let has = |byte: &u8| match class {
        Class::Bytes(bytes) => bytes.ranges().iter().any(|range| (range.start()..=range.end()).contains(byte)),
        Class::Unicode(all) => {
            all.ranges().iter().any(|range| (range.start()..=range.end()).contains(&char::from(*byte)))
        }
    };
    let mut found: Vec<u8> = b"ax0-/._ZzA9".iter().copied().filter(has).take(2).collect();
    if found.is_empty() {
        found.extend((0x21..0x7f_u8).find(has));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::Pattern;
    use crate::route::Truth;

    #[test]
    fn samples_are_matched_by_their_pattern() {
        for text in [
            "^/api/v[0-9]+/.*",
            r"^[a-zA-Z0-9-]+\.example\.net$",
            "(a|b)c{2}",
            "",
            "x?y+$",
            "^/(assets|static)/[^/]+$",
            "(?i)admin",
        ] {
            let pattern = Pattern::new(text).unwrap();
            let samples = pattern.samples();
            assert!(!samples.is_empty(), "{text}");
            for sample in samples {
                assert_eq!(pattern.is_match(sample.as_bytes()), Truth::Yes, "{sample} of {text}");
            }
        }
        assert_eq!(Pattern::new("^/api/v[0-9]").unwrap().prefix(), "/api/v");
        assert_eq!(Pattern::new("/api").unwrap().prefix(), "");
    }
}
