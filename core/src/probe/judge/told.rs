//! What is said of a report: one cause is one finding.
//!
//! A gate in front of forty hosts fails once and is seen forty times; so does a load balancer that is down, and a resolver
//! that does not answer. Whoever reads forty findings looks at forty apps. So complaints that several hosts share, for what
//! can only be a reason in front of all of them, stand together.

use std::collections::{BTreeMap, BTreeSet};

use homelab_cty::Path;
use homelab_schema::carveout_probe::Verdict;

use super::{Judged, Report, in_form};
use crate::finding::{Finding, Severity, probe};
use crate::probe::{Failure, Observed, Outcome};

/// How many paths are named beside the first.
const NAMED: usize = 3;

/// A reason that is in front of more than one host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    /// The gate is in its emergency form.
    Emergency,
    /// Whatever is gated answers with this status instead of the gate.
    GateFails(u16),
    /// No answer, for the same reason.
    NoAnswer(&'static str, String),
}

/// What a finding is about: a shared cause, or the code and the attribute of one door.
type Place = (Option<Cause>, Option<(&'static str, String)>);

impl Judged {
    fn host(&self) -> (&str, u16) {
        (self.check.url.host(), self.check.url.port())
    }

    fn is_of_the_gate(&self) -> bool {
        matches!(self.check.outcome, Outcome::Gated | Outcome::GatedOrRefused)
    }

    /// Why it is wrong, where that may be the reason of others too.
    fn cause(&self, gate_answers: bool) -> Option<Cause> {
        if self.code() == Some(probe::DEGRADED) {
            return Some(Cause::Emergency);
        }
        if self.verdict != Verdict::Unknown {
            return None;
        }
        match (&self.shown.failure, self.shown.status) {
            (Some(Failure::Private(..)), _) => None,
            (Some(failure), _) => {
                let why = failure.first().to_string().replace(self.check.url.host(), "");
                Some(Cause::NoAnswer(self.shown.observed.word(), why))
            }
            // Somebody's wall, or a gate that is fine elsewhere: then it is this host's own matter.
            (None, Some(status)) if self.is_of_the_gate() && self.shown.wall.is_none() && !gate_answers => {
                Some(Cause::GateFails(status))
            }
            _ => None,
        }
    }
}

impl Report {
    /// What is wrong, worst first, each with the verdict that it explains. Paths of one door that are wrong in the same way
    /// stand in the finding of the first, and so do paths of several hosts that are wrong for one reason.
    pub fn told(&self) -> Vec<(Verdict, Finding)> {
        if self.judged.is_empty() {
            // Nothing looked at is nothing proven.
            let nothing = Finding::new(probe::UNKNOWN, "homelab_carveout_probe", "There was nothing to probe.");
            return vec![(Verdict::Unknown, nothing.clears("Give it a target.").severity(Severity::Error))];
        }
        let gate_answers = self.judged.iter().any(|judged| judged.shown.observed == Observed::Gated);
        let mut bad: Vec<&Judged> = self.judged.iter().filter(|judged| judged.verdict != Verdict::Ok).collect();
        bad.sort_by_key(|judged| std::cmp::Reverse(judged.verdict));
        let mut hosts: BTreeMap<Cause, BTreeSet<(&str, u16)>> = BTreeMap::new();
        for judged in &bad {
            if let Some(cause) = judged.cause(gate_answers) {
                hosts.entry(cause).or_default().insert(judged.host());
            }
        }
        let shared = |judged: &Judged| {
            let cause = judged.cause(gate_answers)?;
            let several = hosts.get(&cause).is_some_and(|hosts| hosts.len() > 1);
            (several || cause == Cause::Emergency).then_some(cause)
        };
        let mut order: BTreeMap<Place, usize> = BTreeMap::new();
        let mut groups: Vec<(Option<Cause>, Vec<&Judged>)> = Vec::new();
        for judged in bad {
            let cause = shared(judged);
            let own = judged.code().filter(|_| cause.is_none()).map(|code| (code.id, judged.check.at.to_string()));
            let place = *order.entry((cause.clone(), own)).or_insert(groups.len());
            match groups.get_mut(place) {
                Some((_, group)) => group.push(judged),
                None => groups.push((cause, vec![judged])),
            }
        }
        groups.into_iter().filter_map(|(cause, group)| told_together(cause.as_ref(), &group)).collect()
    }

    /// Certificates that end soon, one finding each. They are no verdict, and stand in no state: the day on which that
    /// begins would be a change that nobody made.
    pub fn notices(&self) -> Vec<Finding> {
        let notice = |ending: &super::Ending| {
            let days = match ending.days {
                0 => "within a day".to_owned(),
                1 => "in one day".to_owned(),
                days => format!("in {days} days"),
            };
            let observed = format!("The certificate of {} ends {days}.", ending.host);
            Finding::new(probe::CERTIFICATE_ENDS, &ending.host, observed)
        };
        self.ending.iter().map(notice).collect()
    }
}

/// The finding of the first, which names the others.
fn told_together(cause: Option<&Cause>, group: &[&Judged]) -> Option<(Verdict, Finding)> {
    let (first, others) = group.split_first()?;
    let mut finding = first.finding()?;
    let hosts: BTreeSet<(&str, u16)> = group.iter().map(|judged| judged.host()).collect();
    if matches!(cause, Some(Cause::GateFails(_))) {
        let gate = Finding::new(probe::GATE_FAILS, finding.object.clone(), finding.observed);
        let expected = "It is declared as gated, and so are the others.";
        finding = gate.expected(expected).at(first.check.at.clone()).severity(Severity::Error);
    }
    if !others.is_empty() {
        let named: Vec<String> = others
            .iter()
            .take(NAMED)
            .map(|judged| format!("{}{}", judged.check.url, in_form(&judged.check.way.word())))
            .collect();
        let more = match others.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        finding.observed = format!("{} The same is true of {}{more}.", finding.observed, named.join(", "));
    }
    if hosts.len() > 1 {
        let summary = format!("{}: {} hosts", finding.code.title, hosts.len());
        finding = finding.summary(summary).at(Path::root());
    } else if others.iter().any(|other| other.check.at != first.check.at) {
        let title = finding.code.title;
        finding = finding.summary(title).at(Path::root());
    }
    Some((first.verdict, finding))
}
