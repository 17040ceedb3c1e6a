//! What a probe must not do, whatever a list of targets or a server says.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use homelab_core::finding::probe as codes;
use homelab_core::probe::explain::explain;
use homelab_schema::carveout_probe::Verdict;
use tokio::net::TcpStream;

use super::super::connect::Dial;
use super::super::{Resolve, ResolveError};
use super::origin::answer;
use super::*;

/// Notes where a connection would go, and makes each to one place on this machine.
#[derive(Clone)]
struct Noted {
    place: SocketAddr,
    dialled: Arc<Mutex<Vec<SocketAddr>>>,
}

#[async_trait]
impl Dial for Noted {
    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream> {
        self.dialled.lock().unwrap().push(address);
        TcpStream::connect(self.place).await
    }
}

/// Answers lookup number n with entry n, and then from the beginning.
struct Turns(Mutex<usize>, Vec<Vec<IpAddr>>);

#[async_trait]
impl Resolve for Turns {
    async fn resolve(&self, _host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        let mut turn = self.0.lock().unwrap();
        *turn += 1;
        Ok(self.1[(*turn - 1) % self.1.len()].clone())
    }
}

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// Probes a name that leads to these addresses, one list for each lookup; the report, and what was connected to.
async fn led_to(turns: &[&[&str]], allow_private: bool) -> (Report, Vec<SocketAddr>) {
    let origin = Origin::start(|_, _| answer(200, &[], "")).await;
    let noted = Noted { place: origin.address, dialled: Arc::default() };
    let turns = Turns(Mutex::default(), turns.iter().map(|texts| addresses(texts)).collect());
    let prober = Prober { resolver: Some(Arc::new(turns)), dial: Arc::new(noted.clone()), ..Prober::default() };
    let settings = Settings { allow_private, ..settings(None) };
    let run = Run { checks: vec![check("http://photos.example.net/", Outcome::Public)], settings };
    let report = prober.run(&run, &CancellationToken::new()).await.unwrap();
    let dialled = noted.dialled.lock().unwrap().clone();
    (report, dialled)
}

const SPECIAL: [&str; 16] = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "168.63.129.16",
    "::1",
    "fd00:ec2::254",
    "fe80::1",
    "::ffff:10.0.0.1",
    "::ffff:0:10.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::a00:1",
    "2002:a00:1::",
];

#[tokio::test]
async fn no_special_address_is_connected_to_unless_that_was_declared() {
    for special in SPECIAL {
        let (report, dialled) = led_to(&[&[special]], false).await;
        assert_eq!((report.verdict, dialled.len()), (Verdict::Unknown, 0), "{special}");
        assert_eq!(report.findings()[0].code, codes::PRIVATE_TARGET, "{special}");
        let (report, dialled) = led_to(&[&[special]], true).await;
        let expected = SocketAddr::new(special.parse().unwrap(), 80);
        assert_eq!((report.verdict, dialled), (Verdict::Ok, vec![expected; 3]), "{special}");
    }
}

#[tokio::test]
async fn what_was_checked_is_what_is_connected_to() {
    let public = SocketAddr::new("9.9.9.9".parse().unwrap(), 80);
    // A name that leads elsewhere each time it is asked for.
    let (report, dialled) = led_to(&[&["9.9.9.9"], &["127.0.0.1"], &["9.9.9.9"]], false).await;
    assert_eq!(dialled, [public], "the second lookup ended it");
    assert_eq!((report.verdict, report.findings()[0].code), (Verdict::Unknown, codes::PRIVATE_TARGET));
    // Both at once: the special one is left out, for every sample.
    let (report, dialled) = led_to(&[&["127.0.0.1", "9.9.9.9", "::1"]], false).await;
    assert_eq!((report.verdict, dialled), (Verdict::Ok, vec![public; 3]));
}

#[tokio::test]
async fn addresses_in_disguise_are_what_they_are() {
    // The system's resolver reads these as addresses; whoever compares texts does not.
    for host in ["2130706433", "0x7f000001", "127.1", "0177.0.0.1"] {
        let url = format!("http://{host}:9/");
        let settings = Settings { allow_private: false, ..settings(None) };
        let report = probe(vec![check(&url, Outcome::Public)], settings).await;
        let judged = &report.judged[0];
        assert_eq!(report.verdict, Verdict::Unknown, "{host}");
        assert!(!judged.shown.told().contains("refused"), "{host}: {}", judged.shown.told());
    }
}

const SECRET: &str = "s3cret";

