//! `homelab_upgrade_gate`, the resource and the data source.

use crate::prelude::*;

/// Judges whether a cluster may be upgraded to a Kubernetes version now: whether the path is allowed, whether every
/// component stays within the version skew policy after the hop, whether an API that the target no longer serves is
/// still in use, and what add-ons, nodes, the control plane, etcd and webhooks say; manifests, hosts and alerts where their
/// sources are declared. What could not be measured is a verdict of its own and never counts as passed.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct UpgradeGate {
    /// The Kubernetes version to go to, in full, such as `1.36.2`.
    #[model(required)]
    pub target_version: Attr<String>,
    /// Path of a recorded evidence file to judge instead of a live cluster. Relative paths start at the folder in which
    /// Terraform runs. The verdict from it is the same everywhere.
    #[model(optional)]
    pub evidence: Attr<String>,
    /// Paths of what the nodes' machines tell of themselves, one file for each node, as `homelab gate capture --host` writes
    /// it there. With them `hosts` and `certificates` are checked where `checks` does not say otherwise. A node without a
    /// file and a file that is older than 24 hours are `unknown`.
    #[model(optional)]
    pub host_evidence: Attr<Vec<String>>,
    /// Path of settings that were recorded before, by `homelab gate record`, or of evidence that was captured then. With it
    /// `survival` is checked where `checks` does not say otherwise: what is gone or another is named, and never shown.
    #[model(optional)]
    pub settings_before: Attr<String>,
    /// How long the API server must have been running before the silence of its metric of deprecated requests counts as
    /// "nobody asked", as a duration such as `24h`: the metric starts empty with each process.
    #[model(optional, default = "24h", same = crate::duration::same)]
    pub deprecated_api_window: Attr<String>,
    /// What a `blocked` verdict does: `error` fails the apply, `record` keeps the verdict in the state for others to use.
    /// The resource's default is `error`, the data source's is `record`.
    #[model(optional, computed)]
    pub on_blocked: Attr<Reaction>,
    /// What a `held` verdict does: `error` fails the apply, `record` keeps the verdict in the state for others to use. The
    /// resource's default is `error`, the data source's is `record`.
    #[model(optional, computed)]
    pub on_held: Attr<Reaction>,
    /// What an `unknown` verdict does: `error` fails the apply, `record` keeps the verdict in the state for others to use.
    /// The resource's default is `error`, the data source's is `record`.
    #[model(optional, computed)]
    pub on_unknown: Attr<Reaction>,
    /// Which checks are made, and how much each counts.
    #[model(block)]
    pub checks: Attr<GateChecks>,
    /// Manifests that are not in the cluster itself, to be looked through for APIs that the target no longer serves.
    #[model(block)]
    pub manifests: Attr<GateManifests>,
    /// Add-ons to look for among running pods, by name; `calico`, `external-secrets`, `gpu-operator` and `kyverno` are looked
    /// for by themselves. One that is declared must be there.
    #[model(block)]
    pub addon: Attr<BTreeMap<String, GateAddon>>,
    /// Facts that stand beside those of this version of the provider, and in place of those with the same subject, floor and
    /// kind.
    #[model(block)]
    pub fact: Attr<Vec<GateFact>>,
    /// The text of an `addon-compat.json`: its rows stand in place of what is known about its add-ons.
    #[model(optional)]
    pub matrix: Attr<String>,
    /// Add-ons that you hold at their version, by name. What they block is `held` instead of `blocked`.
    #[model(block)]
    pub pin: Attr<BTreeMap<String, GatePin>>,
    /// Findings that somebody answers for until a day. They stay in the list and decide nothing; what would keep a component
    /// from starting cannot be waived.
    #[model(block)]
    pub waiver: Attr<BTreeMap<String, GateWaiver>>,
    /// Alerts that do not matter here, by name. When left out: `RecentNodeReboot`, `IngressTTFBCritical`,
    /// `K8sUpgradeStalled` and `EtcdPreUpgradeSnapshotMissing`.
    #[model(optional)]
    pub ignored_alerts: Attr<Vec<String>>,
    /// Prometheus, as a further source of evidence: alerts, requests of deprecated APIs over time, etcd, hosts. An empty block
    /// asks the one of the provider's `prometheus` block, which is also asked where this block is left out.
    #[model(block)]
    pub prometheus: Attr<GatePrometheus>,
    /// The verdict: `no_known_blockers`, `blocked`, `held` or `unknown`. There is no "safe".
    #[model(computed)]
    pub verdict: Attr<String>,
    /// Whether the verdict is `no_known_blockers`.
    #[model(computed)]
    pub allowed: Attr<bool>,
    /// Everything that was found, the worst first.
    #[model(computed)]
    pub findings: Attr<Vec<GateFinding>>,
    /// Every check, and whether it could see what it judges.
    #[model(computed)]
    pub coverage: Attr<Vec<GateCoverage>>,
    /// The minor versions on the way from the cluster's version to the target, in order, such as `1.36`.
    #[model(computed)]
    pub hops: Attr<Vec<String>>,
    /// The first of them that something blocks; empty where nothing does.
    #[model(computed)]
    pub first_blocked_hop: Attr<String>,
    /// What to do, in order: measure, clear, bring add-ons to a version that supports both sides of a hop, make the hop, take
    /// the newest add-ons.
    #[model(computed)]
    pub plan: Attr<Vec<GateStep>>,
}

