//! Would the control plane and the kubelets come up with what they are given, and would kubeadm keep it.
//!
//! # Forces
//!
//! - A flag or feature gate that is gone is no warning: the component does not start, in the middle of the upgrade.
//! - kubeadm writes the static pods anew from its own ConfigMap. Whoever changed a static pod by hand has an upgrade that
//!   succeeds and takes the change away, which shows later and elsewhere (nobody can sign in).
//! - The kubelet reads every file of its folder. A backup beside the manifest is harmless while both are alike. From the moment
//!   when they differ, the backup is a second copy of the component where it names another pod, and stands in place of the
//!   manifest where it names the same: of two files with one pod only the last one by name counts.

use std::collections::{BTreeMap, BTreeSet};

use super::checks::CheckName;
use super::evidence::{KubeadmConfig, ManifestFolder};
use super::facts::{GATES, GATES_REVIEWED_FROM, KUBEADM_FORMS, REMOVED_FLAGS, REVIEWED_THROUGH};
use super::judge::{Case, Check, Found};
use super::version::Minor;
use crate::finding::Finding;
use crate::finding::gate::{DUPLICATE_STATIC_POD, KUBEADM_FORM, REMOVED_FLAG, REMOVED_GATE};

mod regenerated;

/// The check.
pub(super) fn check(case: &Case<'_>) -> Check {
    let mut check = Check::new(CheckName::ControlPlane);
    let kubeadm = check.look(&case.evidence.kubeadm, "kubeadm's configuration");
    for pod in check.look_at_some(&case.evidence.static_pods, "the static pods").into_iter().flatten() {
        let object = format!("{} on {}", pod.component, pod.node);
        flags(&mut check, case, (&object, &pod.component), pod.flags.keys().map(String::as_str));
        gates(&mut check, case, &object, &gates_of(pod.flags.get("feature-gates")));
        if let Some(kubeadm) = kubeadm {
            regenerated::judge(&mut check, &object, pod, kubeadm);
        }
    }
    for kubelet in check.look_at_some(&case.evidence.kubelets, "the kubelets' settings").into_iter().flatten() {
        let object = format!("kubelet on {}", kubelet.node);
        let gates = kubelet.settings.keys().filter_map(|key| key.strip_prefix("featureGates."));
        self::gates(&mut check, case, &object, &gates.map(str::to_owned).collect());
        if let Some(names) = check.look(&kubelet.flags, &format!("flags of the {object}")) {
            flags(&mut check, case, (&object, "kubelet"), names.iter().map(String::as_str));
        }
    }
    if let Some(kubeadm) = kubeadm {
        configuration(&mut check, case, kubeadm);
    }
    for folder in
        check.look_at_some(&case.evidence.manifest_folders, "the folders of static pods").into_iter().flatten()
    {
        files(&mut check, folder);
    }
    check
}

/// `A` and `B` of `A=true,B=false`.
fn gates_of(flag: Option<&String>) -> BTreeSet<String> {
    let pairs = flag.into_iter().flat_map(|text| text.split(','));
    let names = pairs.map(|pair| pair.split('=').next().unwrap_or_default().trim());
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// The removals on the way: those after what runs, up to the target.
fn on_the_way(case: &Case<'_>, removed_in: Minor) -> bool {
    removed_in <= case.request.target.line && case.current().is_none_or(|current| removed_in > current)
}

fn flags<'n>(
    check: &mut Check,
    case: &Case<'_>,
    (object, component): (&str, &str),
    names: impl Iterator<Item = &'n str>,
) {
    let rows = REMOVED_FLAGS.iter().filter(|row| row.component == component && on_the_way(case, row.removed_in));
    let rows: Vec<_> = rows.collect();
    for name in names {
        for row in rows.iter().filter(|row| row.names.iter().any(|known| is_flag(known, name))) {
            let finding = Finding::new(REMOVED_FLAG, object, format!("It is given --{name}."))
                .expected(format!("{} does not know it and would not start.", row.removed_in))
                .source(row.source.what);
            check.found(Found::from(finding).checked_on(row.source.checked_on).at(row.removed_in));
        }
    }
}

