//! From an API server's refusal to causes.
//!
//! Kubernetes says why in a `Status` object. Its `reason` is too coarse (admission and RBAC are both `Forbidden`), so
//! the parts that the server fills by machine are read first and its sentence last.

use serde::Deserialize;

use super::failure::shorten;
use crate::objects::{Cause, FieldConflict, Kind, ObjectId};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    kind: String,
    message: String,
    reason: String,
    details: Details,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Details {
    name: String,
    kind: String,
    causes: Vec<StatusCause>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct StatusCause {
    reason: String,
    message: String,
    field: String,
}

/// What a refusal means to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A cause for the user.
    Cause(Cause),
    /// The object changed under our hands: look again and repeat.
    Stale,
    /// The admission chain cannot do dry runs.
    NoDryRun(String),
}

/// What the answer `status` with `body` to a request for `kind` (and, where it was for one object, `id`) means.
pub(super) fn refusal(status: u16, body: &[u8], kind: Kind, id: Option<&ObjectId>) -> Refusal {
    let parsed: Option<Status> = serde_json::from_slice(body).ok().filter(|status: &Status| status.kind == "Status");
    let Some(parsed) = parsed else { return Refusal::Cause(not_a_status(status, body, kind)) };
    let words = shorten(&parsed.message);
    let cause = match status {
        401 => Cause::Unauthorized { words },
        403 => forbidden(&parsed, words),
        404 => missing(&parsed, words, kind, id),
        409 => match conflicts(&parsed) {
            conflicts if !conflicts.is_empty() => Cause::Conflict(conflicts),
            _ if parsed.reason == "Conflict" || parsed.reason == "AlreadyExists" => return Refusal::Stale,
            _ => Cause::Server { status, words },
        },
        400 if words.contains("does not support dry run") => return Refusal::NoDryRun(words),
        400 | 422 if is_admission(&words) => Cause::Admission { words },
        400 | 413 | 422 => {
            let fields = parsed.details.causes.iter().map(|cause| cause.field.clone());
            Cause::Invalid { words, fields: fields.filter(|field| !field.is_empty()).collect() }
        }
        500 if words.contains("failed calling webhook") => Cause::Admission { words },
        // A field that the version does not have, or one of another type: the server's fault by its status alone.
        500 if words.contains("failed to create typed patch object") => Cause::Invalid { words, fields: Vec::new() },
        _ => Cause::Server { status, words },
    };
    Refusal::Cause(cause)
}

/// 404 has three meanings, and only one of them says that the object is gone.
fn missing(status: &Status, words: String, kind: Kind, id: Option<&ObjectId>) -> Cause {
    let details = &status.details;
    match id {
        Some(id) if details.kind == kind.plural && details.name == id.name => Cause::NotFound(Box::new(id.clone())),
        _ if details.kind == "namespaces" && !details.name.is_empty() => {
            Cause::NamespaceMissing { namespace: details.name.clone() }
        }
        _ if status.reason == "NotFound" && details.name.is_empty() => Cause::NoSuchKind { kind, served: Vec::new() },
        _ => Cause::Server { status: 404, words },
    }
}

fn forbidden(status: &Status, words: String) -> Cause {
    let terminating = status.details.causes.iter().any(|cause| cause.reason == "NamespaceTerminating");
    // RBAC's own sentence is the only one of this form: `User "x" cannot get resource "y" in API group …`.
    if !terminating && words.contains(" cannot ") && !is_admission(&words) {
        Cause::Forbidden { words }
    } else {
        Cause::Admission { words }
    }
}

fn is_admission(words: &str) -> bool {
    // "admission webhook … denied the request", "ValidatingAdmissionPolicy … denied request", "exceeded quota".
    words.contains("denied the request") || words.contains("denied request") || words.contains("exceeded quota")
}

fn conflicts(status: &Status) -> Vec<FieldConflict> {
    let ours = status.details.causes.iter().filter(|cause| cause.reason == "FieldManagerConflict");
    ours.map(|cause| FieldConflict { manager: quoted(&cause.message), field: cause.field.clone() }).collect()
}

/// The first quoted text: `conflict with "kubectl-edit" using networking.k8s.io/v1`.
fn quoted(message: &str) -> String {
    message.split('"').nth(1).unwrap_or(message).to_owned()
}