/// A Prometheus to ask. What is left out is as in the provider's `prometheus` block. A token has no place here, since this
/// block is kept in the state: it stands in the provider's block, and is sent to the address there alone.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct GatePrometheus {
    /// Its address, such as `https://prometheus.example.net`.
    #[model(optional)]
    pub url: Attr<String>,
    /// File that holds a bearer token.
    #[model(optional)]
    pub token_file: Attr<String>,
    /// Certificate authorities to trust instead of those of the system, as the path of a PEM file.
    #[model(optional)]
    pub ca_cert_file: Attr<String>,
    /// Time limit of one request, such as `10s`.
    #[model(optional)]
    pub timeout: Attr<String>,
}

/// Why that is no address of a Prometheus, as a fragment; nothing where it is one. Credentials have no place in an address,
/// which is shown.
pub fn url_problem(url: &str) -> Option<&'static str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match rest {
        None => Some("must begin with https:// or http://"),
        Some(rest) if rest.is_empty() || rest.starts_with(['/', ':']) => Some("must name a host"),
        Some(rest) if rest.contains('@') => Some("must hold no credentials: a token has an argument of its own"),
        Some(rest) if rest.contains(['?', '#']) || rest.contains(char::is_whitespace) => {
            Some("must end with the host or a path, without ? or #")
        }
        Some(_) => None,
    }
}

/// Manifests that are not in the cluster itself. Helm renders its next upgrade from the manifest of the last release, and
/// fails on an API that is gone; a folder is what somebody will apply next.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct GateManifests {
    /// Look through Helm's releases. The identity must be allowed to list Secrets in all namespaces; of what is in them, API
    /// version, kind and name of each object alone are kept.
    #[model(optional, default = false)]
    pub helm: Attr<bool>,
    /// Path of a folder whose `.yaml`, `.yml` and `.json` files are looked through. Relative paths start at the folder in
    /// which Terraform runs. Templates that are not rendered yet cannot be read, and are `unknown`.
    #[model(optional)]
    pub folder: Attr<String>,
}

/// An add-on, told by the images of its running pods.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct GateAddon {
    /// Names of its images without the registry, such as `example/operator`. Folders that a mirror puts before them do not
    /// matter.
    #[model(required)]
    pub images: Attr<Vec<String>>,
    /// The only namespace that counts.
    #[model(optional)]
    pub namespace: Attr<String>,
}

/// A fact: which Kubernetes releases a version of an add-on, a container runtime or etcd supports. It holds from `floor` up
/// to the next floor of the same subject and kind.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct GateFact {
    /// What it is about: an add-on's name, `containerd`, `cri-o`, `kernel`, `etcd`.
    #[model(required)]
    pub subject: Attr<String>,
    /// The first version that it holds for, such as `2.8`.
    #[model(required)]
    pub floor: Attr<String>,
    /// The first Kubernetes release that it supports, such as `1.35`.
    #[model(optional)]
    pub kubernetes_min: Attr<String>,
    /// The last Kubernetes release that it supports.
    #[model(optional)]
    pub kubernetes_max: Attr<String>,
    /// What it means to be outside: `refuses`, `untested`, or `eol` for a line that gets no more fixes.
    #[model(optional, default = "untested")]
    pub kind: Attr<FactKind>,
    /// The oldest version from which one may go there in one step.
    #[model(optional)]
    pub upgrade_from: Attr<String>,
    /// The last day of support, for `eol`: `2026-11-21`.
    #[model(optional)]
    pub ends: Attr<String>,
    /// Where you read it.
    #[model(required)]
    pub source: Attr<String>,
    /// The day on which you read it, `2026-11-21`. After 180 days it says nothing any more, and the verdict is `unknown`.
    #[model(required)]
    pub checked_on: Attr<String>,
}

/// What it means to be outside of a fact's range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Leaf, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// It does not start or does not work.
    Refuses,
    /// Its makers did not test it.
    Untested,
    /// Not about ranges: the line gets no more fixes.
    Eol,
}

/// An add-on that is held at its version.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct GatePin {
    /// Why.
    #[model(required)]
    pub reason: Attr<String>,
    /// The last day on which it holds, `2026-11-21`.
    #[model(required)]
    pub expires: Attr<String>,
}

/// A finding that somebody answers for.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct GateWaiver {
    /// The code of the finding, such as `HL4212`.
    #[model(required)]
    pub code: Attr<String>,
    /// Its object, as the finding names it; one that ends in `*` covers whatever begins like it.
    #[model(required)]
    pub object: Attr<String>,
    /// Who answers for it.
    #[model(required)]
    pub owner: Attr<String>,
    /// Why.
    #[model(required)]
    pub reason: Attr<String>,
    /// The last day on which it holds, `2026-11-21`.
    #[model(required)]
    pub expires: Attr<String>,
}

