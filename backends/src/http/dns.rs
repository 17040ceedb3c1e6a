//! A stub resolver for a name server that was named: split views make the system's answer the wrong one to test.
//!
//! It asks for A and AAAA over UDP, over TCP where an answer was truncated, and leaves recursion to the server.

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket, lookup_host};

use super::connect::reason;
use super::resolve::{Resolve, ResolveError};

/// A name server.
#[derive(Clone, Debug)]
pub(super) struct Server {
    /// Its address, or a name that the system resolves.
    pub(super) host: String,
    /// Usually 53.
    pub(super) port: u16,
}

const A: u16 = 1;
const AAAA: u16 = 28;
/// UDP loses packets: each try has its time, and there are several.
const TRIES: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(2);

#[async_trait]
impl Resolve for Server {
    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        let server = match self.host.parse::<IpAddr>() {
            Ok(address) => SocketAddr::new(address, self.port),
            Err(_) => lookup_host((self.host.as_str(), self.port))
                .await
                .ok()
                .and_then(|mut addresses| addresses.next())
                .ok_or_else(|| ResolveError::Failed(format!("the resolver {} has no address", self.host)))?,
        };
        let (six, four) = futures::future::join(ask(server, host, AAAA), ask(server, host, A)).await;
        match (four, six) {
            (Ok(four), Ok(six)) if four.is_empty() && six.is_empty() => Err(ResolveError::Absent),
            (Ok(four), Ok(six)) => Ok(four.into_iter().chain(six).collect()),
            // Half an answer would hide a replica that only the other half names.
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }
}

async fn ask(server: SocketAddr, host: &str, kind: u16) -> Result<Vec<IpAddr>, ResolveError> {
    let mut last = format!("{server} did not answer");
    for attempt in 0..TRIES {
        // Not a secret: the socket is connected and its port is the system's choice. Only answers to earlier tries must
        // not be taken for this one.
        let id = u16::try_from(RandomState::new().hash_one(attempt) & 0xffff).unwrap_or_default();
        let query = query(id, host, kind).ok_or_else(|| ResolveError::Failed(format!("{host:?} is no DNS name")))?;
        match tokio::time::timeout(PATIENCE, over_udp(server, &query)).await {
            Err(_) => {}
            Ok(Err(error)) => last = format!("{server}: {}", reason(&error)),
            Ok(Ok(message)) => match parse(&message, id, kind) {
                Some(Parsed::Truncated) => {
                    let message = tokio::time::timeout(PATIENCE, over_tcp(server, &query)).await;
                    if let Ok(Ok(message)) = message
                        && let Some(Parsed::Addresses(addresses)) = parse(&message, id, kind)
                    {
                        return Ok(addresses);
                    }
                    last = format!("{server} gave no whole answer");
                }
                Some(Parsed::Addresses(addresses)) => return Ok(addresses),
                Some(Parsed::Refused(code)) => {
                    return Err(ResolveError::Failed(format!("{server} answered with code {code}")));
                }
                None => last = format!("{server} answered something else"),
            },
        }
    }
    Err(ResolveError::Failed(last))
}

async fn over_udp(server: SocketAddr, query: &[u8]) -> std::io::Result<Vec<u8>> {
    let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    socket.send(query).await?;
    let mut message = vec![0; 4096];
    let length = socket.recv(&mut message).await?;
    message.truncate(length);
    Ok(message)
}

async fn over_tcp(server: SocketAddr, query: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    stream.write_u16(u16::try_from(query.len()).unwrap_or_default()).await?;
    stream.write_all(query).await?;
    let length = stream.read_u16().await?;
    let mut message = vec![0; usize::from(length)];
    stream.read_exact(&mut message).await?;
    Ok(message)
}

/// RFC 1035, section 4: a question with recursion desired. `None` where the name does not fit.
fn query(id: u16, host: &str, kind: u16) -> Option<Vec<u8>> {
    let mut message = Vec::with_capacity(host.len() + 18);
    message.extend(id.to_be_bytes());
    message.extend([0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in host.trim_end_matches('.').split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..=63).contains(length))?;
        message.push(length);
        message.extend(label.as_bytes());
    }
    message.push(0);
    message.extend(kind.to_be_bytes());
    message.extend([0, 1]);
    (message.len() <= 12 + 255 + 4).then_some(message)
}

#[derive(Debug, PartialEq, Eq)]
enum Parsed {
    Addresses(Vec<IpAddr>),
    Truncated,
    Refused(u8),
}

