//! Middlewares that a resource makes for itself.
//!
//! Each has a name that follows from what it does and from the object that it is for, so that nothing has to be remembered
//! to find it again, and so that the names in use before this provider are kept.

use homelab_schema::Attr;
use homelab_schema::ingress::RateLimit;
use serde_json::{Value, json};

/// A middleware of the resource's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnMiddleware {
    /// Its name, in the namespace of the resource.
    pub name: String,
    /// What it does.
    pub does: Does,
    /// The door that it is for, by its position in [`super::Spec::doors`]; `None` for what all doors share.
    pub door: Option<usize>,
    /// The argument that it comes from.
    pub argument: &'static str,
}

/// What an own middleware does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Does {
    /// Limits the rate of requests.
    RateLimit {
        /// Requests per second.
        average: i64,
        /// Requests at once.
        burst: i64,
    },
    /// Sends this content security policy.
    Policy(String),
    /// Limits bodies to that many bytes.
    Body(u64),
}

/// Name of the rate limit of an Ingress.
pub fn rate_limit(ingress: &str) -> String {
    format!("rate-limit-{ingress}")
}

/// Name of the content security policy of a resource.
pub fn policy(name: &str) -> String {
    format!("custom-csp-{name}")
}

/// Name of the limit of bodies of a resource.
pub fn body(name: &str) -> String {
    format!("buffering-{name}")
}

/// How a chain names a middleware.
pub fn reference(namespace: &str, middleware: &str) -> String {
    format!("{namespace}-{middleware}@kubernetescrd")
}

/// What a `rate_limit` block makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Nothing: the limit is that of the site.
    Site,
    /// Nothing: there is no limit.
    Off,
    /// A middleware.
    Own(Attr<i64>, Attr<i64>),
}

/// What a `rate_limit` block makes; null without a block, unknown until that is decided.
pub fn wish(block: &Attr<RateLimit>) -> Attr<Wish> {
    let block = match block {
        Attr::Null => return Attr::Null,
        Attr::Unknown => return Attr::Unknown,
        Attr::Known(block) => block,
    };
    match (block.enabled, block.average, block.burst) {
        (Attr::Unknown, ..) => Attr::Unknown,
        (Attr::Known(false), ..) => Attr::Known(Wish::Off),
        (_, Attr::Null, Attr::Null) => Attr::Known(Wish::Site),
        // Both are given or none is, so one that is known decides; two that are not may both turn out to be null.
        (_, average, burst) if average.is_unknown() && !matches!(burst, Attr::Known(_)) => Attr::Unknown,
        (_, average, burst) if burst.is_unknown() && !matches!(average, Attr::Known(_)) => Attr::Unknown,
        (_, average, burst) => Attr::Known(Wish::Own(average, burst)),
    }
}

/// The fields of the object.
pub(super) fn spec(does: &Does) -> Value {
    match does {
        Does::RateLimit { average, burst } => json!({"rateLimit": {"average": average, "burst": burst}}),
        Does::Policy(text) => json!({"headers": {"contentSecurityPolicy": text}}),
        Does::Body(bytes) => json!({"buffering": {"maxRequestBodyBytes": bytes}}),
    }
}

/// What a Middleware does, where that is something that we would write.
pub(super) fn read(object: &Value) -> Option<Does> {
    let number = |pointer: &str| object.pointer(pointer).and_then(Value::as_i64);
    if let (Some(average), Some(burst)) = (number("/spec/rateLimit/average"), number("/spec/rateLimit/burst")) {
        return Some(Does::RateLimit { average, burst });
    }
    if let Some(text) = object.pointer("/spec/headers/contentSecurityPolicy").and_then(Value::as_str) {
        return Some(Does::Policy(text.to_owned()));
    }
    let bytes = object.pointer("/spec/buffering/maxRequestBodyBytes").and_then(Value::as_u64);
    bytes.map(Does::Body)
}