/// What a verdict does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Leaf, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reaction {
    /// Fail the apply.
    Error,
    /// Keep the verdict in the state.
    Record,
}

/// How much a check counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Leaf, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Its findings decide the verdict.
    Error,
    /// Its findings are listed and decide nothing.
    Warn,
    /// It is not made.
    Off,
}

/// Which checks of the gate are made: `error` lets a finding decide the verdict, `warn` only lists it, `off` does not
/// look. A check that could not see what it judges is `unknown`. What the API of every cluster shows decides by default;
/// `drain` warns; what rests on a source that has to be declared is made where that is declared, or is in `evidence`.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct GateChecks {
    /// The target is a version that we know of, not older than the cluster, and no minor version is skipped.
    #[model(optional, default = "error")]
    pub path: Attr<Weight>,
    /// API servers, controller managers, schedulers, kubelets and kube-proxies stay within the version skew policy.
    #[model(optional, default = "error")]
    pub skew: Attr<Weight>,
    /// No API that the target no longer serves is requested or stored.
    #[model(optional, default = "error")]
    pub removed_apis: Attr<Weight>,
    /// No API that the target no longer serves is in the manifests of Helm releases or of a folder.
    /// When left out: `error` where `manifests` is declared.
    #[model(optional)]
    pub manifests: Attr<Weight>,
    /// Objects of custom resources are stored in versions that are served.
    #[model(optional, default = "error")]
    pub crds: Attr<Weight>,
    /// Running add-ons support every release on the way, by their full versions.
    #[model(optional, default = "error")]
    pub addons: Attr<Weight>,
    /// Nodes are ready, without pressure, and have been for ten minutes.
    #[model(optional, default = "error")]
    pub nodes: Attr<Weight>,
    /// Container runtimes and kernels fit the target.
    #[model(optional, default = "error")]
    pub runtime: Attr<Weight>,
    /// Control groups, disks and pending reboots of the nodes' hosts.
    /// When left out: `error` where host evidence is declared.
    #[model(optional)]
    pub hosts: Attr<Weight>,
    /// No flag or feature gate that the target does not know is set, kubeadm would write nothing away, and no component
    /// is started twice.
    #[model(optional, default = "error")]
    pub control_plane: Attr<Weight>,
    /// Certificates of the cluster are valid for a week or longer.
    /// When left out: `error` where host evidence is declared.
    #[model(optional)]
    pub certificates: Attr<Weight>,
    /// Settings that were recorded before are still there.
    /// When left out: `error` where `settings_before` is declared.
    #[model(optional)]
    pub survival: Attr<Weight>,
    /// etcd can go to the version that the target brings along, is fast, has room and a fresh snapshot.
    #[model(optional, default = "error")]
    pub etcd: Attr<Weight>,
    /// Nodes can be drained.
    #[model(optional, default = "warn")]
    pub drain: Attr<Weight>,
    /// Webhooks that fail closed, converters and aggregated APIs answer.
    #[model(optional, default = "error")]
    pub webhooks: Attr<Weight>,
    /// No critical alert fires.
    /// When left out: `error` where `prometheus` is declared.
    #[model(optional)]
    pub alerts: Attr<Weight>,
    /// Nobody switched upgrades off.
    #[model(optional, default = "error")]
    pub kill_switch: Attr<Weight>,
}

/// One finding of the gate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Leaf, JsonSchema)]
pub struct GateFinding {
    /// Its number, `HL4nnn`.
    pub code: String,
    /// `ACTIONABLE`, `WAITING`, `PINNED` or `UNKNOWN`.
    pub class: String,
    /// What it is about.
    pub object: String,
    /// What was seen.
    pub observed: String,
    /// What should have been seen.
    pub expected: String,
    /// Where the rule comes from.
    pub source: String,
    /// What clears it.
    pub clears: String,
    /// Where it was seen: `live`, `history` or `declared`.
    pub tier: String,
    /// The day on which the fact behind it was read; empty where it rests on none.
    pub checked_on: String,
    /// The first hop that it blocks; empty where it blocks all alike.
    pub hop: String,
    /// Who waived it; empty where nobody did.
    pub waived_by: String,
}

/// One step of the way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Leaf, JsonSchema)]
pub struct GateStep {
    /// `measure`, `clear`, `bridge`, `wait`, `kubernetes` or `after`.
    pub phase: String,
    /// What to do.
    pub what: String,
}

/// What one check could see.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Leaf, JsonSchema)]
pub struct GateCoverage {
    /// Name of the check, as in `checks`.
    pub check: String,
    /// `measured`, `not_measured` or `off`.
    pub state: String,
    /// What was looked at, or why nothing could be seen. Holds no counters, so that it changes only with the meaning.
    pub detail: String,
}
