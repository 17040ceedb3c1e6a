//! Whatever a server answers that is no Prometheus, or is one in trouble, is a gap that says why, and never a quiet one.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use homelab_backends::gate::prometheus::Token;
use homelab_core::gate::{Alerts, Evidence, Measured};
use homelab_plane::relay::{Relay, Reply};
use serde_json::{Value, json};

use crate::{TOKEN, asked, seen, settings};

/// A server that answers each path with what `answer` makes of it, and remembers who was who. Its thread ends with the tests.
struct Server {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
    bearers: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn new(answer: impl Fn(&str) -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, bearers) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (count, who) = (Arc::clone(&requests), Arc::clone(&bearers));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                // A client that went away is its own matter.
                let _ = serve(&stream, &answer, &who);
            }
        });
        Self { address, requests, bearers }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

fn serve(mut stream: &TcpStream, answer: &impl Fn(&str) -> Vec<u8>, who: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream);
    let mut first = String::new();
    lines.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        if let Some(bearer) = line.strip_prefix("authorization: Bearer ") {
            who.lock().unwrap().push(bearer.trim().to_owned());
        }
    }
    let answer = answer(first.split(' ').nth(1).unwrap_or_default());
    if answer.is_empty() {
        // Says nothing until the client goes away.
        let _ = lines.read(&mut [0; 1])?;
        return Ok(());
    }
    stream.write_all(&answer)
}

fn response(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}").into_bytes()
}

fn success(data: &Value) -> Vec<u8> {
    response("200 OK", "", &json!({"status": "success", "data": data}).to_string())
}

/// A Prometheus that holds one rule and nothing else; `other` may answer first.
fn bare(other: impl Fn(&str) -> Option<Vec<u8>> + Send + 'static) -> Server {
    Server::new(move |path| {
        if let Some(answer) = other(path) {
            return answer;
        }
        let rule = json!({"name": "Down", "type": "alerting", "query": "up == 0", "health": "ok",
            "lastEvaluation": "2026-11-21T00:00:00Z", "labels": {"severity": "critical"}});
        match path.split('?').next().unwrap_or_default() {
            "/api/v1/query" if path.ends_with("time()") => {
                success(&json!({"resultType": "scalar", "result": [1_795_219_230, "1795219230"]}))
            }
            "/api/v1/query" => success(&json!({"resultType": "vector", "result": []})),
            "/api/v1/query_range" => success(&json!({"resultType": "matrix", "result": []})),
            "/api/v1/rules" => success(&json!({"groups": [{"name": "g", "interval": 60, "rules": [rule]}]})),
            "/api/v1/alerts" => success(&json!({"alerts": []})),
            "/api/v1/label/__name__/values" => success(&json!(["up"])),
            _ => response("404 Not Found", "", "no such thing"),
        }
    })
}

/// Nothing that the cluster itself has shown is lost, and what only Prometheus tells is not seen.
#[track_caller]
fn blind(evidence: &Evidence) -> &Measured<Alerts> {
    let before = seen();
    assert_eq!(evidence.deprecated_requests, before.deprecated_requests);
    assert_eq!(evidence.hosts, before.hosts);
    assert_eq!(evidence.nodes, before.nodes);
    assert!(evidence.alerts.seen().is_none() && evidence.alerts.gap().is_some(), "{:?}", evidence.alerts);
    assert!(evidence.etcd.seen().is_none() && evidence.etcd.gap().is_some(), "{:?}", evidence.etcd);
    &evidence.alerts
}

#[test]
fn a_prometheus_with_one_rule_is_quiet_and_of_the_rest_it_shows_nothing() {
    let server = bare(|_| None);
    let evidence = asked(settings(&server.url()));
    let alerts = evidence.alerts.seen().unwrap();
    assert_eq!((alerts.rules, alerts.evaluated_seconds_ago, alerts.firing.len(), alerts.blind.len()), (1, 0, 0, 0));
    assert!(matches!(&evidence.etcd, Measured::Absent(why) if why.contains("etcd_server_has_leader")));
    assert_eq!((&evidence.hosts, &evidence.deprecated_requests), (&seen().hosts, &seen().deprecated_requests));
    let bearers = server.bearers.lock().unwrap();
    assert!(bearers.len() > 8 && bearers.iter().all(|bearer| bearer == TOKEN), "{bearers:?}");
}

#[test]
fn every_trouble_is_a_gap_in_the_words_of_whoever_has_it() {
    let sign_in = "<html>\n<title>Sign in</title>\n</html>";
    let error = r#"{"status":"error","errorType":"internal","error":"storage is gone"}"#;
    for (answer, tries, way, said) in [
        (response("401 Unauthorized", "", "who are you"), 1, "forbidden", "not authenticated: who are you"),
        (response("403 Forbidden", "", sign_in), 1, "forbidden", "forbidden"),
        (response("500 Internal Server Error", "", error), 1, "not_measured", "storage is gone"),
        (response("502 Bad Gateway", "", "no backend"), 3, "unreachable", "no backend"),
        (response("503 Service Unavailable", "", "starting up"), 3, "unreachable", "starting up"),
        (response("422 Unprocessable Entity", "", error), 1, "not_measured", "storage is gone"),
        (response("200 OK", "", sign_in), 1, "not_measured", "not what Prometheus answers"),
        (response("200 OK", "", "{}"), 1, "not_measured", "not what Prometheus answers"),
        (response("200 OK", "", error), 1, "not_measured", "storage is gone"),
        (
            response("302 Found", "Location: http://192.0.2.1/\r\n", ""),
            1,
            "not_measured",
            "redirects to http://192.0.2.1/",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"status\"".to_vec(), 1, "unreachable", "no connection"),
        (b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(), 1, "unreachable", "no connection"),
    ] {
        let shown = String::from_utf8_lossy(&answer).into_owned();
        let server = Server::new(move |_| answer.clone());
        let evidence = asked(settings(&server.url()));
        let alerts = blind(&evidence);
        let text = serde_json::to_value(alerts).unwrap();
        let why = text[way].as_str().unwrap_or_else(|| panic!("{shown} is {text}"));
        assert!(why.contains(said) && why.contains(&server.url()), "{shown}: {why}");
        assert_eq!(server.requests.load(Ordering::SeqCst), tries, "{shown}");
    }
}

