//! `homelab probe targets`: what the ingresses of a folder declare, and what of it no probe looks at.

use std::path::PathBuf;

use clap::Args;
use homelab_core::exit::{Class, Exit, Order};
use homelab_core::probe::{Door, Url, doors};
use homelab_schema::ingress::Expect;
use homelab_schema::provider::Site;
use schemars::JsonSchema;
use serde::Serialize;

use crate::configuration::Configuration;
use crate::folder::or_default;
use crate::output::{Failure, Printer, Text, line};

/// What can be typed after `probe targets`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The folder whose Terraform files are read
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

/// What `probe targets` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// Version of this form.
    version: u32,
    /// The exit code that goes with it.
    exit: u8,
    /// How many paths are declared, public and gated.
    declared: usize,
    /// How many of them a probe looks at.
    probed: usize,
    /// Each of them.
    targets: Vec<Row>,
}

/// One declared path.
#[derive(Debug, Serialize, JsonSchema)]
struct Row {
    /// The resource that declares it.
    ingress: String,
    /// What it is called there.
    label: String,
    /// Its address.
    url: String,
    /// `public` or `gated`.
    expect: &'static str,
    /// The probes that look at it; empty where none does.
    probes: Vec<String>,
}

pub(super) fn run(options: &Options, printer: &Printer) -> Result<Exit, Failure> {
    let Configuration { provider, folder } = Configuration::of_resources(Some(&options.dir))?;
    let site: Site = or_default(&provider.site);
    let Some(mut folder) = folder else { return Err(Failure::new("there is no folder to read")) };
    let declared = folder.ingress_targets(&site)?;
    let mut probes: Vec<(String, Vec<Door>)> = Vec::new();
    for (name, probe) in folder.probes(&site)? {
        let refused =
            |findings: Vec<_>| Failure::refused(&format!("the targets of {name} cannot be probed"), &findings);
        let doors = doors(&probe).map_err(refused)?;
        probes.push((name, doors));
    }
    let rows = declared.iter().flat_map(|(ingress, targets)| targets.iter().map(move |target| (ingress, target)));
    let targets: Vec<Row> = rows
        .map(|(ingress, target)| {
            let url = Url::parse(&target.url).ok();
            let looks = |door: &Door| Some(&door.url) == url.as_ref() && door.expect == target.expect;
            let probes = probes.iter().filter(|(_, doors)| doors.iter().any(looks));
            Row {
                ingress: ingress.clone(),
                label: target.label.clone(),
                // As in results: a query is not shown.
                url: url.as_ref().map_or_else(|| target.url.clone(), Url::shown),
                expect: match target.expect {
                    Expect::Public => "public",
                    Expect::Gated => "gated",
                },
                probes: probes.map(|(name, _)| name.clone()).collect(),
            }
        })
        .collect();
    let seen = targets.iter().filter(|row| !row.probes.is_empty()).count();
    let class = if seen == targets.len() { Class::Note } else { Class::Act };
    let exit = Exit::of([class], Order::Usual);
    printer.report(&Answer { version: 1, exit: exit.code(), declared: targets.len(), probed: seen, targets })?;
    Ok(exit)
}

impl Text for Answer {
    fn text(&self, out: &mut String) {
        for row in &self.targets {
            let (word, by) = match row.probes.as_slice() {
                [] => ("unprobed", String::new()),
                probes => ("probed", format!(" by {}", probes.join(", "))),
            };
            line!(out, "{word:8} {} {} {} {}{by}", row.expect, row.url, row.ingress, row.label);
        }
        line!(out, "{} of {} declared paths are probed", self.probed, self.declared);
    }
}
