//! Can etcd go where the target takes it, and is it well enough for that.

use super::checks::CheckName;
use super::evidence::{Etcd, EtcdMember};
use super::facts::{Fact, Kind};
use super::image::AppVersion;
use super::judge::{Case, Check, Found};
use super::report::Tier;
use crate::finding::Finding;
use crate::finding::gate::{ETCD_FULL, ETCD_MEMBER, ETCD_PATH, ETCD_SLOW, ETCD_SNAPSHOT};

/// A snapshot that is smaller holds no cluster.
const LEAST_BYTES: u64 = 1024;

/// The check.
pub(super) fn check(case: &Case<'_>) -> Check {
    let mut check = Check::new(CheckName::Etcd);
    let Some(etcd) = check.look(&case.evidence.etcd, "etcd") else { return check };
    if etcd.members.is_empty() {
        check.not_seen("etcd", "it lists no member");
    }
    for member in &etcd.members {
        judge(&mut check, case, member);
    }
    speed(&mut check, case, etcd);
    snapshot(&mut check, case, etcd);
    check
}

fn judge(check: &mut Check, case: &Case<'_>, member: &EtcdMember) {
    let object = format!("etcd member {}", member.name);
    if check.look(&member.healthy, &format!("health of {object}")).is_some_and(|healthy| !healthy) {
        check.found(Finding::new(ETCD_MEMBER, &object, "It says that it is not healthy."));
    }
    let most = case.request.thresholds.etcd_percent;
    if check.look(&member.used_percent, &format!("size of {object}")).is_some_and(|used| *used > most) {
        let finding = Finding::new(ETCD_FULL, &object, "Its database is near its quota.");
        check.found(finding.expected(format!("At most {most} % of it are in use.")));
    }
    if let Some(version) = check.look(&member.version, &format!("version of {object}")) {
        match AppVersion::of_tag(version) {
            Ok(version) => path(check, case, &object, version),
            Err(why) => check.not_seen(&format!("version of {object}"), &why),
        }
    }
}

/// Walks the stops: at each of them kubeadm brings a version along, and etcd says from where it may be reached.
fn path(check: &mut Check, case: &Case<'_>, object: &str, version: AppVersion) {
    let facts = &case.request.facts;
    let (brought, steps) = (facts.of("etcd of kubeadm", Kind::Refuses), facts.of("etcd", Kind::Refuses));
    let mut at = version;
    for stop in &case.stops {
        let Some(wanted) = brought.iter().find(|row| row.spans(*stop)) else {
            return check.not_seen(object, &format!("which etcd {stop} brings along is not known"));
        };
        let goal = wanted.floor_version();
        if at.line() >= goal.line() {
            continue;
        }
        let step = steps.iter().find(|row| row.floor_version() == goal);
        if let Some(first) = first_step(&at, &goal, step.copied()) {
            let finding = Finding::new(ETCD_PATH, object, format!("It runs {at}."))
                .expected(format!("Kubernetes {stop} brings etcd {} along.", wanted.floor))
                .clears(format!("Bring it to {first} first."));
            let by = step.copied().unwrap_or(wanted);
            return check.found(Found::from(finding).by(by).at(*stop));
        }
        at = goal;
    }
}

/// What has to come before a step: the minor in between, or the patch from which it is allowed; nothing where it is.
fn first_step(at: &AppVersion, goal: &AppVersion, step: Option<&Fact>) -> Option<String> {
    let ((major, minor), (to_major, to_minor)) = (at.line(), goal.line());
    if major != to_major || minor + 1 < to_minor {
        return Some(format!("{to_major}.{}", to_minor.saturating_sub(1)));
    }
    let least = step?.upgrade_from.as_deref()?;
    (*at < AppVersion::floor(least)?).then(|| format!("{least} or a newer patch"))
}

fn speed(check: &mut Check, case: &Case<'_>, etcd: &Etcd) {
    let limits = &case.request.thresholds;
    for (measured, limit, what) in [
        (&etcd.apply_p99_ms, limits.etcd_apply_ms, "applying a request"),
        (&etcd.fsync_p99_ms, limits.etcd_fsync_ms, "writing its log to disk"),
    ] {
        if check.look(measured, &format!("etcd: time for {what}")).is_some_and(|milliseconds| *milliseconds > limit) {
            let finding = Finding::new(ETCD_SLOW, "etcd", format!("It took long for {what}, over the last day."))
                .expected(format!("99 % of the time it takes at most {limit} ms."));
            check.found(Found::from(finding).tier(Tier::History));
        }
    }
}

fn snapshot(check: &mut Check, case: &Case<'_>, etcd: &Etcd) {
    let Some(snapshot) = check.look(&etcd.snapshot, "the snapshot of etcd") else { return };
    let limit = case.request.thresholds.snapshot_seconds;
    let mut found = |observed: &str, expected: String| {
        let finding = Finding::new(ETCD_SNAPSHOT, "etcd", observed).expected(expected);
        check.found(Found::from(finding).tier(Tier::History));
    };
    if snapshot.age_seconds > limit {
        found("Its newest snapshot is old.", format!("It is at most {} hours old.", limit / 3600));
    }
    if snapshot.bytes < LEAST_BYTES {
        found("Its newest snapshot is next to empty.", format!("It has {LEAST_BYTES} bytes or more."));
    } else if snapshot.bytes_before.is_some_and(|before| snapshot.bytes < before / 2) {
        found(
            "Its newest snapshot has less than half the size of the one before.",
            "It keeps about its size.".to_owned(),
        );
    }
}
