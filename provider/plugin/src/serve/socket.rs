//! Where the client connects: a Unix socket, or a loopback port where there are none.

use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;

use super::handshake::Handshake;
#[cfg(unix)]
use super::unix_socket::UnixSocket;

/// The kind of socket to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A Unix socket; needs a Unix system.
    Unix,
    /// A TCP port of the loopback address.
    Tcp,
}

impl Default for Transport {
    /// As go-plugin chooses: Unix sockets wherever there are some.
    fn default() -> Self {
        if cfg!(unix) { Self::Unix } else { Self::Tcp }
    }
}

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// The system refuses.
    #[error("failed to listen on {address}: {error}")]
    Listen {
        /// Where.
        address: String,
        /// Why.
        error: io::Error,
    },
    /// The path cannot be told in the handshake line, or is too long for a socket.
    #[error(
        "failed to place the socket in {0:?}: its path {1}; set PLUGIN_UNIX_SOCKET_DIR or TMPDIR to another directory"
    )]
    Path(PathBuf, &'static str),
    /// The group of `PLUGIN_UNIX_SOCKET_GROUP` is unknown.
    #[error("failed to give the socket to group {0:?} of PLUGIN_UNIX_SOCKET_GROUP: {1}")]
    Group(String, io::Error),
    /// Unix sockets were asked for where there are none.
    #[error("failed to listen on a Unix socket: this system has none")]
    Unsupported,
}

/// Where the client is to connect; displays as the line's address field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// The path of a Unix socket: UTF-8 and without the line's separators.
    Unix(String),
    /// A TCP port of the loopback address.
    Tcp(u16),
}

impl Address {
    /// The network's name in the handshake line.
    pub(super) fn network(&self) -> &'static str {
        match self {
            Self::Unix(_) => "unix",
            Self::Tcp(_) => "tcp",
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => formatter.write_str(path),
            Self::Tcp(port) => write!(formatter, "{}:{port}", Ipv4Addr::LOCALHOST),
        }
    }
}

/// A connection of either kind.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A bound socket. Dropping it removes the file of a Unix socket.
#[derive(Debug)]
pub(super) enum Listener {
    #[cfg(unix)]
    Unix(UnixSocket),
    Tcp(TcpListener),
}

impl Listener {
    /// Listens where the parent wishes. Must run inside a tokio runtime.
    pub(super) async fn bind(transport: Transport, handshake: &Handshake) -> Result<Self, SocketError> {
        match transport {
            #[cfg(unix)]
            Transport::Unix => UnixSocket::bind(handshake).map(Self::Unix),
            #[cfg(not(unix))]
            Transport::Unix => Err(SocketError::Unsupported),
            Transport::Tcp => bind_tcp(handshake.ports).await.map(Self::Tcp),
        }
    }

    /// Where it listens.
    pub(super) fn address(&self) -> Result<Address, SocketError> {
        match self {
            #[cfg(unix)]
            Self::Unix(socket) => Ok(Address::Unix(socket.path().to_owned())),
            Self::Tcp(listener) => listener
                .local_addr()
                .map(|address| Address::Tcp(address.port()))
                .map_err(|error| SocketError::Listen { address: Ipv4Addr::LOCALHOST.to_string(), error }),
        }
    }

    /// The next connection.
    pub(super) async fn accept(&self) -> io::Result<Box<dyn Stream>> {
        match self {
            #[cfg(unix)]
            Self::Unix(socket) => Ok(Box::new(socket.accept().await?)),
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // Without it the kernel holds small frames back for some 40 ms, in each RPC.
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
        }
    }
}

/// Listens on the first free port from `ports.0` to `ports.1`; port 0 is any free one.
async fn bind_tcp(ports: (u16, u16)) -> Result<TcpListener, SocketError> {
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for port in ports.0..=ports.1 {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(SocketError::Listen { address: format!("{}:{} to {}", Ipv4Addr::LOCALHOST, ports.0, ports.1), error: last })
}
