//! `blackbox_exporter`: a module for each kind of door, and the targets that name them.

use homelab_schema::carveout_probe::{AddressFamily, WallSystem};
use homelab_schema::ingress::Expect;
use serde_json::{Map, Value, json};

use super::super::{Door, Settings};
use super::{ACCEPT, AGENT, PUBLIC, REDIRECTS, exportable, location, timeout, word};

/// The modules: one for gated doors, one for public ones, and one more for each other thing that is declared of an answer.
pub(super) fn modules(doors: &[Door], settings: &Settings) -> Value {
    json!({ "modules": named(doors, settings).into_iter().collect::<Map<_, _>>() })
}

/// What Prometheus hands to those modules.
pub(super) fn targets(doors: &[Door], settings: &Settings) -> Value {
    let modules = named(doors, settings);
    let target = |door: &Door| {
        let module = of_door(door, settings);
        let name = modules.iter().find(|(_, other)| *other == module).map(|(name, _)| name.clone());
        let mut labels = json!({
            "homelab_url": door.url.shown(),
            "homelab_label": door.label,
            "homelab_expect": word(door.expect),
            "__param_module": name,
        });
        let mut address = door.url.shown();
        if let Some(elsewhere) = elsewhere(door, settings) {
            // Its name for Host and for the certificate.
            labels["__param_hostname"] = json!(door.url.host());
            address = elsewhere;
        }
        json!({ "targets": [address], "labels": labels })
    };
    exportable(doors).into_iter().map(target).collect()
}

/// The address of a door at the declared place. `None` where none is declared, or where the name that goes with it would have
/// a port, which no certificate has.
pub(super) fn elsewhere(door: &Door, settings: &Settings) -> Option<String> {
    let place = settings.connect_to.as_ref().filter(|_| door.url.authority() == door.url.host())?;
    let host = if place.host.contains(':') { format!("[{}]", place.host) } else { place.host.clone() };
    let port = place.port.map(|port| format!(":{port}")).unwrap_or_default();
    let scheme = if door.url.is_tls() { "https" } else { "http" };
    Some(format!("{scheme}://{host}{port}{}", door.url.path()))
}

/// Every module with its name: those of plain doors always, since whoever adds a target by hand expects them.
fn named(doors: &[Door], settings: &Settings) -> Vec<(String, Value)> {
    let mut found = vec![
        ("homelab_public".to_owned(), public(&[], None, None, settings)),
        ("homelab_gated".to_owned(), gated(settings)),
    ];
    for door in exportable(doors) {
        let module = of_door(door, settings);
        if found.iter().any(|(_, other)| *other == module) {
            continue;
        }
        let slug: String = door.label.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let base = format!("homelab_public_{}", slug.trim_matches('_').to_ascii_lowercase());
        let taken = |name: &String| found.iter().any(|(other, _)| other == name);
        let name = std::iter::once(base.clone())
            .chain((2..=found.len()).map(|n| format!("{base}_{n}")))
            .find(|name| !taken(name));
        found.extend(name.map(|name| (name, module)));
    }
    found
}

fn of_door(door: &Door, settings: &Settings) -> Value {
    let proof = &door.proof;
    match door.expect {
        Expect::Gated => gated(settings),
        Expect::Public => {
            public(&proof.statuses, proof.content_type.as_deref(), proof.body_contains.as_deref(), settings)
        }
    }
}

fn public(statuses: &[u16], content_type: Option<&str>, text: Option<&str>, settings: &Settings) -> Value {
    let statuses = if statuses.is_empty() { &PUBLIC } else { statuses };
    let (header, regexp) = if is_basic(settings) {
        ("WWW-Authenticate", BASIC.to_owned())
    } else {
        ("Location", location::of_walls(&settings.wall))
    };
    let mut http = json!({
        "valid_status_codes": statuses,
        "fail_if_header_matches": [{ "header": header, "regexp": regexp, "allow_missing": true }],
    });
    if let Some(media) = content_type {
        let regexp = format!("(?i)^{}([; ]|$)", regex::escape(media));
        http["fail_if_header_not_matches"] = json!([{ "header": "Content-Type", "regexp": regexp }]);
    }
    if let Some(text) = text {
        http["fail_if_body_not_matches_regexp"] = json!([regex::escape(text)]);
    }
    module(http, settings)
}

/// A prompt for a password.
const BASIC: &str = "(?i)^basic";

/// Whether the wall is a prompt, which redirects nowhere.
fn is_basic(settings: &Settings) -> bool {
    settings.wall.system == Some(WallSystem::Basic) && settings.wall.location.is_none()
}

fn gated(settings: &Settings) -> Value {
    let (statuses, header, regexp) = if is_basic(settings) {
        (&[401][..], "WWW-Authenticate", BASIC.to_owned())
    } else {
        (&REDIRECTS[..], "Location", location::of_gate(&settings.wall))
    };
    let must = json!([{ "header": header, "regexp": regexp, "allow_missing": false }]);
    module(json!({ "valid_status_codes": statuses, "fail_if_header_not_matches": must }), settings)
}

fn module(mut http: Value, settings: &Settings) -> Value {
    http["method"] = json!("GET");
    http["follow_redirects"] = json!(false);
    http["headers"] = json!({ "Accept": ACCEPT, "User-Agent": AGENT });
    if let Some(file) = &settings.ca_file {
        http["tls_config"] = json!({ "ca_file": file });
    }
    let family = match settings.family {
        AddressFamily::Any => None,
        AddressFamily::Ipv4 => Some("ip4"),
        AddressFamily::Ipv6 => Some("ip6"),
    };
    if let Some(family) = family {
        http["preferred_ip_protocol"] = json!(family);
        http["ip_protocol_fallback"] = json!(false);
    }
    json!({ "prober": "http", "timeout": timeout(settings), "http": http })
}
