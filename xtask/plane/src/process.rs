//! Processes that end with us.
//!
//! # Forces
//!
//! A server that outlives its test eats memory and holds a port until somebody notices. `Drop` covers
//! a return and a panic, not Ctrl-C, an abort or SIGKILL. So each server gets a pipe as its standard
//! input, and ends when that closes: the operating system closes it however we end. Programs of ours
//! watch it themselves ([`FOLLOW`]); for others a few lines of shell do.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::{Error, Result};

/// Environment variable that tells a program of ours to end when its standard input closes. Its value
/// is `stdin`.
pub const FOLLOW: &str = "HOMELAB_PLANE_FOLLOW";

/// How long a server gets to leave after its standard input closed, before it is killed. Only one that hangs needs so
/// long, and a shell that is killed leaves undone what it was about to do: end a server, or remove a folder.
const GRACE: Duration = Duration::from_mins(1);

/// Runs "$@" and kills it when our standard input closes. A background job gets an empty standard
/// input from the shell, hence the detour over descriptor 3.
const GUARD: &str = r#"trap '' INT HUP
exec 3<&0
"$@" </dev/null 3<&- & child=$!
{ cat <&3 >/dev/null; kill -9 $child 2>/dev/null; } & watcher=$!
wait $child; code=$?
kill -9 $watcher 2>/dev/null
exit $code"#;

/// Removes the folder "$1" when our standard input closes. The servers leave at the same moment and
/// may still write, hence the loop.
const SWEEP: &str = r#"trap '' INT HUP TERM
cat >/dev/null
n=0
while [ -e "$1" ] && [ $n -lt 300 ]; do rm -rf "$1" 2>/dev/null; [ -e "$1" ] && sleep 0.1; n=$((n+1)); done"#;

/// A program with its arguments and environment, not yet started.
#[derive(Debug, Clone)]
pub struct Launch {
    /// Name for messages and for the log file.
    pub name: String,
    /// The program file and the arguments that make it the server that is meant.
    pub program: Vec<OsString>,
    /// Further arguments.
    pub args: Vec<OsString>,
    /// Variables to set. Secrets go here or into a file, never into `args`: every user of the
    /// machine can read those.
    pub env: Vec<(OsString, OsString)>,
    /// Whether the program watches its standard input itself.
    pub follows: bool,
}

/// A running server. Dropping it ends the server and waits for that.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    log: PathBuf,
}

impl Process {
    /// Starts `launch` with its output in `<dir>/<name>.log`.
    pub fn start(launch: &Launch, dir: &Path) -> Result<Self> {
        let log = dir.join(format!("{}.log", launch.name));
        let output = File::create(&log).map_err(Error::file(&log))?;
        let errors = output.try_clone().map_err(Error::file(&log))?;
        let mut words: Vec<OsString> = Vec::new();
        if !launch.follows {
            words.extend(["sh", "-c", GUARD, "guard"].map(OsString::from));
        }
        words.extend(launch.program.iter().chain(&launch.args).cloned());
        let (program, args) =
            words.split_first().ok_or_else(|| Error::Internal(format!("{} has no program", launch.name)))?;
        let mut command = Command::new(program);
        // Servers read defaults from the environment (`ETCD_*`, `VAULT_*`): the developer's do not
        // count. Temporary files go where the sweeper finds them.
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.env("HOME", dir).env("TMPDIR", dir);
        if launch.follows {
            command.env(FOLLOW, "stdin");
        }
        let mut child = command
            .args(args)
            .envs(launch.env.iter().cloned())
            .current_dir(dir)
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(Error::io(format!("{} ({})", launch.name, program.display())))?;
        let stdin = child.stdin.take();
        Ok(Self { name: launch.name.clone(), child, stdin, log })
    }

