//! Imports by id and by identity.

use homelab_backends::objects::Kind;
use homelab_core::names;
use homelab_cty::Path;
use homelab_plugin::{Diagnostics, Import};
use homelab_schema::identity::ObjectIdentity;

/// Namespace and name of the object that is to be imported; `None` with an error.
pub(crate) fn of_import(
    request: Import<ObjectIdentity>,
    kind: Kind,
    diagnostics: &mut Diagnostics,
) -> Option<(String, String)> {
    let (namespace, name) = match request {
        Import::Id(id) => match id.split_once('/') {
            Some((namespace, name)) => (namespace.to_owned(), name.to_owned()),
            None => return refuse(&format!("{id:?} has no slash."), diagnostics),
        },
        Import::Identity(identity) => {
            if let Some(other) = identity.kind.known().filter(|other| *other != kind.kind) {
                return refuse(&format!("The identity is that of a {other}, not of a {}.", kind.kind), diagnostics);
            }
            (identity.namespace.into_known().unwrap_or_default(), identity.name.into_known().unwrap_or_default())
        }
    };
    if names::is_label(&namespace) && names::is_object(&name) {
        Some((namespace, name))
    } else {
        refuse(&format!("{namespace:?} and {name:?} are no namespace and name."), diagnostics)
    }
}

fn refuse(observed: &str, diagnostics: &mut Diagnostics) -> Option<(String, String)> {
    let expected = "An import id is <namespace>/<name>, such as photos/photos.";
    diagnostics.error(Path::root(), "Import id not understood", format!("{observed} {expected}"));
    None
}

#[cfg(test)]
mod tests {
    use homelab_backends::objects::kinds;
    use homelab_cty::Attr;

    use super::*;

    fn import(request: Import<ObjectIdentity>) -> (Option<(String, String)>, Diagnostics) {
        let mut diagnostics = Diagnostics::new();
        (of_import(request, kinds::INGRESS, &mut diagnostics), diagnostics)
    }

    fn identity(kind: Option<&str>, namespace: &str, name: &str) -> Import<ObjectIdentity> {
        Import::Identity(ObjectIdentity {
            kind: kind.map(str::to_owned).into(),
            namespace: Attr::Known(namespace.to_owned()),
            name: Attr::Known(name.to_owned()),
        })
    }

    #[test]
    fn ids_and_identities_name_an_object() {
        let photos = Some(("photos".to_owned(), "app.v2".to_owned()));
        for request in [
            Import::Id("photos/app.v2".to_owned()),
            identity(None, "photos", "app.v2"),
            identity(Some("Ingress"), "photos", "app.v2"),
        ] {
            let (found, diagnostics) = import(request);
            assert_eq!(found, photos);
            assert!(diagnostics.is_empty());
        }
    }

    #[test]
    fn anything_else_is_refused_with_the_form() {
        let ids = ["", "photos", "/photos", "photos/", "a/b/c", "Photos/app"].map(|id| Import::Id(id.to_owned()));
        let others = [identity(Some("Service"), "photos", "app"), identity(None, "", "app")];
        for request in ids.into_iter().chain(others) {
            let (found, diagnostics) = import(request);
            assert_eq!(found, None);
            assert!(diagnostics.has_errors());
        }
    }
}
