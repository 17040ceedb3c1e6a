//! Objects in a text of YAML documents: their API version, kind and name.

use homelab_core::gate::ManifestUse;
use serde::Deserialize;

/// What is kept of an object; everything else is read over.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Head {
    api_version: Option<String>,
    kind: Option<String>,
    metadata: Option<Metadata>,
    items: Option<Vec<Head>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    name: Option<String>,
    generate_name: Option<String>,
}

/// The objects in it; an error is a fragment. A document without API version and kind is no manifest and no error: values
/// of a chart lie beside its templates.
pub(super) fn uses(place: &str, text: &str) -> Result<Vec<ManifestUse>, String> {
    let mut uses = Vec::new();
    for document in serde_norway::Deserializer::from_str(text) {
        // An empty document is null. The reader's own words may quote the text, which holds secrets: only where it stopped
        // is told.
        let value = serde_norway::Value::deserialize(document).map_err(|error| match error.location() {
            Some(at) => format!("it cannot be read as YAML at line {}", at.line()),
            None => "it cannot be read as YAML".to_owned(),
        })?;
        if !looks_like_an_object(&value) {
            continue;
        }
        let head: Head =
            serde_norway::from_value(value).map_err(|_| "it holds an object in a form that is not known".to_owned())?;
        add(place, head, &mut uses);
    }
    Ok(uses)
}

fn looks_like_an_object(value: &serde_norway::Value) -> bool {
    value.get("apiVersion").is_some_and(serde_norway::Value::is_string)
        && value.get("kind").is_some_and(serde_norway::Value::is_string)
}

fn add(place: &str, head: Head, uses: &mut Vec<ManifestUse>) {
    if let (Some(api_version), Some(kind)) = (head.api_version, head.kind) {
        // A list is no object of its own.
        let is_list = kind.ends_with("List") && head.items.is_some();
        if !is_list {
            let metadata = head.metadata.unwrap_or_default();
            let name = metadata.name.or(metadata.generate_name).unwrap_or_default();
            uses.push(ManifestUse { place: place.to_owned(), api_version, kind, name });
        }
    }
    for item in head.items.into_iter().flatten() {
        add(place, item, uses);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_tells_its_api() {
        let text = "# a comment\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: db}\ndata: {password: aHVudGVyMg==}\n---\n\
                    ---\nreplicas: 3\n---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: networking.k8s.io/v1beta1, kind: \
                    ServiceCIDR, metadata: {name: extra}}\n- {apiVersion: batch/v1, kind: Job, metadata: {generateName: run-}}\n";
        let uses = uses("here", text).unwrap();
        let shown: Vec<_> = uses.iter().map(|used| (&*used.api_version, &*used.kind, &*used.name)).collect();
        assert_eq!(
            shown,
            [
                ("v1", "Secret", "db"),
                ("networking.k8s.io/v1beta1", "ServiceCIDR", "extra"),
                ("batch/v1", "Job", "run-")
            ]
        );
        assert!(!serde_json::to_string(&uses).unwrap().contains("aHVudGVyMg"));
    }

    #[test]
    fn what_cannot_be_read_is_said_without_its_text() {
        let error = uses("here", "apiVersion: v1\nkind: Secret\nstringData: {password: hunter2\n").unwrap_err();
        assert!(error.contains("cannot be read") && !error.contains("hunter2"), "{error}");
        assert!(uses("here", "{{ if .Values.on }}\napiVersion: v1\n").is_err(), "a template is no manifest yet");
        let odd = uses("here", "apiVersion: v1\nkind: Secret\nmetadata: hunter2\n").unwrap_err();
        assert!(!odd.contains("hunter2"), "{odd}");
        assert_eq!(uses("here", "").unwrap(), []);
        assert_eq!(uses("here", "just text").unwrap(), []);
    }
}
