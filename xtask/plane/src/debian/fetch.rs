//! Fetching packages with the machine's own `apt-get`, as any user, and unpacking them.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Debian, NO_DEBIAN};
use crate::programs::on_path;
use crate::programs::once::{once, run_told, say};
use crate::{Error, Result};

/// How long it takes, with the lists of packages where the machine has none.
pub(super) const TAKES: &str = "half a minute";

/// What fetching needs.
pub(super) struct Tools {
    apt_get: PathBuf,
    dpkg: PathBuf,
}

/// The tools of this machine, or why there are none.
pub(super) fn tools(program: &Debian) -> std::result::Result<Tools, String> {
    match (on_path("apt-get"), on_path("dpkg")) {
        (Some(apt_get), Some(dpkg)) => Ok(Tools { apt_get, dpkg }),
        _ => Err(format!("{NO_DEBIAN}; put `{}` on the PATH", program.installed_as.first().unwrap_or(&program.name))),
    }
}

/// Fetches the packages of `program` that this machine lacks and unpacks them as the folder `target`.
pub(super) fn fetch(program: &Debian, target: &Path) -> Result<()> {
    let tools = tools(program).map_err(|reason| Error::Missing { program: program.what.to_owned(), reason })?;
    once(program.name, target, |arriving| {
        let packages = program.packages.join(" ");
        let doing = format!("fetching {} (Debian packages {packages})", program.what);
        say(&format!("{doing}: {}, this once", program.estimate()));
        let work = tempfile::tempdir().map_err(Error::io("a temporary folder"))?;
        let apt = Apt { program, tools: &tools, work: work.path(), doing, own_lists: false };
        // The machine's lists may be absent, as in a fresh container, or older than what the mirror still has. Only root
        // may bring them up to date, so the second try has lists of its own.
        let files = apt.download().or_else(|_| {
            let apt = Apt { own_lists: true, ..apt };
            let failed = apt.update()?;
            apt.download().map_err(|error| match (error, failed) {
                (Error::Missing { program, reason }, Some(failed)) => {
                    Error::Missing { program, reason: format!("{reason}; {failed}") }
                }
                (error, _) => error,
            })
        })?;
        fs::create_dir(arriving).map_err(Error::file(arriving))?;
        for file in files {
            run(Command::new(&tools.dpkg).arg("-x").arg(&file).arg(arriving), program)?;
        }
        Ok(())
    })
}

/// One way to ask `apt-get`.
struct Apt<'a> {
    program: &'a Debian,
    tools: &'a Tools,
    work: &'a Path,
    doing: String,
    own_lists: bool,
}

impl Apt<'_> {
    /// The files of the packages and of what they need and this machine lacks.
    fn download(&self) -> Result<Vec<PathBuf>> {
        let mut plan = self.command();
        plan.args(["--simulate", "--no-install-recommends", "install"]).args(self.program.packages);
        let wanted = missing(&run(&mut plan, self.program)?);
        if wanted.is_empty() {
            return Err(absent(self.program, "apt-get says that they are installed, but the program is not there"));
        }
        // Only to be a folder of its own for each try.
        let folder = self.work.join(if self.own_lists { "again" } else { "files" });
        fs::create_dir(&folder).map_err(Error::file(&folder))?;
        self.told(self.command().arg("download").args(&wanted).current_dir(&folder))?;
        let files = fs::read_dir(&folder).map_err(Error::file(&folder))?;
        Ok(files.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect())
    }

    /// Fetches the lists of packages into a folder of ours; what could not be fetched, if something could not. That is no
    /// error yet: one of several sources may be gone.
    fn update(&self) -> Result<Option<String>> {
        self.own_folders()?;
        self.told(self.command().arg("update")).map(|said| {
            let failed = said.lines().find_map(|line| line.strip_prefix("W: ").filter(|line| line.contains("fetch")));
            failed.map(|line| line.trim().to_owned())
        })
    }

    fn own_folders(&self) -> Result<()> {
        [self.lists().join("partial"), self.work.join("cache")]
            .iter()
            .try_for_each(|folder| fs::create_dir_all(folder).map_err(Error::file(folder)))
    }

    fn lists(&self) -> PathBuf {
        self.work.join("lists")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.tools.apt_get);
        // As root it would hand the download to a user who cannot write to our folder.
        command.args(["-qq", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=2"]);
        command.args(["-o", "Acquire::http::Timeout=20", "-o", "Acquire::https::Timeout=20"]);
        if self.own_lists {
            for (name, folder) in [("Dir::State::Lists=", self.lists()), ("Dir::Cache=", self.work.join("cache"))] {
                let mut option = OsString::from(name);
                option.push(folder);
                command.arg("-o").arg(option);
            }
        }
        // Its words are read.
        command.env("LC_ALL", "C").stdin(Stdio::null());
        command
    }

    /// For what goes over the network: what it wrote.
    fn told(&self, command: &mut Command) -> Result<String> {
        let log = self.work.join("log");
        let status = run_told(command, &self.doing, TAKES, &log)?;
        let said = fs::read(&log).unwrap_or_default();
        if status.success() {
            return Ok(String::from_utf8_lossy(&said).into_owned());
        }
        Err(absent(self.program, &complaint(&said)))
    }
}

