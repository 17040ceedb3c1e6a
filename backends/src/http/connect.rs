//! From a URL to a connection, past the guard.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};

use homelab_core::probe::{Check, Failure, Settings, address};
use homelab_schema::carveout_probe::AddressFamily;
use tokio::net::TcpStream;

use super::place;
use super::resolve::{Resolve, ResolveError};

/// Connects for sample `number`; each number begins with another address of a name that has several, so that the samples
/// together see them all. `addresses` is set to how many there are.
pub(super) async fn connect(
    check: &Check,
    settings: &Settings,
    resolver: &dyn Resolve,
    number: usize,
    addresses: &AtomicUsize,
) -> Result<TcpStream, Failure> {
    let (host, port) = place(check, settings);
    let count = addresses;
    let addresses = match host.parse::<IpAddr>() {
        Ok(address) => vec![address],
        Err(_) => resolver.resolve(host).await.map_err(|error| failed(host, error))?,
    };
    let addresses = of_family(host, addresses, settings.family)?;
    let mut allowed = allowed(host, addresses, settings.allow_private)?;
    count.store(allowed.len(), Ordering::Relaxed);
    let count = allowed.len();
    allowed.rotate_left(number % count);
    // An address that swallows packets must leave the others their time.
    let patience = settings.timeout / u32::try_from(count).unwrap_or(u32::MAX);
    let mut last = String::new();
    for address in allowed {
        let address = SocketAddr::new(address, port);
        match tokio::time::timeout(patience, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // A probe is one small request: waiting for more to send only costs time.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => last = format!("{address}: {}", reason(&error)),
            Err(_) => last = format!("{address}: no connection within {patience:?}"),
        }
    }
    Err(Failure::Unreachable(last))
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

/// The addresses that may be asked; never empty.
fn allowed(host: &str, addresses: Vec<IpAddr>, allow_private: bool) -> Result<Vec<IpAddr>, Failure> {
    let Some(first) = addresses.first().copied() else {
        return Err(Failure::DnsAbsent(format!("{host} has no address")));
    };
    if allow_private {
        return Ok(addresses);
    }
    let allowed: Vec<IpAddr> = addresses.into_iter().filter(|address| address::special(*address).is_none()).collect();
    match (allowed.is_empty(), address::special(first)) {
        (true, Some(kind)) => Err(Failure::Private(first, kind)),
        _ => Ok(allowed),
    }
}

fn failed(host: &str, error: ResolveError) -> Failure {
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
