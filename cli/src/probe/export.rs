//! `homelab probe export`: the same doors for a program that watches all the time.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use homelab_core::exit::Exit;
use homelab_core::probe::export::Format;
use homelab_core::probe::{Defaults, Door, Run, doors};
use homelab_schema::provider::{Probe as Block, Site};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::args::WALL_SYSTEMS;
use crate::configuration::Configuration;
use crate::folder::or_default;
use crate::output::{Failure, Printer, Text, line};

/// What can be typed after `probe export`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// For which program
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: For,
    /// Take the targets of every probe in the Terraform files of this folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["public", "gated"])]
    pub(super) dir: Option<PathBuf>,
    /// An address that must be reachable without signing in; may be repeated
    #[arg(long, value_name = "URL")]
    pub(super) public: Vec<String>,
    /// An address that must lead to the sign-in; may be repeated
    #[arg(long, value_name = "URL")]
    pub(super) gated: Vec<String>,
    /// The system behind the gate
    #[arg(long, value_name = "SYSTEM", env = "HOMELAB_WALL_SYSTEM", value_parser = WALL_SYSTEMS)]
    pub(super) wall: Option<String>,
    /// The host that the sign-in redirects to
    #[arg(long, value_name = "HOST", env = "HOMELAB_WALL_ISSUER_HOST")]
    pub(super) issuer: Option<String>,
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
    /// What its program does not see of a door.
    blind: &'static str,
    /// The document; as text it is printed as YAML.
    document: Value,
    #[serde(skip)]
    #[schemars(skip)]
    yaml: String,
}

pub(super) fn run(options: &Options, printer: &Printer) -> Result<Exit, Failure> {
    let Configuration { provider, folder } = Configuration::of_resources(options.dir.as_deref())?;
    let (site, settings): (Site, Block) = (or_default(&provider.site), or_default(&provider.probe));
    let defaults = Defaults::new(&site, &settings)
        .map_err(|findings| Failure::refused("the provider block cannot be used for a probe", &findings))?;
    // Nothing is sent from here: what the other program may reach is its own matter.
    let defaults = Defaults { allow_private: Some(true), ..defaults };
    let mut all: Vec<Door> = Vec::new();
    let mut how = None;
    for (name, declared) in super::exported(options, folder, &site)? {
        let refused =
            |findings: Vec<_>| Failure::refused(&format!("the targets of {name} cannot be probed"), &findings);
        let settings = Run::new(&declared, &defaults).map_err(refused)?.settings;
        all.extend(doors(&declared).map_err(refused)?);
        how = how.or(Some(settings));
    }
    let Some(settings) = how else { return Err(Failure::new("there is nothing to export")) };
    let format = Format::from(options.format);
    let document = format.document(&all, &settings);
    let yaml = serde_norway::to_string(&document)
        .map_err(|error| Failure::new(format!("failed to write the document as YAML: {error}")))?;
    printer.report(&Answer { version: 1, blind: format.blind(), document, yaml })?;
    Ok(Exit::Clean)
}

impl Text for Answer {
    fn text(&self, out: &mut String) {
        line!(out, "# Made by homelab probe export. {}", self.blind);
        out.push_str(&self.yaml);
    }
}
