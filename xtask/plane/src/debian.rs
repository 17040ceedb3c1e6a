//! Programs of the wider tier that come as Debian packages.
//!
//! # Forces
//!
//! - A test must not change the machine: nothing is installed, no service is started, no root is needed. The packages are
//!   unpacked into the per-user cache and run from there, with their libraries named to the loader.
//! - A whole dependency tree would replace libraries of the machine by others; only what is missing is fetched, as
//!   `apt-get` sees it.
//! - What is installed wins, as for every other program of the plane.
//!
//! A further program is one row of the table below: its packages, and the file to run.

mod fetch;

use std::env::consts::ARCH;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::programs::{cache_dir, on_path};
use crate::{Error, Result};

/// Stands in the reason where a machine cannot have any package.
pub const NO_DEBIAN: &str = "this machine has no `apt-get` and `dpkg`";
/// Stands in the reason where a package could not be had, or nobody has tried.
pub const NOT_FETCHED: &str = "neither installed nor fetched";

/// A program in Debian packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Debian {
    name: &'static str,
    what: &'static str,
    packages: &'static [&'static str],
    megabytes: u16,
    /// Names of the program on the PATH, Debian's first.
    installed_as: &'static [&'static str],
    /// The program below the root of a machine. One element may be `*`, for a version: the last name that fits is taken.
    program: &'static str,
    /// What must be there beside the program, below the root.
    beside: &'static [&'static str],
}

impl Debian {
    /// nginx, whose `auth_request` asks a service whether a request may pass.
    pub const NGINX: Self = Self {
        name: "nginx",
        what: "nginx",
        packages: &["nginx"],
        megabytes: 1,
        installed_as: &["nginx"],
        program: "usr/sbin/nginx",
        beside: &[],
    };
    /// Apache with `mod_auth_openidc`.
    pub const APACHE: Self = Self {
        name: "apache",
        what: "Apache with mod_auth_openidc",
        packages: &["apache2-bin", "libapache2-mod-auth-openidc"],
        megabytes: 3,
        installed_as: &["apache2"],
        program: "usr/sbin/apache2",
        beside: &["usr/lib/apache2/modules/mod_auth_openidc.so"],
    };
    /// Prometheus' prober.
    pub const BLACKBOX: Self = Self {
        name: "blackbox",
        what: "blackbox_exporter",
        packages: &["prometheus-blackbox-exporter"],
        megabytes: 5,
        installed_as: &["prometheus-blackbox-exporter", "blackbox_exporter"],
        program: "usr/bin/prometheus-blackbox-exporter",
        beside: &[],
    };

    /// Prometheus' judge of rules and configurations.
    pub const PROMTOOL: Self = Self {
        name: "promtool",
        what: "promtool",
        packages: &["prometheus"],
        megabytes: 20,
        installed_as: &["promtool"],
        program: "usr/bin/promtool",
        beside: &[],
    };

    /// Prometheus itself, out of the same package.
    pub const PROMETHEUS: Self = Self {
        name: "prometheus",
        what: "Prometheus",
        packages: &["prometheus"],
        megabytes: 20,
        installed_as: &["prometheus"],
        program: "usr/bin/prometheus",
        beside: &[],
    };
    /// Where jobs that end leave their metrics for Prometheus.
    pub const PUSHGATEWAY: Self = Self {
        name: "pushgateway",
        what: "Pushgateway",
        packages: &["prometheus-pushgateway"],
        megabytes: 5,
        installed_as: &["prometheus-pushgateway", "pushgateway"],
        program: "usr/bin/prometheus-pushgateway",
        beside: &[],
    };

    /// The database, with its client.
    pub const POSTGRES: Self = Self {
        name: "postgres",
        what: "PostgreSQL",
        packages: &["postgresql"],
        megabytes: 50,
        installed_as: &["postgres"],
        program: "usr/lib/postgresql/*/bin/postgres",
        beside: &[],
    };

    /// All of the above.
    pub const ALL: [Self; 7] = [
        Self::NGINX,
        Self::APACHE,
        Self::BLACKBOX,
        Self::PROMTOOL,
        Self::PROMETHEUS,
        Self::PUSHGATEWAY,
        Self::POSTGRES,
    ];

