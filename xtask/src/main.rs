//! The project's own tasks: `cargo xtask <task>`.
//!
//! Whatever a newcomer, a developer or CI has to do beyond `cargo build` is a task here, so that all three do the
//! same. A task prints each command that it runs, and ends with the exit code of the first that fails.

mod bench;
mod deny;
mod dist;
mod docs;
mod origin;
mod plane;
mod quickstart;
mod steps;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Tasks of the homelab project", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the provider and run the quick start: init, plan, apply, an empty second plan, and the probe's verdicts.
    Quickstart(quickstart::Options),
    /// Run every test: format, lints, dependencies, docs, then all tests against the real servers of the test plane.
    Test(test::Options),
    /// Start, stop and show the test plane: etcd, kube-apiserver, kube-controller-manager and Vault on loopback.
    Plane(plane::Options),
    /// Measure against the built-in `terraform_data`, and against another provider with `--peer`.
    Bench(bench::Options),
    /// Write the registry pages under docs/ from the declared model.
    Docs(docs::Options),
    /// Check licences, bans and sources of the dependency tree against deny.toml.
    Deny,
    /// Build the release archives with their sums.
    Dist(dist::Options),
}

fn main() -> ExitCode {
    if let Some(code) = plane::supervise_if_asked() {
        return code;
    }
    let done = match Arguments::parse().task {
        Task::Quickstart(options) => quickstart::run(&options),
        Task::Test(options) => test::run(&options),
        Task::Plane(options) => plane::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Docs(options) => docs::run(&options),
        Task::Deny => deny::run(),
        Task::Dist(options) => dist::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error}");
            ExitCode::FAILURE
        }
    }
}
