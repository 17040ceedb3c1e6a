//! Name servers as they are met, and what comes of each.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use homelab_schema::carveout_probe::Verdict;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinHandle;

use super::origin::answer;
use super::*;

const A: u8 = 1;
const AAAA: u8 = 28;

/// What a server answers to a question for one type.
#[derive(Clone, Copy)]
enum Says {
    /// These addresses, and a code.
    Addresses(&'static [&'static [u8]], u8),
    /// That the answer does not fit, and this over TCP.
    TooLong(&'static [&'static [u8]]),
    /// Something that is no answer.
    Garbage,
    /// An answer to another question.
    AnotherId,
    Nothing,
}

const NONE: Says = Says::Addresses(&[], 0);
const HERE: &[&[u8]] = &[&[127, 0, 0, 1]];
const HERE_6: &[&[u8]] = &[&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]];

struct NameServer {
    address: SocketAddr,
    questions: Arc<AtomicUsize>,
    tasks: [JoinHandle<()>; 2],
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Starts one that says `four` about addresses of version 4 and `six` about those of version 6.
async fn name_server(four: Says, six: Says) -> NameServer {
    // The same port for both: one that is free for TCP may be taken for UDP.
    let (tcp, udp) = loop {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()).await {
            break (tcp, udp);
        }
    };
    let address = udp.local_addr().unwrap();
    let questions = Arc::new(AtomicUsize::new(0));
    let says = move |question: &[u8]| if question[question.len() - 3] == A { four } else { six };
    let counted = Arc::clone(&questions);
    let over_udp = tokio::spawn(async move {
        let mut message = [0; 512];
        loop {
            let (length, from) = udp.recv_from(&mut message).await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            let question = &message[..length];
            let reply = match says(question) {
                Says::Nothing => continue,
                Says::Garbage => vec![1, 2, 3],
                Says::AnotherId => {
                    let mut reply = reply(question, HERE, 0);
                    reply[0] ^= 0xff;
                    reply
                }
                Says::TooLong(_) => {
                    let mut reply = reply(question, &[], 0);
                    reply[2] |= 0x02;
                    reply
                }
                Says::Addresses(addresses, code) => reply(question, addresses, code),
            };
            udp.send_to(&reply, from).await.unwrap();
        }
    });
    let over_tcp = tokio::spawn(async move {
        loop {
            let (mut stream, _) = tcp.accept().await.unwrap();
            let mut question = vec![0; usize::from(stream.read_u16().await.unwrap())];
            stream.read_exact(&mut question).await.unwrap();
            let Says::TooLong(addresses) = says(&question) else { continue };
            let reply = reply(&question, addresses, 0);
            stream.write_u16(u16::try_from(reply.len()).unwrap()).await.unwrap();
            stream.write_all(&reply).await.unwrap();
        }
    });
    NameServer { address, questions, tasks: [over_udp, over_tcp] }
}

fn reply(question: &[u8], addresses: &[&[u8]], code: u8) -> Vec<u8> {
    let mut reply = question.to_vec();
    reply[2..4].copy_from_slice(&[0x81, 0x80 | code]);
    reply[7] = u8::try_from(addresses.len()).unwrap();
    for address in addresses {
        let kind = if address.len() == 4 { A } else { AAAA };
        reply.extend([0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 60, 0]);
        reply.push(u8::try_from(address.len()).unwrap());
        reply.extend(*address);
    }
    reply
}

async fn asked(server: &NameServer, port: u16, adjust: impl FnOnce(&mut Settings)) -> Report {
    let resolver = ConnectTo { host: server.address.ip().to_string(), port: Some(server.address.port()) };
    let mut settings = Settings { resolver: Some(resolver), ..settings(None) };
    adjust(&mut settings);
    probe(vec![check(&format!("http://photos.example.net:{port}/"), Outcome::Public)], settings).await
}

