//! Is an API still in use that the target no longer serves.
//!
//! Two witnesses, each with its own blindness. The API server's metric names what was asked for since that process
//! started: what it shows is proof, what it does not show is proof only once the process is old enough and every server
//! was asked. The field managers of live objects name who wrote in an old version, however long ago.

use super::checks::CheckName;
use super::evidence::Evidence;
use super::facts::{REMOVED_APIS, REVIEWED_THROUGH, RemovedApi};
use super::judge::{Case, Check, Found};
use super::report::Tier;
use super::version::{KubeVersion, Minor};
use crate::finding::Finding;
use crate::finding::gate::{NOT_MEASURED, REMOVED_API};

/// The check.
pub(super) fn check(case: &Case<'_>) -> Check {
    let (evidence, target) = (case.evidence, &case.request.target);
    let mut check = Check::new(CheckName::RemovedApis);
    reviewed(&mut check, target);
    requests(&mut check, evidence, target, case.request.window_seconds);
    stored(&mut check, evidence, target, case.current());
    check
}

/// Beyond what was reviewed, a list of removals says nothing by being short.
pub(super) fn reviewed(check: &mut Check, target: &KubeVersion) {
    if target.line > REVIEWED_THROUGH {
        let reason = format!("the facts of this version of homelab reach to {REVIEWED_THROUGH}");
        check.not_seen(&format!("removals in Kubernetes {}", target.line), &reason);
    }
}

/// The removal that `target` has for that API, by our facts.
pub(super) fn removal(group: &str, version: &str, resource: &str, target: Minor) -> Option<&'static RemovedApi> {
    REMOVED_APIS.iter().find(|row| row.removed_in <= target && row.covers(group, version, resource))
}

fn requests(check: &mut Check, evidence: &Evidence, target: &KubeVersion, window_seconds: u64) {
    let Some(metric) = check.look(&evidence.deprecated_requests, "requests of deprecated APIs") else { return };
    for request in &metric.requests {
        let api = api_version(&request.group, &request.version);
        let known = removal(&request.group, &request.version, &request.resource, target.line);
        // What the server declares; nothing for what is deprecated for ever.
        let declared: Option<Minor> = match request.removed_release.as_str() {
            "" => None,
            text => match text.parse() {
                Ok(line) => Some(line),
                Err(_) if known.is_some() => None,
                Err(_) => {
                    check.not_seen(
                        &format!("{} of {api}", request.resource),
                        &format!("the API server says that {text:?} removes it, which is no release line"),
                    );
                    continue;
                }
            },
        };
        let declared = declared.filter(|line| *line <= target.line);
        let Some(removed_in) = known.map(|row| row.removed_in).or(declared) else { continue };
        let source = known.map_or("the API server's own metric", |row| row.source.what);
        let finding = Finding::new(
            REMOVED_API,
            format!("{} of {api}", request.resource),
            "Somebody asked the API server for it.",
        )
        .expected(format!("{removed_in} no longer serves it."))
        .source(source)
        .clears("Find the caller in the audit log and move it to the newer version of the API.");
        let day = known.map_or("", |row| row.source.checked_on);
        check.found(Found::from(finding).tier(Tier::History).checked_on(day).at(removed_in));
    }
    if !metric.all_servers {
        check.blind(
            Finding::new(
                NOT_MEASURED,
                "requests of deprecated APIs",
                "Not every API server was asked, or it is not known how many there are.",
            )
            .summary("requests to other API servers are not known")
            .clears("Let Prometheus collect every API server's metrics, or hand in evidence."),
            "it is not certain that every API server was asked",
        );
    }
    if metric.youngest_process_seconds < window_seconds {
        check.blind(
            Finding::new(
                NOT_MEASURED,
                "requests of deprecated APIs",
                "An API server process is younger than the window.",
            )
            .summary("the metric has not been collecting for long enough")
            .expected("Its metric starts empty with the process, so that its silence proves nothing yet.")
            .clears("Ask again later, or lower deprecated_api_window if every caller runs more often than that."),
            "an API server process is younger than the window",
        );
    }
}

fn stored(check: &mut Check, evidence: &Evidence, target: &KubeVersion, current: Option<Minor>) {
    let Some(uses) = check.look(&evidence.stored_uses, "writers of old API versions") else { return };
    // Beyond our own facts the check has said so already, for both witnesses.
    if target.line > evidence.searched_through && target.line <= REVIEWED_THROUGH {
        let reason = format!("objects were searched for removals up to {} only", evidence.searched_through);
        check.not_seen("writers of old API versions", &reason);
    }
    for used in uses {
        let (group, version) = used.api_version.split_once('/').unwrap_or(("", &used.api_version));
        let Some(row) = removal(group, version, &used.resource, target.line) else { continue };
        // What an already removed version left behind in managedFields harms nobody.
        if current.is_some_and(|current| row.removed_in <= current) {
            continue;
        }
        let name =
            if used.namespace.is_empty() { used.name.clone() } else { format!("{}/{}", used.namespace, used.name) };
        let finding = Finding::new(
            REMOVED_API,
            format!("{} {name}", used.resource),
            format!("{:?} wrote it as {}.", used.manager, used.api_version),
        )
        .expected(format!("{} no longer serves that version.", row.removed_in))
        .source(row.source.what)
        .clears(format!("Let {:?} write it in the newer version of the API.", used.manager));
        check.found(Found::from(finding).checked_on(row.source.checked_on).at(row.removed_in));
    }
}

fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}
