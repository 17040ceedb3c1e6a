//! Traefik's annotations on an Ingress, as it decodes them.
//!
//! Names are found whatever their case. One that Traefik does not know, or a value that it cannot read, makes it skip the
//! whole Ingress: not one router of it is there.

use serde_json::Value;

const PREFIX: &str = "traefik.ingress.kubernetes.io/";

/// What the annotations of an Ingress say about its routers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RouterOptions {
    /// The matcher for paths of no particular type; empty for the default.
    pub(super) path_matcher: String,
    pub(super) entrypoints: Vec<String>,
    pub(super) middlewares: Vec<String>,
    pub(super) priority: i64,
    pub(super) syntax: String,
    pub(super) tls: bool,
}

/// Traefik cannot read an annotation, which is named here, and skips the Ingress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// Reads the annotations of an object.
pub(super) fn router_options(object: &Value) -> Result<RouterOptions, Unreadable> {
    let mut options = RouterOptions::default();
    let mut no_tls = false;
    let annotations = object.pointer("/metadata/annotations").and_then(Value::as_object);
    let mut ours: Vec<(String, &str)> = annotations
        .into_iter()
        .flatten()
        .filter_map(|(name, text)| {
            let name = name.strip_prefix(PREFIX)?.to_ascii_lowercase();
            Some((name.strip_prefix("router.")?.to_owned(), text.as_str().unwrap_or_default()))
        })
        .collect();
    ours.sort();
    for (name, text) in ours {
        match name.as_str() {
            "pathmatcher" => text.clone_into(&mut options.path_matcher),
            "entrypoints" => options.entrypoints = list(text),
            "middlewares" => options.middlewares = list(text),
            "priority" => options.priority = text.parse().map_err(|_| Unreadable)?,
            "rulesyntax" => text.clone_into(&mut options.syntax),
            "tls" => {
                options.tls = true;
                no_tls = !text.is_empty() && !text.eq_ignore_ascii_case("true");
            }
            "tls.options" | "tls.certresolver" => options.tls = true,
            "observability" | "observability.traceverbosity" => {}
            "observability.accesslogs" | "observability.metrics" | "observability.tracing" => {
                if !is_bool(text) {
                    return Err(Unreadable);
                }
            }
            _ if is_domain(&name) => options.tls = true,
            _ => return Err(Unreadable),
        }
    }
    options.tls &= !no_tls;
    Ok(options)
}

/// `tls.domains.0.main`, `tls.domains[0].sans`.
fn is_domain(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("tls.domains") else { return false };
    let Some((index, field)) = rest.rsplit_once('.') else { return false };
    let index = index.strip_prefix('.').or_else(|| index.strip_prefix('[')?.strip_suffix(']')).unwrap_or_default();
    !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit()) && matches!(field, "main" | "sans")
}

fn list(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    text.split(',').map(|member| member.trim().to_owned()).collect()
}

fn is_bool(text: &str) -> bool {
    matches!(text, "1" | "t" | "T" | "TRUE" | "true" | "True" | "0" | "f" | "F" | "FALSE" | "false" | "False")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn options(annotations: &Value) -> Result<RouterOptions, Unreadable> {
        router_options(&json!({"metadata": {"annotations": annotations}}))
    }

    #[test]
    fn annotations_are_read_whatever_their_case() {
        let read = options(&json!({
            "traefik.ingress.kubernetes.io/router.entryPoints": "web, websecure",
            "traefik.ingress.kubernetes.io/router.MIDDLEWARES": "a-gate@kubernetescrd,",
            "traefik.ingress.kubernetes.io/router.priority": "+7",
            "traefik.ingress.kubernetes.io/router.tls": "true",
            "traefik.ingress.kubernetes.io/router.tls.domains.0.main": "example.net",
            "traefik.ingress.kubernetes.io/service.sticky.cookie": "true",
            "example.net/router.nonsense": "x",
        }))
        .unwrap();
        assert_eq!(read.entrypoints, ["web", "websecure"]);
        assert_eq!(read.middlewares, ["a-gate@kubernetescrd", ""]);
        assert_eq!((read.priority, read.tls), (7, true));
    }

    #[test]
    fn what_traefik_cannot_read_makes_it_skip_the_ingress() {
        for (name, text) in [
            ("router.priority", "high"),
            ("router.priority", ""),
            ("router.priorty", "1"),
            ("router.observability.metrics", "yes"),
            ("router.", "x"),
            ("router.tls.domains.x.main", "example.net"),
        ] {
            let name = format!("{PREFIX}{name}");
            assert_eq!(options(&json!({ name.clone(): text })), Err(Unreadable), "{name}: {text}");
        }
        assert!(!options(&json!({format!("{PREFIX}router.tls"): "false"})).unwrap().tls);
    }
}