#[test]
fn one_that_says_nothing_is_waited_for_no_longer_than_allowed() {
    let server = Server::new(|_| Vec::new());
    let mut settings = settings(&server.url());
    settings.timeout = Duration::from_secs(3);
    let evidence = asked(settings);
    assert!(matches!(blind(&evidence), Measured::Unreachable(why) if why.contains("no answer from")));
    assert_eq!(server.requests.load(Ordering::SeqCst), 1, "asked once, not for each check");
}

#[test]
fn nobody_there_is_unreachable() {
    let evidence = asked(settings(&format!("http://{}", homelab_plane::NOBODY)));
    assert!(
        matches!(blind(&evidence), Measured::Unreachable(why) if why.contains("no connection to http://127.0.0.1"))
    );
}

#[test]
fn a_part_that_fails_hides_no_other() {
    for (path, said) in [("/api/v1/rules", "no such thing"), ("/api/v1/alerts", "no such thing")] {
        let server = bare(move |asked| asked.starts_with(path).then(|| response("404 Not Found", "", "no such thing")));
        let evidence = asked(settings(&server.url()));
        assert!(matches!(&evidence.alerts, Measured::NotMeasured(why) if why.contains(said)), "{:?}", evidence.alerts);
        assert!(matches!(&evidence.etcd, Measured::Absent(_)), "{:?}", evidence.etcd);
    }
    // Whether rules are about something cannot be told without the names of the metrics.
    let server = bare(|asked| asked.contains("__name__/values").then(|| response("403 Forbidden", "", "no")));
    let evidence = asked(settings(&server.url()));
    assert!(matches!(&evidence.alerts, Measured::Partial { why, .. } if why.contains("whether the metrics exist")));
    // A store behind it that is away: its own words.
    let server = bare(|asked| {
        let partial = json!({"status": "success", "data": {"alerts": []}, "warnings": ["store-2 is away"]});
        asked.starts_with("/api/v1/alerts").then(|| response("200 OK", "", &partial.to_string()))
    });
    let evidence = asked(settings(&server.url()));
    assert!(matches!(&evidence.alerts, Measured::Partial { why, .. } if why.contains("store-2 is away")));
    // Rules in a form that is none of Prometheus'.
    let server = bare(|asked| asked.starts_with("/api/v1/rules").then(|| success(&json!({"rules": []}))));
    let evidence = asked(settings(&server.url()));
    assert!(matches!(&evidence.alerts, Measured::NotMeasured(why) if why.contains("not what Prometheus answers")));
}

#[test]
fn a_token_comes_out_of_a_file_or_the_file_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    let server = bare(|_| None);
    let mut settings = settings(&server.url());
    settings.token = Some(Token::File(file.clone()));
    for (content, said) in [(None, "token_file"), (Some(" \n"), "the file is empty")] {
        if let Some(content) = content {
            std::fs::write(&file, content).unwrap();
        }
        let evidence = asked(settings.clone());
        assert!(matches!(blind(&evidence), Measured::NotMeasured(why) if why.contains(said)), "{:?}", evidence.alerts);
    }
    assert_eq!(server.requests.load(Ordering::SeqCst), 0, "nobody is asked without it");
    std::fs::write(&file, format!("{TOKEN}\n")).unwrap();
    assert!(asked(settings).alerts.seen().is_some());
    assert!(server.bearers.lock().unwrap().iter().all(|bearer| bearer == TOKEN));
}

#[test]
fn over_tls_the_authority_has_to_be_known() {
    let server = bare(|_| None);
    let (relay, authority) = Relay::over_tls(&server.address.to_string(), |_| Reply::Pass).unwrap();
    let evidence = asked(settings(&relay.address()));
    assert!(matches!(blind(&evidence), Measured::NotMeasured(why) if why.contains("not trusted here")), "{evidence:?}");
    assert_eq!(server.requests.load(Ordering::SeqCst), 0, "and nothing is sent there");

    let dir = tempfile::tempdir().unwrap();
    let mut settings = settings(&relay.address());
    let file = dir.path().join("ca.pem");
    settings.ca_cert_file = Some(file.clone());
    let evidence = asked(settings.clone());
    assert!(matches!(blind(&evidence), Measured::NotMeasured(why) if why.contains("prometheus.ca_cert_file")));
    std::fs::write(&file, "no certificate").unwrap();
    let evidence = asked(settings.clone());
    assert!(matches!(blind(&evidence), Measured::NotMeasured(why) if why.contains("holds no certificate in PEM form")));
    std::fs::write(&file, authority).unwrap();
    assert_eq!(asked(settings).alerts.seen().map(|alerts| alerts.rules), Some(1));
}
