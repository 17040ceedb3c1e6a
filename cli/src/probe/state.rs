//! A state as `terraform show -json` prints it: what ingresses declare and what probes look at, also where only a run could
//! tell the targets.

use std::path::Path;

use homelab_cty::{Model, Path as ValuePath};
use homelab_schema::carveout_probe::CarveoutProbe;
use homelab_schema::ingress::{Ingress, ProbeTarget};
use serde_json::Value;

use super::file::text_of;
use crate::output::Failure;

/// What of a state has to do with doors.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Each ingress with its address and its targets.
    pub(super) ingresses: Vec<(String, Vec<ProbeTarget>)>,
    /// Each probe with its address.
    pub(super) probes: Vec<(String, CarveoutProbe)>,
}

/// Reads a file, or stdin for `-`.
pub(super) fn read(file: &Path) -> Result<State, Failure> {
    let text = text_of(file, "state")?;
    parse(&text).map_err(|why| {
        Failure::new(format!("{}: {why}", file.display()))
            .hint("`terraform show -json > state.json` prints what is read here; a terraform.tfstate is none")
    })
}

fn parse(text: &str) -> Result<State, String> {
    let document: Value = serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))?;
    if document["format_version"].as_str().is_none_or(|version| version.split('.').next() != Some("1")) {
        return Err("it has no format_version 1.x, as `terraform show -json` has it".to_owned());
    }
    // A plan is printed in the same form, with what it would make.
    let values = ["planned_values", "values"].into_iter().find_map(|member| document.get(member));
    let mut state = State::default();
    // A state without any resource has no values at all.
    if let Some(root) = values.and_then(|values| values.get("root_module")) {
        module(root, &mut state)?;
    }
    Ok(state)
}

fn module(module_: &Value, state: &mut State) -> Result<(), String> {
    let list = |member: &str| module_[member].as_array().into_iter().flatten();
    for resource in list("resources").filter(|resource| resource["mode"] != "data") {
        let address = resource["address"].as_str().unwrap_or_default();
        match resource["type"].as_str() {
            Some("homelab_ingress") => {
                let ingress: Ingress = model(resource).map_err(|why| format!("{address}: {why}"))?;
                state.ingresses.push((address.to_owned(), ingress.probe_targets.into_known().unwrap_or_default()));
            }
            Some("homelab_carveout_probe") => {
                let probe: CarveoutProbe = model(resource).map_err(|why| format!("{address}: {why}"))?;
                state.probes.push((address.to_owned(), probe));
            }
            _ => {}
        }
    }
    list("child_modules").try_for_each(|child| module(child, state))
}

/// Attributes that this version does not know are left out: a later one may have written them.
fn model<M: Model>(resource: &Value) -> Result<M, String> {
    let bytes = resource["values"].to_string();
    let value = homelab_cty::json::decode_dropping_extra(bytes.as_bytes(), &M::block().ty())
        .map_err(|error| error.to_string())?;
    M::from_value(&value, &ValuePath::root()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ingresses_and_probes_are_found_in_every_module() {
        let target = json!({
            "label": "share", "url": "https://photos.example.net/share", "expect": "public", "path_type": "Prefix",
            "ingress": "photos/photos-share", "routing_hash": "0", "methods": [], "statuses": [],
            "content_type": null, "body_contains": null, "of_a_later_version": true,
        });
        let ingress = json!({
            "address": "module.a.homelab_ingress.photos", "mode": "managed", "type": "homelab_ingress",
            "values": {"name": "photos", "namespace": "photos", "carve_out": {}, "probe_targets": [target]},
        });
        let probe = json!({
            "address": "homelab_carveout_probe.photos", "mode": "managed", "type": "homelab_carveout_probe",
            "values": {"targets": [target], "target": {}},
        });
        let document = json!({"format_version": "1.0", "values": {"root_module": {
            "resources": [probe, {"address": "x.y", "type": "x", "values": {}}],
            "child_modules": [{"resources": [ingress]}],
        }}});
        let state = parse(&document.to_string()).unwrap();
        assert_eq!(state.ingresses[0].0, "module.a.homelab_ingress.photos");
        assert_eq!(state.ingresses[0].1[0].url, "https://photos.example.net/share");
        assert_eq!(state.probes[0].1.targets.known().map(Vec::len), Some(1));
        assert!(parse(r#"{"format_version":"1.0"}"#).unwrap().probes.is_empty(), "an empty state");
        for (text, said) in
            [("{}", "format_version"), ("no", "no JSON"), (r#"{"version":4,"resources":[]}"#, "terraform show")]
        {
            assert!(parse(text).unwrap_err().contains(said), "{text}");
        }
    }
}
