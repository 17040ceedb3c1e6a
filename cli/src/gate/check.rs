//! `homelab gate check`: may this cluster go to a version.

use clap::Args;
use homelab_core::exit::Exit;
use homelab_core::gate::{self, Report};
use schemars::JsonSchema;
use serde::Serialize;

use super::question::Question;
use crate::output::{Failure, Printer, Text};

#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    question: Question,
}

/// What `gate check` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// Version of this form.
    version: u32,
    /// The exit code that goes with it.
    exit: u8,
    /// Verdict, findings and coverage.
    report: Report,
}

pub(crate) fn run(options: &Options, printer: &Printer) -> Result<Exit, Failure> {
    let (_, _, report) = options.question.judge(printer)?;
    let exit = report.verdict.exit();
    printer.report(&Answer { version: 1, exit: exit.code(), report })?;
    Ok(exit)
}

impl Text for Answer {
    fn text(&self, out: &mut String) {
        out.push_str(&gate::render::text(&self.report));
    }
}