#[tokio::test]
async fn no_secret_stands_in_anything_that_is_kept_or_shown() {
    let location = "https://s3cret:s3cret@auth.example.net/application/o/authorize/?client_id=gate&state=s3cret&redirect_uri=\
                    https%3A%2F%2Fphotos.example.net%2Foutpost.goauthentik.io%2Fcallback%3Fcode%3Ds3cret#s3cret";
    let cookies = [("Set-Cookie", "authentik_proxy_x=s3cret; Path=/"), ("Set-Cookie", "s3cret; Path=/")];
    for (status, location) in [(302, location), (302, "/login?token=s3cret"), (200, ""), (500, "")] {
        let origin = Origin::start(move |_, _| {
            let headers = [cookies[0], cookies[1], ("Location", location), ("X-Token", "s3cret")];
            answer(status, &headers, "<html>s3cret</html>")
        })
        .await;
        for outcome in [Outcome::Public, Outcome::Gated] {
            let mut check = check("http://photos.example.net/share?token=s3cret", outcome);
            check.headers = vec![("x-license".to_owned(), SECRET.to_owned())];
            let url = check.url.clone();
            let run = Run { checks: vec![check.clone()], settings: settings(Some(&origin)) };
            let prober = Prober::new();
            let report = prober.run(&run, &CancellationToken::new()).await.unwrap();
            let answer = prober.answer(&check, &run.settings, &CancellationToken::new()).await.unwrap().unwrap();
            assert!(answer.headers("set-cookie").all(|kept| !kept.contains(SECRET)), "not even in memory");
            let explained = explain(&url, &run.settings.wall, &answer);
            let kept = [
                format!("{run:?}"),
                format!("{report:?}"),
                format!("{:?} {:?}", report.results(), report.complaints()),
                format!("{:?}", report.findings()),
                format!("{answer:?} {explained:?}"),
            ];
            for text in kept {
                assert!(!text.contains(SECRET), "{status} {outcome:?}: {text}");
            }
        }
        // The secrets did go out to whom they were declared for.
        let asked = origin.asked();
        assert!(asked.len() >= 3 && asked.iter().all(|asked| asked.line.contains("token=s3cret")));
        assert!(asked.iter().all(|asked| asked.headers.contains(&("x-license".to_owned(), SECRET.to_owned()))));
    }
}

#[tokio::test]
async fn a_request_that_cannot_be_sent_does_not_show_its_headers() {
    let origin = Origin::start(|_, _| answer(200, &[], "")).await;
    let mut check = check("http://photos.example.net/", Outcome::Public);
    check.headers = vec![("x-license".to_owned(), "s3cret\r\nx: y".to_owned())];
    let report = probe(vec![check], settings(Some(&origin))).await;
    assert_eq!((report.verdict, origin.asked().len()), (Verdict::Unknown, 0));
    assert!(!format!("{report:?} {:?}", report.findings()).contains(SECRET));
}

#[tokio::test]
async fn what_a_server_says_cannot_command_the_terminal() {
    let location = "https://auth.example.net/application/o/authorize/?client_id=%1b%5b2J%07\u{9b}2J&redirect_uri=x%2Foutpost.\
                    goauthentik.io%2Fcallback";
    let origin = Origin::start(move |_, _| {
        answer(
            302,
            &[("Location", location), ("Set-Cookie", "authentik_proxy\u{9b}2J=x"), ("Content-Type", "a\u{9b}b")],
            "",
        )
    })
    .await;
    let mut settings = settings(Some(&origin));
    settings.wall.client_ids = vec!["gate".to_owned()];
    let run = Run { checks: vec![check("http://photos.example.net/", Outcome::Gated)], settings };
    let report = Prober::new().run(&run, &CancellationToken::new()).await.unwrap();
    assert_eq!(report.verdict, Verdict::Unknown);
    let answer = Prober::new().answer(&run.checks[0], &run.settings, &CancellationToken::new()).await.unwrap().unwrap();
    let explained = explain(&run.checks[0].url, &run.settings.wall, &answer);
    let told: Vec<String> = report.findings().iter().map(homelab_core::finding::Finding::detail).collect();
    let shown = format!("{}{}", told.concat(), serde_json::to_string(&explained).unwrap());
    assert!(shown.contains("its client is"), "{shown}");
    for letter in ['\u{1b}', '\u{7}', '\u{9b}'] {
        assert!(!shown.contains(letter), "{shown:?}");
    }
    assert!(!shown.contains("\\u001b"), "{shown}");
}
