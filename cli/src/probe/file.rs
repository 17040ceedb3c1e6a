//! A list of doors in a file: by hand, or what another program wrote, such as the `probe_targets` of an ingress as
//! `terraform output -json` prints them.

use std::io::Read as _;
use std::path::Path;

use homelab_cty::{Model, Path as ValuePath};
use homelab_schema::carveout_probe::{CarveoutProbe, ProbedDoor};
use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::sources::labelled;
use crate::output::Failure;

/// A list of doors, as `--file` of the verbs of `probe` takes it: JSON or YAML.
#[derive(Debug, JsonSchema)]
#[schemars(title = "ProbeFile")]
#[expect(dead_code, reason = "it is the schema; what is read is read by the declared model")]
pub(crate) struct File(Vec<Entry>);

/// A door.
#[derive(Debug, JsonSchema)]
#[expect(dead_code, reason = "as above")]
struct Entry {
    /// What it is called in results; left out, its address.
    label: Option<String>,
    /// The Ingress that serves it; only for whoever reads the file.
    ingress: Option<String>,
    /// As `probe_targets` have it; not looked at.
    routing_hash: Option<String>,
    #[schemars(flatten)]
    door: ProbedDoor,
}

/// Members that are for whoever reads the file.
const REMARKS: [&str; 2] = ["ingress", "routing_hash"];

/// The text of a file, or of stdin for `-`.
pub(super) fn text_of(file: &Path, what: &str) -> Result<String, Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("failed to read the {what} {}: {error}", file.display()));
    if file == Path::new("-") {
        let mut text = String::new();
        return std::io::stdin().read_to_string(&mut text).map(|_| text).map_err(failed);
    }
    std::fs::read_to_string(file).map_err(failed)
}

/// The doors of a file as a probe.
pub(super) fn read(file: &Path) -> Result<CarveoutProbe, Failure> {
    let name = if file == Path::new("-") { "stdin".to_owned() } else { file.display().to_string() };
    let wrong = |why: String| {
        Failure::new(format!("{name}: {why}")).hint(
            "it is a list of doors in JSON or YAML, each with url and expect; `homelab schema input` prints the schema",
        )
    };
    let text = text_of(file, "probe file")?;
    let list: Value = serde_norway::from_str(&text).map_err(|error| wrong(format!("failed to parse it: {error}")))?;
    let Value::Array(entries) = list else { return Err(wrong("it is no list".to_owned())) };
    let mut doors = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let Value::Object(entry) = entry else { return Err(wrong(format!("[{index}]: it is no door"))) };
        doors.push(door(entry).map_err(|why| wrong(format!("[{index}]{why}")))?);
    }
    Ok(labelled(doors))
}

/// Label, where it has one, and door; an error begins with where it is.
fn door(mut entry: Map<String, Value>) -> Result<(Option<String>, ProbedDoor), String> {
    let label = match entry.remove("label") {
        None | Some(Value::Null) => None,
        Some(Value::String(label)) => Some(label),
        Some(_) => return Err(".label: it is no text".to_owned()),
    };
    for remark in REMARKS {
        entry.remove(remark);
    }
    // A list that says nothing is one that was left out, as where an ingress has no such hint.
    entry.retain(|_, value| !matches!(value, Value::Array(list) if list.is_empty()));
    let value = homelab_cty::json::from_json(&Value::Object(entry), &ProbedDoor::block().ty())
        .map_err(|error| format!(": {error}"))?;
    let door = ProbedDoor::from_value(&value, &ValuePath::root()).map_err(|error| format!(".{error}"))?;
    if door.url.known().is_none() || door.expect.known().is_none() {
        return Err(": a door has a url, and expect is public or gated".to_owned());
    }
    Ok((label, door))
}
