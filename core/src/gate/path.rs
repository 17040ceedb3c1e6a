//! Is the path to the target one that Kubernetes supports.

use super::checks::CheckName;
use super::evidence::{ComponentKind, Evidence};
use super::facts::REVIEWED_THROUGH;
use super::judge::{Case, Check, Found};
use super::version::{KubeVersion, Minor};
use crate::finding::Finding;
use crate::finding::gate::{DOWNGRADE, NOT_MEASURED, SKIPPED_MINOR};

const POLICY: &str = "Kubernetes version skew policy";

/// The versions of the API servers: the oldest and the newest; `None` where not all of them could be read.
pub(super) fn api_servers(evidence: &Evidence) -> Option<(KubeVersion, KubeVersion)> {
    let components = evidence.control_plane.seen()?;
    let mut versions = components
        .iter()
        .filter(|component| component.kind == ComponentKind::KubeApiserver)
        .map(|component| component.version.seen());
    let first = versions.next()??.clone();
    versions.try_fold((first.clone(), first), |(oldest, newest), version| {
        let version = version?;
        Some((oldest.min(version.clone()), newest.max(version.clone())))
    })
}

/// Minor versions from the one after `from` to `to`.
pub(super) fn hops(from: Minor, to: Minor) -> Vec<Minor> {
    let mut hops = Vec::new();
    let mut next = from.next();
    while next <= to && next.major == to.major {
        hops.push(next);
        next = next.next();
    }
    hops
}

/// The check.
pub(super) fn check(case: &Case<'_>) -> Check {
    let (evidence, target) = (case.evidence, &case.request.target);
    let mut check = Check::new(CheckName::Path);
    if target.line.major != 1 || target.line > REVIEWED_THROUGH {
        check.blind(
            Finding::new(
                NOT_MEASURED,
                format!("Kubernetes {}", target.line),
                format!("Nobody has reviewed {}.", target.line),
            )
            .summary("the target is newer than our facts")
            .expected(format!("The facts of this version of homelab reach to {REVIEWED_THROUGH}."))
            .clears("Use a version of homelab whose facts reach to the target."),
            "the target is newer than the facts",
        );
    }
    let gap = evidence.control_plane.gap();
    let Some((oldest, newest)) = &case.servers else {
        let why = gap.unwrap_or_else(|| "no API server's version could be read".to_owned());
        check.blind(
            Finding::new(
                NOT_MEASURED,
                "kube-apiserver",
                format!("The version of the API servers is not known: {why}."),
            )
            .summary("the running version is not known")
            .clears("Let the gate reach the API server, or hand in evidence."),
            &why,
        );
        return check;
    };
    if let Some(gap) = gap {
        check.not_seen("the API servers", &gap);
    }
    if target.is_before(newest) {
        check.found(
            Finding::new(DOWNGRADE, format!("Kubernetes {target}"), format!("An API server already runs {newest}."))
                .expected("Kubernetes supports no downgrade.")
                .source(POLICY)
                .clears(format!("Choose {newest} or newer.")),
        );
    } else if target.line.ahead_of(oldest.line) > 1 {
        let next = oldest.line.next();
        let finding = Finding::new(
            SKIPPED_MINOR,
            format!("Kubernetes {target}"),
            format!("The oldest API server runs {oldest}."),
        )
        .expected("One minor version at a time.")
        .source(POLICY)
        .clears(format!("Go to {next} first."));
        // The first hop is free as far as this goes.
        check.found(Found::from(finding).at(next.next()));
    }
    check
}
