//! What stands in front of a router: a sign-in, a redirect, nothing, or something that cannot be told.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::normalized;
use super::router::Router;
use crate::ingress::references::PROVIDER;

/// Fields of a Middleware that make it ask who somebody is.
const GATES: [&str; 3] = ["forwardAuth", "basicAuth", "digestAuth"];
/// Fields of a Middleware that send everybody elsewhere.
const REDIRECTS: [&str; 2] = ["redirectScheme", "redirectRegex"];
/// Chains within chains beyond this are not followed.
const DEEPEST: usize = 16;

/// What a request meets before the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guard {
    /// A middleware that asks who somebody is, by its full name.
    Gate(String),
    /// A middleware that sends everybody elsewhere: nothing is served here.
    Redirect,
    /// None of the two.
    Open,
    /// A middleware, by its full name, of which nobody here knows what it does.
    Unknown(String),
}

impl Guard {
    /// Whether requests reach the app without any sign-in, for certain.
    pub fn is_open(&self) -> bool {
        *self == Self::Open
    }

    /// Whether there is a sign-in in front, for certain.
    pub fn is_gate(&self) -> bool {
        matches!(self, Self::Gate(_))
    }
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gate(name) => write!(f, "gated by {name}"),
            Self::Redirect => f.write_str("a redirect"),
            Self::Open => f.write_str("open"),
            Self::Unknown(name) => write!(f, "behind {name}, which is not known"),
        }
    }
}

#[derive(Clone, Debug)]
enum Does {
    Gate,
    Redirect,
    /// Something that lets everybody through.
    Pass,
    Chain(Vec<String>),
    /// Code of others.
    Unknown,
}

/// What the middlewares of a cluster do, by their full names.
#[derive(Clone, Debug, Default)]
pub struct Guards(BTreeMap<String, Does>);

impl Guards {
    /// From Middleware objects; whatever is none among them is left out.
    pub fn of<'a>(objects: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut all = Self::default();
        for object in objects {
            all.add(object);
        }
        all
    }

    /// Adds one more.
    pub fn add(&mut self, object: &Value) {
        let text = |path: &str| object.pointer(path).and_then(Value::as_str);
        let (Some("Middleware"), Some(name)) = (text("/kind"), text("/metadata/name")) else { return };
        let namespace = text("/metadata/namespace").unwrap_or_default();
        let full = format!("{}{PROVIDER}", normalized(&format!("{namespace}-{name}")));
        self.0.insert(full, does(object, namespace));
    }

    /// Takes it that the middleware of this full name asks who somebody is, whatever its object says.
    #[must_use]
    pub fn with_gate(mut self, name: impl Into<String>) -> Self {
        self.0.insert(name.into(), Does::Gate);
        self
    }

    /// With those as well; where both know a middleware, `others` say what it does.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// What stands in front of a router.
    pub fn of_router(&self, router: &Router) -> Guard {
        self.of_chain(&router.middlewares)
    }

    /// What this chain of middlewares, by full names, amounts to. A gate counts wherever it stands in it.
    pub fn of_chain(&self, names: &[String]) -> Guard {
        self.of_names(names, DEEPEST)
    }

    fn of_names(&self, names: &[String], deepest: usize) -> Guard {
        let mut seen = Guard::Open;
        for name in names {
            let guard = match self.0.get(name) {
                Some(Does::Gate) => Guard::Gate(name.clone()),
                Some(Does::Redirect) => Guard::Redirect,
                Some(Does::Pass) => Guard::Open,
                Some(Does::Chain(members)) if deepest > 0 => self.of_names(members, deepest - 1),
                Some(Does::Unknown | Does::Chain(_)) | None => Guard::Unknown(name.clone()),
            };
            match (&seen, &guard) {
                (_, Guard::Gate(_)) => return guard,
                (Guard::Open, _) | (Guard::Unknown(_), Guard::Redirect) => seen = guard,
                _ => {}
            }
        }
        seen
    }
}

fn does(object: &Value, namespace: &str) -> Does {
    let Some(spec) = object.get("spec").and_then(Value::as_object) else { return Does::Unknown };
    if GATES.iter().any(|field| spec.contains_key(*field)) {
        return Does::Gate;
    }
    if REDIRECTS.iter().any(|field| spec.contains_key(*field)) {
        return Does::Redirect;
    }
    if let Some(chain) = spec.get("chain") {
        let members = chain.get("middlewares").and_then(Value::as_array).into_iter().flatten();
        let full = |member: &Value| {
            let text = |name: &str| member.get(name).and_then(Value::as_str).unwrap_or_default();
            let (name, own) = (text("name"), text("namespace"));
            if name.contains('@') {
                return name.to_owned();
            }
            let namespace = if own.is_empty() { namespace } else { own };
            format!("{}{PROVIDER}", normalized(&format!("{namespace}-{name}")))
        };
        return Does::Chain(members.map(full).collect());
    }
    if spec.is_empty() || spec.contains_key("plugin") { Does::Unknown } else { Does::Pass }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_gate_is_found_wherever_it_stands_and_what_is_not_known_is_said_so() {
        let made = |name: &str, spec: Value| json!({"kind": "Middleware", "metadata": {"namespace": "t", "name": name}, "spec": spec});
        let objects = [
            made("sign-in", json!({"forwardAuth": {"address": "http://127.0.0.1:9"}})),
            made("limit", json!({"rateLimit": {"average": 1}})),
            made("https", json!({"redirectScheme": {"scheme": "https"}})),
            made("bouncer", json!({"plugin": {"bouncer": {}}})),
            made("all", json!({"chain": {"middlewares": [{"name": "limit"}, {"name": "sign-in"}]}})),
            made("round", json!({"chain": {"middlewares": [{"name": "round"}]}})),
        ];
        let guards = Guards::of(&objects).with_gate("t-own@file");
        let gate = |name: &str| Guard::Gate(format!("t-{name}"));
        let unknown = |name: &str| Guard::Unknown(format!("t-{name}"));
        for (names, expected) in [
            (&[][..], Guard::Open),
            (&["limit@kubernetescrd"][..], Guard::Open),
            (&["limit@kubernetescrd", "sign-in@kubernetescrd"], gate("sign-in@kubernetescrd")),
            (&["bouncer@kubernetescrd", "all@kubernetescrd"], gate("sign-in@kubernetescrd")),
            (&["bouncer@kubernetescrd"], unknown("bouncer@kubernetescrd")),
            (&["elsewhere@file"], unknown("elsewhere@file")),
            (&["own@file"], gate("own@file")),
            (&["limit@kubernetescrd", "https@kubernetescrd"], Guard::Redirect),
            (&["round@kubernetescrd"], unknown("round@kubernetescrd")),
        ] {
            let names: Vec<String> = names.iter().map(|name| format!("t-{name}")).collect();
            assert_eq!(guards.of_chain(&names), expected, "{names:?}");
        }
    }
}
