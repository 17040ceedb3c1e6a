//! Provider functions, as users see them: names, parameters, results. What they compute is not here.

use homelab_cty::Type;

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, for documentation and messages.
    pub name: &'static str,
    /// Its type.
    pub ty: Type,
    /// What it means, in Markdown.
    pub description: &'static str,
}

/// A function of the provider: pure, and callable before the provider is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name after `provider::homelab::`.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// What it does, in Markdown.
    pub description: &'static str,
    /// Positional parameters.
    pub parameters: Vec<Parameter>,
    /// Any number of further arguments.
    pub variadic: Option<Parameter>,
    /// Type of the result.
    pub returns: Type,
    /// What the result is, in Markdown.
    pub result: &'static str,
}

/// `route_priority(rule)`.
pub fn route_priority() -> Function {
    Function {
        name: "route_priority",
        summary: "Gives the priority that Traefik gives to a router with this rule.",
        description: "Traefik sorts routers by priority, and takes the length of the rule where none is set: the longer \
                      rule is tried first, whichever is the more specific one. The result tells which of two routers on \
                      one host would win.",
        parameters: vec![Parameter {
            name: "rule",
            ty: Type::String,
            description: "The router's rule, such as ``Host(`photos.example.net`) && PathPrefix(`/share`)``.",
        }],
        variadic: None,
        returns: Type::Number,
        result: "The priority; of two routers that match a request, the one with the higher number serves it.",
    }
}

/// `go_duration(text)`.
pub fn go_duration() -> Function {
    Function {
        name: "go_duration",
        summary: "Writes a duration as Kubernetes controllers write it.",
        description: "Controllers that are written in Go rewrite the durations in their objects, `15m` to `15m0s`, and own \
                      the field from then on. Written in that form from the start, a field stays with its author. Also \
                      of use to compare two durations: those of one length have one form.",
        parameters: vec![Parameter {
            name: "text",
            ty: Type::String,
            description: "A duration, such as `15m`, `1h30m` or `250ms`. Units are `ns`, `us`, `ms`, `s`, `m` and `h`.",
        }],
        variadic: None,
        returns: Type::String,
        result: "The duration in canonical form, such as `15m0s`.",
    }
}

/// `kubernetes_version(text)`.
pub fn kubernetes_version() -> Function {
    Function {
        name: "kubernetes_version",
        summary: "Takes a Kubernetes version apart.",
        description: "Reads what `kubectl version`, a node or a container image says, and gives numbers to compare: text \
                      would sort `1.9` after `1.36`.",
        parameters: vec![Parameter {
            name: "text",
            ty: Type::String,
            description: "A version in full, with or without `v` before it and a suffix after it: `1.36.2`, `v1.36.2`, \
                          `v1.36.2+k3s1`, `v1.37.0-rc.1`.",
        }],
        variadic: None,
        returns: Type::object([("major", Type::Number), ("minor", Type::Number), ("patch", Type::Number)]),
        result: "An object with the numbers `major`, `minor` and `patch`; a suffix is not part of it.",
    }
}

/// All functions, by name.
pub fn all() -> Vec<Function> {
    vec![go_duration(), kubernetes_version(), route_priority()]
}
