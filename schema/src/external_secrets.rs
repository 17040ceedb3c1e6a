//! `homelab_external_secrets`, the data source.

use crate::prelude::*;

/// Every ExternalSecret of the cluster: which are not ready, since when and why, which keys the store does not have, which
/// objects are still declared or stored in an old version of the API, which workloads read a rotated secret only when they
/// start and are restarted by nobody, and which Secrets nobody reads.
///
/// It reads names, never values, and no Secret at all. What could not be looked at is in `unseen`, and is never counted as
/// fine: `complete` is false then. Nothing here changes by itself as time goes by, so that what depends on it changes only when
/// the cluster does. `homelab secrets audit` says the same at the prompt.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct ExternalSecrets {
    /// Look in these namespaces alone. Left out, in all of them.
    #[model(optional)]
    pub namespaces: Attr<Vec<String>>,
    /// Whether the store is asked for the keys that the ExternalSecrets want, with the provider's `vault` block. Default: `true`.
    #[model(optional, computed)]
    pub preflight: Attr<bool>,
    /// What is done where something is to be acted on: `record` only keeps it in `findings`, `warn` warns too, `error` fails.
    /// What could not be looked at warns in any case. Default: `record`.
    #[model(optional, computed)]
    pub on_findings: Attr<FleetReaction>,
    /// The ExternalSecrets, by namespace and name.
    #[model(computed)]
    pub external_secrets: Attr<Vec<FleetMember>>,
    /// Those that are not ready, as `<namespace>/<name>`.
    #[model(computed)]
    pub not_ready: Attr<Vec<String>>,
    /// Everything that is worth knowing, the worst first.
    #[model(computed)]
    pub findings: Attr<Vec<FleetFinding>>,
    /// What could not be looked at, and why.
    #[model(computed)]
    pub unseen: Attr<Vec<String>>,
    /// Whether everything could be looked at.
    #[model(computed)]
    pub complete: Attr<bool>,
}

/// What is done where something is to be acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Leaf, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FleetReaction {
    /// It is kept in `findings`.
    Record,
    /// It is a warning too.
    Warn,
    /// It is an error.
    Error,
}

/// One ExternalSecret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Leaf, JsonSchema)]
pub struct FleetMember {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The Secret that it writes; empty where it writes none.
    pub secret_name: String,
    /// The stores that it fetches from, as `ClusterSecretStore vault-kv`.
    pub stores: Vec<String>,
    /// `ready`, `not_ready`, or `unsaid` where the operator has not said anything yet.
    pub state: String,
    /// The operator's one word for it; empty where it is ready.
    pub reason: String,
    /// What the operator says about it; empty where it is ready.
    pub message: String,
    /// Since when it is not ready, as the operator wrote it; empty where it is ready.
    pub since: String,
    /// Whether a value of it changes by itself, as the credentials of a static role do.
    pub rotates: bool,
    /// Who reads the Secret, as `Deployment photos/photos`; null where that could not be looked at.
    pub readers: Option<Vec<String>>,
}

/// One finding about the fleet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Leaf, JsonSchema)]
pub struct FleetFinding {
    /// Its number, `HL2nnn`.
    pub code: String,
    /// `act`: something is to be acted on; `note`: it is worth knowing; `unmeasured`: it could not be looked at.
    pub class: String,
    /// What it is about.
    pub object: String,
    /// One line that says what is wrong.
    pub summary: String,
    /// What was seen.
    pub observed: String,
    /// What clears it.
    pub clears: String,
}
