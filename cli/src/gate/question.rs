//! What is asked of the gate: a version, which checks, and where the evidence comes from.

use std::path::{Path, PathBuf};

use clap::Args;
use homelab_core::gate::{self, CheckName, Compat, Evidence, KubeVersion, Report, Request, Weights};
use homelab_schema::duration::GoDuration;
use homelab_schema::upgrade_gate::Weight;

use super::sources::Sources;
use crate::output::{Failure, Printer};

/// What every verb takes that judges.
#[derive(Debug, Args)]
pub(crate) struct Question {
    /// The version to go to, in full: 1.36.2
    #[arg(long, value_name = "VERSION")]
    target: String,
    /// How long an API server must have been running before the silence of its metric of deprecated requests counts;
    /// 24h when left out
    #[arg(long, value_name = "DURATION")]
    window: Option<String>,
    /// Let this check decide, be it off or a warning by itself: drain, certificates and others, or all
    #[arg(long, value_name = "CHECK")]
    check: Vec<String>,
    /// Read versions of add-ons from this addon-compat.json, in place of what is known about them
    #[arg(long, value_name = "FILE")]
    matrix: Option<PathBuf>,
    #[command(flatten)]
    sources: Sources,
}

impl Question {
    /// Looks, and judges what was seen.
    pub(crate) fn judge(&self, printer: &Printer) -> Result<(Evidence, Request, Report), Failure> {
        let request = self.request()?;
        let evidence = self.sources.evidence(&request.weights, request.window_seconds, printer)?;
        let report = gate::judge(&evidence, &request);
        Ok((evidence, request, report))
    }

    /// Whether what is judged comes out of a file, so that it may be old.
    pub(super) fn is_recorded(&self) -> bool {
        self.sources.is_recorded()
    }

    fn request(&self) -> Result<Request, Failure> {
        let target: KubeVersion = self.target.parse().map_err(|error| {
            Failure::new(format!("--target: {error}")).hint("a patch decides too, so the version is written in full")
        })?;
        let mut request = Request::new(target);
        if let Some(window) = &self.window {
            request.window_seconds = seconds(window)?;
        }
        self.sources.weigh(&mut request.weights);
        for name in &self.check {
            also(&mut request.weights, name)?;
        }
        if let Some(file) = &self.matrix {
            request = matrix(file)?.apply(request);
        }
        request.today = homelab_backends::gate::today();
        Ok(request)
    }
}

fn seconds(window: &str) -> Result<u64, Failure> {
    let wrong = |why: String| Failure::new(format!("--window: {why}")).hint("write a duration such as 24h or 1h30m");
    let window: GoDuration = window.parse().map_err(|error| wrong(format!("{error}")))?;
    window.to_std().map(|window| window.as_secs()).ok_or_else(|| wrong("it must not be negative".to_owned()))
}

/// Turns a check on, or every one.
fn also(weights: &mut Weights, name: &str) -> Result<(), Failure> {
    match (name, CheckName::by_name(name)) {
        ("all", _) => *weights = Weights::all(Weight::Error),
        (_, Some(check)) => weights.set(check, Weight::Error),
        (_, None) => {
            let names = CheckName::ALL.map(CheckName::name).join(", ");
            return Err(
                Failure::new(format!("--check: there is no check {name:?}")).hint(format!("all, or one of {names}"))
            );
        }
    }
    Ok(())
}

pub(super) fn matrix(file: &Path) -> Result<Compat, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::new(format!("failed to read the matrix {}: {error}", file.display())))?;
    Compat::from_json(&text).map_err(|error| Failure::new(format!("{}: {error}", file.display())))
}
