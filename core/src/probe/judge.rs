//! From samples to a verdict.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use homelab_schema::carveout_probe::{CarveoutProbe, OnVerdict, ProbeResult, Verdict};
use sha2::{Digest, Sha256};

use super::signature::system_name;
use super::{Check, Failure, Observation, Observed, Outcome};
use crate::finding::{Code, Finding, Severity, probe};

mod told;

#[cfg(test)]
mod tests;

/// One check and what came of it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What was asked.
    pub check: Check,
    /// Every sample that was taken.
    pub samples: Vec<Observation>,
    /// What comes of it.
    pub verdict: Verdict,
    /// The sample that shows it best.
    pub shown: Observation,
    /// How many samples are like that one.
    pub alike: usize,
}

/// What comes of all checks.
#[derive(Clone, Debug)]
pub struct Report {
    /// The worst verdict.
    pub verdict: Verdict,
    /// Each check, in the order in which they were given.
    pub judged: Vec<Judged>,
    /// Certificates that were accepted and end soon, by host.
    pub ending: Vec<Ending>,
}

/// A certificate that ends soon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Of which host, with the port where it is not the scheme's own.
    pub host: String,
    /// Whole days until then.
    pub days: u32,
}

/// Which complaints an apply has accepted. Stored in the private state; compared, never shown.
pub type Accepted = BTreeSet<String>;

/// What comes of `checks`, of which each has its samples at the same place of `samples`; `threshold` is how many samples
/// must agree.
pub fn judge(checks: Vec<Check>, samples: Vec<Vec<Observation>>, threshold: usize) -> Report {
    let mut samples = samples.into_iter();
    let judged: Vec<Judged> =
        checks.into_iter().map(|check| judge_one(check, samples.next().unwrap_or_default(), threshold)).collect();
    let verdict = judged.iter().map(|judged| judged.verdict).max().unwrap_or(Verdict::Unknown);
    Report { verdict, judged, ending: Vec::new() }
}

/// Whether further samples of `check` would change nothing: it is exposed, or so much is missing that `wanted` samples
/// cannot make it good any more.
pub fn enough(check: &Check, samples: &[Observation], wanted: usize, threshold: usize) -> bool {
    let missing = samples.iter().filter(|sample| sample.failure.is_some()).count();
    if matches!(check.way, super::Way::Spoof(_)) && missing < samples.len() {
        return true;
    }
    let lasting = samples
        .iter()
        .any(|sample| sample.failure.as_ref().is_some_and(|failure| !matches!(failure, Failure::Unreachable(_))));
    samples.len() >= wanted
        || lasting
        || missing > wanted.saturating_sub(threshold)
        || samples.iter().any(|sample| verdict_of(check.outcome, sample) == Verdict::Exposed)
}

/// One sample alone.
pub(super) fn verdict_of(outcome: Outcome, sample: &Observation) -> Verdict {
    use Observed::{Ambiguous, Gated, GatedDegraded, Public};
    match (outcome, sample.observed) {
        (Outcome::Public | Outcome::Either, Public)
        | (Outcome::Gated | Outcome::GatedOrRefused | Outcome::Either, Gated) => Verdict::Ok,
        (Outcome::GatedOrRefused, Ambiguous) if sample.refused => Verdict::Ok,
        (Outcome::Gated | Outcome::GatedOrRefused, Public) => Verdict::Exposed,
        (Outcome::Public, Gated | GatedDegraded) => Verdict::Walled,
        (Outcome::Gated | Outcome::GatedOrRefused | Outcome::Either, GatedDegraded) => Verdict::Degraded,
        (Outcome::Public, Ambiguous) if sample.unmet => Verdict::Degraded,
        _ => Verdict::Unknown,
    }
}

