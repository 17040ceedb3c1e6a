//! `homelab probe explain`: what was seen at an address, and why it is judged so.

use std::path::PathBuf;

use clap::Args;
use homelab_backends::http::Prober;
use homelab_core::exit::{Class, Exit, Order};
use homelab_core::probe::explain::{Explained, explain, plain, recorded};
use homelab_core::probe::{Defaults, Outcome, Run};
use homelab_schema::carveout_probe::{CarveoutProbe, Matrix};
use homelab_schema::ingress::Expect;
use schemars::JsonSchema;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::wall_of;
use crate::args::WALL_SYSTEMS;
use crate::configuration::{self, Configuration};
use crate::folder::or_default;
use crate::output::{Failure, Printer, Text, line};

/// What can be typed after `probe explain`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The address that is asked once, with GET
    #[arg(value_name = "URL")]
    url: String,
    /// Explain this recorded answer (status line, headers, an empty line, body) and ask nobody
    #[arg(long, value_name = "FILE")]
    answer: Option<PathBuf>,
    /// The system behind the gate
    #[arg(long, value_name = "SYSTEM", env = "HOMELAB_WALL_SYSTEM", value_parser = WALL_SYSTEMS)]
    wall: Option<String>,
    /// The host that the sign-in redirects to
    #[arg(long, value_name = "HOST", env = "HOMELAB_WALL_ISSUER_HOST")]
    issuer: Option<String>,
    /// The gate's own client at the issuer
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Connect to this address instead of what the name resolves to, with the same Host and SNI
    #[arg(long, value_name = "ADDRESS[:PORT]")]
    connect_to: Option<String>,
    /// Trust the certificates of this PEM file besides the system's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Allow private, loopback and link-local addresses
    #[arg(long)]
    allow_private: bool,
}

/// What `probe explain` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// Version of this form.
    version: u32,
    /// The exit code that goes with it.
    exit: u8,
    /// The answer, taken apart; absent where there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    explained: Option<Explained>,
    /// Why there was no answer; absent where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

pub(super) fn run(options: &Options, printer: &Printer) -> Result<Exit, Failure> {
    let Configuration { provider, .. } = Configuration::of_resources(None)?;
    let defaults = Defaults::new(&or_default(&provider.site), &or_default(&provider.probe))
        .map_err(|findings| Failure::refused("the configuration by the environment cannot be used", &findings))?;
    let run = Run::new(&declared(options)?, &defaults)
        .map_err(|findings| Failure::refused(&format!("{} cannot be asked", options.url), &findings))?;
    let Some(check) = run.checks.first() else { return Err(Failure::new("there is nothing to ask")) };
    let answer = if let Some(file) = &options.answer {
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure::new(format!("failed to read the answer {}: {error}", file.display())))?;
        Ok(recorded(&text).ok_or_else(|| {
            Failure::new(format!("{} holds no answer", file.display()))
                .hint("it begins with a status line such as `HTTP/1.1 302 Found`, as `curl -i` prints it")
        })?)
    } else {
        let (network, cancel) = (Prober::new(), CancellationToken::new());
        let plain = plain(&check.url, Outcome::Public);
        let asking = network.answer(&plain, &run.settings, &cancel);
        configuration::runtime()?
            .block_on(printer.waiting("asking", asking))
            .map_err(|error| Failure::new(format!("failed to ask {}: {error}", check.url)))?
    };
    let (explained, failure, class) = match answer {
        Ok(answer) => (Some(explain(&check.url, &run.settings.wall, &answer)), None, Class::Note),
        Err(failure) => {
            let told = homelab_core::probe::Observation::failed(failure).told();
            (None, Some(told), Class::Unmeasured)
        }
    };
    let exit = Exit::of([class], Order::Usual);
    printer.report(&Answer { version: 1, exit: exit.code(), explained, failure })?;
    Ok(exit)
}

/// One door, asked once.
fn declared(options: &Options) -> Result<CarveoutProbe, Failure> {
    let wall = wall_of(options.wall.as_deref(), options.issuer.as_ref(), options.client_id.as_ref())?;
    let mut declared = super::of_doors([(options.url.as_str(), Expect::Public)], wall);
    declared.matrix = Matrix::Off.into();
    declared.connect_to = options.connect_to.clone().into();
    declared.ca_file = options.ca_file.as_ref().map(|file| file.display().to_string()).into();
    // A recorded answer is asked of nobody, wherever it came from.
    declared.allow_private = (options.allow_private || options.answer.is_some()).then_some(true).into();
    Ok(declared)
}

impl Text for Answer {
    fn text(&self, out: &mut String) {
        if let Some(failure) = &self.failure {
            line!(out, "unknown: it {failure}");
        }
        let Some(seen) = &self.explained else { return };
        line!(out, "{} answered {}", seen.url, seen.status);
        if let Some(location) = &seen.location {
            line!(out, "  Location: {location}");
        }
        if let Some(content_type) = &seen.content_type {
            line!(out, "  Content-Type: {content_type}");
        }
        for (what, values) in [("challenges", &seen.challenges), ("cookies", &seen.cookies)] {
            if !values.is_empty() {
                line!(out, "  {what}: {}", values.join(", "));
            }
        }
        line!(out, "  body: {} bytes, {}", seen.body_bytes, seen.body);
        line!(out, "");
        if seen.forms.is_empty() {
            line!(out, "It has no form of a wall that is known.");
        }
        for form in &seen.forms {
            let issuer = form.issuer.as_ref().map(|issuer| format!(" at {issuer}")).unwrap_or_default();
            let client = form.client_id.as_ref().map(|client| format!(" for client {client}")).unwrap_or_default();
            line!(
                out,
                "It has the form {:?} of {}{issuer}{client}, which proves: {}",
                form.form,
                form.system,
                form.proves
            );
            line!(out, "  source: {}", form.source);
        }
        line!(out, "");
        for (kind, conclusion) in [("public", &seen.as_public), ("gated", &seen.as_gated)] {
            let why = &conclusion.why;
            line!(out, "declared {kind}: {}, since it is {}: {why}", conclusion.verdict, conclusion.observed);
        }
    }
}
