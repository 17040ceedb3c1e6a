//! Printing: data on stdout, talk on stderr; text for people, JSON for programs.

mod failure;
mod progress;

use std::ffi::OsStr;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use homelab_core::finding::{Finding, Severity};
use schemars::JsonSchema;
use serde::Serialize;

pub(crate) use self::failure::Failure;
use crate::args::Output;

/// Appends one formatted line to a string.
macro_rules! line {
    ($out:expr, $($text:tt)*) => {{
        use std::fmt::Write as _;
        // A string takes everything.
        let _ = writeln!($out, $($text)*);
    }};
}
pub(crate) use line;

/// A result that people can read.
pub(crate) trait Text {
    /// Appends the text, with a line feed at the end of each line.
    fn text(&self, out: &mut String);
}

/// Where results and talk go.
#[derive(Debug)]
pub(crate) struct Printer {
    output: Output,
    colour: bool,
}

impl Printer {
    /// A printer of that form. Colour only on a terminal, and never with `NO_COLOR`.
    pub(crate) fn new(output: Output) -> Self {
        Self { output, colour: coloured(std::env::var_os("NO_COLOR").as_deref(), io::stdout().is_terminal()) }
    }

    /// The form that was chosen.
    pub(crate) fn form(&self) -> Output {
        self.output
    }

    /// Prints a result in the chosen form.
    pub(crate) fn report<T: Serialize + Text>(&self, result: &T) -> Result<(), Failure> {
        match self.output {
            Output::Json => self.json(result),
            Output::Text => {
                let mut text = String::new();
                result.text(&mut text);
                self.raw(&if self.colour { painted(&text) } else { text })
            }
        }
    }

    /// A result in the chosen form, without colour, for a file.
    pub(crate) fn rendered<T: Serialize + Text>(&self, result: &T) -> Result<String, Failure> {
        let mut text = String::new();
        match self.output {
            Output::Text => result.text(&mut text),
            Output::Json => {
                text = serde_json::to_string_pretty(result)
                    .map_err(|error| Failure::new(format!("failed to write the result as JSON: {error}")))?;
                text.push('\n');
            }
        }
        Ok(text)
    }

    /// Prints a result as JSON, whatever the chosen form. It is written as it goes: the text of a thousand doors is longer
    /// than what is known of them.
    #[expect(clippy::unused_self, reason = "who may print has a printer")]
    pub(crate) fn json<T: Serialize>(&self, result: &T) -> Result<(), Failure> {
        let mut stdout = io::BufWriter::new(io::stdout().lock());
        let written = serde_json::to_writer_pretty(&mut stdout, result).map_err(io::Error::from);
        gone_is_fine(written.and_then(|()| writeln!(stdout)).and_then(|()| stdout.flush()))
    }

    /// Prints data as it is.
    #[expect(clippy::unused_self, reason = "who may print has a printer")]
    pub(crate) fn raw(&self, text: &str) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        gone_is_fine(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
    }

    /// Says something to the person at the terminal. Nobody who listens is no error.
    #[expect(clippy::unused_self, reason = "who may talk has a printer")]
    pub(crate) fn talk(&self, text: &str) {
        let _ = writeln!(io::stderr(), "{text}");
    }

    /// Says why nothing came of it.
    pub(crate) fn error(&self, failure: &Failure) {
        self.talk(&format!("error: {failure}"));
    }

    /// Runs `work`. On a terminal, one line says what is waited for once that takes more than a second.
    pub(crate) async fn waiting<T>(&self, what: &str, work: impl Future<Output = T>) -> T {
        self.showing(|| what.to_owned(), work).await
    }

    /// As [`Printer::waiting`], with how many of `all` are done.
    pub(crate) async fn counting<T>(
        &self,
        what: &str,
        done: &AtomicUsize,
        all: usize,
        work: impl Future<Output = T>,
    ) -> T {
        self.showing(|| format!("{what}: {} of {all}", done.load(Ordering::Relaxed)), work).await
    }

    async fn showing<T>(&self, what: impl Fn() -> String, work: impl Future<Output = T>) -> T {
        if io::stderr().is_terminal() { progress::shown(what, work, io::stderr()).await } else { work.await }
    }
}

/// A reader that has gone away (`| head`) is no error of ours; a full disk is.
fn gone_is_fine(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("failed to write to stdout: {error}")))
        }
        _ => Ok(()),
    }
}

/// Whether to colour; `no_color` is the variable of that name, which counts when it is not empty.
fn coloured(no_color: Option<&OsStr>, terminal: bool) -> bool {
    terminal && no_color.is_none_or(OsStr::is_empty)
}

/// Colours the verdict words at the start of a line; everything reads the same without.
fn painted(text: &str) -> String {
    let paint = |line: &str| {
        let (word, rest) = line.split_at(line.find([' ', '\n']).unwrap_or(line.len()));
        let colour = match word {
            "ok" | "no_known_blockers" => "32",
            "error" | "exposed" | "walled" | "blocked" | "refused" | "contradicted" | "gone" | "unprobed" => "31",
            "warning" | "limited" | "unknown" | "degraded" | "held" | "unset" => "33",
            _ => return line.to_owned(),
        };
        format!("\u{1b}[{colour}m{word}\u{1b}[0m{rest}")
    };
    text.split_inclusive('\n').map(paint).collect()
}

/// Appends findings as people read them: code, what, seen, expected, what to do.
pub(crate) fn findings_text(findings: &[Finding], out: &mut String) {
    for finding in findings {
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        line!(out, "{severity} {}: {} ({})", finding.code, finding.summary, finding.object);
        for part in [&finding.observed, &finding.expected, &finding.clears] {
            if !part.is_empty() {
                line!(out, "  {part}");
            }
        }
    }
}

/// What `homelab version` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Version {
    /// Version of this program and of the provider beside it.
    version: &'static str,
    /// Major version of Terraform's plugin protocol that the provider speaks.
    protocol: u32,
}

impl Version {
    /// That of this build.
    pub(crate) fn here() -> Self {
        Self { version: env!("CARGO_PKG_VERSION"), protocol: 5 }
    }
}

impl Text for Version {
    fn text(&self, out: &mut String) {
        line!(out, "homelab {} (terraform-provider-homelab, plugin protocol {})", self.version, self.protocol);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_needs_a_terminal_and_nobody_who_forbids_it() {
        assert!(coloured(None, true));
        assert!(coloured(Some(OsStr::new("")), true), "empty counts as not set");
        assert!(!coloured(Some(OsStr::new("1")), true));
        assert!(!coloured(None, false));
    }

    #[test]
    fn only_verdicts_at_the_start_of_a_line_are_coloured() {
        let text = "ok photos\n  walled /share\nblocked\nerror HL3001: x\nokay\n";
        let shown = painted(text);
        assert_eq!(
            shown,
            "\u{1b}[32mok\u{1b}[0m photos\n  walled /share\n\u{1b}[31mblocked\u{1b}[0m\n\u{1b}[31merror\u{1b}[0m HL3001: \
             x\nokay\n"
        );
    }
}
