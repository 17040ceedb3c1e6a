//! In which form a verdict is told, beside the text and the JSON that every verb has.

use clap::ValueEnum;
use homelab_core::gate::render::{self, Nightly};

use crate::args::Output;
use crate::output::{Failure, Printer};

/// A form of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people, on a terminal or in a mail
    #[default]
    Text,
    /// The payload of a Slack webhook
    Slack,
    /// One page that stands alone, for a browser or a phone
    Html,
    /// SARIF 2.1.0, for what collects results of analyses
    Sarif,
    /// XML as runners of tests write it, one case per check
    Junit,
}

impl Format {
    /// The report in this form; `None` for text, which each verb writes in its own way.
    pub(crate) fn document(self, nightly: &Nightly) -> Option<String> {
        let pretty = |value: &serde_json::Value| format!("{value:#}\n");
        Some(match self {
            Self::Text => return None,
            Self::Slack => pretty(&render::slack(nightly)),
            Self::Html => render::html(nightly),
            Self::Sarif => pretty(&render::sarif(&nightly.report, env!("CARGO_PKG_VERSION"))),
            Self::Junit => render::junit(&nightly.report),
        })
    }

    /// One form at a time: `--output json` is the document of the verb itself.
    pub(crate) fn only(self, printer: &Printer) -> Result<(), Failure> {
        if self == Self::Text || printer.form() == Output::Text {
            return Ok(());
        }
        Err(Failure::new("--format and --output json name two forms of one report")
            .hint("leave one of them out; --output json has everything that the others have"))
    }
}
