//! Single fields of somebody else's object.
//!
//! Pinned to the object that was seen by its uid: an apply of ours to an object that is gone would make an empty one of
//! that name. Not pinned to its resourceVersion: whoever looks after it may go on writing.

use serde_json::{Value, json};

use super::api::{Api, Patch, settle};
use super::lists::SharedReads;
use super::status::Refusal;
use crate::objects::{Cause, FieldsRequest, Live};

/// How often an object that is replaced under our hands is looked at again.
const ATTEMPTS: u32 = 3;

/// Makes the fields what the request says, without force; `None` where the object is absent.
pub(super) async fn apply(
    api: &Api,
    reads: &SharedReads,
    request: &FieldsRequest,
    dry_run: bool,
) -> Result<Option<Live>, Cause> {
    let mut found = reads.guess(api, &request.id).await?;
    for _ in 0..ATTEMPTS {
        let Some(live) = &found else { break };
        match api
            .patch(&request.id, Patch::Apply { manager: &request.manager, force: false, dry_run }, &body(request, live))
            .await
        {
            Ok((live, _)) => return Ok(Some(live)),
            Err(Refusal::Stale) => found = api.get(&request.id).await?,
            Err(refusal) => return Err(settle(refusal)),
        }
    }
    match found {
        None => Ok(None),
        Some(_) => Err(settle(Refusal::Stale)),
    }
}

fn body(request: &FieldsRequest, live: &Live) -> Value {
    let mut body = if request.fields.is_object() { request.fields.clone() } else { json!({}) };
    if !body["metadata"].is_object() {
        body["metadata"] = json!({});
    }
    body["kind"] = json!(request.id.kind.kind);
    body["metadata"]["name"] = json!(request.id.name);
    if let Some(namespace) = &request.id.namespace {
        body["metadata"]["namespace"] = json!(namespace);
    }
    body["metadata"]["uid"] = json!(live.uid());
    body
}
