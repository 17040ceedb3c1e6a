//! `homelab_ingress`.

use crate::identity::ObjectName;
use crate::prelude::*;

/// Exposes an app: the route, the gate in front of it, and the doors that are open beside it.
///
/// One resource writes one Ingress for the app and one more for each `carve_out`, for Traefik to read. It is fail-closed:
/// without `auth` the gate of the provider's `site` block is in front, and every door without it carries a reason. A plan
/// that would open a gated path, or wall off an open one, is refused.
///
/// An object of the same name that nobody else owns is taken over in place. Only fields that are declared here are sent
/// and compared; what others add to the object is theirs. A `moved` block takes over `kubernetes_ingress_v1`,
/// `kubernetes_ingress`, `kubernetes_manifest` and `kubectl_manifest`.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct Ingress {
    /// Name of the app's Ingress, and the first part of the names of its carve-outs' ones. A change replaces the objects.
    #[model(required, replace)]
    pub name: Attr<String>,
    /// Namespace of the objects and of the service. A change replaces the objects.
    #[model(required, replace)]
    pub namespace: Attr<String>,
    /// Host name of the app. A name without a dot is completed with `root_domain` of the provider's `site` block; left out,
    /// it is `name` below `root_domain`.
    #[model(optional, computed)]
    pub host: Attr<String>,
    /// Ingress class. Left out, it is that of the provider's `site` block.
    #[model(optional, computed)]
    pub ingress_class: Attr<String>,
    /// Paths that lead to the service. Left out, it is the whole host: `["/"]`.
    #[model(optional, default_with = whole_host)]
    pub paths: Attr<Vec<String>>,
    /// How `paths` match: with `Prefix`, `/app` stands for `/app` and everything below `/app/`, and for nothing else; `Exact` is
    /// the path alone; `ImplementationSpecific` is Traefik's own prefix, by characters, by which `/app` also matches
    /// `/application`.
    #[model(optional, default = "Prefix")]
    pub path_type: Attr<PathType>,
    /// The service behind the route.
    #[model(block, required)]
    pub service: Attr<Service>,
    /// What is in front of the app: `required`, the gate of the provider's `site` block; `public`, its guest form; `app`,
    /// nothing, because the app signs in by itself; `none`, nothing, because it is open to everybody.
    #[model(optional, default = "required")]
    pub auth: Attr<Auth>,
    /// Why there is no gate: what gates the app instead, or why it is public. Needed with `auth = "app"` and `"none"`;
    /// written onto the object.
    #[model(optional)]
    pub reason: Attr<String>,
    /// A part of the host with another `auth`, another service or another priority. The label names it, and its Ingress is
    /// called `<name>-<label>`.
    #[model(block)]
    pub carve_out: Attr<BTreeMap<String, CarveOut>>,
    /// Middlewares that follow those of the provider's `site` block, in this order, each as `<namespace>-<name>`, or in full
    /// as `<namespace>-<name>@kubernetescrd`.
    #[model(optional)]
    pub extra_middlewares: Attr<Vec<String>>,
    /// Secret of type `kubernetes.io/tls` with the certificate, in the same namespace. Left out, it is that of the provider's
    /// `site` block; without one there, Traefik's own default certificate is served.
    #[model(optional, computed)]
    pub tls_secret_name: Attr<String>,
    /// Further annotations of all objects.
    #[model(optional)]
    pub annotations: Attr<BTreeMap<String, String>>,
    /// Labels of all objects.
    #[model(optional)]
    pub labels: Attr<BTreeMap<String, String>>,
    /// Address of the app.
    #[model(computed)]
    pub url: Attr<String>,
    /// Host names that are served.
    #[model(computed)]
    pub hosts: Attr<Vec<String>>,
    /// Middlewares in front of the app, in the order in which a request meets them.
    #[model(computed)]
    pub middlewares: Attr<Vec<String>>,
    /// The objects that are written.
    #[model(computed)]
    pub objects: Attr<Vec<ObjectName>>,
    /// Addresses of the carve-outs by label.
    #[model(computed)]
    pub carve_out_urls: Attr<BTreeMap<String, Vec<String>>>,
    /// What `homelab_carveout_probe` takes as `targets`: every declared path, and whether it is public or gated. Paths with
    /// `auth = "public"` are left out, since a guest session is neither.
    #[model(computed)]
    pub probe_targets: Attr<Vec<ProbeTarget>>,
    /// Hash of the objects as they are written. It changes when a new release of the provider writes them differently.
    #[model(computed)]
    pub rendered_hash: Attr<String>,
}

/// A service of the cluster, and the port that is meant.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct Service {
    /// Name of the Service, in the same namespace. Left out, it is `name` of the resource; in a carve-out, the service of the
    /// app.
    #[model(optional, computed)]
    pub name: Attr<String>,
    /// Number or name of its port.
    #[model(required)]
    pub port: Attr<String>,
}

/// A part of the host that is served differently.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct CarveOut {
    /// Paths of this part.
    #[model(required)]
    pub paths: Attr<Vec<String>>,
    /// How `paths` match: `Prefix`, `Exact` or `ImplementationSpecific`; as `path_type` of the resource.
    #[model(optional, default = "Prefix")]
    pub path_type: Attr<PathType>,
    /// What is in front of this part; as `auth` of the resource.
    #[model(optional, default = "required")]
    pub auth: Attr<Auth>,
    /// Why there is no gate. Needed with `auth = "app"` and `"none"`.
    #[model(optional)]
    pub reason: Attr<String>,
    /// Another service for this part. Left out, it is that of the app.
    #[model(block)]
    pub service: Attr<Service>,
    /// Priority of its router. Left out, it is chosen so that the more specific path wins, whatever the lengths of the rules.
    #[model(optional, computed)]
    pub priority: Attr<i64>,
}

/// What is in front of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Leaf, JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum Auth {
    /// The gate.
    Required,
    /// Nothing: the app signs in by itself.
    App,
    /// The gate's guest form.
    Public,
    /// Nothing: open to everybody.
    None,
}

impl Auth {
    /// Whether a request reaches the app without having met the gate in any form.
    pub fn is_open(self) -> bool {
        matches!(self, Self::App | Self::None)
    }
}

/// How a path matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Leaf, JsonSchema)]
pub enum PathType {
    /// The path, and everything below it.
    #[leaf(rename = "Prefix")]
    Prefix,
    /// The path alone.
    #[leaf(rename = "Exact")]
    Exact,
    /// As the ingress controller likes.
    #[leaf(rename = "ImplementationSpecific")]
    ImplementationSpecific,
}

/// What a path is declared to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Leaf, JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum Expect {
    /// Reachable without the gate.
    Public,
    /// Behind the gate.
    Gated,
}

/// One declared path, for the probe.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Leaf, JsonSchema)]
pub struct ProbeTarget {
    /// Which declaration it is: the path for those of the resource itself, the label for a carve-out of one path,
    /// `<label>:<path>` for one of several.
    pub label: String,
    /// Its address.
    pub url: String,
    /// What it is declared to be.
    pub expect: Expect,
    /// How the path matches.
    pub path_type: PathType,
    /// The Ingress that serves it, as `<namespace>/<name>`.
    pub ingress: String,
    /// Changes whenever any route of the resource does, so that the probe looks again.
    pub routing_hash: String,
}

fn whole_host() -> Vec<String> {
    vec!["/".to_owned()]
}
