//! The conventions of the house.

use crate::prelude::*;

/// The conventions of the house, in one place. Each resource can override what concerns it.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct Site {
    /// Domain below which apps get their host names, such as `example.net`. Environment: `HOMELAB_ROOT_DOMAIN`.
    #[model(optional)]
    pub root_domain: Attr<String>,
    /// Class of Ingress objects. Environment: `HOMELAB_INGRESS_CLASS`. Default: `traefik`.
    #[model(optional)]
    pub ingress_class: Attr<String>,
    /// Traefik entry point that routes are bound to. Environment: `HOMELAB_ENTRYPOINT`. Default: `websecure`.
    #[model(optional)]
    pub entrypoint: Attr<String>,
    /// Domain of the annotations that monitoring and DNS controllers of the house read, as in
    /// `uptime.example.net/external-monitor`; left out, it is `root_domain`. Environment: `HOMELAB_ANNOTATION_DOMAIN`.
    #[model(optional)]
    pub annotation_domain: Attr<String>,
    /// Name of the Secret with the certificate of the house; left out, Traefik's default certificate serves. Environment:
    /// `HOMELAB_TLS_SECRET_NAME`.
    #[model(optional)]
    pub tls_secret_name: Attr<String>,
    /// Middleware that lets only members of a group pass, by group; it follows the gate. For `allowed_groups` of several groups
    /// their names, sorted and joined by `+`, stand for the middleware that lets pass members of any of them. Without an
    /// entry here `allowed_groups` of an ingress is refused, since nothing would enforce it. Environment: `HOMELAB_GROUPS`,
    /// as a JSON object or as `group=middleware` pairs separated by commas.
    #[model(optional)]
    pub groups: Attr<BTreeMap<String, String>>,
    /// Whether all ingresses are written as they were before this provider, for adopting them: see `parity` of
    /// `homelab_ingress`. `terraform validate` does not see it: where that is to pass without reasons, set `parity` in the
    /// resources. Environment: `HOMELAB_PARITY`. Default: `false`.
    #[model(optional)]
    pub parity: Attr<bool>,
    /// Public IPv4 and IPv6 addresses of the house, for records that are not proxied. Environment:
    /// `HOMELAB_PUBLIC_ADDRESSES`, separated by commas.
    #[model(optional)]
    pub public_addresses: Attr<Vec<String>>,
    /// Middlewares by what they do, each as `<namespace>-<name>`, or in full as `<namespace>-<name>@kubernetescrd`. One that is
    /// left out is not in any chain. A request meets them in a fixed order: `retry`, `error_pages`, `rate_limit`, `csp`,
    /// `anti_ai`, the gate and that of the groups, `local_only`, then those of the resource itself.
    #[model(block)]
    pub middlewares: Attr<Middlewares>,
    /// The wall that gated apps stand behind: what a visitor without a session is sent to.
    #[model(block)]
    pub wall: Attr<Wall>,
}

/// Middlewares by what they do, in the order of a chain.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct Middlewares {
    /// Tries a failed request again. Environment: `HOMELAB_MIDDLEWARE_RETRY`.
    #[model(optional)]
    pub retry: Attr<String>,
    /// Shows error pages of the house. Environment: `HOMELAB_MIDDLEWARE_ERROR_PAGES`.
    #[model(optional)]
    pub error_pages: Attr<String>,
    /// Default rate limit, for apps that bring none of their own. Environment: `HOMELAB_MIDDLEWARE_RATE_LIMIT`.
    #[model(optional)]
    pub rate_limit: Attr<String>,
    /// Default content security policy, for apps that bring none of their own. Environment: `HOMELAB_MIDDLEWARE_CSP`.
    #[model(optional)]
    pub csp: Attr<String>,
    /// Keeps scrapers away, in order. Environment: `HOMELAB_MIDDLEWARE_ANTI_AI`, separated by commas.
    #[model(optional)]
    pub anti_ai: Attr<Vec<String>>,
    /// The gate of `auth = "required"`. Environment: `HOMELAB_MIDDLEWARE_GATE`.
    #[model(optional)]
    pub gate: Attr<String>,
    /// The gate of `auth = "public"`, which lets guests in with a session. Environment: `HOMELAB_MIDDLEWARE_PUBLIC_GATE`.
    #[model(optional)]
    pub public_gate: Attr<String>,
    /// Lets only local addresses pass. Environment: `HOMELAB_MIDDLEWARE_LOCAL_ONLY`.
    #[model(optional)]
    pub local_only: Attr<String>,
    /// Wakes an app that sleeps. Environment: `HOMELAB_MIDDLEWARE_SCALE_TO_ZERO`.
    #[model(optional)]
    pub scale_to_zero: Attr<String>,
}

/// The wall that gated apps stand behind.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct Wall {
    /// The system that signs people in: its signature is what a probe looks for. Environment: `HOMELAB_WALL_SYSTEM`.
    #[model(optional)]
    pub system: Attr<WallSystem>,
    /// Host of the sign-in page, such as `auth.example.net`. Environment: `HOMELAB_WALL_ISSUER_HOST`.
    #[model(optional)]
    pub issuer_host: Attr<String>,
    /// Clients that the wall may sign in for: a wall for another client is not ours. Left out, any client counts.
    /// Environment: `HOMELAB_WALL_CLIENT_IDS`, separated by commas.
    #[model(optional)]
    pub client_ids: Attr<Vec<String>>,
    /// The client for which the guest form of the gate (`public_gate` of `middlewares`) opens a session: by it a probe tells
    /// a path with `auth = "public"` from a gated one. Left out, any client that is not among `client_ids` counts, and without
    /// those nothing can be told. Environment: `HOMELAB_WALL_GUEST_CLIENT_ID`.
    #[model(optional)]
    pub guest_client_id: Attr<String>,
}

/// A system that signs people in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Leaf, JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum WallSystem {
    /// Authentik's proxy outpost.
    Authentik,
    /// oauth2-proxy.
    Oauth2Proxy,
    /// Authelia.
    Authelia,
    /// Pomerium.
    Pomerium,
    /// Cloudflare Access.
    CloudflareAccess,
    /// A proxy that sends people to Keycloak.
    Keycloak,
    /// A plain Basic prompt.
    Basic,
}
