//! Certificates as browsers and Traefik take them. They are made here: a recorded one would expire.

use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};
use serde_json::json;

use super::*;

/// 2026-06-01.
const NOW: i64 = 1_780_272_000;
const DAY: i64 = 24 * 60 * 60;

fn pem(names: &[&str]) -> String {
    let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "common.example.net");
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2026, 12, 31);
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
}

fn secret(text: &str) -> Value {
    json!({"type": "kubernetes.io/tls", "data": {"tls.crt": STANDARD.encode(text), "tls.key": ""}})
}

fn certificate(names: &[&str]) -> Certificate {
    Certificate::of_secret(&secret(&pem(names))).unwrap()
}

#[test]
fn a_wildcard_stands_for_one_label_and_the_common_name_for_nothing() {
    let both = certificate(&["example.net", "*.Example.net"]);
    for host in ["example.net", "photos.example.net", "PHOTOS.example.net", "photos.example.net."] {
        assert!(both.covers(host), "{host}");
    }
    for host in ["a.photos.example.net", "photosexample.net", ".example.net", "example.org", "net"] {
        assert!(!both.covers(host), "{host}");
    }
    let wildcard = certificate(&["*.example.net"]);
    assert!(!wildcard.covers("example.net"), "the domain itself has no label in front");
    assert!(!certificate(&["other.example.net"]).covers("common.example.net"));
    assert!(!certificate(&["*photos.example.net", "ph*.example.net"]).covers("photos.example.net"));
}

#[test]
fn the_first_certificate_of_a_chain_is_the_servers() {
    let chain = format!("some text\n{}{}", pem(&["photos.example.net"]), pem(&["authority.example.net"]));
    assert_eq!(Certificate::of_secret(&secret(&chain)).unwrap().names, ["photos.example.net"]);
}

#[test]
fn what_is_no_certificate_says_so() {
    let cut: String =
        pem(&["a.example.net"]).lines().filter(|line| !line.starts_with("MII")).collect::<Vec<_>>().join("\n");
    for (secret, said) in [
        (json!({"type": "kubernetes.io/tls"}), "empty"),
        (json!({"data": {"tls.crt": ""}}), "empty"),
        (json!({"data": {"tls.crt": "%%"}}), "not base64"),
        (secret("hello"), "no PEM certificate"),
        (secret("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), "no PEM certificate"),
        (secret("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "cannot be read"),
        (secret(&cut), "tls.crt"),
    ] {
        let why = Certificate::of_secret(&secret).unwrap_err();
        assert!(why.contains(said), "{why}");
    }
}

#[test]
fn time_is_judged_to_the_second_and_a_week_before_the_end() {
    let at = |now: i64| {
        let certificate = Certificate { names: vec!["a.b".to_owned()], not_before: NOW, not_after: NOW + 90 * DAY };
        let found = certificate.judge("Secret a/b", &["a.b".to_owned()], now);
        found.iter().map(|finding| (finding.code.id, finding.summary.clone())).next()
    };
    let code = |now| at(now).map(|(code, _)| code);
    assert_eq!(code(NOW), None);
    assert_eq!(code(NOW - 1), Some("HL1106"));
    assert!(at(NOW - 1).unwrap().1.ends_with("is not valid yet"));
    assert_eq!(code(NOW + 83 * DAY), None);
    assert_eq!(code(NOW + 83 * DAY + 1), Some("HL1107"));
    assert_eq!(code(NOW + 90 * DAY), Some("HL1107"));
    assert_eq!(code(NOW + 90 * DAY + 1), Some("HL1106"));
}

#[test]
fn a_short_lived_certificate_is_not_always_about_to_expire() {
    let short = Certificate { names: Vec::new(), not_before: NOW, not_after: NOW + 6 * DAY };
    assert_eq!(short.judge("Secret a/b", &[], NOW + 4 * DAY), []);
    assert_eq!(short.judge("Secret a/b", &[], NOW + 5 * DAY).len(), 1);
}

#[test]
fn findings_say_what_the_certificate_is_for_and_until_when() {
    let certificate = certificate(&["photos.example.net", "*.apps.example.net"]);
    let hosts = ["photos.example.net".to_owned(), "apps.example.net".to_owned(), "x.y.apps.example.net".to_owned()];
    let found = certificate.judge("Secret photos/tls", &hosts, NOW);
    assert_eq!(found.len(), 1);
    let headline = "HL1105: the certificate in Secret photos/tls does not cover apps.example.net, x.y.apps.example.net";
    assert_eq!(found[0].headline(), headline);
    assert!(
        found[0].detail().starts_with("It is for photos.example.net, *.apps.example.net."),
        "{}",
        found[0].detail()
    );
    let late = certificate.judge("Secret photos/tls", &[], NOW + 300 * DAY);
    assert_eq!(late[0].detail().lines().next(), Some("It was valid until 2026-12-31 00:00 UTC."));
}
