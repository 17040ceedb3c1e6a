//! `cargo xtask plane`: the test plane for a developer.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use homelab_plane::resident;

use crate::steps::Done;

#[derive(Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    verb: Verb,
    /// Name of the plane; several may run at once
    #[arg(long, global = true, default_value = resident::DEFAULT_NAME)]
    name: String,
}

#[derive(Subcommand)]
enum Verb {
    /// Start it and leave it running; builds what is missing on the first run
    Up,
    /// Stop it
    Down,
    /// Whether it runs, and where
    Status,
    /// Its addresses and credentials as shell exports: eval "$(cargo xtask plane env)"
    Env,
}

/// Runs the plane's supervisor, where this process was started to be it.
pub(crate) fn supervise_if_asked() -> Option<ExitCode> {
    resident::supervise()
}

/// The task.
pub(crate) fn run(options: &Options) -> Done {
    match options.verb {
        Verb::Up => {
            let env = resident::up(&options.name)?;
            eprintln!("the plane {} runs; stop it with: cargo xtask plane down", options.name);
            for (name, value) in env.variables() {
                println!("{name}={value}");
            }
        }
        Verb::Down => {
            let ran = resident::down(&options.name)?;
            eprintln!("the plane {} {}", options.name, if ran { "is stopped" } else { "did not run" });
        }
        Verb::Status => println!("{}", resident::status(&options.name)?),
        Verb::Env => println!("{}", resident::env(&options.name)?),
    }
    Ok(())
}