    /// The known program of this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|program| program.name == name)
    }

    /// A short name, for the cache and for `--example build`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Where this program is; its packages are fetched now if it is neither installed nor cached.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] with [`NO_DEBIAN`] in its reason, or with what `apt-get` said.
    pub fn locate(&self) -> Result<Found> {
        if let Some(found) = self.locate_only()? {
            return Ok(found);
        }
        fetch::fetch(self, &self.cached()?)?;
        self.locate_only()?.ok_or_else(|| {
            Error::Internal(format!("{} is in none of the packages {}", self.program, self.packages.join(" ")))
        })
    }

    /// Where this program is, if it is there already. Never fetches.
    pub fn locate_only(&self) -> Result<Option<Found>> {
        let beside = self.beside.iter().all(|file| Path::new("/").join(file).is_file());
        if let Some(program) = self.installed_as.iter().find_map(|name| installed(name)).filter(|_| beside) {
            return Ok(Some(Found { program, root: None }));
        }
        // Installed where nobody's PATH leads.
        if let Some(program) = below(Path::new("/"), self.program).filter(|_| beside) {
            return Ok(Some(Found { program, root: None }));
        }
        let root = self.cached()?;
        if !root.is_dir() {
            return Ok(None);
        }
        // Of two packages one may be installed, and then only the other was fetched.
        let program = below(&root, self.program).or_else(|| below(Path::new("/"), self.program));
        Ok(program.map(|program| Found { program, root: Some(root) }))
    }

    /// Where this program is, for who would rather be skipped than wait.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] with the way to the program.
    pub fn ready(&self) -> Result<Found> {
        let missing = || Error::Missing { program: self.what.to_owned(), reason: self.skip_reason() };
        self.locate_only()?.ok_or_else(missing)
    }

    /// How it would come, as a fragment that fits after "nginx is missing: ".
    pub fn skip_reason(&self) -> String {
        match fetch::tools(self) {
            Ok(_) => format!(
                "{NOT_FETCHED}; `cargo run -p homelab-plane --example build -- {}` fetches it: {}",
                self.name,
                self.estimate()
            ),
            Err(reason) => reason,
        }
    }

    /// Where its packages are, or will be, unpacked. Another release of the system has other libraries.
    fn cached(&self) -> Result<PathBuf> {
        let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        let release: Vec<&str> =
            release.lines().filter(|line| line.starts_with("ID=") || line.starts_with("VERSION_ID=")).collect();
        let key = format!("{} {ARCH} {}", self.packages.join(" "), release.join(" "));
        let hash = crate::plane::hex(&Sha256::digest(key)[..8]);
        Ok(cache_dir()?.join(format!("{}-{hash}", self.name)))
    }

    fn estimate(&self) -> String {
        format!("about {} MB, {}", self.megabytes, fetch::TAKES)
    }
}

/// A program that can be run.
#[derive(Debug, Clone)]
pub struct Found {
    program: PathBuf,
    root: Option<PathBuf>,
}

impl Found {
    /// The file to run.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The folder that the packages were unpacked into; none where the machine has the program.
    pub(crate) fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// The same below another folder, which has to be a copy of [`Found::root`].
    pub(crate) fn moved_to(&self, root: &Path) -> Self {
        let below = self.root.as_ref().and_then(|old| self.program.strip_prefix(old).ok());
        let program = below.map_or_else(|| self.program.clone(), |below| root.join(below));
        Self { program, root: Some(root.to_owned()) }
    }

    /// A file that belongs to the program, `usr/lib/…`: of the unpacked packages, else of the machine.
    pub fn file(&self, path: &str) -> PathBuf {
        let unpacked = self.root.iter().map(|root| root.join(path)).find(|file| file.exists());
        unpacked.unwrap_or_else(|| Path::new("/").join(path))
    }

    /// The environment that it needs: where its unpacked libraries are.
    pub fn env(&self) -> Vec<(OsString, OsString)> {
        let libraries = self.root.iter().flat_map(|root| {
            ["usr/lib", "lib"].into_iter().flat_map(|lib| {
                let folder = root.join(lib);
                // One folder per architecture, `x86_64-linux-gnu`.
                let of_architecture = names(&folder).into_iter().filter(|name| name.contains("-linux-"));
                let all: Vec<PathBuf> = of_architecture.map(|name| folder.join(name)).collect();
                all
            })
        });
        let folders: Vec<PathBuf> = libraries.collect();
        match std::env::join_paths(folders) {
            Ok(paths) if !paths.is_empty() => vec![("LD_LIBRARY_PATH".into(), paths)],
            _ => Vec::new(),
        }
    }
}

/// On the PATH, or where Debian puts servers, which is not on everybody's PATH.
fn installed(name: &str) -> Option<PathBuf> {
    on_path(name).or_else(|| Some(Path::new("/usr/sbin").join(name)).filter(|file| file.is_file()))
}

/// The file `path` below `root`, with one element that may be `*`.
fn below(root: &Path, path: &str) -> Option<PathBuf> {
    let Some((before, after)) = path.split_once("*/") else {
        return Some(root.join(path)).filter(|file| file.is_file());
    };
    let folder = root.join(before);
    let all = names(&folder).into_iter().rev().map(|name| folder.join(name).join(after));
    all.into_iter().find(|file| file.is_file())
}

/// The names in a folder, sorted; none where there is no folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unpacked_packages_are_searched_before_the_machine() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().to_path_buf();
        for path in ["usr/lib/database/9/bin", "usr/lib/database/15/bin", "usr/lib/x86_64-linux-gnu", "lib/other"] {
            fs::create_dir_all(root.join(path)).unwrap();
        }
        fs::write(root.join("usr/lib/database/15/bin/server"), "").unwrap();
        assert_eq!(
            below(&root, "usr/lib/database/*/bin/server"),
            Some(root.join("usr/lib/database/15/bin/server")),
            "a version without the program is passed over"
        );
        assert_eq!(below(&root, "usr/lib/nothing/*/bin/server"), None);
        assert_eq!(below(&root, "usr/sbin/nothing"), None);

        let found = Found { program: PathBuf::new(), root: Some(root.clone()) };
        assert_eq!(found.file("usr/lib/database/15/bin/server"), root.join("usr/lib/database/15/bin/server"));
        assert_eq!(found.file("bin/sh"), Path::new("/bin/sh"));
        let libraries = root.join("usr/lib/x86_64-linux-gnu").into_os_string();
        assert_eq!(found.env(), [("LD_LIBRARY_PATH".into(), libraries)]);
        assert_eq!(Found { program: PathBuf::new(), root: None }.env(), []);
    }

    #[test]
    fn a_skip_names_the_way_to_the_program() {
        for program in Debian::ALL {
            let reason = program.skip_reason();
            assert!(reason.contains(program.name) || reason.contains(NO_DEBIAN), "{reason}");
            assert_eq!(Debian::by_name(program.name), Some(program));
        }
    }
}
