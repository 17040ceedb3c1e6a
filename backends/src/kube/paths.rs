//! Paths of the Kubernetes API.

use std::fmt::Write as _;

use crate::objects::{Kind, ObjectId, Scope};

/// Path of a group's version: `/apis/networking.k8s.io/v1`, `/api/v1`.
pub(super) fn version(kind: Kind, version: &str) -> String {
    if kind.group.is_empty() { format!("/api/{version}") } else { format!("/apis/{}/{version}", kind.group) }
}

/// Path of all objects of a kind.
pub(super) fn collection(kind: Kind, served: &str, scope: Scope<'_>) -> String {
    let base = version(kind, served);
    match scope {
        Scope::Namespace(namespace) if kind.namespaced => {
            format!("{base}/namespaces/{}/{}", segment(namespace), kind.plural)
        }
        Scope::Namespace(_) | Scope::All => format!("{base}/{}", kind.plural),
    }
}

/// Path of one object.
pub(super) fn object(id: &ObjectId, served: &str) -> String {
    let scope = id.namespace.as_deref().map_or(Scope::All, Scope::Namespace);
    format!("{}/{}", collection(id.kind, served, scope), segment(&id.name))
}

/// A name as one segment of a path. Names that Kubernetes accepts stay as they are; anything else must not be able to name
/// another path (an empty name would list, `a/status` would read a subresource).
pub(crate) fn segment(name: &str) -> String {
    if name.is_empty() || name.chars().all(|char| char == '.') {
        return name.chars().map(|_| "%2E").collect::<String>() + if name.is_empty() { "%20" } else { "" };
    }
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::kinds;

    #[test]
    fn paths_are_those_of_the_api() {
        let ingress = kinds::INGRESS.object("photos", "share");
        assert_eq!(object(&ingress, "v1"), "/apis/networking.k8s.io/v1/namespaces/photos/ingresses/share");
        assert_eq!(object(&kinds::NAMESPACE.object("", "photos"), "v1"), "/api/v1/namespaces/photos");
        assert_eq!(collection(kinds::SECRET, "v1", Scope::All), "/api/v1/secrets");
    }

    #[test]
    fn a_hostile_name_cannot_leave_its_segment() {
        assert_eq!(segment("a/../b?c"), "a%2F..%2Fb%3Fc");
        assert_eq!(segment(".."), "%2E%2E");
        assert_eq!(segment(""), "%20");
    }
}
