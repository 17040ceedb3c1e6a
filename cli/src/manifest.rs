//! The manifest of verbs, and the man pages: both read off the one definition in `args`.

use std::path::Path;

use clap::{Arg, Command, CommandFactory};
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::{Arguments, ManifestOptions};
use crate::output::{Failure, Printer, Text, line};
use homelab_core::exit::Exit;

/// The verbs that change something outside of this process; all others only read.
const WRITES: &[&str] = &["man", "schema docs", "secrets sync", "kv put", "gate push"];

/// Every verb with its tier and flags.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Manifest {
    /// Version of this form.
    version: u32,
    /// Verbs in order of their definition.
    verbs: Vec<VerbEntry>,
    /// What each exit code means.
    exit_codes: Vec<ExitEntry>,
}

/// One verb.
#[derive(Debug, Serialize, JsonSchema)]
struct VerbEntry {
    /// As typed after `homelab`.
    name: String,
    /// One line.
    about: String,
    /// `read` or `write`.
    tier: &'static str,
    /// Its own flags and arguments.
    flags: Vec<Flag>,
}

/// One flag or positional argument.
#[derive(Debug, Serialize, JsonSchema)]
struct Flag {
    /// `--dir`, or the name of a positional argument.
    name: String,
    /// What it does.
    help: String,
    /// Whether it must be given.
    required: bool,
    /// Whether it may be repeated.
    repeated: bool,
    /// Name of its value; absent for a switch.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    /// The values that it takes, where they are a fixed set; else empty.
    one_of: Vec<String>,
    /// Environment variable that gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<String>,
}

/// One exit code.
#[derive(Debug, Serialize, JsonSchema)]
struct ExitEntry {
    /// The code.
    code: u8,
    /// What it means.
    meaning: &'static str,
}

/// Prints the manifest.
pub(crate) fn run(options: &ManifestOptions, printer: &Printer) -> Result<Exit, Failure> {
    if options.json {
        printer.json(&manifest())?;
    } else {
        printer.report(&manifest())?;
    }
    Ok(Exit::Clean)
}

fn manifest() -> Manifest {
    let mut verbs = Vec::new();
    collect(&Arguments::command(), "", &mut verbs);
    let exit_codes =
        Exit::ALL.into_iter().map(|exit| ExitEntry { code: exit.code(), meaning: exit.meaning() }).collect();
    Manifest { version: 1, verbs, exit_codes }
}

fn collect(command: &Command, prefix: &str, verbs: &mut Vec<VerbEntry>) {
    for verb in command.get_subcommands() {
        let name = if prefix.is_empty() { verb.get_name().to_owned() } else { format!("{prefix} {}", verb.get_name()) };
        if verb.has_subcommands() {
            collect(verb, &name, verbs);
            continue;
        }
        let tier = if WRITES.contains(&name.as_str()) { "write" } else { "read" };
        let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
        let flags = verb.get_arguments().filter(|argument| argument.get_id() != "help").map(flag).collect();
        verbs.push(VerbEntry { name, about, tier, flags });
    }
}

fn flag(argument: &Arg) -> Flag {
    let name = argument.get_long().map_or_else(|| argument.get_id().to_string(), |long| format!("--{long}"));
    let takes_value = argument.get_action().takes_values();
    let value = argument.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
    Flag {
        name,
        help: argument.get_help().map(ToString::to_string).unwrap_or_default(),
        required: argument.is_required_set(),
        repeated: matches!(argument.get_action(), clap::ArgAction::Append),
        value: value.filter(|_| takes_value),
        one_of: if takes_value {
            argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect()
        } else {
            Vec::new()
        },
        environment: argument.get_env().map(|name| name.to_string_lossy().into_owned()),
    }
}

/// Writes one man page per verb into `dir`.
pub(crate) fn write_man_pages(dir: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(format!("failed to write man pages to {}: {error}", dir.display()))
            .hint("name a folder that can be made and written, with --dir")
    };
    std::fs::create_dir_all(dir).map_err(failed)?;
    clap_mangen::generate_to(Arguments::command(), dir).map_err(failed)
}

impl Text for Manifest {
    fn text(&self, out: &mut String) {
        for verb in &self.verbs {
            line!(out, "{:5}  {:20}  {}", verb.tier, verb.name, verb.about);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_verb_has_an_example_and_every_flag_a_help() {
        fn check(command: &Command) {
            for verb in command.get_subcommands() {
                if verb.has_subcommands() {
                    check(verb);
                    continue;
                }
                let example = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(example.contains(&format!(" {}", verb.get_name())), "{} has no example", verb.get_name());
                for argument in verb.get_arguments() {
                    assert!(argument.get_help().is_some(), "{} {} has no help", verb.get_name(), argument.get_id());
                }
            }
        }
        check(&Arguments::command());
    }

    #[test]
    fn every_writing_verb_is_a_verb() {
        let names: Vec<String> = manifest().verbs.into_iter().map(|verb| verb.name).collect();
        for write in WRITES {
            assert!(names.iter().any(|name| name == write), "{write} is no verb: {names:?}");
        }
        assert!(names.iter().any(|name| name == "gate check"));
    }
}
