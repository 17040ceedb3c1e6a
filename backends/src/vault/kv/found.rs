//! One read of a document, and what its answer means.

use reqwest::Method;
use serde::Deserialize;

use crate::vault::error::VaultCause;
use crate::vault::link::Answer;
use crate::vault::mounts::is_versioned;
use crate::vault::{Vault, encoded, not_vault, parse};

/// What a read of a document found.
#[derive(Debug, PartialEq)]
pub(super) enum Found<T> {
    /// This, and the number of its version where the engine keeps versions.
    Document(T, Option<u64>),
    /// No such document, or no such version of it.
    Absent,
    /// That version was deleted, and may be restored.
    Deleted(u64),
    /// Nothing is left of that version.
    Destroyed(u64),
}

#[derive(Deserialize)]
struct Versioned<T> {
    data: Inner<T>,
}

#[derive(Deserialize)]
struct Inner<T> {
    data: Option<T>,
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    version: u64,
    #[serde(default)]
    destroyed: bool,
}

#[derive(Deserialize)]
struct Plain<T> {
    data: T,
}

/// Reads a document; `version` counts only where the engine keeps versions. `T` is what is taken of the values.
pub(super) async fn read<T: for<'de> Deserialize<'de>>(
    vault: &Vault,
    mount: &str,
    path: &str,
    version: Option<u64>,
) -> Result<Found<T>, VaultCause> {
    let versioned = is_versioned(vault, mount).await?;
    let full = match version.filter(|_| versioned) {
        Some(version) => format!("{}?version={version}", encoded(&format!("{mount}/data/{path}"))),
        None if versioned => encoded(&format!("{mount}/data/{path}")),
        None => encoded(&format!("{mount}/{path}")),
    };
    let answer = vault.call(Method::GET, &full, None).await?;
    found(&answer, versioned, mount)
}

fn found<T: for<'de> Deserialize<'de>>(answer: &Answer, versioned: bool, mount: &str) -> Result<Found<T>, VaultCause> {
    if answer.status == 404 {
        return missing(answer, mount);
    }
    if !versioned {
        return parse::<Plain<T>>(answer).map(|plain| Found::Document(plain.data, None));
    }
    let Inner { data, metadata } = parse::<Versioned<T>>(answer)?.data;
    match data {
        Some(data) => Ok(Found::Document(data, Some(metadata.version))),
        // No answer that was seen; but it says that there is nothing.
        None => Ok(gone(&metadata)),
    }
}

fn gone<T>(metadata: &Metadata) -> Found<T> {
    if metadata.destroyed { Found::Destroyed(metadata.version) } else { Found::Deleted(metadata.version) }
}

/// A 404 is an absent document, one whose version was deleted or destroyed (then it has metadata), or a path that nothing
/// handles.
fn missing<T>(answer: &Answer, mount: &str) -> Result<Found<T>, VaultCause> {
    #[derive(Deserialize)]
    struct Outer {
        data: Option<Inner>,
        errors: Option<Vec<String>>,
    }
    #[derive(Deserialize)]
    struct Inner {
        metadata: Option<Metadata>,
    }
    let words = answer.words();
    if words.contains("no handler") || words.contains("unsupported path") {
        return Err(VaultCause::NoMount { mount: mount.to_owned(), words });
    }
    match serde_json::from_slice::<Outer>(&answer.body) {
        Ok(Outer { data: Some(Inner { metadata: Some(metadata) }), .. }) => Ok(gone(&metadata)),
        // A 404 with words is about something else than the document.
        Ok(Outer { data: None, errors: Some(errors) }) if errors.is_empty() => Ok(Found::Absent),
        // Whoever answers like that may not be the store: a proxy in front of it that does not find its way.
        Ok(_) if !words.is_empty() => Err(VaultCause::Server { status: 404, words }),
        _ => Err(not_vault(404)),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::Value;

    use super::*;

    fn of(status: u16, body: &'static str, versioned: bool) -> Result<Found<Value>, VaultCause> {
        found(&Answer { status, body: Bytes::from_static(body.as_bytes()) }, versioned, "secret")
    }

    #[test]
    fn a_404_is_absent_deleted_destroyed_or_a_wrong_mount() {
        assert_eq!(of(404, r#"{"errors":[]}"#, true), Ok(Found::Absent));
        assert_eq!(of(404, r#"{"errors":[]}"#, false), Ok(Found::Absent));
        let deleted = r#"{"data":{"data":null,"metadata":{"deletion_time":"2026-01-01T00:00:00Z","version":3,"destroyed":false}}}"#;
        assert_eq!(of(404, deleted, true), Ok(Found::Deleted(3)));
        let destroyed = r#"{"data":{"data":null,"metadata":{"deletion_time":"","version":4,"destroyed":true}}}"#;
        assert_eq!(of(404, destroyed, true), Ok(Found::Destroyed(4)));
        let wrong = r#"{"errors":["no handler for route \"nope/data/x\". route entry not found."]}"#;
        assert!(matches!(of(404, wrong, true), Err(VaultCause::NoMount { .. })));
    }

    #[test]
    fn a_404_of_somebody_else_is_not_absent() {
        for body in ["", "<html>404</html>", "{}", "null", r#"{"message":"no route"}"#, r#"{"errors":["try later"]}"#] {
            assert!(of(404, body, true).is_err(), "{body}");
        }
    }

    #[test]
    fn a_document_comes_with_its_version() {
        let body = r#"{"data":{"data":{"a":"1"},"metadata":{"version":9,"destroyed":false}}}"#;
        assert_eq!(of(200, body, true), Ok(Found::Document(serde_json::json!({"a": "1"}), Some(9))));
        assert_eq!(of(200, r#"{"data":{"a":"1"}}"#, false), Ok(Found::Document(serde_json::json!({"a": "1"}), None)));
        for body in ["", "<html>", r#"{"data":{}}"#, r#"{"data":{"data":"hunter2","metadata":{}}}"#] {
            let error = of(200, body, true).expect_err("no answer of a store");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
