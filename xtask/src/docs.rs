//! `cargo xtask docs`: the registry pages, through the same verb of the CLI that users have.

use std::process::Command;

use clap::Args;

use crate::steps::{self, Done, cargo, heading};

#[derive(Args)]
pub(crate) struct Options {
    /// Write nothing; fail when a page is stale
    #[arg(long)]
    check: bool,
}

/// The task.
pub(crate) fn run(options: &Options) -> Done {
    if options.check { check() } else { pages(&[]) }
}

/// Fails when a page is stale.
pub(crate) fn check() -> Done {
    heading("docs");
    pages(&["--check"])
}

fn pages(more: &[&str]) -> Done {
    let verb = ["run", "--quiet", "--package", "homelab", "--", "schema", "docs"];
    steps::run(Command::new(cargo()).args(verb).args(["--dir", "docs", "--examples", "examples"]).args(more))
}
