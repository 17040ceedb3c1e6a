//! A part of a host that is served differently.

use super::{Auth, PathType, RateLimit, Service};
use crate::prelude::*;

/// A part of the host that is served differently.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct CarveOut {
    /// Paths of this part.
    #[model(required)]
    pub paths: Attr<Vec<String>>,
    /// How `paths` match: `Prefix`, `Exact` or `ImplementationSpecific`; as `path_type` of the resource.
    #[model(optional, default = "Prefix")]
    pub path_type: Attr<PathType>,
    /// What is in front of this part; as `auth` of the resource.
    #[model(optional, default = "required")]
    pub auth: Attr<Auth>,
    /// Members of any of these groups may pass; as `allowed_groups` of the resource. Left out, it is that of the resource
    /// where this part has `auth = "required"`.
    #[model(optional)]
    pub allowed_groups: Attr<Vec<String>>,
    /// Why there is no gate. Needed with `auth = "app"` and `"none"`.
    #[model(optional)]
    pub reason: Attr<String>,
    /// Another service for this part. Left out, it is that of the app.
    #[model(block)]
    pub service: Attr<Service>,
    /// Another rate limit for this part, or none. Left out, it is that of the resource.
    #[model(block)]
    pub rate_limit: Attr<RateLimit>,
    /// Whether the middlewares that keep scrapers away are in front of this part. Left out, they are with `auth = "app"` and
    /// `"none"`.
    #[model(optional, computed)]
    pub anti_ai_scraping: Attr<bool>,
    /// Priority of its router. Left out, it is chosen so that the more specific path wins, whatever the lengths of the rules.
    #[model(optional, computed)]
    pub priority: Attr<i64>,
    /// How `homelab_carveout_probe` asks this part, where a plain GET that meets no wall is not the proof.
    #[model(block)]
    pub probe: Attr<Probe>,
}

/// How a part of a host is probed.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct Probe {
    /// Whether it is left out of `probe_targets`: nobody then looks whether it is as declared.
    #[model(optional, default = false)]
    pub skip: Attr<bool>,
    /// The methods to ask with. Default: `["GET"]`. They are sent without a body; name one that changes something only
    /// where that does no harm.
    #[model(optional)]
    pub methods: Attr<Vec<String>>,
    /// The only statuses with which it may answer while it is public.
    #[model(optional)]
    pub statuses: Attr<Vec<u16>>,
    /// The media type with which it must answer while it is public, such as `application/json`.
    #[model(optional)]
    pub content_type: Attr<String>,
    /// Text that must be in the first 64 KiB of its answer while it is public.
    #[model(optional)]
    pub body_contains: Attr<String>,
    /// Further request headers. Credentials (`Authorization`, `Cookie`, …) are refused: they would be stored in the state and
    /// on the object, and a gate that lets them pass proves nothing.
    #[model(optional)]
    pub headers: Attr<BTreeMap<String, String>>,
    /// Whether it speaks WebSocket: an upgrade must then reach the app.
    #[model(optional)]
    pub websocket: Attr<bool>,
    /// The origin of a page elsewhere that may ask it while it is public, as in `https://app.example.net`.
    #[model(optional)]
    pub cors_origin: Attr<String>,
}
