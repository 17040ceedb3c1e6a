//! The verbs of the Kubernetes API that we use, on untyped objects.

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::paths;
use super::settings::Settings;
use super::status::{Refusal, refusal};
use super::transport::{Answer, Call, Transport};
use super::versions::Versions;
use crate::objects::{Cause, Kind, Live, MANAGER, ObjectId};

/// One API server: connects at the first request, with the version that it serves of each kind.
pub(super) struct Api {
    settings: Settings,
    transport: OnceCell<Transport>,
    versions: Versions,
}

const APPLY: &str = "application/apply-patch+yaml";

/// How to patch.
#[derive(Clone, Copy, Debug)]
pub(super) enum Patch<'a> {
    /// Server-side apply.
    Apply {
        /// As this field manager.
        manager: &'a str,
        /// Take over conflicting fields.
        force: bool,
        /// Do not store anything.
        dry_run: bool,
    },
    /// A list of JSON patch operations.
    Json,
}

/// How far a deletion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deleting {
    /// It was not there.
    Absent,
    /// It is gone.
    Gone,
    /// It is on its way out.
    Pending,
}

impl From<Cause> for Refusal {
    fn from(cause: Cause) -> Self {
        Self::Cause(cause)
    }
}

impl Api {
    pub(super) fn new(settings: Settings) -> Self {
        Self { settings, transport: OnceCell::new(), versions: Versions::default() }
    }

    /// Where it is, as far as that is known.
    pub(super) fn place(&self) -> String {
        if let Some(transport) = self.transport.get() {
            return transport.address.clone();
        }
        let settings = &self.settings;
        let named = settings.host.as_ref().or(settings.config_path.as_ref());
        named.cloned().unwrap_or_else(|| "the cluster of this pod".to_owned())
    }

    /// Requests so far.
    pub(super) fn requests(&self) -> u64 {
        self.transport.get().map_or(0, |transport| transport.requests.count())
    }

    /// Sends one request, again where the server asks for patience; the client is made at the first.
    pub(super) async fn send(&self, call: &Call<'_>) -> Result<Answer, Cause> {
        self.transport().await?.send(call).await
    }

    /// Sends one request once, whatever the answer.
    pub(super) async fn send_once(&self, call: &Call<'_>) -> Result<Answer, Cause> {
        self.transport().await?.send_once(call).await
    }

    async fn transport(&self) -> Result<&Transport, Cause> {
        let settings = self.settings.clone();
        // Reads files and may run the credential program, so not on a worker of the runtime.
        let make = || async move {
            let made = tokio::task::spawn_blocking(move || Transport::new(settings.resolve()?)).await;
            made.unwrap_or(Err(Cause::Cancelled))
        };
        self.transport.get_or_try_init(make).await
    }

    /// The version of `kind` that requests go to.
    pub(super) async fn version(&self, kind: Kind) -> Result<String, Cause> {
        self.versions.of(self, kind).await
    }

    /// The same, seen on the server also where there is nothing to choose.
    pub(super) async fn served_version(&self, kind: Kind) -> Result<String, Cause> {
        self.versions.discovered(self, kind).await
    }

    /// Forgets the version of `kind`, where an answer said that it is not served any more. Whether it was one to forget.
    pub(super) async fn forget_version(&self, kind: Kind) -> bool {
        self.versions.forget(kind).await
    }

    /// The object now; `None` only where the server says that this very object is not there.
    pub(super) async fn get(&self, id: &ObjectId) -> Result<Option<Live>, Cause> {
        match self.object_call(Method::GET, id, "", None).await {
            Ok(answer) => Ok(Some(Live { object: answer.json()? })),
            Err(Refusal::Cause(Cause::NotFound(_))) => Ok(None),
            Err(refusal) => Err(settle(refusal)),
        }
    }

    /// Patches the object; the answer is its new form and whether it was created.
    pub(super) async fn patch(&self, id: &ObjectId, patch: Patch<'_>, body: &Value) -> Result<(Live, bool), Refusal> {
        let (content_type, query) = match patch {
            Patch::Json => ("application/json-patch+json", format!("?fieldManager={MANAGER}")),
            Patch::Apply { manager, force, dry_run } => {
                let manager = paths::segment(manager);
                let dry_run = if dry_run { "&dryRun=All" } else { "" };
                // Strict: a field that the served version does not know must not vanish silently.
                let query = format!("?fieldManager={manager}&force={force}&fieldValidation=Strict{dry_run}");
                (APPLY, query)
            }
        };
        let answer = self.object_call(Method::PATCH, id, &query, Some((content_type, body))).await?;
        Ok((Live { object: answer.json()? }, answer.status == 201))
    }

    /// Asks for the deletion of exactly the object `live`.
    pub(super) async fn delete(&self, id: &ObjectId, live: &Live, orphan: bool) -> Result<Deleting, Refusal> {
        let options = json!({
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": if orphan { "Orphan" } else { "Background" },
            // The resourceVersion as well: a mark that somebody renewed since we looked must stop us.
            "preconditions": {"uid": live.uid(), "resourceVersion": live.resource_version()},
        });
        match self.object_call(Method::DELETE, id, "", Some(("application/json", &options))).await {
            // The answer is the object while something holds it, and a bare success once it is gone.
            Ok(answer) if answer.json::<Value>()?["kind"] == "Status" => Ok(Deleting::Gone),
            Ok(_) => Ok(Deleting::Pending),
            Err(Refusal::Cause(Cause::NotFound(_))) => Ok(Deleting::Absent),
            Err(refusal) => Err(refusal),
        }
    }

    /// A request for one object, in the served version of its kind. A version that went away during the run (an operator
    /// was upgraded) is looked up again, once.
    async fn object_call(
        &self,
        method: Method,
        id: &ObjectId,
        query: &str,
        body: Option<(&'static str, &Value)>,
    ) -> Result<Answer, Refusal> {
        let mut retried = false;
        loop {
            let version = self.version(id.kind).await?;
            let body = body.map(|(content_type, body)| {
                // An applied object names its version itself, so the body follows the path.
                let mut body = body.clone();
                if content_type == APPLY {
                    body["apiVersion"] = json!(id.kind.api_version(&version));
                }
                (content_type, Bytes::from(body.to_string()))
            });
            let path = format!("{}{query}", paths::object(id, &version));
            let answer = self.send(&Call { method: method.clone(), path: &path, body }).await?;
            if answer.is_success() {
                return Ok(answer);
            }
            let refused = refusal(answer.status, &answer.body, id.kind, Some(id));
            let vanished = matches!(refused, Refusal::Cause(Cause::NoSuchKind { .. }));
            if vanished && !retried && self.forget_version(id.kind).await {
                retried = true;
                continue;
            }
            return Err(refused);
        }
    }
}

/// The cause of a refusal where nothing is left to try.
pub(super) fn settle(refusal: Refusal) -> Cause {
    match refusal {
        Refusal::Cause(cause) => cause,
        Refusal::Stale => {
            Cause::Server { status: 409, words: "the object keeps changing while we write it".to_owned() }
        }
        Refusal::NoDryRun(words) => Cause::Admission { words },
    }
}