    /// Removes the folder `dir` once this process of ours has ended, however it ends.
    pub fn sweeper(dir: &Path) -> Result<Self> {
        let mut child = Command::new("sh")
            .args(["-c", SWEEP, "sweep"])
            .arg(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(Error::io("sh"))?;
        let stdin = child.stdin.take();
        Ok(Self { name: "sweeper".into(), child, stdin, log: PathBuf::new() })
    }

    /// The process id, of the guarding shell where there is one.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// An error with the end of the log, if the server is not running any more.
    pub fn alive(&mut self) -> Result<()> {
        match self.child.try_wait().map_err(Error::io(&self.name))? {
            None => Ok(()),
            Some(status) => {
                Err(Error::Died { name: self.name.clone(), status: describe(status), log: tail(&self.log, 25) })
            }
        }
    }

    /// The last `lines` lines of the log.
    pub fn log_tail(&self, lines: usize) -> String {
        tail(&self.log, lines)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let until = Instant::now() + GRACE;
        while Instant::now() < until {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        // Only a process that hangs comes here; a failure means that it is gone after all.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks `probe` every few milliseconds until it answers something, at most for `limit`.
///
/// `probe` returns `Ok(Err(seen))` to go on waiting, with what it saw, for the message; an error ends
/// the wait at once.
///
/// # Errors
///
/// [`Error::Timeout`] with what was seen last, or the error of `probe`.
pub fn wait_for<T>(
    what: &str,
    limit: Duration,
    mut probe: impl FnMut() -> Result<std::result::Result<T, String>>,
) -> Result<T> {
    let until = Instant::now() + limit;
    let mut pause = Duration::from_millis(10);
    loop {
        match probe()? {
            Ok(value) => return Ok(value),
            Err(last) if Instant::now() >= until => {
                return Err(Error::Timeout { what: what.to_owned(), seconds: limit.as_secs(), last });
            }
            Err(_) => {
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(100));
            }
        }
    }
}

/// "exit status 1" or "killed by signal 9", for messages.
pub(crate) fn describe(status: ExitStatus) -> String {
    status.to_string()
}

/// The last `lines` lines of a file, or a note that it cannot be read.
pub(crate) fn tail(path: &Path, lines: usize) -> String {
    match std::fs::read(path) {
        Ok(bytes) => last_lines(&String::from_utf8_lossy(&bytes), lines),
        Err(error) => format!("(no log: {error})"),
    }
}

/// The last `lines` lines of `text`.
pub(crate) fn last_lines(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, follows: bool) -> Launch {
        Launch {
            name: "shell".into(),
            program: ["sh", "-c", script].map(OsString::from).to_vec(),
            args: Vec::new(),
            env: Vec::new(),
            follows,
        }
    }

    #[test]
    fn a_server_that_ends_early_is_reported_with_its_log() {
        let dir = tempfile::tempdir().unwrap();
        for follows in [true, false] {
            let mut process = Process::start(&shell("echo no such port >&2; exit 7", follows), dir.path()).unwrap();
            let error = wait_for("the end", Duration::from_mins(1), || match process.alive() {
                Ok(()) => Ok(Err("running".into())),
                Err(error) => Ok(Ok(error)),
            })
            .unwrap();
            let text = error.to_string();
            assert!(text.contains("no such port") && text.contains('7'), "{text}");
        }
    }

    #[test]
    fn a_program_that_knows_nothing_of_us_ends_with_us() {
        let dir = tempfile::tempdir().unwrap();
        let mark = dir.path().join("pid");
        let script = format!("echo $$ > {}; exec sleep 600", mark.display());
        let process = Process::start(&shell(&script, false), dir.path()).unwrap();
        let pid = wait_for("the pid", Duration::from_mins(1), || {
            let text = std::fs::read_to_string(&mark).unwrap_or_default();
            Ok(text.trim().parse::<u32>().map_err(|error| error.to_string()))
        })
        .unwrap();
        let started = Instant::now();
        drop(process);
        assert!(started.elapsed() < GRACE, "it had to be killed");
        assert!(!Path::new(&format!("/proc/{pid}")).exists(), "{pid} is still there");
    }

    #[test]
    fn the_sweeper_removes_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("data");
        std::fs::create_dir_all(inner.join("deep")).unwrap();
        drop(Process::sweeper(&inner).unwrap());
        assert!(!inner.exists());
    }

    #[test]
    fn a_wait_tells_what_it_saw_last() {
        let error = wait_for::<()>("the sun", Duration::ZERO, || Ok(Err("only clouds".into()))).unwrap_err();
        assert!(error.to_string().contains("only clouds"), "{error}");
    }
}
