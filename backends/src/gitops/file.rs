//! One object as a file.
//!
//! Two comment lines with the mark, then the object as YAML with its keys in order. The mark is a comment and no
//! annotation, so that what reaches the cluster through Argo CD or Flux is exactly what was declared.

use std::fmt::Write as _;

use serde_json::Value;

use super::yaml;
use crate::objects::{CREATION_ANNOTATION, Mark, OWNER_ANNOTATION, ObjectId};

const NOTE: &str = "# Written by terraform-provider-homelab: change the Terraform configuration, not this file.";

/// What stands in a file.
#[derive(Debug, PartialEq)]
pub(super) enum Content {
    /// An object that we wrote.
    Ours(Value, Mark),
    /// Something else.
    Foreign,
}

/// Path of an object below the folder: `photos/ingress-share.yaml`; a cluster-wide one has no folder of its own. `Err` is
/// a name that is none in Kubernetes and would be a path here.
pub(super) fn relative_path(id: &ObjectId) -> Result<String, String> {
    let plain = |name: &str| {
        let fits = !name.is_empty()
            && !name.starts_with(['.', '-'])
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.'));
        if fits { Ok(()) } else { Err(format!("{name:?} is no name of a Kubernetes object")) }
    };
    plain(&id.name)?;
    let file = format!("{}-{}.yaml", id.kind.kind.to_lowercase(), id.name);
    match &id.namespace {
        Some(namespace) => {
            plain(namespace)?;
            Ok(format!("{namespace}/{file}"))
        }
        None => Ok(file),
    }
}

/// The text of a file.
pub(super) fn write(object: &Value, mark: &Mark) -> String {
    let mut text = String::new();
    let one_line = |text: &str| text.replace(['\n', '\r'], " ");
    let _ = writeln!(text, "{NOTE}");
    let _ = writeln!(text, "# {OWNER_ANNOTATION}: {}", one_line(&mark.owner));
    let _ = writeln!(text, "# {CREATION_ANNOTATION}: {}", one_line(&mark.creation));
    text + &yaml::text(object)
}

/// Reads a file. `Err` is one that carries our mark but is no object.
pub(super) fn read(text: &str) -> Result<Content, String> {
    let comments = text.lines().map_while(|line| line.strip_prefix('#')).map(str::trim);
    let (mut owner, mut creation) = (None, None);
    for comment in comments {
        match comment.split_once(": ") {
            Some((OWNER_ANNOTATION, text)) => owner = Some(text.to_owned()),
            Some((CREATION_ANNOTATION, text)) => creation = Some(text.to_owned()),
            _ => {}
        }
    }
    let (Some(owner), Some(creation)) = (owner, creation) else { return Ok(Content::Foreign) };
    let object: Value = serde_norway::from_str(text).map_err(|error| format!("the YAML cannot be read: {error}"))?;
    if !object.is_object() {
        return Err("it holds no object".to_owned());
    }
    Ok(Content::Ours(object, Mark { owner, creation }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::objects::kinds;

    fn mark() -> Mark {
        Mark { owner: "homelab_ingress photos/photos".to_owned(), creation: "0123456789abcdef".to_owned() }
    }

    #[test]
    fn a_file_reads_well_and_reads_back() {
        let object = json!({
            "spec": {"port": 80, "on": "yes", "share": 0.5, "text": "1.10"},
            "metadata": {"name": "photos", "annotations": {"b": "2", "a": "1"}},
            "kind": "Ingress",
            "apiVersion": "networking.k8s.io/v1",
        });
        let text = write(&object, &mark());
        let expected = "\
# Written by terraform-provider-homelab: change the Terraform configuration, not this file.
# terraform-provider-homelab/owner: homelab_ingress photos/photos
# terraform-provider-homelab/creation: 0123456789abcdef
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  annotations:
    a: \"1\"
    b: \"2\"
  name: photos
spec:
  \"on\": \"yes\"
  port: 80
  share: 0.5
  text: \"1.10\"
";
        assert_eq!(text, expected);
        assert_eq!(read(&text), Ok(Content::Ours(object, mark())));
    }

    #[test]
    fn a_file_without_our_mark_is_foreign_whatever_it_holds() {
        assert_eq!(read("kind: Ingress\n"), Ok(Content::Foreign));
        assert_eq!(read("# a comment\n\u{0}:::"), Ok(Content::Foreign));
        assert_eq!(read(""), Ok(Content::Foreign));
    }

    #[test]
    fn a_damaged_file_of_ours_is_an_error_and_not_absent() {
        let text = write(&json!({}), &mark()).replace("{}", "{");
        assert!(read(&text).is_err());
    }

    #[test]
    fn names_that_would_leave_the_folder_are_refused() {
        assert_eq!(relative_path(&kinds::INGRESS.object("a", "b")), Ok("a/ingress-b.yaml".to_owned()));
        assert_eq!(relative_path(&kinds::NAMESPACE.object("", "b")), Ok("namespace-b.yaml".to_owned()));
        for (namespace, name) in [("..", "b"), ("a", "../b"), ("a/b", "c"), ("", "b"), ("a", ""), ("a", "B")] {
            assert!(relative_path(&kinds::INGRESS.object(namespace, name)).is_err(), "{namespace}/{name}");
        }
    }
}
