//! A command that runs: wait for it, interrupt it, kill it.

use std::fs;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Output;
use super::output::plain;
use crate::process::wait_for;
use crate::{Error, Result};

/// How long what a command said is waited for after its end, where somebody else holds the pipe open. Long, since a
/// reader that was merely not let run would else have lost the last words.
const HELD: Duration = Duration::from_secs(10);

/// A command that was started. Dropping it kills it and everything that it started.
#[derive(Debug)]
pub struct Running {
    command: String,
    child: Child,
    started: Instant,
    limit: Duration,
    streams: Option<(Stream, Stream)>,
}

impl Running {
    pub(super) fn start(command: &mut Command, shown: String, limit: Duration) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(Error::io(&shown))?;
        let streams = match (child.stdout.take(), child.stderr.take()) {
            (Some(stdout), Some(stderr)) => Some((Stream::read(stdout), Stream::read(stderr))),
            _ => None,
        };
        Ok(Self { command: shown, child, started: Instant::now(), limit, streams })
    }

    /// Process id of the command.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Process ids of everything that the command started and that runs now, such as providers.
    pub fn descendants(&self) -> Vec<u32> {
        descendants(self.id())
    }

    /// What it said on both streams up to now.
    pub fn so_far(&self) -> String {
        self.streams.iter().map(|(out, err)| out.text() + &err.text()).collect()
    }

    /// Waits until it said `text`.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] with what it said instead.
    pub fn until_says(&self, text: &str) -> Result<()> {
        wait_for(&format!("`{text}` of `{}`", self.command), self.limit, || {
            let said = self.so_far();
            Ok(if said.contains(text) { Ok(()) } else { Err(format!("it said:\n{said}")) })
        })
    }

    /// Sends the signal of Ctrl-C to the command alone. Terraform tells its providers to stop.
    pub fn interrupt(&self) -> Result<()> {
        signal("INT", self.id())
    }

    /// Kills the command alone, at once; its providers see their client go away.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill().map_err(Error::io(format!("kill of `{}`", self.command)))
    }

    /// Kills what the command started, but not the command: a provider that crashed.
    pub fn kill_descendants(&self) -> Result<()> {
        self.descendants().into_iter().try_for_each(|id| signal("KILL", id))
    }

    /// Waits for the end, at most as long as the workspace's limit from the start on.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] with what it said; it is killed then, with everything that it started.
    pub fn wait(mut self) -> Result<Output> {
        let left = self.limit.saturating_sub(self.started.elapsed());
        let what = format!("the end of `{}`", self.command);
        let said = || self.streams.iter().map(|(out, err)| out.text() + &err.text()).collect();
        // Fine steps: the bench measures through here.
        let until = Instant::now() + left;
        let status = loop {
            if let Some(status) = self.child.try_wait().map_err(Error::io(&what))? {
                break status;
            }
            if Instant::now() >= until {
                return Err(Error::Timeout { what, seconds: self.limit.as_secs(), last: said() });
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let elapsed = self.started.elapsed();
        let (stdout, stderr) = match self.streams.take() {
            Some((stdout, stderr)) => (stdout.end(), stderr.end()),
            None => (Vec::new(), Vec::new()),
        };
        let code = status.code().unwrap_or_else(|| {
            use std::os::unix::process::ExitStatusExt;
            128 + status.signal().unwrap_or(0)
        });
        Ok(Output::new(self.command.clone(), code, &stdout, &stderr, elapsed))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        // Ids first: once the command is gone, its providers are nobody's children.
        let started_by_it = self.descendants();
        let _ = self.child.kill();
        let _ = self.child.wait();
        for id in started_by_it {
            let _ = signal("KILL", id);
        }
    }
}

/// One stream of a command, read by a thread so that neither stream can fill up.
#[derive(Debug)]
struct Stream {
    bytes: Arc<Mutex<Vec<u8>>>,
    thread: JoinHandle<()>,
}

impl Stream {
    fn read(mut source: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&bytes);
        let thread = std::thread::spawn(move || {
            let mut chunk = [0; 8192];
            while let Ok(count) = source.read(&mut chunk) {
                if count == 0 {
                    break;
                }
                into.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&chunk[..count]);
            }
        });
        Self { bytes, thread }
    }

    fn text(&self) -> String {
        plain(&self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// All of it. The command ended, but a provider that it left behind may hold the pipe open: such
    /// a one does not get to hang the test.
    fn end(self) -> Vec<u8> {
        let until = Instant::now() + HELD;
        while !self.thread.is_finished() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::mem::take(&mut *self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Sends a signal. The shell's own `kill` is on every machine; the program of that name is not.
fn signal(name: &str, id: u32) -> Result<()> {
    Command::new("sh")
        .args(["-c", r#"kill -s "$1" "$2" 2>/dev/null"#, "signal", name, &id.to_string()])
        .stdin(Stdio::null())
        .status()
        .map(|_| ())
        .map_err(Error::io(format!("signal {name}")))
}

/// All processes below `root`, by the parents that Linux shows under /proc; elsewhere by `ps`.
fn descendants(root: u32) -> Vec<u32> {
    let pairs = process_parents();
    let mut found = vec![root];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        found.extend(pairs.iter().filter(|(_, of)| *of == parent).map(|(id, _)| *id));
        next += 1;
    }
    found.split_off(1)
}

/// Pairs of a process and its parent.
fn process_parents() -> Vec<(u32, u32)> {
    if let Ok(entries) = fs::read_dir("/proc") {
        return entries
            .flatten()
            .filter_map(|entry| {
                let id = entry.file_name().to_str()?.parse().ok()?;
                let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
                // "id (name) state parent …"; the name may hold anything, also a parenthesis.
                let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
                Some((id, parent))
            })
            .collect();
    }
    let listed = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output();
    let text = listed.map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&text)
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> Running {
        Running::start(Command::new("sh").args(["-c", script]), script.into(), limit).unwrap()
    }

    #[test]
    fn an_interrupt_reaches_the_command() {
        let script = "trap 'echo stopping; exit 3' INT; echo ready; while :; do sleep 0.05; done";
        // Tests that were started in the background by a script ignore the signal, as do their children, and a shell
        // cannot trap what is ignored when it starts.
        let mut command = Command::new("env");
        if cfg!(target_os = "linux") {
            command.arg("--default-signal=INT");
        }
        let running =
            Running::start(command.args(["sh", "-c", script]), script.into(), Duration::from_mins(1)).unwrap();
        running.until_says("ready").unwrap();
        running.interrupt().unwrap();
        let output = running.wait().unwrap();
        assert_eq!((output.code, output.stdout.as_str()), (3, "ready\nstopping\n"));
    }

    #[test]
    fn a_limit_kills_all_and_tells_what_was_said() {
        let mut running = shell("echo before; sleep 600; echo after", Duration::from_mins(1));
        running.until_says("before").unwrap();
        let children = wait_for("the child", Duration::from_mins(1), || {
            let children = running.descendants();
            Ok(if children.is_empty() { Err("none".into()) } else { Ok(children) })
        })
        .unwrap();
        // Only now: a shell that was not let run has said nothing yet.
        running.limit = Duration::ZERO;
        let error = running.wait().unwrap_err();
        assert!(error.to_string().contains("before"), "{error}");
        wait_for("the end of the child", Duration::from_mins(1), || {
            let left: Vec<_> = process_parents().into_iter().filter(|(id, _)| children.contains(id)).collect();
            Ok(if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) })
        })
        .unwrap();
    }

    #[test]
    fn a_kill_shows_as_a_shell_shows_it() {
        let mut running = shell("echo ready; exec sleep 600", Duration::from_mins(1));
        running.until_says("ready").unwrap();
        running.kill().unwrap();
        assert_eq!(running.wait().unwrap().code, 137);
    }
}
