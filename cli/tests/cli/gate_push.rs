//! `homelab gate push` against a strict Pushgateway in this process, and against a real one where it is there.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use homelab_plane::pushgateway::Pushgateway;
use homelab_plane::skip;

use crate::gate_report::night;
use crate::support::{Homelab, homelab};

/// A request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    line: String,
    content_type: String,
    body: String,
}

/// Answers every request with one status, and notes it.
struct Gateway {
    address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Gateway {
    fn answering(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        // It ends with the process of the tests; a connection that breaks is the caller's matter.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let Ok(request) = read(&stream) else { continue };
                // Before the answer: who has got that is done, and the test looks.
                noted.lock().unwrap().push(request);
                let _ = answer(&stream, status);
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn read(stream: &TcpStream) -> std::io::Result<Asked> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let (mut length, mut content_type) = (0, String::new());
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        match header.trim().split_once(':') {
            None => break,
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().unwrap();
            }
            Some((name, value)) if name.eq_ignore_ascii_case("content-type") => {
                value.trim().clone_into(&mut content_type);
            }
            Some(_) => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Asked { line: line.trim().to_owned(), content_type, body: String::from_utf8(body).unwrap() })
}

fn answer(mut stream: &TcpStream, status: &str) -> std::io::Result<()> {
    let words = "pushed metrics are invalid or inconsistent";
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{words}", words.len())
}

/// What is pushed of recorded evidence.
fn push(evidence: &str, gateway: &str) -> Homelab {
    homelab("gate push --target 1.36.2 --as-of 2026-11-21 --evidence night.json --pushgateway")
        .arg(gateway)
        .file("night.json", &night(evidence))
}

/// The gauges of a page of metrics.
fn gauges(body: &str) -> Vec<&str> {
    body.lines().filter(|line| !line.starts_with('#')).collect()
}

#[test]
fn both_gauges_go_out_once_and_together() {
    for (evidence, code, blocked, held) in
        [("healthy", 0, 0, 0), ("blocked", 2, 1, 0), ("unknown", 3, 1, 0), ("held", 4, 0, 1)]
    {
        let gateway = Gateway::answering("200 OK");
        let ran = push(evidence, &gateway.address).args("--output json").run().code(code);
        let document = ran.document("gate push");
        assert_eq!((&document["blocked"], &document["held"]), (&blocked.into(), &held.into()), "{document:#}");
        let asked = gateway.asked();
        assert_eq!(asked.len(), 1, "once: {asked:?}");
        assert_eq!(asked[0].line, "POST /metrics/job/k8s-upgrade HTTP/1.1");
        assert!(asked[0].content_type.starts_with("text/plain"), "{asked:?}");
        let expected = [format!("k8s_upgrade_blocked {blocked}"), format!("k8s_upgrade_held {held}")];
        assert_eq!(gauges(&asked[0].body), expected);
        assert!(asked[0].body.ends_with('\n'), "the format wants a line feed at the end");
    }
}

/// The gate cried wolf each night for what only upstream could clear: the alert is on `k8s_upgrade_blocked == 1`.
#[test]
fn incident_08_held_leaves_the_alert_alone_night_after_night() {
    // Plainly: whatever is not "safe" is blocked, as the caller of the older check had it at first.
    let check =
        homelab("gate check --target 1.36.2 --evidence night.json").file("night.json", &night("held")).run().code(4);
    assert_eq!(u8::from(check.code != 0), 1, "and that would be k8s_upgrade_blocked, each night");

    let gateway = Gateway::answering("202 Accepted");
    for _ in 0..3 {
        let ran = push("held", &gateway.address).run().code(4);
        assert!(ran.out.starts_with("HELD: 1.35.4 to 1.36.2\n"), "{}", ran.out);
    }
    let nights = gateway.asked();
    assert_eq!(nights.len(), 3);
    for night in &nights {
        assert_eq!(gauges(&night.body), ["k8s_upgrade_blocked 0", "k8s_upgrade_held 1"]);
        assert_eq!(night, &nights[0], "nothing flaps");
    }
    // The report names who is waited for, and nobody who would have to act.
    let report = homelab("gate report --target 1.36.2 --as-of 2026-11-21 --evidence night.json");
    let report = report.file("night.json", &night("held")).run().code(4).out;
    assert!(report.contains("\nWaiting on upstream\n  HL4005 ") && !report.contains("Action needed"), "{report}");
}

#[test]
fn what_was_not_taken_is_an_error_and_never_a_verdict() {
    for (status, said) in [
        ("400 Bad Request", "it answered 400: pushed metrics are invalid or inconsistent"),
        ("404 Not Found", "it answered 404"),
        ("302 Found", "it answered 302"),
        ("500 Internal Server Error", "it answered 500"),
    ] {
        let gateway = Gateway::answering(status);
        let message = push("healthy", &gateway.address).run().error(true);
        assert!(message.contains(said), "{message}");
        assert!(message.contains("No known blockers: 1.35.4 to 1.36.2"), "the verdict is told all the same: {message}");
        assert_eq!(gateway.asked().len(), 1, "nothing is sent again");
    }
    let message = push("healthy", "http://127.0.0.1:1").run().error(true);
    assert!(message.contains("failed to push to http://127.0.0.1:1/metrics/job/k8s-upgrade"), "{message}");
    let message = push("healthy", "pushgateway:9091").run().error(true);
    assert!(message.contains("is no address of a Pushgateway"), "{message}");
    let message = push("healthy", "http://ops:hunter2@127.0.0.1:1").run().error(true);
    assert!(message.contains("holds a name or a password") && !message.contains("hunter2"), "{message}");
}

/// A real one keeps both, and what others keep under the same job.
#[test]
fn a_real_pushgateway_takes_both_and_keeps_what_others_pushed() {
    let gateway = match Pushgateway::start() {
        Ok(gateway) => gateway,
        Err(error) if error.is_missing() => {
            return skip("a_real_pushgateway_takes_both_and_keeps_what_others_pushed", &error.to_string());
        }
        Err(error) => panic!("{error}"),
    };
    let url = gateway.url();
    // The chain keeps its own gauge there; as plain as it can be sent.
    let others = "# TYPE k8s_upgrade_in_flight gauge\nk8s_upgrade_in_flight 1\n";
    let mut stream = TcpStream::connect(("127.0.0.1", gateway.port())).unwrap();
    write!(
        stream,
        "POST /metrics/job/k8s-upgrade HTTP/1.1\r\nHost: gateway\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{others}",
        others.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let of = |metric: &str, value: u8| {
        let expected = format!("{metric}{{instance=\"\",job=\"k8s-upgrade\"}} {value}");
        assert_eq!(gateway.samples(metric).unwrap(), [expected]);
    };
    for (evidence, code, blocked, held) in
        [("blocked", 2, 1, 0), ("held", 4, 0, 1), ("held", 4, 0, 1), ("upgraded", 0, 0, 0)]
    {
        push(evidence, &url).run().code(code);
        of("k8s_upgrade_blocked", blocked);
        of("k8s_upgrade_held", held);
        of("k8s_upgrade_in_flight", 1);
    }
}
