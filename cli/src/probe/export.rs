//! `homelab probe export`: the same doors for a program that watches all the time.

use clap::{Args, ValueEnum};
use homelab_core::exit::Exit;
use homelab_core::probe::export::Format;
use homelab_core::probe::{Defaults, Door, Run, Settings, doors};
use homelab_schema::provider::{Probe as Block, Site};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::flags::{Doors, WallFlags, Way};
use super::sources;
use crate::configuration::Configuration;
use crate::folder::or_default;
use crate::output::{Failure, Printer, Text, line};

/// What can be typed after `probe export`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// For which program
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: For,
    #[command(flatten)]
    doors: Doors,
    #[command(flatten)]
    wall: WallFlags,
    #[command(flatten)]
    way: Way,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum For {
    /// Modules of the blackbox exporter of Prometheus
    Blackbox,
    /// Targets for those modules, as Prometheus discovers them from a file
    PrometheusTargets,
    /// Alerting rules over what those modules measure
    PrometheusRules,
    /// Endpoints of Gatus
    Gatus,
}

impl From<For> for Format {
    fn from(format: For) -> Self {
        match format {
            For::Blackbox => Self::Blackbox,
            For::PrometheusTargets => Self::PrometheusTargets,
            For::PrometheusRules => Self::PrometheusRules,
            For::Gatus => Self::Gatus,
        }
    }
}

/// What `probe export` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// Version of this form.
    version: u32,
    /// What its program does not see of the doors, and what of them is not in the document: a sentence each.
    notes: Vec<String>,
    /// The document; as text it is printed as YAML.
    document: Value,
    #[serde(skip)]
    #[schemars(skip)]
    yaml: String,
}

pub(super) fn run(options: &Options, printer: &Printer) -> Result<Exit, Failure> {
    let configuration = Configuration::of_resources(options.doors.dir.as_deref())?;
    let provider = configuration.provider.clone();
    let (site, block): (Site, Block) = (or_default(&provider.site), or_default(&provider.probe));
    let defaults = Defaults::new(&site, &block)
        .map_err(|findings| Failure::refused("the provider block cannot be used for a probe", &findings))?;
    // Nothing is sent from here: what the other program may reach is its own matter.
    let defaults = Defaults { allow_private: Some(true), ..defaults };
    let mut all: Vec<Door> = Vec::new();
    let mut how: Option<(String, Settings)> = None;
    for named in sources::probes(&options.doors, &options.wall, configuration, printer)? {
        let (name, mut declared) = (named.name, named.probe);
        options.way.apply(&mut declared);
        let refused =
            |findings: Vec<_>| Failure::refused(&format!("the targets of {name} cannot be probed"), &findings);
        let settings = Run::new(&declared, &defaults).map_err(refused)?.settings;
        all.extend(doors(&declared).map_err(refused)?);
        for gap in named.gaps {
            printer.talk(&format!("left out: {}", gap.observed));
        }
        match &how {
            // One document has one wall and one way to the doors.
            Some((first, other)) if way(other) != way(&settings) => {
                return Err(Failure::new(format!("{first} and {name} do not look in the same way")).hint(
                    "export them one by one, or say with --wall, --issuer and --connect-to what counts for all",
                ));
            }
            Some(_) => {}
            None => how = Some((name, settings)),
        }
    }
    let Some((_, settings)) = how else { return Err(Failure::new("there is nothing to export")) };
    let format = Format::from(options.format);
    let document = format.document(&all, &settings);
    let yaml = serde_norway::to_string(&plain(&document))
        .map_err(|error| Failure::new(format!("failed to write the document as YAML: {error}")))?;
    printer.report(&Answer { version: 1, notes: format.notes(&all, &settings), document, yaml })?;
    Ok(Exit::Clean)
}

/// What of settings a document says. Patterns can be written down and not compared.
fn way(settings: &Settings) -> String {
    let Settings { wall, connect_to, resolver, ca_file, timeout, family, .. } = settings;
    format!("{:?}", (wall, connect_to, resolver, ca_file, timeout, family))
}

/// The same for another writer: numbers of `serde_json` keep their digits in a form that no other writer understands.
fn plain(value: &Value) -> serde_norway::Value {
    use serde_norway::Value as Yaml;
    match value {
        Value::Null => Yaml::Null,
        Value::Bool(value) => Yaml::Bool(*value),
        Value::Number(number) => number.as_i64().map_or(Yaml::Null, |number| Yaml::Number(number.into())),
        Value::String(text) => Yaml::String(text.clone()),
        Value::Array(elements) => Yaml::Sequence(elements.iter().map(plain).collect()),
        Value::Object(members) => {
            Yaml::Mapping(members.iter().map(|(name, value)| (Yaml::String(name.clone()), plain(value))).collect())
        }
    }
}

impl Text for Answer {
    fn text(&self, out: &mut String) {
        line!(out, "# Made by homelab probe export.");
        for note in &self.notes {
            line!(out, "# {note}");
        }
        out.push_str(&self.yaml);
    }
}
