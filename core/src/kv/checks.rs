//! What a declaration alone tells, without the store.

use homelab_cty::{Attr, Path};
use homelab_schema::kv_key::KvKey;
use homelab_schema::kv_secret::KvSecret;

use super::address::{self, Address, is_key, is_path};
use crate::finding::{Finding, secret as codes};

/// What is wrong with a declared key. What is unknown is not looked at.
pub fn key(declared: &KvKey) -> Vec<Finding> {
    let mut found = place(&declared.mount, &declared.path);
    if let Some(key) = declared.key.known().filter(|key| !is_key(key)) {
        found.push(
            Finding::new(codes::KV_ADDRESS, "homelab_kv_key", format!("{key:?} is no name of a key."))
                .expected("A name has at least one character, and none that does not print.")
                .clears("Correct the key.")
                .at(Path::attr("key")),
        );
    }
    found
}

/// What is wrong with a document that is to be read. What is unknown is not looked at.
pub fn secret(declared: &KvSecret) -> Vec<Finding> {
    let mut found = place(&declared.mount, &declared.path);
    match (&declared.handle, &declared.path) {
        (Attr::Known(handle), Attr::Null) if declared.mount.is_null() => {
            if let Err(error) = address::parse(handle) {
                let observed = format!("{handle:?} is no handle: {error}.");
                found.push(Finding::new(codes::KV_ADDRESS, "homelab_kv_secret", observed).at(Path::attr("handle")));
            }
        }
        (Attr::Unknown, _) | (Attr::Null, Attr::Known(_) | Attr::Unknown) => {}
        (handle, _) => {
            let path = if handle.is_null() { Path::root() } else { Path::attr("handle") };
            let observed = "Either `handle` alone, or `path` with or without `mount`, says which document is meant.";
            let finding = Finding::new(codes::CONTRADICTION, "homelab_kv_secret", observed);
            found.push(finding.clears("Give one of both.").at(path));
        }
    }
    if let Some(version) = declared.document_version.known().filter(|version| **version < 1) {
        let observed = format!("{version} is no number of a version: they begin with 1.");
        let finding = Finding::new(codes::KV_ADDRESS, "homelab_kv_secret", observed);
        found.push(finding.clears("Leave it out for the newest one.").at(Path::attr("document_version")));
    }
    found
}

/// The address of a declared key; `None` while a part of it is unknown.
pub fn address(declared: &KvKey) -> Option<Address> {
    let text = |text: &Attr<String>| text.known().cloned();
    Some(Address { mount: text(&declared.mount)?, path: text(&declared.path)?, key: text(&declared.key)? })
}

fn place(mount: &Attr<String>, path: &Attr<String>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (attribute, value) in [("mount", mount), ("path", path)] {
        let Some(text) = value.known() else { continue };
        if !is_path(text) {
            let observed =
                format!("{text:?} has an empty part, one that leads elsewhere, or a character of its own meaning.");
            let finding = Finding::new(codes::KV_ADDRESS, text, observed);
            found.push(finding.expected("A path has parts with a slash between them.").at(Path::attr(attribute)));
        } else if attribute == "path" && text.starts_with("data/") {
            let observed = format!("The document is called {text}, which the store has at data/{text}.");
            found.push(Finding::new(codes::KV_API_PATH, text, observed).at(Path::attr(attribute)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(text: &str) -> Attr<String> {
        Attr::Known(text.to_owned())
    }

    fn codes_of(found: &[Finding]) -> Vec<(&'static str, String)> {
        found.iter().map(|finding| (finding.code.id, finding.path.to_string())).collect()
    }

    #[test]
    fn a_place_is_refused_at_its_attribute() {
        let of = |mount: &str, path: &str, key: &str| {
            let declared = KvKey { mount: known(mount), path: known(path), key: known(key), ..KvKey::default() };
            codes_of(&super::key(&declared))
        };
        assert_eq!(of("secret", "photos", "smtp_password"), []);
        assert_eq!(of("kv/team", "a/b", "with#divider and space"), []);
        assert_eq!(of("secret/", "photos", "k"), [("HL2301", "mount".to_owned())]);
        assert_eq!(of("secret", "/photos", "k"), [("HL2301", "path".to_owned())]);
        assert_eq!(of("secret", "a/../b", "k"), [("HL2301", "path".to_owned())]);
        assert_eq!(of("secret", "photos", ""), [("HL2301", "key".to_owned())]);
        assert_eq!(of("secret", "data/photos", "k"), [("HL2302", "path".to_owned())]);
    }

    #[test]
    fn what_is_unknown_is_not_judged() {
        let declared = KvKey { mount: Attr::Unknown, path: Attr::Unknown, key: Attr::Unknown, ..KvKey::default() };
        assert_eq!(super::key(&declared), []);
        assert_eq!(address(&declared), None);
        let declared = KvSecret { handle: Attr::Unknown, ..KvSecret::default() };
        assert_eq!(super::secret(&declared), []);
        let declared = KvSecret { path: Attr::Unknown, ..KvSecret::default() };
        assert_eq!(super::secret(&declared), []);
    }

    #[test]
    fn a_document_is_named_once() {
        let of = |handle: Attr<String>, mount: Attr<String>, path: Attr<String>| {
            codes_of(&super::secret(&KvSecret { handle, mount, path, ..KvSecret::default() }))
        };
        let handle = || known("secret/photos#smtp_password");
        assert_eq!(of(handle(), Attr::Null, Attr::Null), []);
        assert_eq!(of(Attr::Null, Attr::Null, known("photos")), []);
        assert_eq!(of(Attr::Null, known("secret"), known("photos")), []);
        assert_eq!(of(known("photos"), Attr::Null, Attr::Null), [("HL2301", "handle".to_owned())]);
        assert_eq!(of(handle(), Attr::Null, known("photos")), [("HL2004", "handle".to_owned())]);
        assert_eq!(of(handle(), known("secret"), Attr::Null), [("HL2004", "handle".to_owned())]);
        assert_eq!(of(Attr::Null, known("secret"), Attr::Null), [("HL2004", String::new())]);
        let declared = KvSecret { path: known("photos"), document_version: Attr::Known(0), ..KvSecret::default() };
        assert_eq!(codes_of(&super::secret(&declared)), [("HL2301", "document_version".to_owned())]);
    }
}
