//! `homelab probe targets`: every door that is declared in the cluster, and which of them no probe looks at.

mod known;
mod wanted;

use std::path::PathBuf;

use clap::Args;
use homelab_core::exit::{Class, Exit, Order};
use homelab_core::probe::coverage::{Coverage as State, coverage};
use schemars::JsonSchema;
use serde::Serialize;

use self::known::Known;
use self::wanted::{Wanted, World};
use crate::ingress::scene::{Seen, Unseen, coverage_text};
use crate::output::{Failure, Printer, Text, line};

/// What can be typed after `probe targets`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Folders of Terraform files with probes (and ingresses that may not be applied yet); the provider block of the first
    /// names the cluster, else the environment does
    #[arg(long, value_name = "DIR", num_args = 1..)]
    dir: Vec<PathBuf>,
    /// States with probes, as `terraform show -json` prints them, or - for stdin
    #[arg(long, value_name = "FILE", num_args = 1..)]
    state: Vec<PathBuf>,
    /// Lists of doors that are probed, as `probe run --file` takes them, or - for stdin
    #[arg(long, value_name = "FILE", num_args = 1..)]
    file: Vec<PathBuf>,
    /// Look at the Kubernetes manifests (YAML or JSON) below this folder instead of a cluster
    #[arg(long, value_name = "DIR")]
    manifests: Option<PathBuf>,
    /// The ingress class that Traefik is configured with; left out, it is taken to have none
    #[arg(long, value_name = "CLASS")]
    class: Option<String>,
}

/// What `probe targets` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// Version of this form.
    version: u32,
    /// The exit code that goes with it.
    exit: u8,
    /// How many doors of each kind are declared, and how many of them a probe looks at.
    coverage: Coverage,
    /// Each declared door, those that need somebody first.
    targets: Vec<Row>,
    /// The probes that are known.
    probes: Vec<ProbeRow>,
    /// Open routes of others on hosts on which nothing is gated: nobody expects a gate there, and they are not counted.
    open_elsewhere: usize,
    /// The kinds of objects that were looked at; empty where no cluster was.
    seen: Vec<Seen>,
    /// The kinds that could not be looked at: there may be doors that are not listed.
    unseen: Vec<Unseen>,
    /// Parts of configurations that could not be read: there may be doors and probes that are not listed.
    unread: Vec<String>,
}

/// How many doors are declared and probed.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct Coverage {
    /// Those that are to be public.
    public: Count,
    /// Those that are to be gated.
    gated: Count,
    /// Those at which a guest is to get a session.
    guest: Count,
}

/// A count of doors. What its own declaration leaves out is not counted.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct Count {
    /// How many are declared.
    declared: usize,
    /// How many of them a probe looks at.
    probed: usize,
}

/// One declared door.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Row {
    /// `contradicted`, `gone`, `unprobed`, `unknown`, `skipped` or `probed`.
    state: &'static str,
    /// `public`, `gated` or `guest`.
    expect: &'static str,
    /// Its address; empty where nobody can tell.
    url: String,
    /// Who declares it.
    by: String,
    /// What it is called there.
    label: String,
    /// The probes that look at it, or that contradict it.
    probes: Vec<String>,
}

/// A probe.
#[derive(Debug, Serialize, JsonSchema)]
struct ProbeRow {
    /// Its address, and where it was read.
    name: String,
    /// How many doors it asks.
    doors: usize,
}

