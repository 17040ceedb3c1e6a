//! Are the settings of before still there.
//!
//! An upgrade of kubeadm once took every kubelet's tuning away and was found weeks later. So settings can be recorded
//! before an upgrade ([`settings`]) and compared after it: what is gone or another is named, by its path and never with its
//! value.

use std::collections::BTreeMap;

use super::checks::CheckName;
use super::evidence::Evidence;
use super::judge::{Case, Check, Found};
use super::report::Tier;
use crate::finding::Finding;
use crate::finding::gate::SETTING_LOST;

mod record;

pub use record::{Record, RecordError, recorded_settings};

/// Settings by whose they are (`kubelet on worker-1`) and by path.
pub type Settings = BTreeMap<String, BTreeMap<String, String>>;

/// The settings that evidence shows: kubelets, static pods, kubeadm's own. What was not seen is not in it.
pub fn settings(evidence: &Evidence) -> Settings {
    let mut settings = Settings::new();
    // Of some kubelets only the flags are known, from their machines: their settings are not lost but unseen.
    let kubelets = evidence.kubelets.seen().into_iter().flatten();
    for kubelet in kubelets.filter(|kubelet| !kubelet.settings.is_empty()) {
        settings.insert(format!("kubelet on {}", kubelet.node), kubelet.settings.clone());
    }
    for pod in evidence.static_pods.seen().into_iter().flatten() {
        settings.insert(format!("{} on {}", pod.component, pod.node), pod.flags.clone());
    }
    if let Some(kubeadm) = evidence.kubeadm.seen() {
        for (component, args) in &kubeadm.extra_args {
            settings.insert(format!("kubeadm's {component}"), args.clone());
        }
    }
    settings
}

/// Why each of the sources of settings is not the whole truth of now, where it is not.
fn sources(evidence: &Evidence) -> [(Option<String>, &'static str); 3] {
    [
        (evidence.kubelets.gap(), "the kubelets' settings"),
        (evidence.static_pods.gap(), "the static pods"),
        (evidence.kubeadm.gap(), "kubeadm's configuration"),
    ]
}

/// The check.
pub(super) fn check(case: &Case<'_>) -> Check {
    let mut check = Check::new(CheckName::Survival);
    let Some(before) = check.look(&case.evidence.settings_before, "settings of before") else { return check };
    if before.is_empty() {
        check.not_seen("settings of before", "the record is empty");
    }
    let evidence = case.evidence;
    for (gap, what) in sources(evidence) {
        if let Some(gap) = gap {
            check.not_seen(what, &gap);
        }
    }
    let now = settings(evidence);
    for (whose, before) in before {
        let Some(now) = now.get(whose) else {
            check.not_seen(whose, "it was recorded before and cannot be seen now");
            continue;
        };
        for (path, value) in before {
            let observed = match now.get(path) {
                Some(now) if now == value => continue,
                Some(_) => format!("{path} has another value than before."),
                None => format!("{path} is gone."),
            };
            let finding = Finding::new(SETTING_LOST, whose.clone(), observed).source("the settings that were recorded");
            check.found(Found::from(finding).tier(Tier::History));
        }
    }
    check
}
