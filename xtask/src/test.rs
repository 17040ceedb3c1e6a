//! `cargo xtask test`: every test there is, in the order in which a failure is cheapest to find.
//!
//! The servers are built before the tests start, since a test that builds for eight minutes looks like one that hangs;
//! one plane serves all test programs of the run. What did not run because its program is missing is named at the end,
//! and in CI (`CI=true`) a program that could have been built and was not is a failure.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use clap::Args;
use homelab_plane::debian::{Debian, NO_DEBIAN, NOT_FETCHED};
use homelab_plane::plane::{Options as PlaneOptions, Plane, VARIABLE};
use homelab_plane::programs::Program;
use homelab_plane::skips;

use crate::steps::{Done, cargo, fail, heading, run_cargo};
use crate::{deny, docs, quickstart, steps};

/// What the wider tier needs, beyond what the plane itself builds.
const WIDER: [Program; 7] = [
    Program::CTY,
    Program::TFPLUGINDOCS,
    Program::TOFU,
    Program::TRAEFIK,
    Program::ESO,
    Program::ESO_0_19,
    Program::STATIC_PODS,
];

#[derive(Args)]
pub(crate) struct Options {
    /// Leave out format, lints and dependency rules: only run tests
    #[arg(long)]
    only_tests: bool,
    /// Arguments for `cargo test`, after `--`
    #[arg(last = true)]
    cargo: Vec<String>,
}

/// The task.
pub(crate) fn run(options: &Options) -> Done {
    let start = Instant::now();
    let done = all(options);
    eprintln!("\ncargo xtask test: {:.0} s", start.elapsed().as_secs_f64());
    done
}

fn all(options: &Options) -> Done {
    if !options.only_tests {
        heading("format");
        run_cargo(["fmt", "--all", "--check"])?;
        heading("lints");
        run_cargo(["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"])?;
        docs::check()?;
        deny::run()?;
    }
    heading("build of the tests");
    run_cargo(["test", "--workspace", "--no-run", "--quiet"])?;
    heading("servers of the test plane (built or fetched once, kept in the cache)");
    build_servers()?;
    let mut plane = Plane::start(&PlaneOptions::default())?;
    let scratch = tempfile::tempdir()?;
    let state = scratch.path().join("plane.json");
    plane.env().save(&state)?;
    let skipped = scratch.path().join("skips");
    heading("tests");
    let mut tests = Command::new(cargo());
    tests.args(["test", "--workspace", "--no-fail-fast"]).args(&options.cargo);
    tests.env(VARIABLE, &state).env(skips::LIST, &skipped);
    // CI judges the commit, not what is drawn that day; by hand each run draws anew.
    if in_ci() {
        tests.env("PROPTEST_RNG_SEED", "1");
    }
    let tests = steps::run(&mut tests);
    let alive = plane.alive();
    drop(plane);
    report_skips(&skipped)?;
    tests?;
    alive?;
    // The first thing that a newcomer runs, as they run it; in a folder of its own, since theirs may be in use.
    let dir = scratch.path().join("quickstart");
    quickstart::run(&quickstart::Options { dir: Some(dir) })
}

/// Builds what is missing; only a missing toolchain is no failure, and then the tests say what they skip.
fn build_servers() -> Done {
    Plane::prepare(&PlaneOptions::default())?;
    for program in WIDER {
        match program.locate() {
            Ok(_) => {}
            Err(error) if error.is_missing() && !in_ci() => eprintln!("{}: {error}", program.name()),
            Err(error) => return Err(error.into()),
        }
    }
    for program in Debian::ALL {
        match program.locate() {
            Ok(_) => {}
            Err(error) if error.is_missing() => eprintln!("{}: {error}", program.name()),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Whether CI could have what is missing for this reason. It has the toolchains; whether it is a Debian, and what mirror its
/// packages come from, says nothing of a commit.
fn could_be_had(reason: &str) -> bool {
    in_ci() && !reason.contains(NO_DEBIAN) && !reason.contains(NOT_FETCHED)
}

fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !value.is_empty() && value != "false")
}

fn report_skips(list: &Path) -> Done {
    let lines = skips::read(list);
    if lines.is_empty() {
        eprintln!("\nskipped: nothing");
        return Ok(());
    }
    eprintln!("\nskipped, because something is missing on this machine:");
    for line in &lines {
        eprintln!("  {line}");
    }
    if lines.iter().any(|line| could_be_had(line)) {
        fail("tests were skipped in CI, where what they need can be built")
    } else {
        Ok(())
    }
}
