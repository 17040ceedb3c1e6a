//! `homelab secrets hops`: from one release of the operator to another.

use std::path::PathBuf;

use clap::Args;
use homelab_backends::fleet;
use homelab_core::exit::{Class, Exit, Order};
use homelab_core::finding::Finding;
use homelab_core::fleet::hops::{self, Hop, Row};
use homelab_core::fleet::{Unseen, blockers};
use schemars::JsonSchema;
use serde::Serialize;

use super::audit::coverage_text;
use crate::configuration::{self, Configuration};
use crate::output::{Failure, Printer, Text, findings_text, line};

/// What can be typed after `secrets hops`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The release of the chart that is installed, such as 0.16.2
    #[arg(long, value_name = "VERSION")]
    from: String,
    /// The release to go to
    #[arg(long, value_name = "VERSION")]
    to: String,
    /// Refuse a way of more than one hop: for whoever is about to install it
    #[arg(long)]
    one: bool,
    /// Look at the cluster for what stands in the way
    #[arg(long)]
    live: bool,
    /// Read the provider block from the Terraform files of this folder; else from the environment alone
    #[arg(long, value_name = "DIR", requires = "live")]
    dir: Option<PathBuf>,
}

/// What `secrets hops` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// Version of this form.
    version: u32,
    /// The exit code that goes with it.
    exit: u8,
    /// Where the way begins.
    from: String,
    /// Where it ends.
    to: String,
    /// The releases to install, in order.
    hops: Vec<Hop>,
    /// Whether the cluster was looked at.
    looked: bool,
    /// What of the cluster stands in the way; empty where it was not looked at.
    blockers: Vec<Finding>,
    /// What could not be looked at.
    unseen: Vec<Unseen>,
}

pub(super) fn run(options: &Options, printer: &Printer) -> Result<Exit, Failure> {
    let (from, to) = (options.from.as_str(), options.to.as_str());
    let way = if options.one { hops::one(from, to) } else { hops::rows(from, to) };
    let rows = way.map_err(|error| {
        Failure::new(format!("there is no way from {from} to {to}: {error}"))
            .hint("the operator is upgraded one minor version at a time, through releases that are known here")
    })?;
    let (blockers, unseen) = if options.live { live(options, &rows, printer)? } else { (Vec::new(), Vec::new()) };
    let found = blockers.iter().map(|finding| finding.code.class);
    let exit = Exit::of(found.chain(unseen.iter().map(|_| Class::Unmeasured)), Order::Usual);
    printer.report(&Answer {
        version: 1,
        exit: exit.code(),
        from: from.to_owned(),
        to: to.to_owned(),
        hops: rows.into_iter().map(Hop::from).collect(),
        looked: options.live,
        blockers,
        unseen,
    })?;
    Ok(exit)
}

fn live(options: &Options, rows: &[Row], printer: &Printer) -> Result<(Vec<Finding>, Vec<Unseen>), Failure> {
    let cluster = Configuration::of_resources(options.dir.as_deref())?.cluster()?;
    let look = fleet::look_at_versions(&cluster);
    let evidence = configuration::runtime()?.block_on(printer.waiting("looking at the operator's objects", look));
    Ok(blockers::of(rows, &evidence))
}

impl Text for Answer {
    fn text(&self, out: &mut String) {
        let Self { from, to, hops, looked, blockers, unseen, .. } = self;
        match hops.len() {
            0 => line!(out, "{from} to {to}: it is there already"),
            1 => line!(out, "{from} to {to}: one hop"),
            several => line!(out, "{from} to {to}: {several} hops, one after the other"),
        }
        for (index, hop) in hops.iter().enumerate() {
            let mark = if hop.point_of_no_return { "  there is no way back from here" } else { "" };
            line!(out, "{:3}. {:8} of {}{mark}", index + 1, hop.version, hop.released);
            for todo in &hop.before {
                line!(out, "     before: {todo}");
            }
            if !hop.note.is_empty() {
                line!(out, "     {}", hop.note);
            }
            if !hop.before.is_empty() || !hop.note.is_empty() {
                line!(out, "     source: {} (read {})", hop.source, hop.seen);
            }
        }
        if !looked {
            line!(out, "the cluster was not looked at: --live does");
            return;
        }
        if blockers.is_empty() && unseen.is_empty() {
            line!(out, "nothing in the cluster stands in the way");
        }
        if !blockers.is_empty() {
            out.push('\n');
            findings_text(blockers, out);
        }
        coverage_text(&[], unseen, out);
    }
}