/// Every component takes `-` and `_` in the name of a flag for the same.
fn is_flag(known: &str, given: &str) -> bool {
    let plain = |name: &str| name.replace('_', "-");
    plain(known) == plain(given)
}

fn gates(check: &mut Check, case: &Case<'_>, object: &str, names: &BTreeSet<String>) {
    if names.is_empty() {
        return;
    }
    let unreviewed = case.stops.iter().find(|stop| **stop < GATES_REVIEWED_FROM || **stop > REVIEWED_THROUGH);
    if let Some(stop) = unreviewed {
        check.not_seen(object, &format!("it sets feature gates, and which of them {stop} still has is not known"));
    }
    for row in GATES.iter().filter(|row| on_the_way(case, row.removed_in)) {
        for name in names.iter().filter(|name| row.names.contains(&name.as_str())) {
            let finding = Finding::new(REMOVED_GATE, object, format!("It sets the feature gate {name}."))
                .expected(format!("{} does not know it and would not start.", row.removed_in))
                .source(row.source.what);
            check.found(Found::from(finding).checked_on(row.source.checked_on).at(row.removed_in));
        }
    }
}

/// What kubeadm would write: removed flags and gates in it come back with the upgrade, whatever runs now.
fn configuration(check: &mut Check, case: &Case<'_>, kubeadm: &KubeadmConfig) {
    let object = "ConfigMap kube-system/kubeadm-config";
    for row in KUBEADM_FORMS.iter().filter(|row| row.removed_in <= case.request.target.line) {
        if row.names.contains(&kubeadm.api_version.as_str()) {
            let finding = Finding::new(KUBEADM_FORM, object, format!("It is of the form {}.", kubeadm.api_version))
                .expected(format!("kubeadm {} no longer reads it.", row.removed_in))
                .source(row.source.what);
            check.found(Found::from(finding).checked_on(row.source.checked_on).at(row.removed_in));
        }
    }
    for (component, args) in &kubeadm.extra_args {
        let object = format!("{object}, {component}");
        flags(check, case, (&object, component), args.keys().map(String::as_str));
        gates(check, case, &object, &gates_of(args.get("feature-gates")));
    }
}

fn files(check: &mut Check, folder: &ManifestFolder) {
    // The kubelet leaves out what begins with a dot, and reads everything else whatever its ending.
    let read = folder.files.iter().filter(|(name, _)| !name.starts_with('.'));
    let mut by_component: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, component) in read {
        if component.is_empty() {
            let object = format!("{name} among the static pods of {}", folder.node);
            check.not_seen(&object, "what it starts could not be read");
        } else {
            by_component.entry(component).or_default().push(name);
        }
    }
    for (component, files) in by_component.into_iter().filter(|(_, files)| files.len() > 1) {
        let finding = Finding::new(
            DUPLICATE_STATIC_POD,
            format!("{component} on {}", folder.node),
            format!("It is in {}.", files.join(" and ")),
        )
        .expected(
            "The kubelet reads every file of that folder, backups too: of two that name the same pod only the last one by \
             name counts, and two that name different pods both run.",
        )
        .clears("Keep one of them there, and backups in another folder.");
        check.found(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_the_same_in_both_spellings() {
        assert!(is_flag("container_hints", "container-hints") && is_flag("container_hints", "container_hints"));
        assert!(!is_flag("container_hints", "containerd"));
    }

    #[test]
    fn gates_are_read_off_a_flag() {
        let gates = |text: &str| gates_of(Some(&text.to_owned())).into_iter().collect::<Vec<_>>();
        assert_eq!(gates("B=false,A=true"), ["A", "B"]);
        assert_eq!(gates(" A = true ,"), ["A"]);
        assert!(gates("").is_empty() && gates_of(None).is_empty());
    }
}
