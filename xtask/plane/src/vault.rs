//! Vault's API for tests.

use std::time::Duration;

use serde_json::{Value, json};

use crate::http::{Answer, Client};
use crate::plane::random_hex;
use crate::process::{Launch, Process, wait_for};
use crate::programs::Program;
use crate::wider::{on_free_ports, private_dir};
use crate::{Env, Error, Result};

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

/// A Vault for one test alone, which may do to it what the others would notice: seal it, for one. Dropping it ends it.
#[derive(Debug)]
pub struct OwnVault {
    address: String,
    root: Vault,
    _process: Process,
    // Removes its folder after it, also when this process is killed.
    _sweeper: Process,
}

impl OwnVault {
    /// Starts one with a versioned store at `secret/`.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] if ours is not built; another is not asked for, since each seals in a way of its own.
    pub fn start() -> Result<Self> {
        let missing = || Error::Missing { program: Program::VAULT.name().into(), reason: Program::VAULT.skip_reason() };
        let program = Program::VAULT.locate_only()?.ok_or_else(missing)?;
        let token = random_hex(16)?;
        on_free_ports(1, |ports| {
            let listen = format!("127.0.0.1:{}", ports[0]);
            let dir = private_dir()?;
            let sweeper = Process::sweeper(&dir)?;
            let launch = Launch {
                name: "vault".into(),
                program: vec![program.clone().into_os_string()],
                args: vec![format!("--listen={listen}").into()],
                env: vec![("VAULT_DEV_ROOT_TOKEN_ID".into(), token.clone().into())],
                follows: true,
            };
            let mut process = Process::start(&launch, &dir)?;
            let address = format!("http://{listen}");
            let root = Vault::new(&address, &token)?;
            wait_for("Vault's readiness", Duration::from_mins(3), || {
                process.alive()?;
                Ok(match root.read("secret/config") {
                    Ok(answer) if answer.status == 200 => Ok(()),
                    Ok(answer) => Err(format!("it answered {}: {}", answer.status, answer.body)),
                    Err(error) => Err(error.to_string()),
                })
            })?;
            Ok(Self { address, root, _process: process, _sweeper: sweeper })
        })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// It, as the holder of its root token.
    pub fn root(&self) -> &Vault {
        &self.root
    }
}
