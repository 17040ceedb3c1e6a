//! `homelab kv` against a real Vault, by pipes and on a real terminal.

mod pipes;
mod terminal;

use std::sync::atomic::{AtomicUsize, Ordering};

use homelab_plane::{Vault, shared};
use serde_json::json;

use crate::support::{Homelab, homelab};

/// A document of its own with these keys, and a token that may do everything with it.
pub(crate) struct Document {
    pub(crate) path: String,
    pub(crate) token: String,
}

impl Document {
    /// `keys` is the document; null for one that is not there.
    pub(crate) fn with(keys: &serde_json::Value) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("kv-cli-{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let root = root();
        if !keys.is_null() {
            root.put(&format!("{name}/doc"), keys).unwrap();
        }
        let rules = format!(
            "path \"secret/data/{name}/*\" {{ capabilities = [\"create\", \"read\", \"update\"] }}\n\
             path \"secret/metadata/{name}/*\" {{ capabilities = [\"list\"] }}"
        );
        let token = root.token(&name, &rules).unwrap();
        Self { path: format!("secret/{name}/doc"), token }
    }

    /// A run on this document, as its owner.
    pub(crate) fn run(&self, verb: &str) -> Homelab {
        homelab("kv")
            .args(verb)
            .arg(&self.path)
            .env("VAULT_ADDR", &shared().unwrap().vault_addr)
            .env("VAULT_TOKEN", &self.token)
    }

    /// What the store has now.
    pub(crate) fn now(&self) -> serde_json::Value {
        root().get(self.path.strip_prefix("secret/").unwrap()).unwrap()
    }
}

pub(crate) fn root() -> Vault {
    Vault::root(shared().unwrap()).unwrap()
}

/// Two keys, one of which is no text.
pub(crate) fn two() -> serde_json::Value {
    json!({"password": "s3cret\nline two \n", "limits": {"max": 5}})
}
