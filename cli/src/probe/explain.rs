//! `homelab probe explain`: what was seen at an address, and why it is judged so.

use std::path::{Path, PathBuf};

use clap::Args;
use homelab_backends::http::Prober;
use homelab_core::exit::{Class, Exit, Order};
use homelab_core::probe::explain::{Explained, explain, plain, recorded};
use homelab_core::probe::{Defaults, Observation, Outcome, Run};
use homelab_schema::carveout_probe::{CarveoutProbe, Matrix};
use homelab_schema::ingress::Expect;
use schemars::JsonSchema;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::file::text_of;
use super::flags::{WallFlags, Way};
use super::sources::of_doors;
use crate::configuration::{self, Configuration};
use crate::folder::or_default;
use crate::output::{Failure, Printer, Text, line};

/// What can be typed after `probe explain`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The address that is asked once, with GET
    #[arg(value_name = "URL")]
    url: String,
    /// Explain this recorded answer (status line, headers, an empty line, body), or - for stdin, and ask nobody
    #[arg(long, value_name = "FILE")]
    answer: Option<PathBuf>,
    /// Read the provider block from the Terraform files of this folder; else from the environment alone
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    #[command(flatten)]
    wall: WallFlags,
    #[command(flatten)]
    way: Way,
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
    let Configuration { provider, .. } = Configuration::of_resources(options.dir.as_deref())?;
    let defaults = Defaults::new(&or_default(&provider.site), &or_default(&provider.probe))
        .map_err(|findings| Failure::refused("the provider block cannot be used for a probe", &findings))?;
    let run = Run::new(&declared(options)?, &defaults)
        .map_err(|findings| Failure::refused(&format!("{} cannot be asked", options.url), &findings))?;
    let Some(check) = run.checks.first() else { return Err(Failure::new("there is nothing to ask")) };
    let answer = if let Some(file) = &options.answer {
        Ok(of_file(file)?)
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
        Err(failure) => (None, Some(Observation::failed(failure).told()), Class::Unmeasured),
    };
    let exit = Exit::of([class], Order::Usual);
    printer.report(&Answer { version: 1, exit: exit.code(), explained, failure })?;
    Ok(exit)
}

fn of_file(file: &Path) -> Result<homelab_core::probe::Answer, Failure> {
    recorded(&text_of(file, "answer")?).ok_or_else(|| {
        Failure::new(format!("{} holds no answer", file.display()))
            .hint("it begins with a status line such as `HTTP/1.1 302 Found`, as `curl -i` prints it")
    })
}

/// One door, asked once.
fn declared(options: &Options) -> Result<CarveoutProbe, Failure> {
    let mut declared = of_doors([(options.url.clone(), Expect::Public)]);
    declared.matrix = Matrix::Off.into();
    options.wall.apply(&mut declared)?;
    options.way.apply(&mut declared);
    if options.answer.is_some() {
        // A recorded answer is asked of nobody, wherever it came from.
        declared.allow_private = true.into();
    }
    Ok(declared)
}

/// Forms that an answer nearly has and that are named; the JSON form has all.
const NAMED: usize = 3;

impl Text for Answer {
    fn text(&self, out: &mut String) {
        if let Some(failure) = &self.failure {
            line!(out, "unknown: it {failure}");
        }
        let Some(seen) = &self.explained else { return };
        line!(out, "{} answered {}", seen.url, seen.status);
        seen_text(seen, out);
        line!(out, "");
        if seen.forms.is_empty() {
            line!(out, "It has no form of a wall that is known.");
        }
        for form in &seen.forms {
            let issuer = form.issuer.as_ref().map(|issuer| format!(" at {issuer}")).unwrap_or_default();
            let client = form.client_id.as_ref().map(|client| format!(" for client {client}")).unwrap_or_default();
            line!(out, "matches {}: {}{issuer}{client}, which proves {}", form.system, form.form, meaning(form.proves));
            line!(out, "  has {}", form.has.join("; "));
        }
        for near in seen.near.iter().take(NAMED) {
            line!(out, "nearly matches {}: {}, but lacks {}", near.system, near.form, near.lacks.join("; "));
        }
        if seen.near.len() > NAMED {
            line!(out, "nearly matches {} more forms", seen.near.len() - NAMED);
        }
        let mut sources: Vec<&str> = seen.forms.iter().map(|form| form.source.as_str()).collect();
        sources.dedup();
        for source in sources {
            line!(out, "source: {source}");
        }
        line!(out, "");
        line!(out, "The wall that counts: {}", seen.wall);
        for (kind, conclusion) in [("public", &seen.as_public), ("gated", &seen.as_gated)] {
            let why = &conclusion.why;
            line!(out, "declared {kind}: {}, since it is {}: {why}", conclusion.verdict, conclusion.observed);
        }
    }
}

fn seen_text(seen: &Explained, out: &mut String) {
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
}

/// What a form proves, as a fragment.
fn meaning(proves: &str) -> &'static str {
    match proves {
        "gate" => "the gate",
        "sign_in" => "a sign-in, the gate's or an app's: the client tells",
        "portal" => "a portal, the gate's if it is at the issuer",
        "emergency" => "the emergency form of the gate",
        _ => "a refusal in words that an app may use too",
    }
}
