//! Where the programs come from: installed, cached, or built from a wrapper module of ours.
//!
//! The order is the same for each: what the developer named or installed wins, then a per-user cache,
//! then a build with `go`. A cached program is keyed by a hash of its wrapper's sources, so a changed
//! version builds anew and two branches do not fight over one file.

mod build;
pub(crate) mod once;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// Names the folder of the cache, in place of `$XDG_CACHE_HOME/homelab-plane` or
/// `~/.cache/homelab-plane`.
pub const CACHE: &str = "HOMELAB_PLANE_CACHE";

/// Names a folder with `etcd`, `kube-apiserver` and `kube-controller-manager`, as envtest does. It is
/// used when all three are there; a mix of versions would be no cluster that exists.
pub const ASSETS: &str = "KUBEBUILDER_ASSETS";

/// A program that can be built from `testdata/plane/<name>`.
///
/// The known ones are constants; [`Program::named`] gives any other folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Program {
    name: &'static str,
    what: &'static str,
    seconds: u16,
    installed_as: &'static [&'static str],
}

impl Program {
    /// etcd, kube-apiserver and kube-controller-manager in one file, the role is its first argument.
    pub const KUBE: Self = Self::new("kube", "etcd, kube-apiserver and kube-controller-manager 1.36.3", 480, &[]);
    /// Vault with its storage in memory. A `vault` or `bao` on the PATH is looked for by the plane.
    pub const VAULT: Self = Self::new("vault", "Vault 1.21.4", 360, &[]);
    /// `OpenTofu`.
    pub const TOFU: Self = Self::new("tofu", "OpenTofu 1.12.6", 300, &["tofu"]);
    /// The judge of registry documentation.
    pub const TFPLUGINDOCS: Self = Self::new("tfplugindocs", "tfplugindocs 0.25.0", 30, &["tfplugindocs"]);
    /// The other side of the codec tests.
    pub const CTY: Self = Self::new("cty", "go-cty 1.19.0", 30, &[]);
    /// The reverse proxy of the wider tier.
    pub const TRAEFIK: Self = Self::new("traefik", "Traefik 3.5.4", 480, &["traefik"]);
    /// The External Secrets controller of the wider tier.
    pub const ESO: Self = Self::new("eso", "External Secrets 0.20.4", 420, &[]);
    /// The same of the line before it, for what has to hold with more than one.
    pub const ESO_0_19: Self = Self::new("eso19", "External Secrets 0.19.2", 420, &[]);
    /// What a kubelet makes of its folder of static pods, by its own code.
    pub const STATIC_PODS: Self = Self::new("staticpods", "the kubelet's reader of static pods", 150, &[]);

    /// All of the above.
    pub const ALL: [Self; 9] = [
        Self::KUBE,
        Self::VAULT,
        Self::TOFU,
        Self::TFPLUGINDOCS,
        Self::CTY,
        Self::TRAEFIK,
        Self::ESO,
        Self::ESO_0_19,
        Self::STATIC_PODS,
    ];

    /// The known program of this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|program| program.name == name)
    }

    const fn new(name: &'static str, what: &'static str, seconds: u16, installed_as: &'static [&'static str]) -> Self {
        Self { name, what, seconds, installed_as }
    }

    /// Any other folder of `testdata/plane`, for example a small judge that a test brought along.
    pub const fn named(name: &'static str) -> Self {
        Self::new(name, "a program of ours", 60, &[])
    }

    /// Name of the folder under `testdata/plane`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The file of this program, built now if it is neither installed nor cached. A build tells its
    /// progress on standard error.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] where there is no `go` that could build it, [`Error::Build`] with go's words.
    pub fn locate(&self) -> Result<PathBuf> {
        match self.locate_only()? {
            Some(path) => Ok(path),
            None => build::build(self),
        }
    }

    /// The file of this program if it is there already. Never builds: for reports, and for tests that
    /// would rather be skipped.
    pub fn locate_only(&self) -> Result<Option<PathBuf>> {
        if let Some(path) = self.installed_as.iter().find_map(|name| on_path(name)) {
            return Ok(Some(path));
        }
        let cached = self.cached()?;
        Ok(cached.is_file().then_some(cached))
    }

    /// The folder of `module`, at the version that this program is built with: a test takes the resource
    /// definitions of a controller from there, so that they are of one version and not copied into our
    /// tree. Go fetches the module if it is not there yet.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] where there is no `go`, [`Error::Build`] with go's words.
    pub fn module_dir(&self, module: &str) -> Result<PathBuf> {
        build::module_dir(self, module)
    }

    /// One sentence for the list of what did not run: what is missing and how it would come.
    pub fn skip_reason(&self) -> String {
        match build::toolchain(self) {
            Ok(_) => format!(
                "{} is not built; `cargo run -p homelab-plane --example build -- {}` builds it in about {}",
                self.what,
                self.name,
                self.estimate()
            ),
            Err(error) => error.to_string(),
        }
    }

    /// Where the built program is, or will be.
    fn cached(&self) -> Result<PathBuf> {
        let folder = self.sources();
        let hash = hash(&folder)?;
        Ok(cache_dir()?.join(format!("{}-{hash}", self.name)))
    }

    fn sources(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/plane").join(self.name)
    }

    fn estimate(&self) -> String {
        match self.seconds {
            0..60 => "half a minute".to_owned(),
            seconds => format!("{} min on 2 cores", seconds / 60),
        }
    }
}

