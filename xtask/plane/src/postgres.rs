//! A running `PostgreSQL` with fresh data, for the database engine of Vault.
//!
//! # Forces
//!
//! - It refuses to run as root, and many containers know nobody else: then it runs as `nobody`, to whom its folder belongs.
//! - Killed outright it leaves its own processes and a segment of shared memory behind; so it is told to stop at once, which it
//!   does in order, and killed only where it does not.

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::debian::{Debian, Found};
use crate::plane::{random_hex, write_private};
use crate::process::{Launch, Process, wait_for};
use crate::programs::on_path;
use crate::wider::{on_free_ports, private_dir};
use crate::{Error, Result, Vault};

/// Who it runs as where we are root.
const NOBODY: &str = "nobody";
/// How long it may take to answer.
const READY: Duration = Duration::from_mins(3);

/// Runs "$@" and tells it to stop when our standard input closes.
const GUARD: &str = r#"trap '' INT HUP
exec 3<&0
"$@" </dev/null 3<&- & child=$!
{ cat <&3 >/dev/null; kill -QUIT $child 2>/dev/null; n=0
  while kill -0 $child 2>/dev/null && [ $n -lt 250 ]; do sleep 0.1; n=$((n+1)); done
  kill -9 $child 2>/dev/null; } & watcher=$!
wait $child; code=$?
kill -9 $watcher 2>/dev/null
exit $code"#;

/// A running `PostgreSQL`. Dropping it ends it.
#[derive(Debug)]
pub struct Postgres {
    process: Process,
    found: Found,
    port: u16,
    password: Password,
    // Removes its folder after it, also when this process is killed or keeps it to its end in a static.
    _sweeper: Process,
}

/// Kept out of `Debug`.
struct Password(String);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(password)")
    }
}

/// The words before a program that make it run as somebody else.
struct Other {
    words: Vec<OsString>,
    user: u32,
    group: u32,
}

impl Postgres {
    /// Starts one on loopback, with a superuser `postgres` who has a password.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] if it is not there, or if we are root and cannot be anybody else.
    pub fn start() -> Result<Self> {
        let found = Debian::POSTGRES.ready()?;
        on_free_ports(1, |ports| Self::start_on(&found, ports[0]))
    }

