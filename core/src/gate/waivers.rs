//! Waivers: findings that somebody answers for, for a while.
//!
//! A waiver hides nothing: what it covers stays in the list with its name on it. It ends on a day, and what would keep a
//! component from starting cannot be waived, since no signature starts it.

use super::day::Day;
use super::judge::{Found, listed};
use super::report::{GateFinding, Tier, Waived};
use crate::finding::gate::{
    DOWNGRADE, ETCD_PATH, FACTS_AGED, KILL_SWITCH, KUBEADM_FORM, NOT_MEASURED, REMOVED_FLAG, REMOVED_GATE,
    RUNTIME_REFUSED, SKIPPED_MINOR, WAIVER_EXPIRED, WAIVER_REFUSED, WAIVER_UNUSED,
};
use crate::finding::{Code, Finding};

/// A waiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// The code that it covers, such as `HL4212`.
    pub code: String,
    /// The object that it covers, as the finding names it; one that ends in `*` covers whatever begins like it.
    pub object: String,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Day,
}

/// What would not start, or was not seen, or is meant to stop everything.
const NOT_WAIVABLE: [Code; 10] = [
    DOWNGRADE,
    SKIPPED_MINOR,
    RUNTIME_REFUSED,
    REMOVED_FLAG,
    REMOVED_GATE,
    KUBEADM_FORM,
    ETCD_PATH,
    KILL_SWITCH,
    NOT_MEASURED,
    FACTS_AGED,
];

/// Whether findings of that code can be waived.
pub fn is_waivable(code: &str) -> bool {
    !NOT_WAIVABLE.iter().any(|other| other.id == code)
}

impl Waiver {
    fn covers(&self, found: &GateFinding) -> bool {
        let object = &found.finding.object;
        let named = match self.object.strip_suffix('*') {
            Some(start) => object.starts_with(start),
            None => *object == self.object,
        };
        named && found.finding.code.id == self.code
    }

    fn finding(&self, code: Code, observed: String) -> GateFinding {
        let object = format!("waiver of {} for {}", self.code, self.object);
        let finding = Finding::new(code, object, observed).source(format!("waiver by {}", self.owner));
        listed("", Found::from(finding).tier(Tier::Declared), true)
    }
}

/// Marks what is covered, and says which waivers are of no use or past their day.
pub(super) fn apply(findings: &mut Vec<GateFinding>, waivers: &[Waiver], today: Option<Day>) {
    let mut about = Vec::new();
    for waiver in waivers {
        let covered = findings.iter().any(|found| waiver.covers(found));
        if !is_waivable(&waiver.code) {
            about.push(waiver.finding(WAIVER_REFUSED, format!("{} cannot be waived.", waiver.code)));
        } else if !covered {
            about.push(waiver.finding(WAIVER_UNUSED, "Nothing that was found is covered by it.".to_owned()));
        } else {
            match today {
                None => about.push(waiver.finding(NOT_MEASURED, "Nobody said what day it is.".to_owned())),
                Some(today) if waiver.expires < today => {
                    about.push(waiver.finding(WAIVER_EXPIRED, format!("It held until {}.", waiver.expires)));
                }
                Some(_) => cover(findings, waiver),
            }
        }
    }
    findings.extend(about);
}

fn cover(findings: &mut [GateFinding], waiver: &Waiver) {
    for found in findings.iter_mut().filter(|found| waiver.covers(found)) {
        found.decides = false;
        found.waived =
            Some(Waived { owner: waiver.owner.clone(), reason: waiver.reason.clone(), expires: waiver.expires });
    }
}