fn judge_one(check: Check, samples: Vec<Observation>, threshold: usize) -> Judged {
    let threshold = check.way.threshold(threshold);
    let verdicts: Vec<Verdict> = samples.iter().map(|sample| verdict_of(check.outcome, sample)).collect();
    let count = |verdict: Verdict| verdicts.iter().filter(|found| **found == verdict).count();
    // A sample without an answer is noise as long as enough others agree; an answer that differs is not.
    let unclear =
        samples.iter().zip(&verdicts).any(|(sample, verdict)| *verdict == Verdict::Unknown && sample.failure.is_none());
    let verdict = if count(Verdict::Exposed) > 0 {
        Verdict::Exposed
    } else if count(Verdict::Walled) >= threshold {
        Verdict::Walled
    } else if count(Verdict::Degraded) >= threshold {
        Verdict::Degraded
    } else if count(Verdict::Walled) == 0
        && count(Verdict::Degraded) == 0
        && !unclear
        && !samples.is_empty()
        && count(Verdict::Ok) >= threshold.min(samples.len())
    {
        Verdict::Ok
    } else {
        Verdict::Unknown
    };
    // What explains the verdict: a sample of that verdict, else the worst of those that disagree.
    let best = verdicts
        .iter()
        .position(|found| *found == verdict)
        .or_else(|| verdicts.iter().enumerate().max_by_key(|(_, found)| **found).map(|(index, _)| index));
    let missing = || Observation::failed(Failure::Unreachable("it was not asked".to_owned()));
    let shown = best.and_then(|index| samples.get(index).cloned()).unwrap_or_else(missing);
    let alike = samples.iter().filter(|sample| sample.observed == shown.observed).count();
    Judged { check, samples, verdict, shown, alike }
}

impl Judged {
    /// `3/3`.
    pub fn share(&self) -> String {
        format!("{}/{}", self.alike, self.samples.len())
    }

    /// The kind that stands in the result: one sample among others that differ is ambiguous, whatever it showed.
    pub fn observed(&self) -> Observed {
        let answered = |sample: &&Observation| sample.failure.is_none();
        let mixed = self.samples.iter().filter(answered).any(|sample| sample.observed != self.shown.observed);
        if self.verdict == Verdict::Unknown && self.shown.failure.is_none() && mixed {
            Observed::Ambiguous
        } else {
            self.shown.observed
        }
    }

    /// As it stands in state.
    pub fn result(&self) -> ProbeResult {
        let system = self.shown.wall.as_ref().and_then(|wall| wall.system).map(system_name).unwrap_or_default();
        ProbeResult {
            label: self.check.label.clone(),
            method: self.check.method.clone(),
            url: self.check.url.shown(),
            with: self.check.way.word(),
            expect: self.check.outcome.word().to_owned(),
            verdict: self.verdict,
            observed: self.observed().word().to_owned(),
            system: system.to_owned(),
            share: self.share(),
            evidence: self.evidence(),
        }
    }

    /// Names what was asked and what was seen: twelve digits that stay the same for as long as the answer means the same, and
    /// differ also where only the issuer or the client of the wall does. Neither the share nor a status goes into it, since
    /// both change by chance.
    pub fn evidence(&self) -> String {
        let (check, wall) = (&self.check, self.shown.wall.as_ref());
        let facts = [
            check.method.as_str(),
            &check.url.shown(),
            &check.way.word(),
            check.outcome.word(),
            self.verdict.as_str(),
            self.observed().word(),
            wall.and_then(|wall| wall.system).map(system_name).unwrap_or_default(),
            wall.and_then(|wall| wall.issuer.as_deref()).unwrap_or_default(),
            wall.and_then(|wall| wall.client_id.as_deref()).unwrap_or_default(),
        ];
        let digest = Sha256::digest(facts.join("\n").as_bytes());
        digest.iter().take(6).fold(String::new(), |mut digits, byte| {
            let _ = write!(digits, "{byte:02x}");
            digits
        })
    }

