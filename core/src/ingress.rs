//! Exposing an app: from what is declared to the objects that Traefik reads, and back.
//!
//! # Forces
//!
//! - A request must meet the gate unless a declared door says otherwise. Traefik decides by priority, which is the length
//!   of the rule unless set, and its prefixes are character-wise; so the decision is never left to lengths: see [`routes`].
//! - The plan must show everything that follows from the configuration, and must not need the cluster for it; so outputs
//!   are computed one by one, and only those are unknown that depend on something unknown: see [`outputs`].
//! - Drift must be shown in the words of the declaration, so that a reader sees what to repair: see [`read_back`].
//!
//! The way of a declaration: [`fill`] completes it from the conventions of the house, [`Spec::of`] takes it once all is
//! known, [`checks`] and [`routes`] judge it, [`render`](mod@render) writes the objects, [`read_back`] reads them.

mod announce;
pub mod certificate;
pub mod chain;
pub mod checks;
pub mod declared;
pub mod fill;
pub mod moved;
pub mod outputs;
pub mod own;
mod parts;
pub mod read_back;
pub mod references;
pub mod render;
pub mod routes;
mod spec;
#[cfg(test)]
mod tests;
pub mod words;

use homelab_schema::Attr;

pub use self::spec::{Door, Spec};
pub use self::words::WORDS_ANNOTATION;

/// Annotation with the kind of [`Auth`](homelab_schema::ingress::Auth) that an object was declared with: `app` and `none` render the same otherwise.
pub const AUTH_ANNOTATION: &str = "terraform-provider-homelab/auth";
/// Annotation with the declared reason for an open door.
pub const REASON_ANNOTATION: &str = "terraform-provider-homelab/reason";
/// Annotation with the label of the carve-out that an object was made for.
pub const CARVE_OUT_ANNOTATION: &str = "terraform-provider-homelab/carve-out";
/// Annotation of the app's own object with the labels of all its carve-outs, sorted, joined by commas. It is written before
/// any open carve-out is, so that an apply that is killed half-way leaves no open door that nobody knows of.
pub const CARVE_OUTS_ANNOTATION: &str = "terraform-provider-homelab/carve-outs";
/// Prefix of annotations that the provider alone writes.
pub const OWN_PREFIX: &str = "terraform-provider-homelab/";
/// Traefik's annotation with the chain of middlewares.
pub const MIDDLEWARES_ANNOTATION: &str = "traefik.ingress.kubernetes.io/router.middlewares";
/// Traefik's annotation with the entry points.
pub const ENTRYPOINTS_ANNOTATION: &str = "traefik.ingress.kubernetes.io/router.entrypoints";
/// Traefik's annotation of a Service with the scheme to speak to it.
pub const SCHEME_ANNOTATION: &str = "traefik.ingress.kubernetes.io/service.serversscheme";
/// Traefik's annotation with the priority of all routers of an object.
pub const PRIORITY_ANNOTATION: &str = "traefik.ingress.kubernetes.io/router.priority";

/// Name of the object of a carve-out.
pub fn carve_out_object(name: &str, label: &str) -> String {
    format!("{name}-{label}")
}

/// The labels that the app's own object names.
pub fn labels_on(object: &serde_json::Value) -> Vec<String> {
    let text = object.pointer("/metadata/annotations").and_then(|all| all.get(CARVE_OUTS_ANNOTATION)?.as_str());
    text.into_iter().flat_map(|text| text.split(',')).filter(|label| !label.is_empty()).map(str::to_owned).collect()
}

/// A known or null attribute; `None` where it is unknown.
#[expect(clippy::option_option, reason = "three states: not known yet, left out, given")]
fn optional<T: Clone>(attribute: &Attr<T>) -> Option<Option<T>> {
    match attribute {
        Attr::Null => Some(None),
        Attr::Unknown => None,
        Attr::Known(value) => Some(Some(value.clone())),
    }
}