/// Reads an answer to query `id`. Addresses of every name in it count: the server has followed the aliases. `None` where it
/// is none.
fn parse(message: &[u8], id: u16, kind: u16) -> Option<Parsed> {
    let word = |at: usize| Some(u16::from_be_bytes(message.get(at..at + 2)?.try_into().ok()?));
    let flags = word(2)?;
    if word(0)? != id || flags & 0x8000 == 0 {
        return None;
    }
    if flags & 0x0200 != 0 {
        return Some(Parsed::Truncated);
    }
    match flags & 0x000f {
        0 => {}
        // The name does not exist, of any type.
        3 => return Some(Parsed::Addresses(Vec::new())),
        code => return Some(Parsed::Refused(u8::try_from(code).unwrap_or(u8::MAX))),
    }
    let mut at = 12;
    for _ in 0..word(4)? {
        at = skip_name(message, at)? + 4;
    }
    let mut addresses = Vec::new();
    for _ in 0..word(6)? {
        at = skip_name(message, at)?;
        let (found, length) = (word(at)?, usize::from(word(at + 8)?));
        let data = message.get(at + 10..at + 10 + length)?;
        if found == kind {
            addresses.push(match kind {
                A => IpAddr::from(<[u8; 4]>::try_from(data).ok()?),
                _ => IpAddr::from(<[u8; 16]>::try_from(data).ok()?),
            });
        }
        at += 10 + length;
    }
    Some(Parsed::Addresses(addresses))
}

/// Where the name at `at` ends.
fn skip_name(message: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *message.get(at)? {
            0 => return Some(at + 1),
            // A pointer ends a name; where it leads does not matter here.
            length if length & 0xc0 == 0xc0 => return Some(at + 2),
            length if length & 0xc0 == 0 => at += 1 + usize::from(length),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(id: u16, flags: u16, records: &[(u16, &[u8])]) -> Vec<u8> {
        let mut message = query(id, "photos.example.net", A).unwrap();
        message[2..4].copy_from_slice(&flags.to_be_bytes());
        message[7] = u8::try_from(records.len()).unwrap();
        for (kind, data) in records {
            message.extend([0xc0, 12]);
            message.extend(kind.to_be_bytes());
            message.extend([0, 1, 0, 0, 0, 60]);
            message.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
            message.extend(*data);
        }
        message
    }

    #[test]
    fn answers_are_read() {
        let alias: (u16, &[u8]) = (5, &[1, b'x', 0xc0, 12]);
        let records = [alias, (A, &[192, 0, 2, 7]), (A, &[192, 0, 2, 8])];
        let two = Parsed::Addresses(vec![[192, 0, 2, 7].into(), [192, 0, 2, 8].into()]);
        assert_eq!(parse(&answer(7, 0x8180, &records), 7, A), Some(two));
        assert_eq!(parse(&answer(7, 0x8180, &records), 7, AAAA), Some(Parsed::Addresses(vec![])));
        assert_eq!(parse(&answer(7, 0x8183, &[]), 7, A), Some(Parsed::Addresses(vec![])));
        assert_eq!(parse(&answer(7, 0x8182, &[]), 7, A), Some(Parsed::Refused(2)));
        assert_eq!(parse(&answer(7, 0x8380, &[]), 7, A), Some(Parsed::Truncated));
        let six: (u16, &[u8]) = (AAAA, &[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        let one = Parsed::Addresses(vec!["2001:db8::1".parse().unwrap()]);
        assert_eq!(parse(&answer(7, 0x8180, &[six]), 7, AAAA), Some(one));
    }

    #[test]
    fn what_is_no_answer_to_the_question_is_none() {
        assert_eq!(parse(&answer(8, 0x8180, &[]), 7, A), None, "another id");
        assert_eq!(parse(&query(7, "a.example.net", A).unwrap(), 7, A), None, "a question");
        assert_eq!(parse(&answer(7, 0x8180, &[(A, &[1, 2, 3])]), 7, A), None, "a short address");
    }

    #[test]
    fn no_cut_of_an_answer_is_read_beyond_its_end() {
        let whole = answer(7, 0x8180, &[(A, &[192, 0, 2, 7]), (5, &[1, b'x', 0xc0, 12])]);
        for length in 0..whole.len() {
            assert_eq!(parse(&whole[..length], 7, A), None, "{length}");
        }
    }

    #[test]
    fn names_that_do_not_fit_are_not_asked() {
        assert!(query(1, "a.example.net.", A).is_some());
        for name in ["", "a..b", &"x".repeat(64), &"abc.".repeat(70)] {
            assert_eq!(query(1, name, A), None, "{name}");
        }
    }
}
