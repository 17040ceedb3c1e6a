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

pub mod chain;
pub mod checks;
pub mod fill;
pub mod moved;
pub mod outputs;
pub mod read_back;
pub mod references;
pub mod render;
pub mod routes;
pub mod rule;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use homelab_schema::Attr;
use homelab_schema::ingress::{Auth, Ingress, PathType};
use homelab_schema::provider::Site;

/// Annotation with the kind of [`Auth`] that an object was declared with: `app` and `none` render the same otherwise.
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
/// Traefik's annotation with the priority of all routers of an object.
pub const PRIORITY_ANNOTATION: &str = "traefik.ingress.kubernetes.io/router.priority";

/// A declaration of which everything is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Name of the resource.
    pub name: String,
    /// Namespace of its objects.
    pub namespace: String,
    /// Full host name.
    pub host: String,
    /// Ingress class; `None` where neither resource nor site names one.
    pub class: Option<String>,
    /// Traefik's entry point; `None` leaves it to Traefik.
    pub entrypoint: Option<String>,
    /// Secret with the certificate.
    pub tls: Option<String>,
    /// Middlewares that the user added to every chain, at its end.
    pub extras: Vec<String>,
    /// The user's annotations, for all objects.
    pub annotations: BTreeMap<String, String>,
    /// The user's labels, for all objects.
    pub labels: BTreeMap<String, String>,
    /// The app itself first, then its carve-outs by label.
    pub doors: Vec<Door>,
}

/// A part of the host that is served in one way: the app itself, or a carve-out. One Ingress object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Door {
    /// Label of the carve-out; `None` for the app itself.
    pub label: Option<String>,
    /// Name of the Ingress.
    pub object: String,
    /// Declared paths.
    pub paths: Vec<String>,
    /// How they match.
    pub path_type: PathType,
    /// What is in front.
    pub auth: Auth,
    /// Why it is open.
    pub reason: Option<String>,
    /// Name of the Service.
    pub service: String,
    /// Number or name of its port.
    pub port: String,
    /// Priority of its routers; `None` leaves each to the length of its rule.
    pub priority: Option<i64>,
    /// Middlewares in the order in which a request meets them.
    pub chain: Vec<String>,
}

/// Name of the object of a carve-out.
pub fn carve_out_object(name: &str, label: &str) -> String {
    format!("{name}-{label}")
}

impl Spec {
    /// The declaration, after [`fill::fill`]; `None` while anything in it that shapes an object is unknown, or its gate is
    /// not named ([`checks::check`] says so).
    pub fn of(ingress: &Ingress, site: &Site) -> Option<Self> {
        let name = ingress.name.known()?.clone();
        let root_service = ingress.service.known()?;
        let extras = optional(&ingress.extra_middlewares)?.unwrap_or_default();
        let auth = *ingress.auth.known()?;
        let chain = |auth| chain::chain(site, auth, &extras).ok().and_then(Attr::into_known);
        let root = Door {
            label: None,
            object: name.clone(),
            paths: ingress.paths.known()?.clone(),
            path_type: *ingress.path_type.known()?,
            auth,
            reason: optional(&ingress.reason)?,
            service: root_service.name.known()?.clone(),
            port: root_service.port.known()?.clone(),
            priority: None,
            chain: chain(auth)?,
        };
        let mut doors = vec![root];
        for (label, carve_out) in ingress.carve_out.known()? {
            let auth = *carve_out.auth.known()?;
            let (service, port) = match &carve_out.service {
                Attr::Null => (doors[0].service.clone(), doors[0].port.clone()),
                Attr::Unknown => return None,
                Attr::Known(own) => (own.name.known()?.clone(), own.port.known()?.clone()),
            };
            doors.push(Door {
                label: Some(label.clone()),
                object: carve_out_object(&name, label),
                paths: carve_out.paths.known()?.clone(),
                path_type: *carve_out.path_type.known()?,
                auth,
                reason: optional(&carve_out.reason)?,
                service,
                port,
                priority: optional(&carve_out.priority)?,
                chain: chain(auth)?,
            });
        }
        let mut spec = Self {
            name,
            namespace: ingress.namespace.known()?.clone(),
            host: fill::full_host(&ingress.host, site).into_known()?,
            class: optional(&ingress.ingress_class)?,
            entrypoint: optional(&site.entrypoint)?,
            tls: optional(&ingress.tls_secret_name)?,
            extras,
            annotations: optional(&ingress.annotations)?.unwrap_or_default(),
            labels: optional(&ingress.labels)?.unwrap_or_default(),
            doors,
        };
        routes::set_priorities(&spec.host, &mut spec.doors);
        Some(spec)
    }

    /// The doors in the order in which they are written: gated before open, so that nothing is open that a later object
    /// was to gate; among the open ones the app itself first, because it names the others.
    pub fn doors_in_order(&self) -> Vec<&Door> {
        let mut doors: Vec<&Door> = self.doors.iter().collect();
        doors.sort_by_key(|door| (door.auth.is_open(), door.label.is_some()));
        doors
    }
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
