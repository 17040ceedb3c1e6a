//! `homelab`: the imperative half of the provider, on the same engine.
//!
//! Thin on purpose: it reads arguments, calls the engine (`core`, `backends`) and prints. Data goes to stdout, talk to
//! stderr; exit codes are those of [`homelab_core::exit`].

mod args;
mod configuration;
mod doctor;
mod folder;
mod gate;
mod ingress;
mod kv;
mod manifest;
mod output;
mod probe;
mod schema;
mod secrets;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use homelab_backends::memory::leave_no_core_file;
use homelab_core::exit::Exit;

use crate::args::{Arguments, Verb};
use crate::output::Printer;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // clap's own code for wrong usage is 2, which means "something to act on" here.
            let code = if error.use_stderr() { Exit::Failure } else { Exit::Clean };
            // A closed pipe is the reader's business.
            let _ = error.print();
            return code.into();
        }
    };
    if let Err(error) = leave_no_core_file() {
        eprintln!("error: failed to forbid core files, which would hold secrets: {error}");
        return Exit::Failure.into();
    }
    let printer = Printer::new(arguments.output);
    match run(arguments.verb, &printer) {
        Ok(exit) => exit.into(),
        Err(error) => {
            printer.error(&error);
            Exit::Failure.into()
        }
    }
}

fn run(verb: Verb, printer: &Printer) -> Result<Exit, output::Failure> {
    match verb {
        Verb::Doctor(options) => doctor::run(&options, printer),
        Verb::Schema(options) => schema::run(&options, printer),
        Verb::Manifest(options) => manifest::run(&options, printer),
        Verb::Version => {
            printer.report(&output::Version::here())?;
            Ok(Exit::Clean)
        }
        Verb::Probe(options) => probe::run(options, printer),
        Verb::Gate(options) => gate::run(options, printer),
        Verb::Ingress(options) => ingress::run(&options, printer),
        Verb::Secrets(secrets) => secrets::run(&secrets, printer),
        Verb::Kv(kv) => kv::run(&kv, printer),
        Verb::Completions { shell } => {
            // Into memory first: written straight to a pipe that closes early, it would panic.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "homelab", &mut script);
            printer.raw(&String::from_utf8_lossy(&script))?;
            Ok(Exit::Clean)
        }
        Verb::Man { dir } => {
            manifest::write_man_pages(&dir)?;
            printer.talk(&format!("wrote the man pages to {}", dir.display()));
            Ok(Exit::Clean)
        }
    }
}
