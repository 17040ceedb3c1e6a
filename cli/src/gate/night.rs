//! What `gate report` and `gate push` have in common: judge, and say where the cluster stands.

use std::path::Path;

use clap::Args;
use homelab_core::gate::Day;
use homelab_core::gate::render::Nightly;

use super::question::Question;
use super::sources::recorded;
use crate::output::{Failure, Printer};

/// What both take.
#[derive(Debug, Args)]
pub(crate) struct Night {
    #[command(flatten)]
    question: Question,
    /// The day of the night, for evidence that is looked at later; today when left out
    #[arg(long, value_name = "DAY", value_parser = day)]
    as_of: Option<Day>,
}

impl Night {
    /// Looks and judges, against evidence of an earlier night where there is some.
    pub(super) fn judge(&self, before: Option<&Path>, printer: &Printer) -> Result<Nightly, Failure> {
        // What is wrong with a file is known before the cluster is looked at.
        let before = before.map(recorded).transpose()?;
        let (evidence, mut request, report) = self.question.judge(printer)?;
        request.today = self.as_of.or(request.today);
        Ok(Nightly::new(report, &evidence, &request, before.as_ref(), self.question.is_recorded()))
    }
}

/// A day, as flags have it.
pub(super) fn day(text: &str) -> Result<Day, String> {
    text.parse().map_err(|error| format!("{error}"))
}
