//! One running plane: a cluster and a Vault, on loopback, with fresh data.

mod cluster;
mod env;
mod identity;
mod secrets;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread;

pub use env::{Env, VARIABLE};

use crate::process::Process;
use crate::{Error, Result};

/// What a plane should have. [`Options::default`] is what tests use.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Start no Vault; `vault_addr` and `vault_token` of the [`Env`] are empty then.
    pub without_vault: bool,
    /// Further flags for the API server, each `--name=value`.
    pub apiserver_args: Vec<String>,
    /// Have the API server note each request in [`Env::audit_log`], for counting.
    pub audit: bool,
    /// Further users: name, and the groups that they belong to. Their tokens are in [`Env::users`];
    /// what they may do is up to the test, by RBAC.
    pub users: Vec<(String, Vec<String>)>,
}

/// A running plane. Dropping it ends all of its servers and removes its data.
#[derive(Debug)]
pub struct Plane {
    // Dropped in this order: clients of the store before the store, the folder last.
    servers: Vec<Process>,
    _sweeper: Process,
    env: Env,
}

impl Plane {
    /// Locates the programs (building what is missing), starts the servers side by side and waits
    /// until each answers. Takes a few seconds when the programs are there.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] and [`Error::Build`] for a program, [`Error::Died`] and
    /// [`Error::Timeout`] with the end of the log of the server at fault.
    pub fn start(options: &Options) -> Result<Self> {
        let programs = cluster::Programs::locate(options)?;
        // A free port is picked before its server binds it, and another process (such as a second
        // plane) may be faster. That is rare and shows in the log; new ports are the cure.
        for _ in 0..2 {
            match Self::start_once(&programs, options) {
                Err(Error::Died { log, .. }) if log.contains("address already in use") => {}
                result => return result,
            }
        }
        Self::start_once(&programs, options)
    }

    fn start_once(programs: &cluster::Programs, options: &Options) -> Result<Self> {
        let dir = fresh_dir()?;
        let sweeper = Process::sweeper(&dir)?;
        let identity = identity::Identity::create(&dir, &options.users)?;
        let (cluster, vault) = thread::scope(|scope| {
            let vault = programs.vault.as_ref().map(|vault| scope.spawn(|| secrets::start(vault, &dir)));
            let cluster = cluster::start(&programs.cluster, &identity, options, &dir);
            let vault = vault.map(|thread| {
                thread.join().unwrap_or_else(|_| Err(Error::Internal("the thread of Vault panicked".into())))
            });
            (cluster, vault.transpose())
        });
        // Both halves run by now if they run at all; whichever is whole ends on an early return.
        let (mut servers, api_server) = cluster?;
        let (vault_addr, vault_token) = match vault? {
            Some(vault) => {
                servers.push(vault.process);
                (vault.address, vault.token)
            }
            None => (String::new(), String::new()),
        };
        let env = Env {
            kubeconfig: dir.join("kubeconfig"),
            api_server,
            ca_pem: identity.ca_pem.clone(),
            admin_token: identity.token("admin"),
            viewer_token: identity.token("viewer"),
            nobody_token: identity.token("nobody"),
            users: identity.further_tokens(),
            vault_addr,
            vault_token,
            dir,
        };
        if !options.without_vault {
            secrets::trust_cluster(&env)?;
        }
        Ok(Self { servers, _sweeper: sweeper, env })
    }

    /// Locates the programs that `options` ask for, building what is missing, without starting any.
    pub fn prepare(options: &Options) -> Result<()> {
        cluster::Programs::locate(options).map(|_| ())
    }

    /// Addresses and tokens.
    pub fn env(&self) -> &Env {
        &self.env
    }

    /// An error with the end of its log, if a server is not running any more.
    pub fn alive(&mut self) -> Result<()> {
        self.servers.iter_mut().try_for_each(Process::alive)
    }

    /// Ids of the servers' processes.
    pub fn ids(&self) -> Vec<u32> {
        self.servers.iter().map(Process::id).collect()
    }
}

/// The plane of this process: the one that `HOMELAB_PLANE` names, else the one that
/// `cargo xtask plane up` left running, else one that is started now and ends with this process.
///
/// Tests share it and each works in a namespace of its own ([`crate::Api::namespace`]).
pub fn shared() -> Result<&'static Env> {
    static ENV: OnceLock<std::result::Result<Env, String>> = OnceLock::new();
    // Kept alive for the whole process. Nothing drops it at the end; its servers and its folder go
    // when the system closes our pipes.
    static PLANE: OnceLock<Plane> = OnceLock::new();
    let found = ENV.get_or_init(|| {
        let start = || -> Result<Env> {
            if let Some(env) = Env::from_environment()? {
                return Ok(env);
            }
            if let Some(env) = crate::resident::running(crate::resident::DEFAULT_NAME)? {
                return Ok(env);
            }
            let plane = Plane::start(&Options::default())?;
            let env = plane.env().clone();
            let _ = PLANE.set(plane);
            Ok(env)
        };
        start().map_err(|error| error.to_string())
    });
    found.as_ref().map_err(|text| Error::Internal(text.clone()))
}

/// `count` different ports of loopback that were free a moment ago.
///
/// They are held together until all are picked. Between the pick and the server's own bind another
/// process may take one; then the server says so in its log, which the error carries.
pub(crate) fn free_ports(count: usize) -> Result<Vec<u16>> {
    let listeners = (0..count)
        .map(|_| TcpListener::bind(("127.0.0.1", 0)))
        .collect::<std::io::Result<Vec<_>>>()
        .map_err(Error::io("a free port on loopback"))?;
    listeners.iter().map(|listener| Ok(listener.local_addr().map_err(Error::io("a free port"))?.port())).collect()
}

/// `bytes` random bytes of the system, as hexadecimal digits.
pub(crate) fn random_hex(bytes: usize) -> Result<String> {
    use std::io::Read;
    let mut raw = vec![0; bytes];
    let source = Path::new("/dev/urandom");
    let mut file = fs::File::open(source).map_err(Error::file(source))?;
    file.read_exact(&mut raw).map_err(Error::file(source))?;
    Ok(hex(&raw))
}

/// Two hexadecimal digits per byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// A new folder that only we may read: it holds tokens and keys.
fn fresh_dir() -> Result<PathBuf> {
    let dir = tempfile::Builder::new().prefix("homelab-plane-").tempdir().map_err(Error::io("a temporary folder"))?;
    // The sweeper removes it; it also does when we are killed, which a `TempDir` cannot.
    Ok(dir.keep())
}

/// Writes a file that only its owner may read.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(Error::file(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_differ_and_randomness_does() {
        let mut ports = free_ports(8).unwrap();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 8);
        assert_ne!(random_hex(8).unwrap(), random_hex(8).unwrap());
        assert_eq!(random_hex(4).unwrap().len(), 8);
    }

    #[test]
    fn private_files_are_private() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        write_private(&path, "x").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
