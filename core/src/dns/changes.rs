//! From what is wanted and what is there to the operations between.

use std::collections::BTreeSet;

use super::mark::Mark;
use super::{Found, Kind, Record};

/// Operations that make a zone as it shall be. They are meant as one step: a CNAME cannot stand beside an address, so the
/// deletions have to come first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Records that go.
    pub deletes: Vec<Found>,
    /// Records that become others, by identifier.
    pub patches: Vec<(String, Record)>,
    /// Records that are new.
    pub posts: Vec<Record>,
}

impl Changes {
    /// Whether nothing is to do.
    pub fn is_empty(&self) -> bool {
        self.deletes.is_empty() && self.patches.is_empty() && self.posts.is_empty()
    }
}

/// A record at a name of ours that is not ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// The record.
    pub found: Found,
    /// The resource that it belongs to; `None` where it carries no mark.
    pub owner: Option<String>,
    /// Whether `dns_overwrite` would take it: a delegation to other name servers stays whatever is said.
    pub can_overwrite: bool,
}

/// What a declaration means for a zone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What to do where there is no clash.
    pub changes: Changes,
    /// What is in the way. Nothing may be written while there is any.
    pub clashes: Vec<Clash>,
}

/// What the owner of `mark` has to do so that its names answer as `wanted`, and that the names of `former` which are not
/// wanted any more answer no more.
///
/// `found` has all records at those names, of any kind, but for the name servers of the zone itself. A record of ours is changed or removed; one that carries no mark
/// and answers as wanted is adopted; any other is a clash unless `overwrite` is set. Kinds that live beside addresses (TXT,
/// MX, CAA, …) are nobody's matter here.
pub fn judge(wanted: &[Record], former: &BTreeSet<String>, found: &[Found], mark: &Mark, overwrite: bool) -> Verdict {
    let mut verdict = Verdict::default();
    let names: BTreeSet<&str> = wanted.iter().map(|record| record.name.as_str()).collect();
    let mut free: Vec<&Found> = Vec::new();
    for record in found.iter().filter(|record| names.contains(record.name.as_str())) {
        match standing(record, wanted, mark) {
            Standing::Ours | Standing::Adopted => free.push(record),
            Standing::Beside => {}
            Standing::InTheWay { can_overwrite: true, .. } if overwrite => free.push(record),
            Standing::InTheWay { owner, can_overwrite } => {
                verdict.clashes.push(Clash { found: record.clone(), owner, can_overwrite });
            }
        }
    }
    let mut missing: Vec<&Record> = Vec::new();
    for record in wanted {
        match take(&mut free, |found| found.has_content_of(record)) {
            Some(found) if is_as_wanted(found, record, mark) => {}
            Some(found) => verdict.changes.patches.push((found.id.clone(), record.clone())),
            None => missing.push(record),
        }
    }
    for record in missing {
        match take(&mut free, |found| found.name == record.name && Kind::of(&found.kind) == Some(record.kind)) {
            Some(found) => verdict.changes.patches.push((found.id.clone(), record.clone())),
            None => verdict.changes.posts.push(record.clone()),
        }
    }
    verdict.changes.deletes = free.into_iter().cloned().collect();
    let left = former.iter().filter(|name| !names.contains(name.as_str()));
    verdict.changes.deletes.extend(left.flat_map(|name| removable(name, found, mark)).cloned());
    verdict
}

/// What a destroy removes: the records at these names that carry the mark of this very creation. `creation` is `None` for a
/// state that was never applied by us; then the owner alone decides.
pub fn removal(names: &BTreeSet<String>, found: &[Found], mark: &Mark, has_creation: bool) -> Changes {
    let ours = |record: &&Found| {
        names.contains(&record.name)
            && Mark::of(&record.comment)
                .is_some_and(|live| if has_creation { live == *mark } else { live.has_owner_of(mark) })
    };
    Changes { deletes: found.iter().filter(ours).cloned().collect(), ..Changes::default() }
}

/// The records at `names` that are ours for certain, as they are, in the order of [`Record`]. One that lost its mark is not
/// among them: a destroy would leave it behind, so the next apply has to mark it again.
pub fn ours(names: &BTreeSet<String>, found: &[Found], mark: &Mark, has_creation: bool) -> Vec<Found> {
    let mut ours = removal(names, found, mark, has_creation).deletes;
    ours.sort_by(|one, other| (&one.name, &one.kind, &one.content).cmp(&(&other.name, &other.kind, &other.content)));
    ours
}

enum Standing {
    /// It carries our mark, of this creation or another.
    Ours,
    /// It carries no mark and answers as we want.
    Adopted,
    /// It does not concern us.
    Beside,
    InTheWay {
        owner: Option<String>,
        can_overwrite: bool,
    },
}

fn standing(found: &Found, wanted: &[Record], mark: &Mark) -> Standing {
    if Kind::of(&found.kind).is_none() {
        let delegates = found.kind.eq_ignore_ascii_case("NS");
        return if delegates { Standing::InTheWay { owner: None, can_overwrite: false } } else { Standing::Beside };
    }
    match Mark::of(&found.comment) {
        Some(live) if live.has_owner_of(mark) => Standing::Ours,
        Some(live) => Standing::InTheWay { owner: Some(live.owner().to_owned()), can_overwrite: true },
        None if wanted.iter().any(|record| found.answers_as(record)) => Standing::Adopted,
        None => Standing::InTheWay { owner: None, can_overwrite: true },
    }
}

fn is_as_wanted(found: &Found, wanted: &Record, mark: &Mark) -> bool {
    found.answers_as(wanted) && found.ttl == 1 && found.comment == mark.text()
}

fn removable<'a>(name: &str, found: &'a [Found], mark: &Mark) -> impl Iterator<Item = &'a Found> {
    found
        .iter()
        .filter(move |record| record.name == name && Mark::of(&record.comment).is_some_and(|live| live == *mark))
}

fn take<'a>(free: &mut Vec<&'a Found>, is_it: impl Fn(&Found) -> bool) -> Option<&'a Found> {
    let position = free.iter().position(|found| is_it(found))?;
    Some(free.remove(position))
}
