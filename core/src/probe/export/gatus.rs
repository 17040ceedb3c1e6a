//! Gatus: an endpoint for each door.

use homelab_schema::carveout_probe::WallSystem;
use homelab_schema::ingress::Expect;
use serde_json::{Value, json};

use super::super::{Door, Settings};
use super::{ACCEPT, AGENT, PUBLIC, exportable, timeout, word};

/// The endpoints.
pub(super) fn endpoints(doors: &[Door], settings: &Settings) -> Value {
    let endpoint = |door: &Door| {
        let mut conditions = vec![any(&statuses(door, settings))];
        let text = door.proof.body_contains.as_deref().and_then(pattern);
        conditions.extend(text.map(|pattern| format!("[BODY] == pat({pattern})")));
        json!({
            // Name and group together must be unique, and labels of several apps may be alike.
            "name": format!("{}{}", door.url.authority(), door.url.path()),
            "group": format!("homelab {}", word(door.expect)),
            "url": door.url.shown(),
            "interval": "1m",
            "headers": { "Accept": ACCEPT, "User-Agent": AGENT },
            "client": { "ignore-redirect": true, "timeout": timeout(settings) },
            "conditions": conditions,
        })
    };
    json!({ "endpoints": exportable(doors).into_iter().map(endpoint).collect::<Vec<_>>() })
}

fn statuses(door: &Door, settings: &Settings) -> Vec<u16> {
    match door.expect {
        Expect::Public if !door.proof.statuses.is_empty() => door.proof.statuses.clone(),
        Expect::Public => PUBLIC.to_vec(),
        Expect::Gated if settings.wall.system == Some(WallSystem::Basic) => vec![401],
        Expect::Gated => vec![301, 302, 303, 307, 308, 401, 403],
    }
}

fn any(statuses: &[u16]) -> String {
    let list: Vec<String> = statuses.iter().map(ToString::to_string).collect();
    format!("[STATUS] == any({})", list.join(", "))
}

/// A pattern for a body with this text; `None` where the text has characters that mean something in a pattern or a
/// condition.
pub(super) fn pattern(text: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b" -_.:/;'\"<>".contains(&byte);
    let operator = ["<=", ">=", "==", "!="].iter().any(|operator| text.contains(operator))
        || [" < ", " > "].iter().any(|operator| text.contains(operator));
    (text.trim() == text && !operator && text.bytes().all(plain)).then(|| format!("*{text}*"))
}
