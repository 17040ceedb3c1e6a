//! The example provider as a process, started as Terraform starts one.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use super::client::Answer;

/// The variable and its value that tell a plugin's parent.
pub(crate) const COOKIE: (&str, &str) =
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");
/// When a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Asserts that `work`, which gives the time that it took, can be done within `limit`: one of a few times. A machine
/// that lets nobody run for a second is no fault of the code; code that waits does so every time.
pub(crate) async fn within(limit: Duration, mut work: impl AsyncFnMut() -> Duration) {
    let mut took = Vec::new();
    for _ in 0..5 {
        took.push(Box::pin(work()).await);
        if took.last().is_some_and(|took| *took < limit) {
            return;
        }
    }
    panic!("never within {limit:?}: {took:?}");
}

/// The example's binary: Cargo builds it beside the tests.
pub(crate) fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(|deps| deps.parent()).unwrap();
    let binary = profile.join("examples").join("minimal");
    // A run of chosen tests alone does not build examples, and an old one would be judged in the place of this source.
    let changed = |path: &Path| std::fs::metadata(path).and_then(|file| file.modified()).ok();
    let sources = std::fs::read_to_string(binary.with_extension("d")).unwrap_or_default();
    let newest = sources.split_whitespace().filter(|path| path.contains("/serve/") || path.contains("/support/"));
    let fresh = changed(&binary) >= newest.filter_map(|path| changed(Path::new(path))).max();
    assert!(binary.exists() && fresh, "build the example first: `cargo build -p homelab-plugin --example minimal`");
    binary
}

/// The example with nothing of this process' own handshakes and logs in its environment.
pub(crate) fn command() -> Command {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars() {
        if name.starts_with("TF_") || name.starts_with("PLUGIN_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// A started example.
pub(crate) struct Process {
    pub(crate) child: Child,
    stdout: BufReader<ChildStdout>,
    pub(crate) line: String,
}

impl Process {
    /// Starts `command` and reads its first line.
    pub(crate) async fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        timeout(PATIENCE, stdout.read_line(&mut line)).await.unwrap().unwrap();
        Self { child, stdout, line: line.trim_end_matches('\n').to_owned() }
    }

    /// A further line of standard output.
    pub(crate) async fn next_line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(timeout(PATIENCE, self.stdout.read_line(&mut line)).await.unwrap().unwrap(), 0, "it ended");
        line.trim_end_matches('\n').to_owned()
    }

    pub(crate) fn answer(&self) -> Answer {
        Answer::parse(&self.line)
    }

    /// Sends a signal by name.
    pub(crate) async fn signal(&self, name: &str) {
        let pid = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().await.unwrap().success());
    }

    /// Waits for the end: the exit status, what else was written to standard output, and standard error.
    pub(crate) async fn end(mut self) -> (ExitStatus, String, String) {
        let (mut rest, mut errors) = (String::new(), String::new());
        let mut stderr = self.child.stderr.take().unwrap();
        let all = async {
            tokio::join!(self.stdout.read_to_string(&mut rest), stderr.read_to_string(&mut errors), self.child.wait())
        };
        let (_, _, status) = timeout(PATIENCE, all).await.unwrap();
        (status.unwrap(), rest, errors)
    }
}

/// Runs `command` to its end.
pub(crate) async fn run(command: &mut Command) -> Output {
    timeout(PATIENCE, command.output()).await.unwrap().unwrap()
}
