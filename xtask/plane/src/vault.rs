//! Vault's API for tests.

use serde_json::{Value, json};

use crate::http::{Answer, Client};
use crate::{Env, Result};

/// A Vault (or `OpenBao`), as the holder of one token.
#[derive(Debug, Clone)]
pub struct Vault {
    client: Client,
}

impl Vault {
    /// As the holder of the root token.
    pub fn root(env: &Env) -> Result<Self> {
        Self::new(&env.vault_addr, &env.vault_token)
    }

    /// As the holder of `token`.
    pub fn new(address: &str, token: &str) -> Result<Self> {
        Ok(Self { client: Client::new(address, None)?.with_header("X-Vault-Token", token) })
    }

    /// GET of `/v1/<path>`.
    pub fn read(&self, path: &str) -> Result<Answer> {
        self.client.send("GET", &format!("/v1/{path}"), "", None)
    }

    /// POST to `/v1/<path>`: create or update.
    pub fn write(&self, path: &str, body: &Value) -> Result<Answer> {
        self.client.send("POST", &format!("/v1/{path}"), "application/json", Some(body))
    }

    /// DELETE of `/v1/<path>`.
    pub fn delete(&self, path: &str) -> Result<Answer> {
        self.client.send("DELETE", &format!("/v1/{path}"), "", None)
    }

    /// Writes `data`, an object of strings, to `path` of the versioned store at `secret/`.
    pub fn put(&self, path: &str, data: &Value) -> Result<()> {
        let answer = self.write(&format!("secret/data/{path}"), &json!({ "data": data }))?;
        answer.expect(path, &[200]).map(|_| ())
    }

    /// The newest data at `path` of the versioned store at `secret/`; null if there is none.
    pub fn get(&self, path: &str) -> Result<Value> {
        let mut body = self.read(&format!("secret/data/{path}"))?.expect(path, &[200, 404])?;
        Ok(body["data"]["data"].take())
    }

    /// A new token with a policy of its own: `rules` is the text of the policy, as
    /// `path "secret/data/a" { capabilities = ["read"] }`.
    pub fn token(&self, policy: &str, rules: &str) -> Result<String> {
        let path = format!("sys/policies/acl/{policy}");
        self.write(&path, &json!({ "policy": rules }))?.expect(&path, &[200, 204])?;
        let wish = json!({"policies": [policy], "no_parent": true, "ttl": "1h"});
        let body = self.write("auth/token/create", &wish)?.expect("auth/token/create", &[200])?;
        Ok(body["auth"]["client_token"].as_str().unwrap_or_default().to_owned())
    }
}
