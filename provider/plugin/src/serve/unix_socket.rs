//! A Unix socket with a file that comes and goes with it.

use std::collections::hash_map::RandomState;
use std::fs::{self, Permissions};
use std::hash::BuildHasher as _;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

use super::handshake::Handshake;
use super::socket::SocketError;

/// Bytes that fit a socket's path everywhere: 104 with the closing zero on macOS, 108 on Linux.
const PATH_LIMIT: usize = 103;
/// Where sockets go when the directory of temporary files has too long a name.
const SHORT_DIR: &str = "/tmp";
/// The list of groups.
const GROUPS: &str = "/etc/group";

/// A bound socket; its file is removed when it is dropped.
#[derive(Debug)]
pub(super) struct UnixSocket {
    listener: UnixListener,
    path: String,
}

impl UnixSocket {
    /// Listens where `handshake` wishes, else in the directory of temporary files.
    pub(super) fn bind(handshake: &Handshake) -> Result<Self, SocketError> {
        let path = match &handshake.socket_dir {
            Some(dir) => place(dir)?,
            None => place(&std::env::temp_dir()).or_else(|_| place(Path::new(SHORT_DIR)))?,
        };
        let failed = |error| SocketError::Listen { address: path.clone(), error };
        let listener = UnixListener::bind(&path).map_err(failed)?;
        // From here on a failure removes the file.
        let socket = Self { listener, path: path.clone() };
        let mut mode = 0o600;
        if let Some(group) = &handshake.socket_group {
            group_number(group, Path::new(GROUPS))
                .and_then(|number| chown(&path, None, Some(number)))
                .map_err(|error| SocketError::Group(group.clone(), error))?;
            mode = 0o660;
        }
        fs::set_permissions(&path, Permissions::from_mode(mode)).map_err(failed)?;
        Ok(socket)
    }

    /// The path of the file.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The next connection.
    pub(super) async fn accept(&self) -> io::Result<UnixStream> {
        self.listener.accept().await.map(|(stream, _)| stream)
    }
}

impl Drop for UnixSocket {
    fn drop(&mut self) {
        // Nobody is left to tell of a failure, and a file without a listener harms nobody.
        let _ = fs::remove_file(&self.path);
    }
}

/// A fresh path in `dir` that the handshake line can carry.
fn place(dir: &Path) -> Result<String, SocketError> {
    // Binding fails on an existing file, so the name must only be unlikely to exist, not secret.
    let random = RandomState::new().hash_one(std::process::id());
    let path: PathBuf = dir.join(format!("plugin{random:016x}"));
    let refused = |reason| SocketError::Path(dir.to_owned(), reason);
    let path = path.into_os_string().into_string().map_err(|_| refused("is not UTF-8"))?;
    if path.len() > PATH_LIMIT {
        return Err(refused("is longer than a socket's path may be"));
    }
    if path.contains(['|', '\n', '\r']) {
        return Err(refused("holds a `|` or a line break"));
    }
    Ok(path)
}

/// The number of `group`: itself where it is one, else as the list of groups has it.
fn group_number(group: &str, groups: &Path) -> io::Result<u32> {
    if let Ok(number) = group.parse() {
        return Ok(number);
    }
    fs::read_to_string(groups)?
        .lines()
        .find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            let number = fields.nth(1)?;
            (name == group).then(|| number.parse().ok())?
        })
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("not in {GROUPS}; give its number instead")))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn a_path_is_fresh_short_and_fits_the_line() {
        let dir = Path::new("/tmp");
        let (one, two) = (place(dir).unwrap(), place(dir).unwrap());
        assert_ne!(one, two);
        assert!(one.starts_with("/tmp/plugin") && one.len() <= PATH_LIMIT, "{one}");
        for bad in ["/tmp/a|b", "/tmp/a\nb", &format!("/tmp/{}", "x".repeat(100))] {
            assert!(matches!(place(Path::new(bad)), Err(SocketError::Path(..))), "{bad}");
        }
    }

    #[test]
    fn groups_go_by_number_or_name() {
        let dir = tempfile::tempdir().unwrap();
        let list = dir.path().join("group");
        fs::write(&list, "root:x:0:\nbroken\nhome:x:1234:someone\nodd:x:many:\n").unwrap();
        assert_eq!(group_number("77", &list).unwrap(), 77);
        assert_eq!(group_number("home", &list).unwrap(), 1234);
        for unknown in ["odd", "broken", "nobody-here"] {
            assert_eq!(group_number(unknown, &list).unwrap_err().kind(), io::ErrorKind::NotFound, "{unknown}");
        }
    }

    #[tokio::test]
    async fn only_the_owner_and_the_named_group_may_connect() {
        let dir = tempfile::tempdir().unwrap();
        let mut handshake = Handshake { socket_dir: Some(dir.path().to_owned()), ..Handshake::plain() };
        let alone = UnixSocket::bind(&handshake).unwrap();
        assert_eq!(fs::metadata(alone.path()).unwrap().mode() & 0o777, 0o600);

        let own_group = fs::metadata(dir.path()).unwrap().gid();
        handshake.socket_group = Some(own_group.to_string());
        let shared = UnixSocket::bind(&handshake).unwrap();
        let metadata = fs::metadata(shared.path()).unwrap();
        assert_eq!((metadata.mode() & 0o777, metadata.gid()), (0o660, own_group));
    }

    #[tokio::test]
    async fn the_file_goes_with_the_socket_and_with_a_failure() {
        let dir = tempfile::tempdir().unwrap();
        let mut handshake = Handshake { socket_dir: Some(dir.path().to_owned()), ..Handshake::plain() };
        let files = || fs::read_dir(dir.path()).unwrap().count();
        let socket = UnixSocket::bind(&handshake).unwrap();
        assert_eq!(files(), 1);
        drop(socket);
        assert_eq!(files(), 0);

        handshake.socket_group = Some("no such group".into());
        assert!(matches!(UnixSocket::bind(&handshake), Err(SocketError::Group(..))));
        assert_eq!(files(), 0);
    }
}
