//! What we know of the zone: one listing for the whole run, and our own writes since.
//!
//! A listing may lag behind writes, so what this run wrote counts more than any listing, for a while; after that the listing
//! is right again, since somebody else may have written too.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use homelab_core::dns::Found;

/// How long a listing serves. A run is shorter, but for one that the API throttles.
const FRESH: Duration = Duration::from_mins(10);
/// How long our own write counts more than a listing that does not show it.
const LAG: Duration = Duration::from_mins(2);

/// The records of a zone by name, as far as we know them.
#[derive(Debug, Default)]
pub(super) struct Known {
    listed: Option<Instant>,
    by_name: HashMap<String, Vec<Found>>,
    /// When a name was looked at by itself after the listing.
    looked: HashMap<String, Instant>,
    /// Our own writes by identifier; `None` is a removal.
    own: HashMap<String, (Instant, Option<Found>)>,
}

impl Known {
    /// Whether a listing has to be made before this can be asked.
    pub(super) fn needs_listing(&self, now: Instant) -> bool {
        self.listed.is_none_or(|listed| now.duration_since(listed) > FRESH)
    }

    /// Whether all of these names were seen within so long, by a listing or by themselves.
    pub(super) fn is_newer_than(&self, names: &BTreeSet<String>, age: Duration, now: Instant) -> bool {
        let seen = |name: &String| self.looked.get(name).copied().max(self.listed);
        names.iter().all(|name| seen(name).is_some_and(|seen| now.duration_since(seen) <= age))
    }

    /// The records at these names, of every kind.
    pub(super) fn at(&self, names: &BTreeSet<String>) -> Vec<Found> {
        names.iter().filter_map(|name| self.by_name.get(name)).flatten().cloned().collect()
    }

    /// Takes a listing of the whole zone that began at `began`.
    pub(super) fn list(&mut self, records: Vec<Found>, began: Instant) {
        self.by_name.clear();
        self.looked.clear();
        for record in records {
            self.by_name.entry(record.name.clone()).or_default().push(record);
        }
        self.listed = Some(began);
        self.own.retain(|_, (at, _)| began.duration_since(*at) <= LAG);
        for (id, record) in self.own.clone() {
            self.put(&id, record.1);
        }
    }

    /// Takes a listing of one name that began at `began`.
    pub(super) fn look(&mut self, name: &str, records: Vec<Found>, began: Instant) {
        self.by_name.insert(name.to_owned(), records);
        self.looked.insert(name.to_owned(), began);
        self.own.retain(|_, (at, _)| began.duration_since(*at) <= LAG);
        for (id, record) in self.own.clone() {
            let is_here = record.1.as_ref().is_none_or(|record| record.name == name);
            if is_here {
                self.put(&id, record.1);
            }
        }
    }

    /// Notes a write of ours.
    pub(super) fn wrote(&mut self, id: &str, record: Option<Found>, now: Instant) {
        self.put(id, record.clone());
        self.own.insert(id.to_owned(), (now, record));
    }

    /// Forgets what was written to these records: the API says that one of them is another by now.
    pub(super) fn doubt<'a>(&mut self, ids: impl Iterator<Item = &'a str>) {
        for id in ids {
            self.own.remove(id);
        }
    }

    fn put(&mut self, id: &str, record: Option<Found>) {
        for records in self.by_name.values_mut() {
            records.retain(|one| one.id != id);
        }
        if let Some(record) = record {
            self.by_name.entry(record.name.clone()).or_default().push(record);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: &str, name: &str, content: &str) -> Found {
        Found {
            id: id.to_owned(),
            name: name.to_owned(),
            kind: "A".to_owned(),
            content: content.to_owned(),
            proxied: false,
            ttl: 1,
            comment: String::new(),
        }
    }

    fn contents(known: &Known, name: &str) -> Vec<String> {
        let mut contents: Vec<_> =
            known.at(&[name.to_owned()].into()).into_iter().map(|record| record.content).collect();
        contents.sort();
        contents
    }

    #[test]
    fn our_writes_win_over_a_listing_that_lags_and_later_the_listing_wins() {
        let (mut known, began) = (Known::default(), Instant::now());
        assert!(known.needs_listing(began));
        let (old, gone) = (record("1", "a", "old"), record("2", "a", "gone"));
        known.list(vec![old.clone(), gone.clone()], began);
        known.wrote("1", Some(record("1", "a", "new")), began);
        known.wrote("2", None, began);
        known.wrote("3", Some(record("3", "a", "made")), began);
        assert_eq!(contents(&known, "a"), ["made", "new"]);
        known.list(vec![old.clone(), gone.clone()], began + Duration::from_mins(1));
        assert_eq!(contents(&known, "a"), ["made", "new"]);
        known.look("a", vec![old.clone(), gone.clone()], began + Duration::from_secs(90));
        assert_eq!(contents(&known, "a"), ["made", "new"]);
        known.look("a", vec![old, gone], began + LAG + Duration::from_secs(1));
        assert_eq!(contents(&known, "a"), ["gone", "old"]);
    }

    #[test]
    fn a_look_at_one_name_leaves_the_others() {
        let (mut known, began) = (Known::default(), Instant::now());
        known.list(vec![record("1", "a", "1"), record("2", "b", "2")], began);
        let later = began + Duration::from_secs(30);
        known.look("a", Vec::new(), later);
        assert_eq!((contents(&known, "a"), contents(&known, "b")), (Vec::new(), vec!["2".to_owned()]));
        let names = |name: &str| BTreeSet::from([name.to_owned()]);
        let second = Duration::from_secs(1);
        assert!(known.is_newer_than(&names("a"), second, later) && !known.is_newer_than(&names("b"), second, later));
        assert!(!known.needs_listing(began + FRESH) && known.needs_listing(began + FRESH + second));
    }
}
