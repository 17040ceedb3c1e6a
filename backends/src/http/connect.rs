//! From addresses to a connection, past the guard.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use async_trait::async_trait;
use homelab_core::probe::{Failure, Settings, address};
use homelab_schema::carveout_probe::AddressFamily;
use tokio::net::TcpStream;

use super::resolve::ResolveError;

/// Opens connections. A seam: a test must not leave the machine to show where a connection would go.
#[async_trait]
pub(super) trait Dial: Send + Sync + 'static {
    /// A connection to `address`.
    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream>;
}

/// To the address itself.
pub(super) struct Direct;

#[async_trait]
impl Dial for Direct {
    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(address).await?;
        // A probe is one small request: waiting for more to send only costs time.
        let _ = stream.set_nodelay(true);
        Ok(stream)
    }
}

/// Connects for sample `number`; each number begins with another address of a name that has several, so that the samples
/// together see them all. What is connected to is what the guard let pass: nothing is looked up in between.
pub(super) async fn connect(
    mut allowed: Vec<IpAddr>,
    port: u16,
    number: usize,
    timeout: Duration,
    dial: &dyn Dial,
) -> Result<TcpStream, Failure> {
    let count = allowed.len().max(1);
    allowed.rotate_left(number % count);
    // An address that swallows packets must leave the others their time.
    let patience = timeout / u32::try_from(count).unwrap_or(u32::MAX);
    let mut last = String::new();
    for address in allowed {
        let address = SocketAddr::new(address, port);
        match tokio::time::timeout(patience, dial.dial(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = format!("{address}: {}", reason(&error)),
            Err(_) => last = format!("{address}: no connection within {patience:?}"),
        }
    }
    Err(Failure::Unreachable(last))
}

/// The addresses of `host` that may be asked; never empty.
pub(super) fn allowed(host: &str, found: Vec<IpAddr>, settings: &Settings) -> Result<Vec<IpAddr>, Failure> {
    let addresses = of_family(host, found, settings.family)?;
    let Some(first) = addresses.first().copied() else {
        return Err(Failure::DnsAbsent(format!("{host} has no address")));
    };
    if settings.allow_private {
        return Ok(addresses);
    }
    let allowed: Vec<IpAddr> = addresses.into_iter().filter(|address| address::special(*address).is_none()).collect();
    match (allowed.is_empty(), address::special(first)) {
        (true, Some(kind)) => Err(Failure::Private(first, kind)),
        _ => Ok(allowed),
    }
}

/// The addresses of the declared family.
fn of_family(host: &str, addresses: Vec<IpAddr>, family: AddressFamily) -> Result<Vec<IpAddr>, Failure> {
    let (word, fits): (&str, fn(&IpAddr) -> bool) = match family {
        AddressFamily::Any => return Ok(addresses),
        AddressFamily::Ipv4 => ("IPv4", IpAddr::is_ipv4),
        AddressFamily::Ipv6 => ("IPv6", IpAddr::is_ipv6),
    };
    let fitting: Vec<IpAddr> = addresses.into_iter().filter(fits).collect();
    if fitting.is_empty() { Err(Failure::DnsAbsent(format!("{host} has no {word} address"))) } else { Ok(fitting) }
}

/// Why there are no addresses of `host`.
pub(super) fn not_found(host: &str, error: ResolveError) -> Failure {
    match error {
        ResolveError::Absent => Failure::DnsAbsent(format!("{host} has no address")),
        ResolveError::Failed(why) => Failure::Unreachable(format!("{host} could not be looked up: {why}")),
    }
}

/// Words for the errors that everybody meets; else those of the system.
pub(super) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "the connection was refused".to_owned(),
        io::ErrorKind::ConnectionReset => "the connection was reset".to_owned(),
        io::ErrorKind::UnexpectedEof => "the connection was closed".to_owned(),
        _ => error.to_string(),
    }
}
