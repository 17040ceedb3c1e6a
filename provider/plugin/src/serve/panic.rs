//! The end after a bug.
//!
//! A call that panics must not hang, and Terraform tells its user of a crash only when it reads Go's words for one. So
//! the first panic prints those words and ends the process with Go's exit code, from whatever thread it comes.

use std::any::Any;
use std::backtrace::Backtrace;
use std::fmt::Display;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// What a Go program exits with after a panic.
const EXIT_CODE: i32 = 2;

/// Makes the first panic the end of the process; the file in `socket` is removed.
pub(super) fn install(socket: Arc<OnceLock<PathBuf>>) {
    std::panic::set_hook(Box::new(move |panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        let report = report(message(panic.payload()), &location, &Backtrace::force_capture());
        // Nothing can be done about a failure in either: the process ends.
        let _ = std::io::stderr().lock().write_all(report.as_bytes());
        if let Some(path) = socket.get() {
            let _ = std::fs::remove_file(path);
        }
        std::process::exit(EXIT_CODE);
    }));
}

/// What the panic said.
fn message(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a value that is no text")
}

/// The report: Terraform takes a line that starts with `panic: ` and all that follows it for a crash.
fn report(message: &str, location: &str, backtrace: &impl Display) -> String {
    format!("panic: {message}\n\nat {location}\n\n{backtrace}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_starts_as_terraform_expects() {
        assert_eq!(report("it broke", "file.rs:3:9", &"0: main"), "panic: it broke\n\nat file.rs:3:9\n\n0: main\n");
    }

    #[test]
    fn both_forms_of_text_are_read() {
        assert_eq!(message(&"a literal"), "a literal");
        assert_eq!(message(&"a string".to_owned()), "a string");
        assert_eq!(message(&7), "a value that is no text");
    }
}