/// What a command wrote.
fn run(command: &mut Command, program: &Debian) -> Result<String> {
    let what = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(Error::io(&what))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(absent(program, &complaint(&output.stderr)))
}

fn absent(program: &Debian, why: &str) -> Error {
    let packages = program.packages.join(" ");
    let reason = format!("its Debian packages {packages} cannot be fetched: {why}");
    Error::Missing { program: program.what.to_owned(), reason }
}

/// The first of apt-get's errors.
fn complaint(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let error = said.lines().find_map(|line| line.strip_prefix("E: "));
    error.or_else(|| said.lines().last()).unwrap_or("apt-get did not say why").trim().to_owned()
}

/// What a simulated installation would install, each as `name=version`: `Inst nginx (1.22.1-9 Debian:12 [amd64])`, with
/// the installed version in brackets where it replaces one.
fn missing(simulated: &str) -> Vec<String> {
    let lines = simulated.lines().filter_map(|line| line.strip_prefix("Inst "));
    lines
        .filter_map(|line| {
            let (name, rest) = line.split_once(' ')?;
            let version = rest.split_once('(')?.1.split([' ', ')']).next()?;
            Some(format!("{name}={version}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulation_says_what_is_missing() {
        let said = "NOTE: This is only a simulation!\n\
                    Inst libapr1 (1.7.2-3+deb12u1 Debian:12.15/oldstable [amd64])\n\
                    Inst libssl3 [3.0.1-1] (3.0.2-1 Debian:12.15/oldstable [amd64]) []\n\
                    Conf libapr1 (1.7.2-3+deb12u1 Debian:12.15/oldstable [amd64])\n";
        assert_eq!(missing(said), ["libapr1=1.7.2-3+deb12u1", "libssl3=3.0.2-1"]);
        assert_eq!(missing("0 upgraded, 0 newly installed.\n"), Vec::<String>::new());
    }

    #[test]
    fn the_reason_is_apt_gets_own() {
        let said = b"W: something\nE: Unable to locate package nginx\nE: later\n";
        assert_eq!(complaint(said), "Unable to locate package nginx");
        assert_eq!(complaint(b"sh: not found\n"), "sh: not found");
        let error = absent(&Debian::NGINX, "Unable to locate package nginx");
        assert!(error.is_missing(), "{error}");
        assert_eq!(
            error.to_string(),
            "nginx is missing: its Debian packages nginx cannot be fetched: Unable to locate package nginx"
        );
    }

    #[test]
    fn what_no_mirror_has_is_said_so() {
        // Lists of ours that are empty: no network is needed to know that nothing is in them.
        let Ok(tools) = tools(&Debian::BLACKBOX) else { return };
        let work = tempfile::tempdir().unwrap();
        let apt =
            Apt { program: &Debian::BLACKBOX, tools: &tools, work: work.path(), doing: String::new(), own_lists: true };
        apt.own_folders().unwrap();
        let error = apt.download().unwrap_err();
        assert!(error.is_missing() && error.to_string().contains("prometheus-blackbox-exporter"), "{error}");
    }
}