#[tokio::test]
async fn a_name_that_is_absent_and_a_resolver_that_fails_differ() {
    let absent = "photos.example.net has no address";
    let code = |code: u8| format!("answered with code {code}");
    let table: [(Says, Says, &str, String); 6] = [
        // No such name, and a name without addresses.
        (Says::Addresses(&[], 3), Says::Addresses(&[], 3), "dns_absent", absent.to_owned()),
        (NONE, NONE, "dns_absent", absent.to_owned()),
        // SERVFAIL and REFUSED.
        (Says::Addresses(&[], 2), Says::Addresses(&[], 2), "unreachable", code(2)),
        (Says::Addresses(&[], 5), Says::Addresses(&[], 5), "unreachable", code(5)),
        // Half of an answer hides the replicas of the other half.
        (Says::Addresses(HERE, 0), Says::Addresses(&[], 2), "unreachable", code(2)),
        (Says::Garbage, Says::Garbage, "unreachable", "answered something else".to_owned()),
    ];
    for (four, six, observed, why) in table {
        let server = name_server(four, six).await;
        let judged = asked(&server, 80, |_| ()).await.judged.remove(0);
        assert_eq!((judged.verdict, judged.result().observed.as_str()), (Verdict::Unknown, observed), "{why}");
        assert!(judged.shown.told().contains(&why), "{}", judged.shown.told());
    }
}

#[tokio::test]
async fn a_resolver_that_says_nothing_costs_the_time_limit_and_no_more() {
    for says in [Says::Nothing, Says::AnotherId] {
        let server = name_server(says, says).await;
        let judged =
            asked(&server, 80, |settings| settings.timeout = Duration::from_millis(200)).await.judged.remove(0);
        assert_eq!((judged.verdict, judged.result().observed.as_str()), (Verdict::Unknown, "unreachable"));
        let told = judged.shown.told();
        assert!(told.contains("photos.example.net"), "the name is said: {told}");
    }
}

#[tokio::test]
async fn both_versions_are_looked_up_and_asked() {
    // The same port at both addresses: one lets everybody in.
    let gated = Origin::start(|_, _| answer(302, &[("Location", SIGN_IN)], "")).await;
    let port = gated.address.port();
    let open = Origin::start_at(&format!("[::1]:{port}"), |_, _| answer(200, &[], "photos")).await;
    let server = name_server(Says::Addresses(HERE, 0), Says::Addresses(HERE_6, 0)).await;
    let gate = |server: NameServer, family: AddressFamily| async move {
        let resolver = ConnectTo { host: server.address.ip().to_string(), port: Some(server.address.port()) };
        let settings = Settings {
            resolver: Some(resolver),
            family,
            samples: 1,
            threshold: 1,
            every_address: true,
            ..settings(None)
        };
        let url = format!("http://photos.example.net:{port}/");
        let report = probe(vec![check(&url, Outcome::Gated)], settings).await;
        (report.verdict, report.judged[0].share(), server)
    };
    let (verdict, share, server) = gate(server, AddressFamily::Any).await;
    assert_eq!(
        (verdict, share.as_str()),
        (Verdict::Exposed, "1/2"),
        "one sample was declared, and there are two addresses"
    );
    assert_eq!((gated.asked().len(), open.asked().len()), (1, 1));
    let (verdict, share, server) = gate(server, AddressFamily::Ipv4).await;
    assert_eq!((verdict, share.as_str()), (Verdict::Ok, "1/1"));
    let (verdict, ..) = gate(server, AddressFamily::Ipv6).await;
    assert_eq!(verdict, Verdict::Exposed);
    assert_eq!((gated.asked().len(), open.asked().len()), (2, 2));
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_asked_for_over_tcp() {
    let origin = Origin::start(|_, _| answer(200, &[], "")).await;
    let server = name_server(Says::TooLong(HERE), NONE).await;
    assert_eq!(asked(&server, origin.address.port(), |_| ()).await.verdict, Verdict::Ok);
    assert_eq!(origin.asked().len(), 3);
}

#[tokio::test]
async fn a_name_is_looked_up_once_for_each_sample_however_many_paths_it_has() {
    let origin = Origin::start(|_, _| answer(200, &[], "")).await;
    let server = name_server(Says::Addresses(HERE, 0), NONE).await;
    let resolver = ConnectTo { host: server.address.ip().to_string(), port: Some(server.address.port()) };
    let port = origin.address.port();
    let paths = (0..20).map(|path| check(&format!("http://photos.example.net:{port}/{path}"), Outcome::Public));
    let report = probe(paths.collect(), Settings { resolver: Some(resolver), ..settings(None) }).await;
    assert_eq!((report.verdict, origin.asked().len()), (Verdict::Ok, 60));
    // Three samples, and a question for each version.
    assert_eq!(server.questions.load(Ordering::SeqCst), 6);
}
