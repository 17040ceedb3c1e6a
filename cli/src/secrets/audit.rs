//! `homelab secrets audit`: the whole fleet.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use homelab_backends::fleet::{self, Look, Values};
use homelab_backends::objects::MANAGER;
use homelab_backends::vault::Vault;
use homelab_core::exit::{Class, Exit};
use homelab_core::finding::Finding;
use homelab_core::fleet::{Coverage, Member, Report, Unseen, judge};
use schemars::JsonSchema;
use serde::Serialize;

use crate::configuration::{self, Configuration};
use crate::output::{Failure, Printer, Text, findings_text, line};

/// What can be typed after `secrets audit`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// In this namespace alone; may be repeated
    #[arg(long, value_name = "NAMESPACE")]
    namespace: Vec<String>,
    /// Do not ask the store whether the keys are there
    #[arg(long)]
    no_keys: bool,
    /// List what is only worth knowing too: Secrets that nobody reads, changes that need a restart by hand
    #[arg(long)]
    notes: bool,
    /// Read the provider block from the Terraform files of this folder; else from the environment alone
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// What `secrets audit` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// Version of this form.
    version: u32,
    /// The exit code that goes with it.
    exit: u8,
    /// Everything that is known.
    report: Report,
    /// Whether notes are printed for people too.
    #[serde(skip)]
    notes: bool,
}

pub(super) fn run(options: &Options, printer: &Printer) -> Result<Exit, Failure> {
    let configuration = Configuration::of_resources(options.dir.as_deref())?;
    let cluster = configuration.cluster()?;
    let block = &configuration.provider.vault;
    let vault = if block.is_null() {
        Err("no store is configured: name it with VAULT_ADDR, or with a vault block".to_owned())
    } else {
        Vault::of(block).map_err(|cause| cause.to_string())
    };
    let values = match &vault {
        _ if options.no_keys => Values::Unwanted,
        Ok(vault) => Values::Names(vault),
        Err(why) => Values::Unseen(why),
    };
    let look = fleet::look(&cluster, Look { namespaces: &options.namespace, values });
    let asking = "looking at ExternalSecrets, at their store and at who reads them";
    let evidence = configuration::runtime()?.block_on(printer.waiting(asking, look));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let report = judge(&evidence, i64::try_from(now).unwrap_or(i64::MAX), MANAGER);
    let exit = report.exit();
    printer.report(&Answer { version: 1, exit: exit.code(), report, notes: options.notes })?;
    Ok(exit)
}

impl Text for Answer {
    fn text(&self, out: &mut String) {
        let Report { secrets, findings, seen, unseen } = &self.report;
        let (notes, to_act): (Vec<&Finding>, Vec<&Finding>) =
            findings.iter().partition(|finding| finding.code.class == Class::Note);
        line!(out, "{}", summary(secrets, unseen));
        if !to_act.is_empty() {
            out.push('\n');
        }
        for finding in to_act {
            findings_text(std::slice::from_ref(finding), out);
        }
        if self.notes && !notes.is_empty() {
            out.push('\n');
            for finding in notes {
                findings_text(std::slice::from_ref(finding), out);
            }
        } else if !notes.is_empty() {
            line!(
                out,
                "\n{} only worth knowing: list them with --notes",
                counted(notes.len(), "finding is", "findings are")
            );
        }
        out.push('\n');
        coverage_text(seen, unseen, out);
    }
}

fn summary(secrets: &[Member], unseen: &[Unseen]) -> String {
    let hidden = unseen.iter().any(|unseen| unseen.kind.starts_with("ExternalSecret"));
    match (secrets.len(), hidden) {
        (0, true) => "no ExternalSecret could be looked at".to_owned(),
        (0, false) => "there is no ExternalSecret".to_owned(),
        (all, _) => {
            let ready = secrets.iter().filter(|one| one.state == "ready").count();
            let noun = if all == 1 { "ExternalSecret" } else { "ExternalSecrets" };
            if hidden {
                format!("{ready} of the {all} {noun} that could be looked at are ready")
            } else {
                format!("{ready} of {all} {noun} are ready")
            }
        }
    }
}

fn counted(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

/// Appends what was looked at and what was not.
pub(super) fn coverage_text(seen: &[Coverage], unseen: &[Unseen], out: &mut String) {
    let one = |seen: &Coverage| match seen.objects {
        Some(count) => format!("{count} {}", seen.kind),
        None => format!("{} (not installed)", seen.kind),
    };
    if !seen.is_empty() {
        line!(out, "looked at: {}", seen.iter().map(one).collect::<Vec<_>>().join(", "));
    }
    for Unseen { kind, why } in unseen {
        line!(out, "not looked at: {kind}: {why}");
    }
}
