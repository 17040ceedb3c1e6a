//! Objects in a cluster.
//!
//! Requests are made by hand on the client library's connection (its TLS, proxies and credential programs), because the
//! parts above that decide what this project promises: which 404 means "gone", who owns a field, how long an overloaded
//! server is waited for.

mod adopt;
mod api;
mod connection;
mod delete;
pub(crate) mod failure;
mod fields;
mod kubeconfig;
mod lists;
mod paths;
mod raw;
mod requests;
mod settings;
mod status;
mod token_file;
mod transport;
mod versions;
mod write;

use std::fmt::Display;
use std::time::Duration;

use async_trait::async_trait;

use self::api::Api;
use self::lists::SharedReads;
pub(crate) use self::paths::segment;
pub use self::requests::REQUEST_LOG;
pub use self::settings::{ExecSettings, Place, Settings};
use crate::objects::{
    Applied, ApplyRequest, Backend, Cause, Checked, DeleteRequest, Deletion, FieldsRequest, Kind, Live, ObjectError,
    ObjectId, Objects, Scope,
};

/// Until a connection stands, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Until an answer is complete.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// One cluster, as one identity. Connects at the first request; nothing is shared between two of them.
pub struct Kube {
    api: Api,
    reads: SharedReads,
}

impl Kube {
    /// A client for that cluster. Reads no file and connects to nothing yet.
    pub fn new(settings: Settings) -> Self {
        Self { api: Api::new(settings), reads: SharedReads::default() }
    }

    /// Requests so far, retries included.
    pub fn requests(&self) -> u64 {
        self.api.requests()
    }

    fn failed<'a>(&'a self, verb: &'a str, what: impl Display + 'a) -> impl FnOnce(Cause) -> ObjectError + 'a {
        // The place is asked for last: the address is known once a kubeconfig was read.
        move |cause| ObjectError::new(format!("{verb} {what} at {}", self.api.place()), cause)
    }
}

#[async_trait]
impl Objects for Kube {
    fn backend(&self) -> Backend {
        Backend::Cluster
    }

    fn place(&self) -> String {
        self.api.place()
    }

    async fn get(&self, id: &ObjectId) -> Result<Option<Live>, ObjectError> {
        self.api.get(id).await.map_err(self.failed("read", id))
    }

    async fn read(&self, id: &ObjectId) -> Result<Option<Live>, ObjectError> {
        self.reads.read(&self.api, id).await.map_err(self.failed("read", id))
    }

    async fn list(&self, kind: Kind, scope: Scope<'_>) -> Result<Vec<Live>, ObjectError> {
        let mut all = Vec::new();
        self.each(kind, scope, &mut |live| all.push(live)).await?;
        Ok(all)
    }

    async fn each(&self, kind: Kind, scope: Scope<'_>, take: &mut (dyn FnMut(Live) + Send)) -> Result<(), ObjectError> {
        let what = match scope {
            Scope::Namespace(namespace) => format!("all {kind} in {namespace}"),
            Scope::All => format!("all {kind}"),
        };
        lists::each(&self.api, kind, scope, take).await.map_err(self.failed("list", what))
    }

    async fn apply(&self, request: &ApplyRequest) -> Result<Applied, ObjectError> {
        let _writing = self.reads.writing(&request.id);
        write::apply(&self.api, &self.reads, request).await.map_err(self.failed("apply", &request.id))
    }

    async fn check(&self, request: &ApplyRequest) -> Result<Checked, ObjectError> {
        write::check(&self.api, &self.reads, request).await.map_err(self.failed("check", &request.id))
    }

    async fn apply_fields(&self, request: &FieldsRequest, dry_run: bool) -> Result<Option<Live>, ObjectError> {
        let _writing = (!dry_run).then(|| self.reads.writing(&request.id));
        let done = fields::apply(&self.api, &self.reads, request, dry_run).await;
        done.map_err(self.failed("write fields of", &request.id))
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Deletion, ObjectError> {
        let _writing = self.reads.writing(&request.id);
        delete::delete(&self.api, &self.reads, request).await.map_err(self.failed("delete", &request.id))
    }

    async fn served_version(&self, kind: Kind) -> Result<String, ObjectError> {
        self.api.served_version(kind).await.map_err(self.failed("look up the version of", kind))
    }
}
