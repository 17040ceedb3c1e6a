//! What the cases of the store of secrets share.

use std::fs;
use std::path::Path;

use homelab_plane::Vault;
use homelab_plane::relay::{Relay, Reply, Request};
use serde_json::{Value, json};

use crate::support::Case;

/// A key of the document of the case. Its value comes in for one run alone.
pub(crate) const SMTP: &str = r#"
variable "password" {
  type      = string
  ephemeral = true
}

resource "homelab_kv_key" "smtp" {
  path             = var.namespace
  key              = "smtp_password"
  value_wo         = var.password
  value_wo_version = 1
}
"#;

/// What others keep in that document.
pub(crate) fn siblings() -> Value {
    json!({"db_password": "theirs", "deep": {"list": [1, 2.5, null, "ü"]}, "flag": true})
}

pub(crate) fn root(case: &Case) -> Vault {
    Vault::root(&case.env).unwrap()
}

/// The siblings in the document of the case, with metadata that is somebody's own.
pub(crate) fn with_siblings(case: &Case) {
    root(case).put(&case.namespace, &siblings()).unwrap();
    let path = format!("secret/metadata/{}", case.namespace);
    let metadata = json!({"custom_metadata": {"owner": "the mail people"}, "max_versions": 7});
    root(case).write(&path, &metadata).unwrap().expect("metadata", &[204]).unwrap();
}

/// Number and keys of the newest version of the document of the case.
#[track_caller]
pub(crate) fn document(case: &Case) -> (u64, Value) {
    let mut body = root(case).read(&format!("secret/data/{}", case.namespace)).unwrap().body;
    (body["data"]["metadata"]["version"].as_u64().unwrap_or_default(), body["data"]["data"].take())
}

/// The siblings with the key.
pub(crate) fn with_key(value: &str) -> Value {
    let mut all = siblings();
    all["smtp_password"] = json!(value);
    all
}

/// Sends the case to the store through a relay.
pub(crate) fn through(case: &mut Case, rule: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Relay {
    let relay = Relay::to(&case.env.vault_addr, rule).unwrap();
    case.env("VAULT_ADDR", relay.address());
    relay
}

/// Sends the case to the store itself.
pub(crate) fn directly(case: &mut Case) {
    let address = case.env.vault_addr.clone();
    case.env("VAULT_ADDR", address);
}

/// Has the case be the holder of a token with these rules alone.
pub(crate) fn as_holder_of(case: &mut Case, rules: &str) {
    let token = root(case).token(&case.namespace, rules).unwrap();
    case.env("VAULT_TOKEN", token);
}

/// Files of a folder that contain `text`, the program of the provider left out.
pub(crate) fn holding(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if !path.to_string_lossy().contains("terraform-provider-") {
            let content = fs::read(&path).unwrap();
            if content.windows(text.len()).any(|window| window == text.as_bytes()) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}
