//! Nested blocks of an ingress.

use super::Scheme;
use crate::prelude::*;

/// A service of the cluster, and the port that is meant.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct Service {
    /// Name of the Service, in the same namespace. Left out, it is `name` of the resource; in a carve-out, the service of the
    /// app.
    #[model(optional, computed)]
    pub name: Attr<String>,
    /// Number or name of its port.
    #[model(optional, default = "80")]
    pub port: Attr<String>,
    /// How Traefik speaks to it: `http`, `https` or `h2c`. Left out, Traefik decides by the port. It is an annotation of the
    /// Service; of a Service that somebody else made, this one annotation becomes ours and no more.
    #[model(optional)]
    pub scheme: Attr<Scheme>,
}

/// A rate limit: requests above it are answered with 429.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct RateLimit {
    /// Whether there is a limit at all.
    #[model(optional, default = true)]
    pub enabled: Attr<bool>,
    /// Requests per second that one client may make on average. Together with `burst` it makes a middleware of its own; left
    /// out, both are those of the provider's `site` block.
    #[model(optional)]
    pub average: Attr<i64>,
    /// Requests that one client may make at once.
    #[model(optional)]
    pub burst: Attr<i64>,
}

/// What wakes an app that sleeps.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct ScaleToZero {
    /// The middleware, as `<namespace>-<name>`, or in full as `<namespace>-<name>@kubernetescrd`. Left out, it is
    /// `scale_to_zero` of `middlewares` in the provider's `site` block.
    #[model(optional, computed)]
    pub middleware: Attr<String>,
}

/// A tile on a Homepage dashboard.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct Homepage {
    /// Whether the tile is shown.
    #[model(optional, default = true)]
    pub enabled: Attr<bool>,
    /// Its title. Left out, it is `name` of the resource.
    #[model(optional, computed)]
    pub name: Attr<String>,
    /// The group that it stands in.
    #[model(optional)]
    pub group: Attr<String>,
    /// Name or address of its icon.
    #[model(optional)]
    pub icon: Attr<String>,
    /// Where it leads. Left out, the dashboard takes the host of the Ingress.
    #[model(optional)]
    pub href: Attr<String>,
    /// A line below the title.
    #[model(optional)]
    pub description: Attr<String>,
}

/// A monitor outside the house.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct ExternalMonitor {
    /// Whether it watches the app. Left out, it does where `dns` is not `none`.
    #[model(optional, computed)]
    pub enabled: Attr<bool>,
    /// What it calls the app.
    #[model(optional)]
    pub name: Attr<String>,
}
