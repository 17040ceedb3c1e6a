//! Running the program in a world that is empty but for what a test puts into it.

mod json_schema;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A run that is not yet started. Of the environment it has nothing but an empty home folder.
pub(crate) struct Homelab {
    pub(crate) command: Command,
    home: TempDir,
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A run with these arguments, separated by spaces.
pub(crate) fn homelab(arguments: &str) -> Homelab {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_homelab"));
    command.args(arguments.split_whitespace()).env_clear().env("HOME", home.path()).current_dir(home.path());
    command.stdin(Stdio::null());
    Homelab { command, home }
}

impl Homelab {
    pub(crate) fn arg(mut self, argument: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Arguments separated by spaces.
    pub(crate) fn args(mut self, arguments: &str) -> Self {
        self.command.args(arguments.split_whitespace());
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// A folder in the one in which the program runs.
    pub(crate) fn folder(self, name: &str) -> Self {
        std::fs::create_dir(self.home.path().join(name)).unwrap();
        self
    }

    /// A file in the folder in which the program runs.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.home.path().join(name), text).unwrap();
        self
    }

    /// As [`Homelab::run`], with the files that are then in the folder in which it ran, by name.
    pub(crate) fn run_and_list(mut self) -> (Ran, BTreeMap<String, String>) {
        let ran = self.start();
        let entries = std::fs::read_dir(self.home.path()).unwrap().map(|entry| entry.unwrap());
        let files = entries.map(|entry| {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            (entry.file_name().into_string().unwrap(), text)
        });
        (ran, files.collect())
    }

    pub(crate) fn run(mut self) -> Ran {
        self.start()
    }

    fn start(&mut self) -> Ran {
        let output = self.command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let ran = Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) };
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
        assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "colour without a terminal: {ran:?}");
        ran
    }
}

impl Ran {
    /// With that exit code, else the test fails and shows what was said.
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// The error, which is all that a failed run says: nothing on stdout, one message, its hint after a blank line.
    #[track_caller]
    pub(crate) fn error(self, hinted: bool) -> String {
        let ran = self.code(1);
        assert_eq!(ran.out, "", "data on stdout although there is none");
        let message = ran.err.strip_prefix("error: ").unwrap_or_else(|| panic!("no error: {}", ran.err)).to_owned();
        assert_eq!(message.contains("\n\nhint: "), hinted, "{message}");
        message
    }

    /// The document on stdout, which fits the published schema of `verb`.
    #[track_caller]
    pub(crate) fn document(&self, verb: &str) -> Value {
        let document: Value = serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        let schemas: Value = serde_json::from_str(&homelab("schema output").run().code(0).out).unwrap();
        let schema = schemas.get(verb).unwrap_or_else(|| panic!("{verb} has no published schema"));
        let problems = json_schema::problems(schema, &document);
        assert!(problems.is_empty(), "{problems:#?}\n{document:#}");
        if let Some(exit) = document.get("exit") {
            assert_eq!(exit, self.code, "the exit code in the document");
        }
        document
    }
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}
