//! The Kubernetes API for tests: what a foreign manager, a controller or a person would do there.
//!
//! Paths are those of the API (`/api/v1/namespaces/x/configmaps/y`), so that a test reads like the
//! requests in an audit log and needs no types.

use std::time::Duration;

use serde_json::{Value, json};

use crate::http::{Answer, Client};
use crate::process::wait_for;
use crate::{Env, Error, Result};

/// The collection of all definitions.
const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// How long [`Api::until`] waits, generous for a loaded machine.
const LIMIT: Duration = Duration::from_mins(3);

/// The API server, as one user.
#[derive(Debug, Clone)]
pub struct Api {
    client: Client,
}

impl Api {
    /// As a member of `system:masters`: everything is allowed.
    pub fn admin(env: &Env) -> Result<Self> {
        Self::with_token(env, &env.admin_token)
    }

    /// As `viewer`, who may read everything but secrets.
    pub fn viewer(env: &Env) -> Result<Self> {
        Self::with_token(env, &env.viewer_token)
    }

    /// As `nobody`, who is known to the cluster and may nothing.
    pub fn nobody(env: &Env) -> Result<Self> {
        Self::with_token(env, &env.nobody_token)
    }

    /// As whom `token` belongs to.
    pub fn with_token(env: &Env, token: &str) -> Result<Self> {
        let client = Client::new(&env.api_server, Some(&env.ca_pem))?
            .with_header("Authorization", &format!("Bearer {token}"))
            .with_header("User-Agent", "homelab-plane");
        Ok(Self { client })
    }

    /// GET.
    pub fn get(&self, path: &str) -> Result<Answer> {
        self.client.send("GET", path, "", None)
    }

    /// The items of a collection.
    ///
    /// # Errors
    ///
    /// [`Error::Answer`] for every status but 200.
    pub fn list(&self, path: &str) -> Result<Vec<Value>> {
        match self.get(path)?.expect(path, &[200])?["items"].take() {
            Value::Array(items) => Ok(items),
            other => Err(Error::Internal(format!("{path} has no items: {other}"))),
        }
    }

    /// Applies a `CustomResourceDefinition` and waits until its objects can be written.
    pub fn define(&self, definition: &Value) -> Result<()> {
        let name = definition["metadata"]["name"].as_str().unwrap_or_default();
        self.define_yaml(name, &definition.to_string())
    }

    /// As [`Api::define`], for one definition as YAML, named `<plural>.<group>`.
    pub fn define_yaml(&self, name: &str, text: &str) -> Result<()> {
        let path = format!("{DEFINITIONS}/{name}");
        let apply = format!("{path}?fieldManager=homelab-plane&force=true");
        let answer = self.client.send_text("PATCH", &apply, "application/apply-patch+yaml", Some(text))?;
        answer.expect(&path, &[200, 201])?;
        self.until_served(name)
    }

    /// Has every version of a definition served, also those that its authors retired: a cluster that was
    /// not upgraded yet.
    pub fn serve_every_version(&self, name: &str) -> Result<()> {
        self.change_versions(name, |_, version| version["served"] = Value::Bool(true))?;
        self.until_served(name)
    }

    /// Has the versions `served` of a definition served and no other, and what is written from now on stored as `stored`.
    /// What is stored already stays as it is, as with every upgrade of a controller. Returns when the other versions are
    /// gone for whoever asks.
    pub fn serve_versions(&self, name: &str, served: &[&str], stored: &str) -> Result<()> {
        let definition = self.change_versions(name, |known, version| {
            version["served"] = Value::Bool(served.contains(&known));
            version["storage"] = Value::Bool(known == stored);
        })?;
        self.until_served(name)?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let spec = &definition["spec"];
        let (group, plural) = (text(&spec["group"]), text(&spec["names"]["plural"]));
        let versions = spec["versions"].as_array();
        for version in versions.into_iter().flatten().filter(|version| version["served"] == false) {
            self.until_gone(&format!("/apis/{group}/{}/{plural}", text(&version["name"])))?;
        }
        Ok(())
    }

