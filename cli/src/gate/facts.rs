//! `homelab gate facts`: what a verdict rests on, and whether it can still be relied on.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use homelab_core::exit::Exit;
use homelab_core::gate::{
    Day, Fact, FactError, Facts, Kind, MAX_AGE_DAYS, REMOVED_APIS, REVIEWED_THROUGH, RemovedApi, verify,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::{night, question};
use crate::output::{Failure, Printer, Text, line};

/// What can be typed after `gate facts`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Every fact with its source and the day on which it was read
    #[command(after_help = "Examples:\n  homelab gate facts list\n  homelab gate facts list kyverno --output json")]
    List(List),
    /// Whether every fact has what it needs, and none is past its age
    #[command(after_help = "Examples:\n  homelab gate facts verify\n  homelab gate facts verify --matrix \
                            addon-compat.json --as-of 2027-06-01\n\nExit codes: 0 all can be relied on, 2 something is \
                            wrong with a row, 3 a row is too old to say anything.")]
    Verify(Verify),
}

#[derive(Debug, Args)]
struct List {
    /// Only what is about this: kyverno, containerd, etcd, or apis for the removed APIs of Kubernetes
    #[arg(value_name = "SUBJECT")]
    subject: Option<String>,
}

#[derive(Debug, Args)]
struct Verify {
    /// Look at the rows of this addon-compat.json too
    #[arg(long, value_name = "FILE")]
    matrix: Option<PathBuf>,
    /// The day as of which rows are too old; today when left out
    #[arg(long, value_name = "DAY", value_parser = night::day)]
    as_of: Option<Day>,
}

/// What `gate facts list` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Listed {
    /// Version of this form.
    version: u32,
    /// The last release line that was looked at; beyond it every verdict is `unknown`.
    reviewed_through: String,
    /// For how many days a row says something.
    max_age_days: u32,
    /// What versions of add-ons, runtimes, kernels and etcd say about Kubernetes.
    rows: Vec<Fact>,
    /// API versions that a release no longer serves.
    removed_apis: Vec<RemovedApi>,
}

/// What `gate facts verify` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Verified {
    /// Version of this form.
    version: u32,
    /// The exit code that goes with it.
    exit: u8,
    /// How many rows were looked at.
    rows: usize,
    /// Rows that cannot be used, and why.
    wrong: Vec<Row>,
    /// Rows that are too old to say anything.
    aged: Vec<Row>,
}

/// A row of which something is said.
#[derive(Debug, Serialize, JsonSchema)]
struct Row {
    /// The row.
    row: String,
    /// What is said of it.
    why: String,
}

impl From<FactError> for Row {
    fn from(error: FactError) -> Self {
        Self { row: error.row, why: error.why }
    }
}

pub(super) fn run(options: &Options, printer: &Printer) -> Result<Exit, Failure> {
    match &options.verb {
        Verb::List(options) => list(options, printer),
        Verb::Verify(options) => check(options, printer),
    }
}

const APIS: &str = "apis";

fn list(options: &List, printer: &Printer) -> Result<Exit, Failure> {
    let facts = Facts::compiled();
    let subject = options.subject.as_deref();
    let is_meant = |name: &str| subject.is_none_or(|subject| subject == name);
    let rows: Vec<Fact> = facts.rows().into_iter().filter(|row| is_meant(&row.subject)).cloned().collect();
    let removed_apis: Vec<RemovedApi> = REMOVED_APIS.iter().filter(|_| is_meant(APIS)).copied().collect();
    if rows.is_empty() && removed_apis.is_empty() {
        let mut subjects: Vec<&str> = facts.rows().iter().map(|row| row.subject.as_ref()).collect();
        subjects.dedup();
        return Err(Failure::new(format!("nothing is known about {:?}", subject.unwrap_or_default()))
            .hint(format!("{}, or {APIS}", subjects.join(", "))));
    }
    let reviewed_through = REVIEWED_THROUGH.to_string();
    printer.report(&Listed { version: 1, reviewed_through, max_age_days: MAX_AGE_DAYS, rows, removed_apis })?;
    Ok(Exit::Clean)
}

fn check(options: &Verify, printer: &Printer) -> Result<Exit, Failure> {
    let facts = match &options.matrix {
        Some(file) => question::matrix(file)?.facts(),
        None => Facts::compiled(),
    };
    let rows = facts.rows();
    let wrong: Vec<Row> = verify(&rows, None).into_iter().map(Row::from).collect();
    let today = options.as_of.or_else(homelab_backends::gate::today);
    let Some(today) = today else {
        return Err(Failure::new("the clock of this machine is before 1970").hint("name the day with --as-of"));
    };
    let aged: Vec<Row> = rows
        .iter()
        .filter(|row| row.is_aged(today))
        .map(|row| Row {
            row: row.name(),
            why: format!(
                "it was last checked on {}, more than {MAX_AGE_DAYS} days before {today}; read its source again: {}",
                row.checked_on.as_deref().unwrap_or_default(),
                row.source
            ),
        })
        .collect();
    let exit = match (wrong.is_empty(), aged.is_empty()) {
        (false, _) => Exit::Act,
        (true, false) => Exit::Incomplete,
        (true, true) => Exit::Clean,
    };
    printer.report(&Verified { version: 1, exit: exit.code(), rows: rows.len(), wrong, aged })?;
    Ok(exit)
}

/// `1.33 to 1.35`, with what is open left open.
fn range(row: &Fact) -> String {
    match (row.kubernetes_min, row.kubernetes_max) {
        (None, None) => "any".to_owned(),
        (Some(min), None) => format!("{min} and newer"),
        (None, Some(max)) => format!("up to {max}"),
        (Some(min), Some(max)) => format!("{min} to {max}"),
    }
}

impl Text for Listed {
    fn text(&self, out: &mut String) {
        let mut subject = "";
        for row in &self.rows {
            if row.subject != subject {
                subject = &row.subject;
                line!(out, "{subject}");
            }
            let says = match row.kind {
                Kind::Eol => format!("supported until {}", row.ends.as_deref().unwrap_or_default()),
                Kind::Refuses => format!("works with Kubernetes {}", range(row)),
                Kind::Untested => format!("tested with Kubernetes {}", range(row)),
            };
            let from = row.upgrade_from.as_ref().map_or_else(String::new, |from| format!(", from {from} or newer"));
            let day = row.checked_on.as_deref().unwrap_or("no day");
            line!(out, "  {:8} {says}{from}  ({}, {day})", row.floor, row.source);
        }
        if !self.removed_apis.is_empty() {
            line!(out, "removed APIs, reviewed through Kubernetes {}", self.reviewed_through);
        }
        for api in &self.removed_apis {
            let resources = if api.resources.is_empty() { "all of it".to_owned() } else { api.resources.join(", ") };
            let (what, day) = (api.source.what, api.source.checked_on);
            line!(out, "  {:8} {} {resources}  ({what}, {day})", api.removed_in.to_string(), api.api_version());
        }
    }
}

impl Text for Verified {
    fn text(&self, out: &mut String) {
        for (title, rows) in [("wrong", &self.wrong), ("aged", &self.aged)] {
            for Row { row, why } in rows {
                line!(out, "{title} {row}: {why}");
            }
        }
        let (wrong, aged) = (self.wrong.len(), self.aged.len());
        line!(out, "{} rows: {wrong} wrong, {aged} too old", self.rows);
    }
}
