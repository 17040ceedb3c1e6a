//! `homelab_ingress`.

mod carve_out;
mod enums;
mod outputs;
mod parts;
mod size;

pub use carve_out::{CarveOut, Probe};
pub use enums::{Auth, DnsMode, Expect, PathType, Scheme};
pub use outputs::{DnsRecord, ProbeTarget};
pub use parts::{ExternalMonitor, Homepage, RateLimit, ScaleToZero, Service};
pub use size::{bytes_of, same_size, size_of};

use crate::identity::ObjectName;
use crate::prelude::*;

/// Exposes an app: the route, the gate in front of it, and the doors that are open beside it.
///
/// One resource writes one Ingress for the app and one more for each `carve_out`, for Traefik to read, and what they need
/// beside them: middlewares, an ExternalName service, DNS records, annotations for monitoring and for the dashboard. It is
/// fail-closed: without `auth` the gate of the provider's `site` block is in front, and every door without it carries a
/// reason. A plan that would open a gated path, or wall off an open one, is refused.
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
    /// Further host names with the same routes and the same gate. A name without a dot is completed as `host` is.
    #[model(optional)]
    pub host_aliases: Attr<Vec<String>>,
    /// Ingress class. Left out, it is that of the provider's `site` block.
    #[model(optional, computed)]
    pub ingress_class: Attr<String>,
    /// Traefik entry point that the routes are bound to. Left out, it is that of the provider's `site` block.
    #[model(optional, computed)]
    pub entrypoint: Attr<String>,
    /// Paths that lead to the service. Left out, it is the whole host: `["/"]`.
    #[model(optional, default_with = whole_host)]
    pub paths: Attr<Vec<String>>,
    /// How `paths` match: with `Prefix`, `/app` stands for `/app` and everything below `/app/`, and for nothing else; `Exact` is
    /// the path alone; `ImplementationSpecific` is Traefik's own prefix, by characters, by which `/app` also matches
    /// `/application`.
    #[model(optional, default = "Prefix")]
    pub path_type: Attr<PathType>,
    /// The service behind the route. Left out, it is port 80 of the service that is called as the resource is.
    #[model(block)]
    pub service: Attr<Service>,
    /// Host name of something outside the cluster that is to be exposed: the resource then makes the service itself, as one
    /// of type ExternalName. The port must be a number. Traefik passes such services only where `allowExternalNameServices`
    /// is set.
    #[model(optional)]
    pub external_name: Attr<String>,
    /// What is in front of the app: `required`, the gate of the provider's `site` block; `public`, its guest form; `app`,
    /// nothing, because the app signs in by itself; `none`, nothing, because it is open to everybody.
    #[model(optional, default = "required")]
    pub auth: Attr<Auth>,
    /// Members of any of these groups may pass, nobody else; for `auth = "required"`. For each group `groups` of the
    /// provider's `site` block must name the middleware that enforces it; for several groups the one that lets pass members
    /// of any of them, under their names sorted and joined by `+` (`admins+family`), since a chain of two middlewares would
    /// only let pass who is in both.
    #[model(optional)]
    pub allowed_groups: Attr<Vec<String>>,
    /// Why there is no gate: what gates the app instead, or why it is public. Needed with `auth = "app"` and `"none"`;
    /// written onto the object.
    #[model(optional)]
    pub reason: Attr<String>,
    /// A part of the host with another `auth`, another service or another priority. The label names it, and its Ingress is
    /// called `<name>-<label>`.
    #[model(block)]
    pub carve_out: Attr<BTreeMap<String, CarveOut>>,
    /// Whether only local addresses may pass, by `local_only` of `middlewares` in the provider's `site` block. It holds for
    /// the carve-outs too.
    #[model(optional, default = false)]
    pub local_only: Attr<bool>,
    /// Another rate limit than that of the provider's `site` block, or none. It holds for the carve-outs that bring none of
    /// their own.
    #[model(block)]
    pub rate_limit: Attr<RateLimit>,
    /// Largest body of a request: a number of bytes, or with `k`, `m` or `g` after it, of 1024 bytes and so on, such as `5g`.
    /// A larger one is answered with 413. It holds for the carve-outs too. Traefik buffers requests for it.
    #[model(optional, same = size::same_size)]
    pub max_body_size: Attr<String>,
    /// Content security policy of the app, instead of that of the provider's `site` block. It holds for the carve-outs too.
    #[model(optional)]
    pub content_security_policy: Attr<String>,
    /// Whether the middlewares that keep scrapers away (`anti_ai` of the provider's `site` block) are in front. Left out, they
    /// are where no gate is: with `auth = "app"` and `"none"`.
    #[model(optional, computed)]
    pub anti_ai_scraping: Attr<bool>,
    /// Puts the app to sleep while nobody asks for it: the middleware that wakes it is in front. It holds for the carve-outs
    /// too.
    #[model(block)]
    pub scale_to_zero: Attr<ScaleToZero>,
    /// Middlewares that follow those of the provider's `site` block, in this order, each as `<namespace>-<name>`, or in full
    /// as `<namespace>-<name>@kubernetescrd`. They hold for the carve-outs too.
    #[model(optional)]
    pub extra_middlewares: Attr<Vec<String>>,
    /// Secret of type `kubernetes.io/tls` with the certificate, in the same namespace. Left out, it is that of the provider's
    /// `site` block; without one there, Traefik's own default certificate is served.
    #[model(optional, computed)]
    pub tls_secret_name: Attr<String>,
    /// Public DNS records of `host` and `host_aliases`: `proxied`, through the DNS provider's own servers or its tunnel;
    /// `non_proxied`, straight to `public_addresses` of the provider's `site` block; `none`. `internal` is for a provider of
    /// internal names, none of which can be declared yet.
    #[model(optional, default = "none")]
    pub dns: Attr<DnsMode>,
    /// Whether records of these names that somebody else made may be overwritten.
    #[model(optional, default = false)]
    pub dns_overwrite: Attr<bool>,
    /// The app's tile on a Homepage dashboard (gethomepage.dev), by annotations of its Ingress.
    #[model(block)]
    pub homepage: Attr<Homepage>,
    /// Whether an external monitor watches the app, by annotations of its Ingress below `annotation_domain` of the provider's
    /// `site` block. Left out, it does where `dns` is not `none`.
    #[model(block)]
    pub external_monitor: Attr<ExternalMonitor>,
    /// Further annotations of the Ingresses.
    #[model(optional)]
    pub annotations: Attr<BTreeMap<String, String>>,
    /// Labels of all objects.
    #[model(optional)]
    pub labels: Attr<BTreeMap<String, String>>,
    /// Writes routes as they were written before this provider, for adopting them without a change: paths with their
    /// declared type (Traefik's prefix is by characters: `/app` also matches `/application`) and no priorities but declared
    /// ones, so that the longer rule wins. A missing reason is then a warning. Left out, it is `parity` of the provider's
    /// `site` block.
    #[model(optional, computed)]
    pub parity: Attr<bool>,
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
    /// The DNS records that are written.
    #[model(computed)]
    pub dns_records: Attr<Vec<DnsRecord>>,
    /// Addresses of the carve-outs by label.
    #[model(computed)]
    pub carve_out_urls: Attr<BTreeMap<String, Vec<String>>>,
    /// What `homelab_carveout_probe` takes as `targets`: every declared path on every host, and whether it is public or gated.
    /// A path with `auth = "public"` is public by way of a session for guests, which `guest_client_id` says how to tell.
    #[model(computed)]
    pub probe_targets: Attr<Vec<ProbeTarget>>,
    /// Hash of the objects as they are written. It changes when a new release of the provider writes them differently.
    #[model(computed)]
    pub rendered_hash: Attr<String>,
}

fn whole_host() -> Vec<String> {
    vec!["/".to_owned()]
}
