//! Where evidence comes from: a live cluster or a recorded file, and what stands beside it.

use std::path::{Path, PathBuf};

use clap::Args;
use homelab_backends::gate::prometheus::{self, Settings};
use homelab_backends::gate_host;
use homelab_core::gate::{CheckName, Evidence, ManifestSources, Weights, merge_hosts, recorded_settings};

use super::monitoring::Monitoring;
use crate::configuration::{self, Configuration};
use crate::output::{Failure, Printer};

/// The cluster, or what was recorded of it.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// Take this recorded evidence instead of looking at a live cluster
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,
    /// Read the provider block from the Terraform files of this folder; else from the environment alone
    #[arg(long, value_name = "DIR", conflicts_with = "evidence")]
    dir: Option<PathBuf>,
}

impl Place {
    /// Looks for what those checks need.
    pub(crate) fn evidence(&self, weights: &Weights, printer: &Printer) -> Result<Evidence, Failure> {
        self.with(weights, Beside::default(), printer)
    }

    /// As [`Place::evidence`], with those looked at too.
    fn with(&self, weights: &Weights, beside: Beside, printer: &Printer) -> Result<Evidence, Failure> {
        match &self.evidence {
            Some(file) => recorded(file),
            None => live(self.dir.as_deref(), weights, beside, printer),
        }
    }
}

/// What is looked at beside the cluster's own API, where somebody named it.
#[derive(Default)]
struct Beside {
    manifests: Option<ManifestSources>,
    monitoring: Option<Settings>,
    /// The time over which the monitoring is asked for requests of deprecated APIs, in seconds.
    window: u64,
}

/// What every verb takes that judges, or looks for one that does.
#[derive(Debug, Args)]
pub(crate) struct Sources {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    monitoring: Monitoring,
    /// Look through the manifests of Helm's releases for APIs that are gone; the identity must be allowed to list Secrets
    #[arg(long, conflicts_with = "evidence")]
    helm: bool,
    /// Look through this folder of manifests for APIs that are gone
    #[arg(long, value_name = "DIR", conflicts_with = "evidence")]
    manifests: Option<PathBuf>,
    /// What the nodes' machines tell of themselves: files of `gate capture --host`, one for each node; hosts and
    /// certificates are checked then
    #[arg(long, value_name = "FILE", num_args = 1..)]
    host_evidence: Vec<PathBuf>,
    /// Settings of before, to be still there: a file of `gate record`, or evidence that was captured then; survival is
    /// checked then
    #[arg(long, value_name = "FILE")]
    settings_before: Option<PathBuf>,
}

impl Sources {
    /// Whether the evidence comes out of a file.
    pub(super) fn is_recorded(&self) -> bool {
        self.place.evidence.is_some()
    }

    /// Turns on what is judged by itself where its source was named.
    pub(crate) fn weigh(&self, weights: &mut Weights) {
        // What is wrong with it is said by the look itself.
        if self.monitoring().is_ok_and(|monitoring| monitoring.is_some()) {
            weights.turn_on(CheckName::Alerts);
        }
        if self.manifests().is_some() {
            weights.turn_on(CheckName::Manifests);
        }
        if !self.host_evidence.is_empty() {
            weights.turn_on(CheckName::Hosts);
            weights.turn_on(CheckName::Certificates);
        }
        if self.settings_before.is_some() {
            weights.turn_on(CheckName::Survival);
        }
    }

    /// The manifests to look through, where somebody asked.
    fn manifests(&self) -> Option<ManifestSources> {
        let folder = self.manifests.as_ref().map(|folder| folder.display().to_string());
        (self.helm || folder.is_some()).then_some(ManifestSources { helm: self.helm, folder })
    }

    /// The Prometheus to ask, where there is one.
    fn monitoring(&self) -> Result<Option<Settings>, Failure> {
        if self.is_recorded() { Ok(None) } else { self.monitoring.settings(self.place.dir.as_deref()) }
    }

    /// Looks for what those checks need; at requests of deprecated APIs over so many seconds.
    pub(crate) fn evidence(&self, weights: &Weights, window: u64, printer: &Printer) -> Result<Evidence, Failure> {
        let beside = Beside { manifests: self.manifests(), monitoring: self.monitoring()?, window };
        let mut evidence = self.place.with(weights, beside, printer)?;
        merge_hosts(&mut evidence, &gate_host::read(&self.host_evidence), gate_host::now());
        if let Some(file) = &self.settings_before {
            evidence.settings_before = recorded_settings(&read(file, "the settings of before", "homelab gate record")?)
                .map_err(|error| {
                    Failure::new(format!("{} {error}", file.display()))
                        .hint("`homelab gate record > FILE` writes such a file")
                })?;
        }
        Ok(evidence)
    }
}

fn read(file: &Path, what: &str, verb: &str) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| {
        Failure::new(format!("failed to read {what} {}: {error}", file.display()))
            .hint(format!("`{verb} > FILE` writes such a file"))
    })
}

pub(super) fn recorded(file: &Path) -> Result<Evidence, Failure> {
    Evidence::from_json(&read(file, "the evidence file", "homelab gate capture")?).map_err(|error| {
        Failure::new(format!("{} {error}", file.display()))
            .hint("`homelab gate capture > FILE` writes one of this version")
    })
}

fn live(dir: Option<&Path>, weights: &Weights, beside: Beside, printer: &Printer) -> Result<Evidence, Failure> {
    let cluster = Configuration::of(dir)?.cluster()?;
    let look = async {
        let mut evidence = homelab_backends::gate::capture_for(&cluster, weights).await;
        if let Some(wanted) = &beside.manifests {
            homelab_backends::gate::add_manifests(Some(&cluster), wanted, &mut evidence).await;
        }
        prometheus::add(Ok(beside.monitoring), Some(&cluster), weights, beside.window, &mut evidence).await;
        evidence
    };
    Ok(configuration::runtime()?.block_on(printer.waiting("looking at the cluster", look)))
}