/// The three servers of a cluster: each a file and the leading arguments that make it that server.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// The store.
    pub etcd: Vec<OsString>,
    /// The API server.
    pub apiserver: Vec<OsString>,
    /// The controllers.
    pub controller_manager: Vec<OsString>,
    /// Whether they are ours, and so end with their standard input.
    pub ours: bool,
}

impl Cluster {
    /// From `KUBEBUILDER_ASSETS` when all three are there, else ours.
    pub fn locate() -> Result<Self> {
        if let Some(folder) = env::var_os(ASSETS).map(PathBuf::from) {
            let names = ["etcd", "kube-apiserver", "kube-controller-manager"];
            let files = names.map(|name| folder.join(name));
            match files.iter().position(|file| !file.is_file()) {
                None => {
                    let [etcd, apiserver, controllers] = files.map(|file| vec![file.into_os_string()]);
                    return Ok(Self { etcd, apiserver, controller_manager: controllers, ours: false });
                }
                Some(absent) => eprintln!(
                    "homelab-plane: {ASSETS} is set, but holds no {}: the plane uses its own programs",
                    names[absent]
                ),
            }
        }
        let file = Program::KUBE.locate()?;
        let role = |name: &str| vec![file.clone().into_os_string(), OsString::from(name)];
        Ok(Self {
            etcd: role("etcd"),
            apiserver: role("apiserver"),
            controller_manager: role("controller-manager"),
            ours: true,
        })
    }
}

/// The first executable file `name` on the PATH.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| is_executable(file))
}

fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(file).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// The per-user folder of built programs and of planes that were left running; made if needed.
pub fn cache_dir() -> Result<PathBuf> {
    let folder = match (env::var_os(CACHE), env::var_os("XDG_CACHE_HOME"), env::var_os("HOME")) {
        (Some(cache), _, _) => PathBuf::from(cache),
        (None, Some(cache), _) => PathBuf::from(cache).join("homelab-plane"),
        (None, None, Some(home)) => PathBuf::from(home).join(".cache/homelab-plane"),
        (None, None, None) => {
            return Err(Error::Internal(format!("neither HOME nor {CACHE} is set: no place for a cache")));
        }
    };
    fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
    Ok(folder)
}

/// Hash of everything that decides what a build gives: 16 hexadecimal digits.
fn hash(folder: &Path) -> Result<String> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(Error::file(folder))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        let bytes = fs::read(&file).map_err(Error::file(&file))?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        hash.update(format!("{name} {}\n", bytes.len()));
        hash.update(bytes);
    }
    Ok(crate::plane::hex(&hash.finalize()[..8]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_follows_names_and_contents() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("go.mod"), "module a").unwrap();
        let first = hash(dir.path()).unwrap();
        assert_eq!(first.len(), 16);
        assert_eq!(first, hash(dir.path()).unwrap());
        fs::write(dir.path().join("go.sum"), "").unwrap();
        let second = hash(dir.path()).unwrap();
        assert_ne!(first, second);
        fs::write(dir.path().join("go.mod"), "module b").unwrap();
        assert_ne!(second, hash(dir.path()).unwrap());
    }

    #[test]
    fn an_unknown_folder_is_an_error_that_names_it() {
        let error = Program::named("no-such-program").locate_only().unwrap_err();
        assert!(error.to_string().contains("no-such-program"), "{error}");
    }

    #[test]
    fn the_path_is_searched_for_files_that_can_run() {
        assert!(on_path("sh").is_some());
        assert!(on_path("no-such-program").is_none());
    }
}
