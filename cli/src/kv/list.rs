//! `homelab kv list`.

use clap::Args;
use homelab_core::exit::Exit;
use schemars::JsonSchema;
use serde::Serialize;

use super::{nothing, path_of, refused, store};
use crate::configuration;
use crate::output::{Failure, Printer, Text, line};

/// What can be typed after `kv list`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The engine, or a path below it: secret/apps
    #[arg(value_name = "PATH")]
    path: String,
}

/// What `kv list` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// Version of this form.
    version: u32,
    /// The exit code that goes with it.
    exit: u8,
    /// The path that was asked for.
    path: String,
    /// The names below it, sorted; those of folders end with a slash.
    names: Vec<String>,
}

pub(super) fn run(options: &Options, printer: &Printer) -> Result<Exit, Failure> {
    let path = path_of(&options.path)?;
    let vault = store()?;
    let look = async {
        let (mount, below) = vault.split(path).await?;
        vault.list_kv(&mount, &below).await
    };
    match configuration::runtime()?.block_on(printer.waiting("asking the store", look)) {
        Err(error) => Ok(refused(&error, printer)),
        Ok(None) => {
            Ok(nothing(format!("there is nothing below {path}"), "is the path right, and is it a folder?", printer))
        }
        Ok(Some(mut names)) => {
            names.sort();
            let exit = Exit::Clean;
            printer.report(&Answer { version: 1, exit: exit.code(), path: path.to_owned(), names })?;
            Ok(exit)
        }
    }
}

impl Text for Answer {
    fn text(&self, out: &mut String) {
        for name in &self.names {
            line!(out, "{name}");
        }
    }
}
