//! What of Traefik's own configuration decides about routers.

use std::collections::BTreeSet;

use serde_json::Value;

/// How an installation of Traefik reads objects. The default is Traefik's own default, with references across namespaces
/// allowed, as a home that shares its middlewares must have it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Settings {
    /// `ingressClass` of both providers; empty for the default.
    pub class: String,
    /// Ingress classes whose controller is Traefik; `None` where they are not known, and every named class is taken for one.
    pub classes: Option<BTreeSet<String>>,
    /// `strictPrefixMatching`: prefixes by path segments instead of characters.
    pub strict_prefix: bool,
    /// Entry points by name; `None` where they are not known, and every name is taken for one.
    pub entrypoints: Option<BTreeSet<String>>,
}

impl Settings {
    /// Whether an object without `ingressClassName` is Traefik's to read, by the annotation of old.
    pub(super) fn takes(&self, object: &Value) -> bool {
        let class = object.pointer("/metadata/annotations/kubernetes.io~1ingress.class").and_then(Value::as_str);
        let class = class.unwrap_or_default();
        class == self.class || (self.class.is_empty() && class == "traefik")
    }
}