    fn code(&self) -> Option<Code> {
        match self.verdict {
            Verdict::Ok => None,
            Verdict::Exposed => Some(probe::EXPOSED),
            Verdict::Walled => Some(probe::WALLED),
            Verdict::Degraded if self.shown.unmet => Some(probe::CONTRACT),
            Verdict::Degraded => Some(probe::DEGRADED),
            Verdict::Unknown
                if self.shown.failure.as_ref().is_some_and(|why| matches!(why.first(), Failure::Private(..))) =>
            {
                Some(probe::PRIVATE_TARGET)
            }
            Verdict::Unknown if self.shown.observed == Observed::OriginError => Some(probe::ORIGIN_ERROR),
            Verdict::Unknown => Some(probe::UNKNOWN),
        }
    }

    /// What is wrong, if anything is.
    pub fn finding(&self) -> Option<Finding> {
        let code = self.code()?;
        let check = &self.check;
        let observed = format!(
            "{} {}{} {} ({} of {} samples, evidence {}).",
            check.method,
            check.url,
            in_form(&check.way.word()),
            self.shown.told(),
            self.alike,
            self.samples.len(),
            self.evidence()
        );
        let expected = match check.outcome {
            Outcome::Public => "It is declared as public.",
            Outcome::Gated => "It is declared as gated.",
            Outcome::GatedOrRefused => "It belongs to what is declared as gated, or is to be refused.",
            Outcome::Either => "It is to be answered by the app or by the gate.",
        };
        let summary = format!("{}: {}", code.title, check.url);
        let finding = Finding::new(code, check.url.shown(), observed).summary(summary).expected(expected);
        // The verdict decides how loud it is, not the code: a path that could not be judged is never quiet here.
        Some(finding.at(check.at.clone()).severity(Severity::Error))
    }
}

impl Report {
    /// What is wrong, worst first, and then what is not wrong yet ([`Report::notices`]).
    pub fn findings(&self) -> Vec<Finding> {
        self.told().into_iter().map(|(_, finding)| finding).chain(self.notices()).collect()
    }

    /// What is wrong, in a form that a later report can be compared with.
    pub fn complaints(&self) -> Accepted {
        complaints(&self.results())
    }

    /// As it stands in state.
    pub fn results(&self) -> Vec<ProbeResult> {
        self.judged.iter().map(Judged::result).collect()
    }

    /// How many were judged at all.
    pub fn checked(&self) -> usize {
        self.judged.iter().filter(|judged| judged.verdict != Verdict::Unknown).count()
    }

    /// Whether this says the same as `results` did. The share of samples is not looked at: which replica answers which
    /// sample is chance, and a state that changes by chance is noise.
    pub fn says_the_same(&self, results: &[ProbeResult]) -> bool {
        let meaning = |result: &ProbeResult| ProbeResult { share: String::new(), ..result.clone() };
        self.results().iter().map(meaning).eq(results.iter().map(meaning))
    }
}

/// What is wrong in stored results, in the form of [`Report::complaints`]. No results are a complaint too: nothing was looked
/// at, so nothing is proven.
pub fn complaints(results: &[ProbeResult]) -> Accepted {
    if results.is_empty() {
        return Accepted::from(["nothing was probed".to_owned()]);
    }
    results
        .iter()
        .filter(|result| result.verdict != Verdict::Ok)
        .map(|result| {
            let form = in_form(&result.with);
            format!("{:?} {} {}{form}", result.verdict, result.method, result.url)
        })
        .collect()
}

/// How a request in another form than a plain one is named, after its URL.
pub fn in_form(with: &str) -> String {
    if with.is_empty() { String::new() } else { format!(" ({with})") }
}

/// What the resource was told to do about `verdict`. `degraded` is a door that does not answer as declared, and goes with
/// `walled`.
pub fn reaction(model: &CarveoutProbe, verdict: Verdict) -> OnVerdict {
    let declared = match verdict {
        Verdict::Ok => return OnVerdict::Record,
        Verdict::Exposed => &model.on_exposed,
        Verdict::Walled | Verdict::Degraded => &model.on_walled,
        Verdict::Unknown => &model.on_unknown,
    };
    declared.known().copied().unwrap_or(OnVerdict::Error)
}