    /// Changes each version of a definition, of which `change` is told the name, and returns the definition.
    fn change_versions(&self, name: &str, change: impl Fn(&str, &mut Value)) -> Result<Value> {
        let path = format!("{DEFINITIONS}/{name}");
        wait_for(&format!("the change of {name}"), LIMIT, || {
            let mut definition = self.get(&path)?.expect(&path, &[200])?;
            for version in definition["spec"]["versions"].as_array_mut().into_iter().flatten() {
                let known = version["name"].as_str().unwrap_or_default().to_owned();
                change(&known, version);
            }
            let answer = self.replace(&path, &definition)?;
            // Its controllers write to it as well.
            if answer.status == 409 {
                return Ok(Err("somebody else wrote to it".into()));
            }
            answer.expect(&path, &[200]).map(Ok)
        })
    }

    fn until_served(&self, name: &str) -> Result<()> {
        let definition = self.until(&format!("{DEFINITIONS}/{name}"), |seen| {
            let conditions = seen["status"]["conditions"].as_array();
            conditions
                .into_iter()
                .flatten()
                .any(|condition| condition["type"] == "Established" && condition["status"] == "True")
        })?;
        // Established is said a moment before the path is served.
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let spec = &definition["spec"];
        let (group, plural) = (text(&spec["group"]), text(&spec["names"]["plural"]));
        let versions = spec["versions"].as_array();
        for version in versions.into_iter().flatten().filter(|version| version["served"] == true) {
            self.until(&format!("/apis/{group}/{}/{plural}", text(&version["name"])), |seen| !seen.is_null())?;
        }
        Ok(())
    }

    /// POST of an object to the path of its collection.
    pub fn create(&self, path: &str, body: &Value) -> Result<Answer> {
        self.client.send("POST", path, "application/json", Some(body))
    }

    /// PUT of a whole object.
    pub fn replace(&self, path: &str, body: &Value) -> Result<Answer> {
        self.client.send("PUT", path, "application/json", Some(body))
    }

    /// A JSON merge patch, as a controller of the older kind writes.
    pub fn merge(&self, path: &str, body: &Value) -> Result<Answer> {
        self.client.send("PATCH", path, "application/merge-patch+json", Some(body))
    }

    /// Server-side apply as `manager`. Status 409 is a conflict with another manager; `force` takes
    /// the fields over.
    pub fn apply(&self, path: &str, manager: &str, force: bool, body: &Value) -> Result<Answer> {
        let path = format!("{path}?fieldManager={manager}&force={force}");
        self.client.send("PATCH", &path, "application/apply-patch+yaml", Some(body))
    }

    /// DELETE; dependents go in the background, as with kubectl.
    pub fn delete(&self, path: &str) -> Result<Answer> {
        let options = json!({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"});
        self.client.send("DELETE", path, "application/json", Some(&options))
    }

    /// Makes a namespace with a name of its own, `<prefix>-<8 random characters>`, so that tests run
    /// side by side, and returns the name.
    pub fn namespace(&self, prefix: &str) -> Result<String> {
        let name = format!("{prefix}-{}", crate::plane::random_hex(4)?);
        let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        self.create("/api/v1/namespaces", &body)?.expect("namespace", &[201])?;
        Ok(name)
    }

    /// Waits until the object at `path` (null while there is none) pleases `wanted`, and returns it.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] with the object as it was last seen.
    pub fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        wait_for(&format!("the awaited state of {path}"), LIMIT, || {
            let answer = self.get(path)?;
            let seen = match answer.status {
                200 => answer.body,
                404 => Value::Null,
                _ => return Ok(Err(format!("HTTP {}: {}", answer.status, answer.body))),
            };
            Ok(if wanted(&seen) { Ok(seen) } else { Err(format!("last seen: {seen}")) })
        })
    }

    /// Waits until nothing is at `path` any more.
    pub fn until_gone(&self, path: &str) -> Result<()> {
        self.until(path, Value::is_null).map(|_| ())
    }
}

impl Answer {
    /// The body, if the status is one of `wanted`.
    ///
    /// # Errors
    ///
    /// [`Error::Answer`] with the beginning of the body.
    pub fn expect(self, what: &str, wanted: &[u16]) -> Result<Value> {
        if wanted.contains(&self.status) {
            return Ok(self.body);
        }
        let body: String = self.body.to_string().chars().take(600).collect();
        Err(Error::Answer { what: what.to_owned(), status: self.status, body })
    }

    /// Whether the status is a 2xx.
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }
}
