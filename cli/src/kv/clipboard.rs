//! The clipboard of the terminal that we run in, by the sequence OSC 52.
//!
//! It works through `ssh`, needs no program and no display, and leaves nothing on the screen. Whether a terminal knows it
//! cannot be asked for, so only those are trusted with a value that are known to take it; on any other the sequence might be
//! shown. It goes to stderr, since stdout may be read by something else the next time.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use homelab_schema::Sensitive;
use tokio::signal::unix::{SignalKind, signal};

use crate::output::{Failure, Printer};

/// Beginnings of `TERM` of terminals that take the sequence.
const TERMINALS: [&str; 7] = ["xterm-kitty", "alacritty", "foot", "wezterm", "xterm-ghostty", "tmux", "screen"];
/// Values of `TERM_PROGRAM` that do, whatever `TERM` says.
const PROGRAMS: [&str; 3] = ["WezTerm", "ghostty", "tmux"];
/// What the most frugal of them take.
const LARGEST: usize = 70_000;

/// Refuses where a value cannot be put into a clipboard.
pub(super) fn is_there() -> Result<(), Failure> {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    if io::stderr().is_terminal() && takes(&variable("TERM"), &variable("TERM_PROGRAM")) {
        return Ok(());
    }
    Err(Failure::new(
        "a value is not written to a terminal, and this one is not known to have a clipboard that can be set",
    )
    .hint("write into a pipe, or into a file that only you can read"))
}

fn takes(term: &str, program: &str) -> bool {
    TERMINALS.iter().any(|known| term.starts_with(known)) || PROGRAMS.contains(&program)
}

/// Puts a value into the clipboard, and takes it out after a while, or at Ctrl-C.
pub(super) async fn lend(value: &Sensitive<String>, during: Duration, printer: &Printer) -> Result<(), Failure> {
    if value.expose().len() > LARGEST {
        return Err(Failure::new("the value is too large for the clipboard of a terminal").hint("write into a pipe"));
    }
    // Before the value is there: from here on a signal takes it out. (`ctrl_c` would begin only when it is awaited.)
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut end = signal(SignalKind::terminate()).map_err(failed)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(failed)?;
    send(&STANDARD.encode(value.expose()))?;
    let seconds = during.as_secs_f64();
    printer.talk(&format!("it is in the clipboard, and will be taken out in {seconds} s; Ctrl-C does so now"));
    tokio::select! {
        () = tokio::time::sleep(during) => {}
        _ = interrupt.recv() => {}
        _ = end.recv() => {}
        _ = hangup.recv() => {}
    }
    // Neither base64 nor a question: so the clipboard is emptied.
    send("!")?;
    printer.talk("the clipboard is empty");
    Ok(())
}

fn send(payload: &str) -> Result<(), Failure> {
    let mut stderr = io::stderr().lock();
    stderr.write_all(sequence(payload).as_bytes()).and_then(|()| stderr.flush()).map_err(failed)
}

fn sequence(payload: &str) -> String {
    format!("\u{1b}]52;c;{payload}\u{7}")
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
fn failed(error: io::Error) -> Failure {
    Failure::new(format!("failed to reach the clipboard of the terminal: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_terminals_that_are_known_get_a_value() {
        for (term, program, expected) in [
            ("xterm-kitty", "", true),
            ("alacritty-direct", "", true),
            ("tmux-256color", "", true),
            ("screen.xterm-256color", "", true),
            ("xterm-256color", "WezTerm", true),
            ("xterm-256color", "ghostty", true),
            ("xterm-256color", "", false),
            ("xterm-256color", "Apple_Terminal", false),
            ("linux", "", false),
            ("dumb", "", false),
            ("", "", false),
        ] {
            assert_eq!(takes(term, program), expected, "{term} {program}");
        }
        assert_eq!(sequence("YQ=="), "\u{1b}]52;c;YQ==\u{7}");
    }
}