pub(super) fn run(options: &Options, printer: &Printer) -> Result<Exit, Failure> {
    let mut known = Known::of(options)?;
    let world = World::of(options, &mut known, printer)?;
    let complete = known.is_complete();
    let mut targets: Vec<Row> = world.wanted(&known).iter().map(|wanted| row(wanted, &known, complete)).collect();
    targets.sort_by(|one, other| {
        let key = |row: &Row| (rank(row.state), row.url.clone(), row.label.clone());
        key(one).cmp(&key(other))
    });
    targets.dedup_by(|one, other| {
        (&one.url, one.expect, &one.by, &one.label) == (&other.url, other.expect, &other.by, &other.label)
    });
    let classes = targets.iter().map(|row| class(row.state));
    let gaps = world.unseen().len() + known.unread.len();
    let nothing = targets.is_empty().then_some(Class::Unmeasured).filter(|_| gaps > 0);
    let exit = Exit::of(classes.chain(std::iter::repeat_n(Class::Unmeasured, gaps)).chain(nothing), Order::Usual);
    let answer = Answer {
        version: 1,
        exit: exit.code(),
        coverage: counts(&targets),
        open_elsewhere: world.open_elsewhere(),
        probes: known
            .probes
            .iter()
            .map(|probe| ProbeRow { name: probe.name.clone(), doors: probe.doors.len() })
            .collect(),
        targets,
        seen: world.seen().to_vec(),
        unseen: world.unseen().to_vec(),
        unread: known.unread,
    };
    printer.report(&answer)?;
    Ok(exit)
}

fn row(wanted: &Wanted<'_>, known: &Known, complete: bool) -> Row {
    let (state, probes) = coverage(&wanted.declaration, &known.probes, complete);
    let state = if wanted.is_gone { "gone" } else { state.word() };
    Row {
        state,
        expect: wanted.expect(),
        url: wanted.url.clone(),
        by: wanted.by.clone(),
        label: wanted.label.clone(),
        probes: probes.into_iter().map(str::to_owned).collect(),
    }
}

/// In which order rows are shown: what needs somebody first.
fn rank(state: &str) -> usize {
    let order = [
        State::Contradicted.word(),
        "gone",
        State::Unprobed.word(),
        State::Unknown.word(),
        State::Skipped.word(),
        State::Probed.word(),
    ];
    order.iter().position(|word| *word == state).unwrap_or(order.len())
}

fn class(state: &str) -> Class {
    match state {
        "contradicted" | "gone" | "unprobed" => Class::Act,
        "unknown" => Class::Unmeasured,
        _ => Class::Note,
    }
}

fn counts(targets: &[Row]) -> Coverage {
    let mut coverage = Coverage::default();
    for row in targets.iter().filter(|row| row.state != "skipped") {
        let count = match row.expect {
            "public" => &mut coverage.public,
            "gated" => &mut coverage.gated,
            _ => &mut coverage.guest,
        };
        count.declared += 1;
        count.probed += usize::from(row.state == "probed");
    }
    coverage
}

impl Text for Answer {
    fn text(&self, out: &mut String) {
        for row in &self.targets {
            let by = match (row.state, row.probes.as_slice()) {
                (_, []) => String::new(),
                ("contradicted", probes) => format!(", taken for the opposite by {}", probes.join(", ")),
                (_, probes) => format!(", by {}", probes.join(", ")),
            };
            let url = if row.url.is_empty() { "somewhere" } else { row.url.as_str() };
            line!(out, "{:12} {:6} {url}  {}: {}{by}", row.state, row.expect, row.by, row.label);
        }
        if !self.targets.is_empty() {
            line!(out, "");
        }
        let Coverage { public, gated, guest } = &self.coverage;
        line!(
            out,
            "{} of {} public doors are probed, {} of {} gated ones",
            public.probed,
            public.declared,
            gated.probed,
            gated.declared
        );
        if guest.declared > 0 {
            line!(out, "{} of {} doors for guests are probed", guest.probed, guest.declared);
        }
        let names: Vec<String> =
            self.probes.iter().map(|probe| format!("{} ({} doors)", probe.name, probe.doors)).collect();
        if names.is_empty() {
            line!(out, "no probe is known: name where they are declared with --dir, --state or --file");
        } else {
            line!(out, "probes that are known: {}", names.join(", "));
        }
        if self.open_elsewhere > 0 {
            line!(out, "not counted, since nothing is gated on their hosts: open routes: {}", self.open_elsewhere);
        }
        for unread in &self.unread {
            line!(out, "not read: {unread}");
        }
        if self.seen.is_empty() && self.unseen.is_empty() {
            line!(out, "not looked at: a cluster, since none is configured");
        } else {
            coverage_text(&self.seen, &self.unseen, out);
        }
    }
}