    fn start_on(found: &Found, port: u16) -> Result<Self> {
        let dir = private_dir()?;
        let sweeper = Process::sweeper(&dir)?;
        let other = other(&dir)?;
        let before = other.as_ref().map(|other| other.words.clone()).unwrap_or_default();
        let password = random_hex(16)?;
        let password_file = dir.join("password");
        write_private(&password_file, &password)?;
        if let Some(other) = &other {
            for path in [&dir, &password_file] {
                chown(path, Some(other.user), Some(other.group)).map_err(Error::file(path))?;
            }
        }
        let found = &reachable(found, &before, &dir)?;
        let data = dir.join("data");
        make(found, &before, &dir, &data, &password_file)?;
        let program = beside(found, "postgres")?;
        let settings = [
            format!("port={port}"),
            "listen_addresses=127.0.0.1".to_owned(),
            "unix_socket_directories=".to_owned(),
            "fsync=off".to_owned(),
            "max_connections=30".to_owned(),
        ];
        let mut args: Vec<OsString> = vec!["-D".into(), data.clone().into_os_string()];
        args.extend(settings.into_iter().flat_map(|setting| ["-c".into(), OsString::from(setting)]));
        let guard = ["sh", "-c", GUARD, "guard"].map(OsString::from);
        let mut process = Process::start(
            &Launch {
                name: "postgres".into(),
                program: guard.into_iter().chain(before).chain([program.into_os_string()]).collect(),
                args,
                env: found.env(),
                // The shell above does.
                follows: true,
            },
            &dir,
        )?;
        wait_for("PostgreSQL's readiness", READY, || {
            process.alive()?;
            // The last line of it says how the server is.
            let told = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
            Ok(match told.lines().last().map(str::trim) {
                Some("ready") => Ok(()),
                _ => Err(process.log_tail(5)),
            })
        })?;
        Ok(Self { process, found: found.clone(), port, password: Password(password), _sweeper: sweeper })
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The password of `postgres`.
    pub fn password(&self) -> &str {
        &self.password.0
    }

    /// An error with the end of its log, if it is not running any more.
    pub fn alive(&mut self) -> Result<()> {
        self.process.alive()
    }

    /// Runs SQL as a user of it, and returns the rows: columns divided by `|`, one row per line.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] with the server's words; also where the password is wrong.
    pub fn query(&self, user: &str, password: &str, sql: &str) -> Result<String> {
        let program = beside(&self.found, "psql")?;
        let mut child = Command::new(&program)
            .args(["-X", "-q", "-A", "-t", "-w", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-d", "postgres"])
            .args(["-p", &self.port.to_string(), "-U", user])
            .envs(self.found.env())
            .env("PGPASSWORD", password)
            .env("PGCONNECT_TIMEOUT", "60")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(Error::io("psql"))?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(sql.as_bytes()).map_err(Error::io("psql"))?;
        }
        let output = child.wait_with_output().map_err(Error::io("psql"))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
        Err(Error::Internal(format!("psql: {}", String::from_utf8_lossy(&output.stderr).trim())))
    }

    /// Makes it known to the database engine at `database/` of a Vault, as connection `name`, with which all roles are allowed.
    pub fn attach(&self, vault: &Vault, name: &str) -> Result<()> {
        let url =
            format!("postgresql://{{{{username}}}}:{{{{password}}}}@127.0.0.1:{}/postgres?sslmode=disable", self.port);
        let connection = json!({
            "plugin_name": "postgresql-database-plugin", "allowed_roles": "*", "connection_url": url,
            "username": "postgres", "password": self.password.0,
        });
        let path = format!("database/config/{name}");
        vault.write(&path, &connection)?.expect(&path, &[200, 204]).map(|_| ())
    }
}

/// The program where whoever runs it may go: a cache in the home of root is closed to everybody else.
fn reachable(found: &Found, before: &[OsString], dir: &Path) -> Result<Found> {
    let Some((program, words)) = before.split_first() else { return Ok(found.clone()) };
    let mut test = Command::new(program);
    test.args(words).args(["test", "-x"]).arg(found.program()).stdout(Stdio::null()).stderr(Stdio::null());
    if test.status().map_err(Error::io("setpriv"))?.success() {
        return Ok(found.clone());
    }
    let closed = || Error::Missing {
        program: "a way to run PostgreSQL".into(),
        reason: format!("`{NOBODY}` may not run {}", found.program().display()),
    };
    let root = found.root().ok_or_else(closed)?;
    let copy = dir.join("root");
    // Links where the folders are on one disk, which takes no time; else a copy.
    let copied = ["-al", "-a"].into_iter().any(|how| {
        let done = Command::new("cp").arg(how).arg(root).arg(&copy).stderr(Stdio::null()).status();
        done.is_ok_and(|status| status.success()) || {
            let _ = fs::remove_dir_all(&copy);
            false
        }
    });
    if copied { Ok(found.moved_to(&copy)) } else { Err(closed()) }
}

/// Makes the data.
fn make(found: &Found, before: &[OsString], dir: &Path, data: &Path, password: &Path) -> Result<()> {
    let program = beside(found, "initdb")?;
    let mut words = before.iter().cloned().chain([program.into_os_string()]);
    let first = words.next().unwrap_or_default();
    let output = Command::new(first)
        .args(words)
        .args(["--username=postgres", "--auth=scram-sha-256", "--no-sync", "--encoding=UTF8", "--locale=C"])
        .arg(flag("--pwfile=", password))
        .arg(flag("--pgdata=", data))
        .current_dir(dir)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("HOME", dir)
        .env("TMPDIR", dir)
        .envs(found.env())
        .stdin(Stdio::null())
        .output()
        .map_err(Error::io("initdb"))?;
    if output.status.success() {
        return Ok(());
    }
    let log = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Error::Died { name: "initdb".into(), status: output.status.to_string(), log })
}

fn flag(name: &str, path: &Path) -> OsString {
    let mut flag = OsString::from(name);
    flag.push(path);
    flag
}

/// A program in the folder of the server.
fn beside(found: &Found, name: &str) -> Result<PathBuf> {
    // What is on the PATH may be a link into that folder.
    let server = fs::canonicalize(found.program()).map_err(Error::file(found.program()))?;
    let program = server.with_file_name(name);
    if program.is_file() {
        return Ok(program);
    }
    Err(Error::Missing { program: name.to_owned(), reason: format!("it is not beside {}", server.display()) })
}

/// How to run as somebody else, where we are root; `dir` is a folder that we just made.
fn other(dir: &Path) -> Result<Option<Other>> {
    if fs::metadata(dir).map_err(Error::file(dir))?.uid() != 0 {
        return Ok(None);
    }
    let missing =
        |reason: &str| Error::Missing { program: "a way to run PostgreSQL".into(), reason: reason.to_owned() };
    let setpriv = on_path("setpriv").ok_or_else(|| missing("it refuses to run as root, and there is no `setpriv`"))?;
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let (user, group) =
        ids(&users, NOBODY).ok_or_else(|| missing("it refuses to run as root, and there is no user `nobody`"))?;
    let words = [
        setpriv.into_os_string(),
        format!("--reuid={user}").into(),
        format!("--regid={group}").into(),
        "--clear-groups".into(),
    ];
    Ok(Some(Other { words: words.to_vec(), user, group }))
}

/// User and group of a name in the text of `/etc/passwd`.
fn ids(users: &str, name: &str) -> Option<(u32, u32)> {
    let mut fields = users
        .lines()
        .map(|line| line.split(':'))
        .find_map(|mut fields| (fields.next() == Some(name)).then_some(fields))?;
    let (_password, user, group) = (fields.next()?, fields.next()?, fields.next()?);
    Some((user.parse().ok()?, group.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_the_name_alone() {
        let users =
            "root:x:0:0:root:/root:/bin/sh\nnobodyelse:x:7:8::/:\nnobody:x:65534:65533:nobody:/:/usr/sbin/nologin\n";
        assert_eq!(ids(users, "nobody"), Some((65534, 65533)));
        assert_eq!(ids(users, "somebody"), None);
        assert_eq!(ids("", "nobody"), None);
    }

    #[test]
    fn it_takes_passwords_and_is_gone_with_its_owner() {
        let postgres = match Postgres::start() {
            Err(error) if error.is_missing() => return crate::skip("postgres", &error.to_string()),
            started => started.unwrap(),
        };
        assert_eq!(postgres.query("postgres", postgres.password(), "SELECT 6 * 7").unwrap(), "42");
        let refused = postgres.query("postgres", "wrong", "SELECT 1").unwrap_err();
        assert!(refused.to_string().contains("password authentication failed"), "{refused}");
        assert!(!format!("{postgres:?}").contains(postgres.password()));
        let address = ("127.0.0.1", postgres.port());
        drop(postgres);
        assert!(std::net::TcpStream::connect(address).is_err());
    }
}