fn not_a_status(status: u16, body: &[u8], kind: Kind) -> Cause {
    let text = String::from_utf8_lossy(body);
    let words = shorten(&text);
    match status {
        // What an API server says for a group or version that nobody serves. A proxy before it says other things, but
        // so does every server that is written in Go and no cluster: hence not for what every cluster has.
        404 if words == "404 page not found" && !kind.is_built_in() => Cause::NoSuchKind { kind, served: Vec::new() },
        401 => Cause::Unauthorized { words },
        _ if words.is_empty() => Cause::Server { status, words: "the answer has no body".to_owned() },
        _ => Cause::Server { status, words: format!("this is no Kubernetes API: {words}") },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::objects::kinds;

    fn of(status: u16, message: &str, reason: &str, details: &Value) -> Refusal {
        let body = json!({"kind": "Status", "message": message, "reason": reason, "details": details});
        let id = kinds::INGRESS.object("photos", "share");
        refusal(status, body.to_string().as_bytes(), kinds::INGRESS, Some(&id))
    }

    #[test]
    fn only_a_404_that_names_our_object_says_that_it_is_gone() {
        let ours = json!({"name": "share", "group": "networking.k8s.io", "kind": "ingresses"});
        assert!(matches!(of(404, "x", "NotFound", &ours), Refusal::Cause(Cause::NotFound(_))));
        let namespace = json!({"name": "photos", "kind": "namespaces"});
        assert!(matches!(of(404, "x", "NotFound", &namespace), Refusal::Cause(Cause::NamespaceMissing { .. })));
        let resource = of(404, "the server could not find the requested resource", "NotFound", &json!({}));
        assert!(matches!(resource, Refusal::Cause(Cause::NoSuchKind { .. })));
        let other = json!({"name": "other", "kind": "ingresses"});
        assert!(matches!(of(404, "x", "NotFound", &other), Refusal::Cause(Cause::Server { status: 404, .. })));
    }

    #[test]
    fn a_404_of_a_proxy_is_neither_absent_nor_a_missing_crd() {
        let page = refusal(404, b"<html>nginx</html>", kinds::INGRESS, None);
        assert!(matches!(page, Refusal::Cause(Cause::Server { status: 404, .. })));
        let go = refusal(404, b"404 page not found\n", kinds::INGRESS, None);
        assert!(matches!(go, Refusal::Cause(Cause::Server { status: 404, .. })));
        let unknown = refusal(404, b"404 page not found\n", kinds::MIDDLEWARE, None);
        assert!(matches!(unknown, Refusal::Cause(Cause::NoSuchKind { .. })));
    }

    #[test]
    fn rbac_and_admission_are_told_apart() {
        let rbac = r#"ingresses.networking.k8s.io "share" is forbidden: User "nobody" cannot get resource "ingresses""#;
        assert!(matches!(of(403, rbac, "Forbidden", &json!({})), Refusal::Cause(Cause::Forbidden { .. })));
        for words in [
            r#"admission webhook "validate.kyverno.svc" denied the request: users cannot do this"#,
            r#"ingresses "share" is forbidden: exceeded quota: q, requested: count=1"#,
        ] {
            assert!(matches!(of(403, words, "Forbidden", &json!({})), Refusal::Cause(Cause::Admission { .. })));
        }
    }

    #[test]
    fn a_webhook_that_cannot_be_asked_is_no_denial() {
        let words = r#"admission webhook "old.example.net" does not support dry run"#;
        assert_eq!(of(400, words, "BadRequest", &json!({})), Refusal::NoDryRun(words.to_owned()));
    }

    #[test]
    fn conflicts_name_manager_and_field() {
        let causes = json!([{
            "reason": "FieldManagerConflict",
            "message": "conflict with \"kubectl-edit\" using networking.k8s.io/v1",
            "field": ".spec.rules",
        }]);
        let expected = FieldConflict { manager: "kubectl-edit".to_owned(), field: ".spec.rules".to_owned() };
        let refusal = of(409, "Apply failed with 1 conflict", "Conflict", &json!({ "causes": causes }));
        assert_eq!(refusal, Refusal::Cause(Cause::Conflict(vec![expected])));
        assert_eq!(of(409, "the object has been modified", "Conflict", &json!({})), Refusal::Stale);
    }
}
