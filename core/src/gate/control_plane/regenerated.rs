//! What kubeadm would write away: the difference between a static pod that runs and the one that it would make.

use super::{Check, Finding, Found, KubeadmConfig};
use crate::finding::gate::REGENERATED;
use crate::gate::evidence::StaticPod;
use crate::gate::facts::{KUBEADM_FLAGS, generated_by_kubeadm};

/// Compares one static pod. Values are compared and never shown: some of them name files with secrets.
pub(super) fn judge(check: &mut Check, object: &str, pod: &StaticPod, kubeadm: &KubeadmConfig) {
    let Some((_, generated)) = KUBEADM_FLAGS.iter().find(|(component, _)| *component == pod.component) else { return };
    let nothing = std::collections::BTreeMap::new();
    let extra = kubeadm.extra_args.get(&pod.component).unwrap_or(&nothing);
    let mut gone = Vec::new();
    let mut changed = Vec::new();
    for (flag, value) in &pod.flags {
        let written = extra.get(flag).map(String::as_str);
        match written.or_else(|| generated_by_kubeadm(&pod.component, flag)) {
            Some(written) if fits(written, value) => {}
            Some(_) => changed.push(flag.as_str()),
            // What depends on the cluster is kubeadm's own, and it will write it again.
            None if generated.contains(&flag.as_str()) => {}
            None => gone.push(flag.as_str()),
        }
    }
    let back: Vec<&str> = extra.keys().filter(|flag| !pod.flags.contains_key(*flag)).map(String::as_str).collect();
    for (flags, observed) in [
        (&gone, "It runs with {}, which kubeadm's configuration does not have."),
        (&changed, "It runs with other values of {} than kubeadm would write."),
        (&back, "It runs without {}, which kubeadm's configuration has."),
    ] {
        if flags.is_empty() {
            continue;
        }
        let names: Vec<String> = flags.iter().map(|flag| format!("--{flag}")).collect();
        let finding = Finding::new(REGENERATED, object, observed.replace("{}", &names.join(", ")))
            .expected(consequence(&gone, &back))
            .source("ConfigMap kube-system/kubeadm-config");
        check.found(Found::from(finding));
    }
}

/// Whether kubeadm would write what runs. A value that it puts after or before its own is told by an ellipsis in its place.
fn fits(written: &str, runs: &str) -> bool {
    match (written.strip_prefix('…'), written.strip_suffix('…')) {
        (Some(end), _) => runs.ends_with(end),
        (_, Some(start)) => runs.starts_with(start),
        _ => written == runs,
    }
}

/// The case that locked everybody out has words of its own.
fn consequence(gone: &[&str], back: &[&str]) -> &'static str {
    let structured = gone.contains(&"authentication-config");
    match (structured, back.iter().any(|flag| flag.starts_with("oidc-"))) {
        (true, true) => {
            "kubeadm would take the structured authentication away and bring --oidc-* back: sign-in breaks for every \
             issuer that only the file has, after an upgrade that succeeds."
        }
        (true, false) => "kubeadm would take the structured authentication away: nobody could sign in by it.",
        _ => "kubeadm writes the static pod anew with the upgrade.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_beside_kubeadms_own_is_told_by_its_end() {
        for (written, runs, same) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("…,Extra", "NodeRestriction,Extra", true),
            ("…,Extra", "NodeRestriction", false),
            ("Extra,…", "Extra,NodeRestriction", true),
            ("Extra,…", "NodeRestriction", false),
        ] {
            assert_eq!(fits(written, runs), same, "{written} {runs}");
        }
    }
}
