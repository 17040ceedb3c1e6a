//! Elements of an ingress's computed lists.

use super::{Expect, PathType};
use crate::prelude::*;

/// One declared path, for the probe.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Leaf, JsonSchema)]
pub struct ProbeTarget {
    /// Which declaration it is: the path for those of the resource itself, the label for a carve-out of one path,
    /// `<label>:<path>` for one of several; with `@<host>` after it on a host of `host_aliases`.
    pub label: String,
    /// Its address.
    pub url: String,
    /// What it is declared to be.
    pub expect: Expect,
    /// How the path matches.
    pub path_type: PathType,
    /// The Ingress that serves it, as `<namespace>/<name>`.
    pub ingress: String,
    /// Changes whenever any route of the resource does, so that the probe looks again.
    pub routing_hash: String,
    /// The methods to ask with; empty is GET.
    pub methods: Vec<String>,
    /// The only statuses of a public path; empty is any.
    pub statuses: Vec<u16>,
    /// The media type with which a public path must answer.
    pub content_type: Option<String>,
    /// Text that must be in a public path's answer.
    pub body_contains: Option<String>,
    /// Further request headers.
    pub headers: Option<BTreeMap<String, String>>,
    /// Whether it speaks WebSocket.
    pub websocket: Option<bool>,
    /// The origin of a page elsewhere that may ask a public path.
    pub cors_origin: Option<String>,
    /// Of a path with `auth = "public"`: the client for which the gate opens a session for guests, `guest_client_id` of
    /// `wall` in the provider's `site` block; empty where none is named there.
    pub guest_client_id: Option<String>,
}

/// A DNS record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Leaf, JsonSchema)]
pub struct DnsRecord {
    /// Full name.
    pub name: String,
    /// `A`, `AAAA` or `CNAME`.
    pub r#type: String,
    /// Address, or name.
    pub content: String,
    /// Whether the provider's own servers answer in front of it.
    pub proxied: bool,
    /// Time to live in seconds; 1 is "automatic".
    pub ttl: i64,
}
