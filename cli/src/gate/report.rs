//! `homelab gate report`: the report of a night.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use homelab_core::exit::Exit;
use homelab_core::gate::render::{self, Nightly};
use schemars::JsonSchema;
use serde::Serialize;

use super::format::Format;
use super::night::Night;
use crate::output::{Failure, Printer, Text};

/// What can be typed after `gate report`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    night: Night,
    /// The form of the report
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// Write the report into this file, whole or not at all, instead of to standard output
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Evidence of an earlier night, which tells "upgraded" from "no upgrade needed"
    #[arg(long, value_name = "FILE")]
    before: Option<PathBuf>,
}

/// What `gate report` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// Version of this form.
    version: u32,
    /// The exit code that goes with it.
    exit: u8,
    /// Where the cluster stands, and the gate's report.
    night: Nightly,
}

pub(super) fn run(options: &Options, printer: &Printer) -> Result<Exit, Failure> {
    options.format.only(printer)?;
    let night = options.night.judge(options.before.as_deref(), printer)?;
    let (exit, headline) = (night.exit(), night.headline.clone());
    let document = options.format.document(&night);
    let answer = Answer { version: 1, exit: exit.code(), night };
    match (&options.write, document) {
        (None, None) => printer.report(&answer)?,
        (None, Some(document)) => printer.raw(&document)?,
        (Some(file), document) => {
            write(file, &document.map_or_else(|| printer.rendered(&answer), Ok)?)?;
            printer.talk(&format!("{headline}\nwrote {}", file.display()));
        }
    }
    Ok(exit)
}

/// The file is there as a whole, or as it was: somebody may be looking at it.
fn write(file: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(format!("failed to write {}: {error}", file.display()))
            .hint("name a file in a folder that is there and can be written")
    };
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    let arriving = file.with_file_name(name);
    let written = std::fs::File::create(&arriving)
        .and_then(|mut open| open.write_all(text.as_bytes()).and_then(|()| open.sync_all()))
        .and_then(|()| std::fs::rename(&arriving, file));
    if written.is_err() {
        // It may not even be there.
        let _ = std::fs::remove_file(&arriving);
    }
    written.map_err(failed)
}

impl Text for Answer {
    fn text(&self, out: &mut String) {
        out.push_str(&render::summary(&self.night));
    }
}
