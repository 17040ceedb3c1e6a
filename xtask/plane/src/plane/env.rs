//! Where a plane is and how to get in.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::write_private;
use crate::http::Client;
use crate::process::wait_for;
use crate::{Error, Result};

/// Environment variable that names a file with an [`Env`] as JSON.
pub const VARIABLE: &str = "HOMELAB_PLANE";

/// How long a plane that is there may be too busy to answer.
const LIMIT: Duration = Duration::from_mins(1);

/// Addresses and tokens of one plane. All of it is worthless once the plane ended, but it is kept out
/// of `Debug` all the same: habits matter.
#[derive(Clone, Serialize, Deserialize)]
pub struct Env {
    /// A kubeconfig of the administrator, with the CA and the token inside.
    pub kubeconfig: PathBuf,
    /// `https://127.0.0.1:PORT`.
    pub api_server: String,
    /// The certificate of the CA that signed the API server's, PEM.
    pub ca_pem: String,
    /// Bearer token of a member of `system:masters`.
    pub admin_token: String,
    /// Bearer token of `viewer`, who has the cluster role `view`.
    pub viewer_token: String,
    /// Bearer token of `nobody`, who has no rights.
    pub nobody_token: String,
    /// Bearer tokens of the further users of the options, by name.
    #[serde(default)]
    pub users: BTreeMap<String, String>,
    /// `http://127.0.0.1:PORT`. A versioned KV store is at `secret/`, an unversioned one at `kv1/`,
    /// `database/` has `PostgreSQL`; sign-in: `approle/`, `userpass/`, `kubernetes/`.
    pub vault_addr: String,
    /// The root token of Vault.
    pub vault_token: String,
    /// The folder of the plane: data, logs (`<server>.log`), kubeconfig.
    pub dir: PathBuf,
}

impl std::fmt::Debug for Env {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Env")
            .field("api_server", &self.api_server)
            .field("vault_addr", &self.vault_addr)
            .field("dir", &self.dir)
            .finish_non_exhaustive()
    }
}

impl Env {
    /// The plane that [`VARIABLE`] names, none if it is not set.
    ///
    /// # Errors
    ///
    /// When it is set and the plane does not answer: a test run that was given a plane must not
    /// silently run against another.
    pub fn from_environment() -> Result<Option<Self>> {
        let Some(path) = std::env::var_os(VARIABLE).map(PathBuf::from) else {
            return Ok(None);
        };
        let env = Self::load(&path)?;
        // A server that is kept busy may say for a moment that it is not ready.
        wait_for("an answer of the plane", LIMIT, || {
            Ok(if env.is_alive() { Ok(()) } else { Err("it is silent, or says that it is not ready".to_owned()) })
        })
        .map_err(|error| {
            Error::Internal(format!(
                "{VARIABLE} names the plane of {}, which does not answer; start it, or unset {VARIABLE}: {error}",
                env.api_server
            ))
        })?;
        Ok(Some(env))
    }

    /// Reads a file that [`Env::save`] wrote.
    pub fn load(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(Error::file(path))?;
        serde_json::from_str(&text).map_err(|error| Error::Internal(format!("{}: {error}", path.display())))
    }

    /// Writes the file whole or not at all, for its owner alone.
    pub fn save(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(|error| Error::Internal(error.to_string()))?;
        let arriving = path.with_extension("new");
        write_private(&arriving, &text)?;
        fs::rename(&arriving, path).map_err(Error::file(path))
    }

    /// Whether the API server (and Vault, if there is one) answers now.
    pub fn is_alive(&self) -> bool {
        let cluster =
            crate::Api::admin(self).and_then(|api| api.get("/readyz")).is_ok_and(|answer| answer.status == 200);
        let vault = || {
            Client::new(&self.vault_addr, None)
                .and_then(|client| client.send("GET", "/v1/sys/health", "", None))
                .is_ok_and(|answer| answer.status == 200)
        };
        cluster && (self.vault_addr.is_empty() || vault())
    }

    /// The requests that the API server answered, one JSON object per line (`audit.k8s.io/v1`,
    /// written before the answer is sent); only there with [`crate::Options::audit`].
    pub fn audit_log(&self) -> PathBuf {
        self.dir.join("audit.log")
    }

    /// How many lines of the audit log have a `userAgent` that contains `agent`.
    ///
    /// # Errors
    ///
    /// When there is no audit log.
    pub fn requests_of(&self, agent: &str) -> Result<usize> {
        let path = self.audit_log();
        let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
        let of_agent = |line: &&str| {
            serde_json::from_str::<serde_json::Value>(line)
                .is_ok_and(|event| event["userAgent"].as_str().is_some_and(|seen| seen.contains(agent)))
        };
        Ok(text.lines().filter(of_agent).count())
    }

    /// Variables that lead `kubectl`, `vault` and providers to this plane.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("KUBECONFIG", self.kubeconfig.display().to_string()),
            ("VAULT_ADDR", self.vault_addr.clone()),
            ("VAULT_TOKEN", self.vault_token.clone()),
        ]
    }

    /// The text of a kubeconfig for the user that `token` belongs to, for example to act as `viewer`.
    pub fn kubeconfig_for(&self, user: &str, token: &str) -> String {
        kubeconfig_text(&self.api_server, &self.ca_pem, user, token)
    }
}

/// A kubeconfig with everything inside. It is JSON, which is YAML.
pub(super) fn kubeconfig_text(server: &str, ca_pem: &str, user: &str, token: &str) -> String {
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "plane",
        "clusters": [{"name": "plane", "cluster": {
            "server": server,
            "certificate-authority-data": base64(ca_pem.as_bytes()),
        }}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": "plane", "context": {"cluster": "plane", "user": user}}],
    });
    format!("{config:#}\n")
}

/// Base64 with padding. A dozen lines are less to read than one more dependency is to trust.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for index in 0..4 {
            let digit = (group >> (18 - 6 * index)) & 63;
            text.push(if index <= chunk.len() { DIGITS[digit as usize] as char } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(dir: &Path) -> Env {
        Env {
            kubeconfig: dir.join("kubeconfig"),
            api_server: "https://127.0.0.1:1".into(),
            ca_pem: String::new(),
            admin_token: "s3cret".into(),
            viewer_token: "s3cret".into(),
            nobody_token: "s3cret".into(),
            users: BTreeMap::new(),
            vault_addr: String::new(),
            vault_token: "s3cret".into(),
            dir: dir.to_owned(),
        }
    }

    #[test]
    fn base64_matches_the_examples_of_rfc_4648() {
        for (plain, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")]
        {
            assert_eq!(base64(plain.as_bytes()), text);
        }
    }

    #[test]
    fn an_env_survives_its_file_and_hides_its_tokens() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("env.json");
        let env = env(dir.path());
        env.save(&file).unwrap();
        let read = Env::load(&file).unwrap();
        assert_eq!(read.admin_token, "s3cret");
        assert!(!format!("{read:?}").contains("s3cret"));
    }

    #[test]
    fn a_plane_that_is_gone_is_not_alive() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!env(dir.path()).is_alive());
    }
}
