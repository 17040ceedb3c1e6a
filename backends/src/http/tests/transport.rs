//! Servers that are slow, endless, half there, or speak something else; and connections themselves.

use std::collections::BTreeSet;
use std::time::Instant;

use homelab_core::finding::probe as codes;
use homelab_core::probe::Observed;
use homelab_schema::carveout_probe::Verdict;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::origin::{Reply, answer};
use super::*;

const SHARE: &str = "http://photos.example.net/share";

/// Makes an answer, for a table of them.
type Answers = fn() -> Reply;

fn sent(text: &'static str) -> Reply {
    Reply::Send(text.as_bytes().to_vec())
}

/// What one sample of an origin with this answer shows, and why.
async fn shown(reply: Answers, outcome: Outcome) -> (Observed, Verdict, String) {
    let origin = Origin::start(move |_, _| reply()).await;
    let settings = Settings { samples: 1, threshold: 1, ..settings(Some(&origin)) };
    let judged = probe(vec![check(SHARE, outcome)], settings).await.judged.remove(0);
    (judged.shown.observed, judged.verdict, judged.shown.told())
}

#[tokio::test]
async fn lengths_that_are_wrong_prove_no_open_door() {
    use Observed::{OriginError, Public, Unreachable};
    let table: [(Answers, Observed, Verdict); 7] = [
        // More than was said: what was said counts.
        (|| sent("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhello"), Public, Verdict::Ok),
        (|| sent("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello"), OriginError, Verdict::Unknown),
        (
            || sent("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
            Unreachable,
            Verdict::Unknown,
        ),
        (|| sent("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nhello"), Unreachable, Verdict::Unknown),
        (|| sent("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello"), OriginError, Verdict::Unknown),
        // Without any: until the end of the connection.
        (|| sent("HTTP/1.1 200 OK\r\n\r\nhello"), Public, Verdict::Ok),
        (|| sent("HTTP/1.0 200 OK\r\n\r\nhello"), Public, Verdict::Ok),
    ];
    for (index, (reply, observed, verdict)) in table.into_iter().enumerate() {
        let seen = shown(reply, Outcome::Public).await;
        assert_eq!((seen.0, seen.1), (observed, verdict), "{index}: {}", seen.2);
    }
}

#[tokio::test]
async fn what_is_no_http_1_1_is_no_answer() {
    let table: [Answers; 6] = [
        || sent("SSH-2.0-OpenSSH_9.9\r\n"),
        || sent("HTTP/2.0 200 OK\r\n\r\n"),
        // The settings of an HTTP/2 server.
        || Reply::Send(vec![0, 0, 0, 4, 0, 0, 0, 0, 0]),
        || Reply::Send(vec![0x15, 3, 3, 0, 2, 2, 70]),
        || sent("HTTP/1.1 2x0 OK\r\n\r\n"),
        || sent("<html>no head at all</html>"),
    ];
    for (index, reply) in table.into_iter().enumerate() {
        for outcome in [Outcome::Public, Outcome::Gated] {
            let seen = shown(reply, outcome).await;
            assert_eq!((seen.0, seen.1), (Observed::Unreachable, Verdict::Unknown), "{index}: {}", seen.2);
        }
    }
}

#[tokio::test]
async fn hints_before_the_answer_are_not_the_answer() {
    let hinted = || {
        sent(
            "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 302 Found\r\nContent-Length: 0\r\n\
             Location: https://auth.example.net/application/o/authorize/?client_id=gate&redirect_uri=https%3A%2F%2F\
             photos.example.net%2Foutpost.goauthentik.io%2Fcallback\r\n\r\n",
        )
    };
    assert_eq!(shown(hinted, Outcome::Gated).await.1, Verdict::Ok);
    assert_eq!(shown(hinted, Outcome::Public).await.1, Verdict::Walled);
    // A switch of protocols that nobody asked for got past the gate all the same.
    let switched = || sent("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
    assert_eq!(shown(switched, Outcome::Gated).await.1, Verdict::Exposed);
}

#[tokio::test]
async fn slow_answers_end_at_the_time_limit() {
    let table: [(Answers, &str); 5] = [
        (|| Reply::Hang(Vec::new()), "no word"),
        (|| Reply::Hang(b"HTTP/1.1 200 OK\r\nConte".to_vec()), "half a head"),
        (|| Reply::Trickle(b"HTTP/1.1 200 OK\r\nX-A: ".to_vec()), "a head, letter by letter"),
        (|| Reply::Hang(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<".to_vec()), "half a body"),
        (|| Reply::Trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n".to_vec()), "a body, letter by letter"),
    ];
    for (reply, what) in table {
        let origin = Origin::start(move |_, _| reply()).await;
        let limit = Duration::from_millis(150);
        let begun = Instant::now();
        let settings = Settings { timeout: limit, ..settings(Some(&origin)) };
        let judged = probe(vec![check(SHARE, Outcome::Gated)], settings).await.judged.remove(0);
        assert_eq!(judged.shown.told(), "did not answer: no answer within 150ms", "{what}");
        // Two of three samples, and much more than the machine may be busy with.
        assert!(begun.elapsed() < limit * 2 + Duration::from_secs(20), "{what}");
        assert_eq!((judged.verdict, judged.share()), (Verdict::Unknown, "2/2".to_owned()), "{what}");
    }
}

#[tokio::test]
async fn a_server_that_is_only_half_there_is_no_answer() {
    // The kernel takes the connection, and no program does.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = |listener: &TcpListener| {
        let address = listener.local_addr().unwrap();
        Some(ConnectTo { host: address.ip().to_string(), port: Some(address.port()) })
    };
    let silent = Settings { connect_to: to(&listener), timeout: Duration::from_millis(150), ..settings(None) };
    let judged = probe(vec![check(SHARE, Outcome::Gated)], silent).await.judged.remove(0);
    assert_eq!(judged.shown.told(), "did not answer: no answer within 150ms");

    // One that closes before it has read anything, and one that only says that it has nothing more to say.
    let (close, half) =
        (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let (closing, halving) = (to(&close), to(&half));
    let task = tokio::spawn(async move {
        let mut kept = Vec::new();
        loop {
            tokio::select! {
                accepted = close.accept() => drop(accepted),
                Ok((mut stream, _)) = half.accept() => {
                    stream.shutdown().await.unwrap();
                    kept.push(stream);
                }
            }
        }
    });
    for place in [closing, halving] {
        let judged = probe(vec![check(SHARE, Outcome::Gated)], Settings { connect_to: place, ..settings(None) })
            .await
            .judged
            .remove(0);
        assert_eq!((judged.verdict, judged.shown.observed), (Verdict::Unknown, Observed::Unreachable));
        assert!(judged.shown.told().contains("connection was"), "{}", judged.shown.told());
    }
    task.abort();
}

#[tokio::test]
async fn every_sample_has_a_connection_of_its_own() {
    // A server that would gladly go on over the same one, and replicas of which three in ten have lost their carve-out.
    let origin = Origin::start(|number, _| {
        let walled = matches!(number % 10, 1 | 4 | 7);
        let Reply::Send(bytes) =
            (if walled { answer(302, &[("Location", SIGN_IN)], "") } else { answer(200, &[], "") })
        else {
            unreachable!("an answer is sent")
        };
        Reply::Keep(bytes)
    })
    .await;
    let settings = Settings { samples: 10, threshold: 3, ..settings(Some(&origin)) };
    let judged = probe(vec![check(SHARE, Outcome::Public)], settings).await.judged.remove(0);
    assert_eq!((judged.verdict, judged.share()), (Verdict::Walled, "3/10".to_owned()));
    let connections: BTreeSet<usize> = origin.asked().into_iter().map(|asked| asked.connection).collect();
    assert_eq!(connections.len(), 10);
}

#[tokio::test]
async fn a_place_that_is_down_is_not_asked_again_and_again() {
    let alive = Origin::start(|_, _| answer(302, &[("Location", SIGN_IN)], "")).await;
    let dead = (0..40).map(|path| check(&format!("http://{}/{path}", homelab_plane::NOBODY), Outcome::Gated));
    let fine = check(&format!("http://127.0.0.1:{}/", alive.address.port()), Outcome::Gated);
    let report = probe(dead.chain([fine]).collect(), settings(None)).await;
    let (asked, given_up): (Vec<_>, Vec<_>) =
        report.judged[..40].iter().partition(|judged| !judged.shown.told().contains("was not asked again"));
    // Four failures in a row, and what was under way beside them.
    assert!((2..=4).contains(&asked.len()), "{}", asked.len());
    assert!(given_up.iter().all(|judged| judged.verdict == Verdict::Unknown && judged.samples.len() <= 2));
    assert_eq!(report.judged[40].verdict, Verdict::Ok, "another host is another matter");
    assert_eq!(report.findings().len(), 1, "{:?}", report.findings());
}

#[tokio::test]
async fn one_host_that_never_answers_is_given_up_and_its_neighbours_are_not() {
    let origin = Origin::start(|_, asked| {
        let hangs = asked.headers.iter().any(|(name, value)| name == "host" && value == "slow.example.net");
        if hangs { Reply::Hang(Vec::new()) } else { answer(302, &[("Location", SIGN_IN)], "") }
    })
    .await;
    let of = |host: &'static str| move |path| check(&format!("http://{host}/{path}"), Outcome::Gated);
    let checks = (0..60).map(of("slow.example.net")).chain((0..20).map(of("photos.example.net"))).collect();
    // The neighbours have to answer a busy machine in that time.
    let report = probe(checks, Settings { timeout: Duration::from_secs(2), ..settings(Some(&origin)) }).await;
    let slow = origin
        .asked()
        .iter()
        .filter(|asked| asked.headers.iter().any(|(_, value)| value == "slow.example.net"))
        .count();
    assert!((12..=14).contains(&slow), "{slow}");
    assert!(report.judged[..60].iter().all(|judged| judged.verdict == Verdict::Unknown));
    assert!(report.judged[60..].iter().all(|judged| judged.verdict == Verdict::Ok));
}

#[tokio::test]
async fn a_gate_that_fails_is_one_finding_and_not_one_for_each_host() {
    // Traefik answers 500 where it cannot reach the gate; the apps' own public paths are fine.
    let origin =
        Origin::start(
            |_, asked| {
                if asked.line.starts_with("GET /share ") { answer(200, &[], "") } else { answer(500, &[], "") }
            },
        )
        .await;
    let host = |number: usize, path: &str, outcome| {
        let mut check = check(&format!("http://app{number}.example.net{path}"), outcome);
        check.at = Path::attr("target").then_key(&format!("app{number}{path}"));
        check
    };
    let gated = (0..20).map(|number| host(number, "/", Outcome::Gated));
    let public = (0..20).map(|number| host(number, "/share", Outcome::Public));
    let report = probe(gated.chain(public).collect(), settings(Some(&origin))).await;
    let findings = report.findings();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(
        (findings[0].code, findings[0].summary.as_str()),
        (codes::GATE_FAILS, "the gate does not answer: 20 hosts")
    );
    assert_eq!(report.verdict, Verdict::Unknown);
    assert_eq!(report.checked(), 20);
}
