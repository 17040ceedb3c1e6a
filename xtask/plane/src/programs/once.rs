//! What is made once for all runs of a user: by one run at a time, and told while it takes long.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::{Error, Result};

/// How often something that takes long tells that it is still at work.
const REPORT: Duration = Duration::from_secs(15);

/// Makes the file or folder `target` in the cache, unless another run just did. `make` gets a place beside it, so that
/// `target` is complete as soon as it is there.
pub(crate) fn once(name: &str, target: &Path, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let lock_path = target.with_extension("lock");
    let lock = File::create(&lock_path).map_err(Error::file(&lock_path))?;
    if lock.try_lock().is_err() {
        say(&format!("another run makes {name}; waiting for it"));
        lock.lock().map_err(Error::file(&lock_path))?;
    }
    if target.exists() {
        return Ok(());
    }
    let arriving = target.with_extension("new");
    // Of a run that was killed.
    if arriving.is_dir() {
        fs::remove_dir_all(&arriving).map_err(Error::file(&arriving))?;
    }
    make(&arriving)?;
    fs::rename(&arriving, target).map_err(Error::file(target))
}

/// Runs `command` to its end with its output in `log`, and tells every few seconds that it is still `doing`, "building
/// Vault" for one, and how long that takes.
pub(crate) fn run_told(command: &mut Command, doing: &str, estimate: &str, log: &Path) -> Result<ExitStatus> {
    let what = command.get_program().to_string_lossy().into_owned();
    let output = File::create(log).map_err(Error::file(log))?;
    let errors = output.try_clone().map_err(Error::file(log))?;
    let child = command.stdin(Stdio::null()).stdout(output).stderr(errors).spawn().map_err(Error::io(&what))?;
    let mut child = KillOnDrop(child);
    let started = Instant::now();
    let mut reported = started;
    loop {
        if let Some(status) = child.0.try_wait().map_err(Error::io(&what))? {
            return Ok(status);
        }
        if reported.elapsed() >= REPORT {
            reported = Instant::now();
            say(&format!("{doing}: {} of about {estimate}", clock(started.elapsed())));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What nobody waits for any more must not go on for minutes.
struct KillOnDrop(Child);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A line for whoever waits.
pub(crate) fn say(text: &str) {
    eprintln!("homelab-plane: {text}");
}

/// Minutes and seconds, "7:05".
pub(crate) fn clock(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_reads_as_one() {
        assert_eq!(clock(Duration::from_secs(425)), "7:05");
    }

    #[test]
    fn what_is_there_is_not_made_again_and_what_fails_is_not_there() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("thing-0123");
        let failed = once("thing", &target, |arriving| {
            fs::create_dir(arriving).unwrap();
            Err(Error::Internal("no".into()))
        });
        assert!(failed.is_err() && !target.exists());
        // The leftover of that one is no obstacle.
        once("thing", &target, |arriving| fs::create_dir(arriving).map_err(Error::file(arriving))).unwrap();
        once("thing", &target, |_| Err(Error::Internal("a second time".into()))).unwrap();
        assert!(target.is_dir());
    }

    #[test]
    fn a_command_ends_with_its_status_and_its_words_in_the_log() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        let status =
            run_told(Command::new("sh").args(["-c", "echo out; echo err >&2; exit 3"]), "doing", "1 s", &log).unwrap();
        assert_eq!((status.code(), fs::read_to_string(&log).unwrap().lines().count()), (Some(3), 2));
    }
}
