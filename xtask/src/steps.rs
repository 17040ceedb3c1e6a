//! Running the commands that a task consists of, visibly.

use std::fmt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Why a task ended early: one sentence for the person at the terminal.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        Self(text)
    }
}

/// What a task answers.
pub(crate) type Done<T = ()> = Result<T, Failure>;

/// Ends a task with a sentence.
pub(crate) fn fail<T>(sentence: impl Into<String>) -> Done<T> {
    Err(Failure(sentence.into()))
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or_else(|| here.clone(), PathBuf::from)
}

/// Cargo's build folder, wherever it was put.
pub(crate) fn target_dir() -> Done<PathBuf> {
    let output = Command::new(cargo())
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root())
        .stderr(Stdio::inherit())
        .output()?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    match metadata["target_directory"].as_str() {
        Some(path) => Ok(PathBuf::from(path)),
        None => fail("cargo metadata names no target directory"),
    }
}

/// The cargo that runs us.
pub(crate) fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// A heading on stderr, so that a reader of a long log sees where it is.
pub(crate) fn heading(text: &str) {
    eprintln!("\n=== {text}");
}

/// Runs a command in the workspace's root with its output shown; fails with its name and exit code.
pub(crate) fn run(command: &mut Command) -> Done {
    let line = shown(command);
    eprintln!("$ {line}");
    let start = Instant::now();
    let status = command.current_dir(root()).stdin(Stdio::null()).status();
    let status = status.map_err(|error| Failure(format!("failed to run {line}: {error}")))?;
    if !status.success() {
        return fail(format!("{line} ended with {status}"));
    }
    eprintln!("  ({:.1} s)", start.elapsed().as_secs_f64());
    Ok(())
}

/// Runs cargo with these arguments, visibly.
pub(crate) fn run_cargo<const N: usize>(arguments: [&str; N]) -> Done {
    run(Command::new(cargo()).args(arguments))
}

/// The command as a person would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let program = program.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    command.get_args().fold(program, |line, argument| format!("{line} {}", argument.to_string_lossy()))
}
