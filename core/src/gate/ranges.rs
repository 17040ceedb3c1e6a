//! Where a version stands in rows of facts, and which steps lead from it to another.

use std::collections::VecDeque;

use super::facts::Fact;
use super::image::AppVersion;
use super::version::Minor;

/// Where a version stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing<'f> {
    /// Nothing is known about the subject.
    NoFacts,
    /// It is older than the first row.
    Older(&'f Fact),
    /// It is of a later line than the last row speaks for.
    Newer(&'f Fact),
    /// Every stop is in the range of its row.
    Fits(&'f Fact),
    /// That stop is the first one after the range of its row.
    Above(&'f Fact, Minor),
    /// That stop is the first one before the range of its row.
    Below(&'f Fact, Minor),
}

/// Finds the row of `version` among rows in order of their floors, and holds the stops against it.
pub(super) fn stand<'f>(rows: &[&'f Fact], version: &AppVersion, stops: &[Minor]) -> Standing<'f> {
    let Some(first) = rows.first() else { return Standing::NoFacts };
    let at = rows.partition_point(|row| row.floor_version() <= *version);
    let Some(row) = at.checked_sub(1).map(|at| rows[at]) else { return Standing::Older(first) };
    // A row without an upper end speaks for whatever comes; any other only for its own line.
    if at == rows.len() && row.kubernetes_max.is_some() && version.line() > row.floor_version().line() {
        return Standing::Newer(row);
    }
    match stops.iter().find(|stop| !row.spans(**stop)) {
        None => Standing::Fits(row),
        Some(stop) if row.kubernetes_max.is_some_and(|max| max < *stop) => Standing::Above(row, *stop),
        Some(stop) => Standing::Below(row, *stop),
    }
}

/// The shortest steps upwards from `version` to a row that `goal` takes, through rows that `through` takes: the rows in
/// order, the goal last.
pub(super) fn steps<'f>(
    rows: &[&'f Fact],
    version: &AppVersion,
    goal: impl Fn(&Fact) -> bool,
    through: impl Fn(&Fact) -> bool,
) -> Option<Vec<&'f Fact>> {
    let mut came_from: Vec<Option<usize>> = vec![None; rows.len()];
    let mut reached = vec![false; rows.len()];
    let mut queue = VecDeque::from([None]);
    while let Some(here) = queue.pop_front() {
        let from = here.map_or_else(|| version.clone(), |at: usize| rows[at].floor_version());
        for (at, row) in rows.iter().enumerate() {
            let allowed = row.upgrade_from.as_deref().and_then(AppVersion::floor).is_none_or(|least| from >= least);
            if reached[at] || row.floor_version() <= from || !allowed {
                continue;
            }
            reached[at] = true;
            came_from[at] = here;
            if goal(row) {
                return Some(way_to(rows, &came_from, at));
            }
            if through(row) {
                queue.push_back(Some(at));
            }
        }
    }
    None
}

fn way_to<'f>(rows: &[&'f Fact], came_from: &[Option<usize>], goal: usize) -> Vec<&'f Fact> {
    let mut way = vec![rows[goal]];
    let mut at = goal;
    while let Some(before) = came_from[at] {
        way.push(rows[before]);
        at = before;
    }
    way.reverse();
    way
}

/// How an upgrade gets something from `version` over the hop from `current` to `stop`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bridge<'f> {
    /// By these steps, the last of which supports both sides; `tested` where each of them supports `current`.
    Steps {
        /// The rows to go to, in order.
        way: Vec<&'f Fact>,
        /// Whether all of them support the release that runs meanwhile.
        tested: bool,
    },
    /// A version supports the stop, and none supports both sides.
    Together(&'f Fact),
    /// No version supports the stop.
    Nothing,
}

/// Finds the bridge.
pub(super) fn bridge<'f>(rows: &[&'f Fact], version: &AppVersion, current: Option<Minor>, stop: Minor) -> Bridge<'f> {
    let spans_now = |row: &Fact| current.is_none_or(|current| row.spans(current));
    let goal = |row: &Fact| row.spans(stop) && spans_now(row);
    if let Some(way) = steps(rows, version, goal, spans_now) {
        return Bridge::Steps { way, tested: true };
    }
    if let Some(way) = steps(rows, version, goal, |_| true) {
        return Bridge::Steps { way, tested: false };
    }
    let above = rows.iter().find(|row| row.floor_version() > *version && row.spans(stop));
    above.map_or(Bridge::Nothing, |row| Bridge::Together(row))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::facts::{Facts, Kind};

    fn version(tag: &str) -> AppVersion {
        AppVersion::of_tag(tag).unwrap()
    }

    fn way(subject: &str, from: &str, current: u32, stop: u32) -> (Vec<String>, bool) {
        let facts = Facts::compiled();
        let rows = facts.of(subject, Kind::Untested);
        match bridge(&rows, &version(from), Some(Minor::of(current)), Minor::of(stop)) {
            Bridge::Steps { way, tested } => (way.iter().map(|row| row.floor.to_string()).collect(), tested),
            Bridge::Together(row) => (vec![format!("no bridge to {}", row.floor)], false),
            Bridge::Nothing => (Vec::new(), false),
        }
    }

    #[test]
    fn bridges_span_both_sides_and_follow_the_makers_steps() {
        assert_eq!(way("external-secrets", "2.6.0", 35, 36), (vec!["2.8".to_owned()], true));
        assert_eq!(way("calico", "3.30.7", 35, 36), (vec!["3.32".to_owned()], true));
        // From one of the two releases before alone.
        assert_eq!(way("calico", "3.30.7", 36, 37), (vec!["3.32".to_owned(), "3.33".to_owned()], true));
        assert_eq!(way("external-secrets", "0.19.2", 33, 34), (vec!["no bridge to 0.20".to_owned()], false));
        // What it goes through was not tested with 1.34.
        let (steps, tested) = way("external-secrets", "0.12.1", 34, 35);
        assert_eq!((steps.len(), steps.last().map(String::as_str), tested), (10, Some("2.0"), false), "{steps:?}");
        assert_eq!(way("kyverno", "1.18.1", 35, 36), (Vec::new(), false));
    }

    #[test]
    fn a_version_stands_in_the_last_row_that_begins_before_it() {
        let facts = Facts::compiled();
        let rows = facts.of("external-secrets", Kind::Untested);
        let stand = |tag, stops: &[u32]| {
            let stops: Vec<Minor> = stops.iter().copied().map(Minor::of).collect();
            match super::stand(&rows, &version(tag), &stops) {
                Standing::Fits(row) => format!("fits {}", row.floor),
                Standing::Above(row, at) => format!("{} above {}", at, row.floor),
                Standing::Below(row, at) => format!("{} below {}", at, row.floor),
                Standing::Older(row) => format!("older than {}", row.floor),
                Standing::Newer(row) => format!("newer than {}", row.floor),
                Standing::NoFacts => "nothing".to_owned(),
            }
        };
        assert_eq!(stand("2.5.1", &[35]), "fits 2.0");
        assert_eq!(stand("2.6.0", &[35, 36, 37]), "1.36 above 2.0");
        assert_eq!(stand("2.9.0", &[35]), "1.35 below 2.9");
        assert_eq!(stand("0.9.20", &[31]), "older than 0.10");
        assert_eq!(stand("2.9.7", &[36]), "fits 2.9");
        assert_eq!(stand("2.10.0", &[36]), "newer than 2.9");
        assert_eq!(super::stand(&[], &version("1.0.0"), &[]), Standing::NoFacts);
    }
}
