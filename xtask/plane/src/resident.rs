//! A plane that stays for a developer: `plane up`, `down`, `status`, `env`.
//!
//! `up` starts a second process of the same program as a supervisor and returns when the plane
//! answers. The supervisor holds the plane, in a process group of its own so that Ctrl-C in the
//! terminal does not reach it, and ends when its state file is removed. Everything that this needs to
//! agree on is two files in the cache: `up-<name>.json` (an [`Env`]) and `up-<name>.lock`, which the
//! supervisor holds locked. So a supervisor that was killed leaves nothing that has to be repaired.
//!
//! # Usage
//!
//! A program that offers these verbs asks first, in its `main`, whether it is the supervisor:
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! fn main() -> ExitCode {
//!     if let Some(code) = homelab_plane::resident::supervise() {
//!         return code;
//!     }
//!     // … its own command line
//!     ExitCode::SUCCESS
//! }
//! ```

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use crate::plane::{Options, Plane};
use crate::process::{tail, wait_for};
use crate::programs::cache_dir;
use crate::{Env, Error, Result};

/// Name of the plane that tests look for.
pub const DEFAULT_NAME: &str = "default";

/// Environment variable by which [`up`] tells the second process what it is; its value is the name.
const SUPERVISE: &str = "HOMELAB_PLANE_SUPERVISE";

/// How long the plane may take to start or to end.
const LIMIT: Duration = Duration::from_mins(4);

/// Starts the plane `name`, detached, and returns where it is. One that already runs is returned as
/// it is. Building what is missing happens here, where the developer sees it.
pub fn up(name: &str) -> Result<Env> {
    if let Some(env) = running(name)? {
        return Ok(env);
    }
    Plane::prepare(&Options::default())?;
    let files = Files::of(name)?;
    // What a supervisor left that was killed. While it is there, whoever looks tries the lock, and
    // could be in the way of the new supervisor.
    if files.state.exists() && !files.is_held()? {
        fs::remove_file(&files.state).map_err(Error::file(&files.state))?;
    }
    let log = File::create(&files.log).map_err(Error::file(&files.log))?;
    let errors = log.try_clone().map_err(Error::file(&files.log))?;
    let program = std::env::current_exe().map_err(Error::io("the path of this program"))?;
    let mut child = Command::new(program)
        .env(SUPERVISE, name)
        .env_remove(crate::plane::VARIABLE)
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .spawn()
        .map_err(Error::io("the supervisor"))?;
    wait_for("the start of the plane", LIMIT, || {
        if let Some(env) = running(name)? {
            return Ok(Ok(env));
        }
        match child.try_wait().map_err(Error::io("the supervisor"))? {
            None => Ok(Err(tail(&files.log, 10))),
            // Another `up` was faster, and its plane answered a moment ago.
            Some(status) if status.success() => Ok(Err("the supervisor ended".into())),
            Some(status) => Err(Error::Died {
                name: "the supervisor of the plane".into(),
                status: status.to_string(),
                log: tail(&files.log, 25),
            }),
        }
    })
}

/// Ends the plane `name` and waits until it is gone. Returns whether there was one.
pub fn down(name: &str) -> Result<bool> {
    let files = Files::of(name)?;
    let known = files.state.exists();
    if known {
        fs::remove_file(&files.state).map_err(Error::file(&files.state))?;
    }
    wait_for("the end of the plane", LIMIT, || {
        Ok(if files.is_held()? { Err("its supervisor still runs".into()) } else { Ok(()) })
    })?;
    Ok(known)
}

/// The plane `name`, if it runs and answers.
pub fn running(name: &str) -> Result<Option<Env>> {
    let files = Files::of(name)?;
    if !files.state.exists() || !files.is_held()? {
        return Ok(None);
    }
    let env = Env::load(&files.state)?;
    Ok(env.is_alive().then_some(env))
}

/// A few lines for a person: whether the plane runs, and its addresses.
pub fn status(name: &str) -> Result<String> {
    Ok(match running(name)? {
        None => format!("plane {name}: not running; `cargo xtask plane up` starts it"),
        Some(env) => format!(
            "plane {name}: running\n  kubeconfig  {}\n  API server  {}\n  Vault       {}\n  logs        {}",
            env.kubeconfig.display(),
            env.api_server,
            env.vault_addr,
            env.dir.display()
        ),
    })
}

/// Lines for `eval`, by which a shell's `kubectl` and `vault` work against the plane.
///
/// # Errors
///
/// When it does not run.
pub fn env(name: &str) -> Result<String> {
    let Some(env) = running(name)? else {
        return Err(Error::Internal(format!("plane {name} does not run; `cargo xtask plane up` starts it")));
    };
    let state = Files::of(name)?.state.display().to_string();
    let pairs = env.variables().into_iter().chain([(crate::plane::VARIABLE, state)]);
    let lines: Vec<_> = pairs.map(|(name, value)| format!("export {name}='{value}'")).collect();
    Ok(lines.join("\n"))
}

/// Runs the supervisor if this process was started as one, and returns its exit code.
#[must_use]
pub fn supervise() -> Option<ExitCode> {
    let name = std::env::var(SUPERVISE).ok()?;
    Some(match hold(&name) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("homelab-plane: {error}");
            ExitCode::FAILURE
        }
    })
}

/// Holds the plane `name` until its state file is gone.
fn hold(name: &str) -> Result<()> {
    let files = Files::of(name)?;
    let lock = files.open_lock()?;
    if lock.try_lock().is_err() {
        // Another `up` was faster; the plane that it starts serves both.
        return wait_for("the plane of another `up`", LIMIT, || {
            Ok(if running(name)?.is_some() { Ok(()) } else { Err("not there yet".into()) })
        });
    }
    let mut plane = Plane::start(&Options::default())?;
    plane.env().save(&files.state)?;
    let end = loop {
        if !files.state.exists() {
            break Ok(());
        }
        if let Err(error) = plane.alive() {
            break fs::remove_file(&files.state).map_err(Error::file(&files.state)).and(Err(error));
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    // Servers first, so that who waits for the lock finds them gone.
    drop(plane);
    drop(lock);
    end
}

struct Files {
    state: PathBuf,
    lock: PathBuf,
    log: PathBuf,
}

impl Files {
    fn of(name: &str) -> Result<Self> {
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Err(Error::Internal(format!("`{name}` is no name for a plane: letters, digits and dashes")));
        }
        let dir = cache_dir()?;
        let file = |extension: &str| dir.join(format!("up-{name}.{extension}"));
        Ok(Self { state: file("json"), lock: file("lock"), log: file("log") })
    }

    fn open_lock(&self) -> Result<File> {
        File::options().create(true).truncate(false).write(true).open(&self.lock).map_err(Error::file(&self.lock))
    }

    /// Whether a supervisor lives.
    fn is_held(&self) -> Result<bool> {
        // A shared lock, so that two that ask at once do not take each other for a supervisor.
        Ok(self.open_lock()?.try_lock_shared().is_err())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_the_folder() {
        assert!(Files::of("../x").is_err());
        assert!(Files::of("").is_err());
    }
}
