use std::collections::BTreeMap;

use proptest::prelude::*;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P521_SHA512};

use super::*;

const PEM_BEGIN: &str = "-----BEGIN CERTIFICATE-----\n";
const PEM_END: &str = "\n-----END CERTIFICATE-----\n";

/// A certificate as go-plugin's client makes it.
fn client_certificate() -> (String, CertificateDer<'static>) {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    (certificate.pem(), certificate.der().clone())
}

fn parse(variables: &[(&str, &str)]) -> Result<Handshake, HandshakeError> {
    let variables: BTreeMap<_, _> = [(COOKIE_NAME, COOKIE)].iter().chain(variables).copied().collect();
    Handshake::from_env(|name| variables.get(name).map(|&value| value.to_owned()))
}

#[test]
fn without_the_cookie_nobody_is_served() {
    assert_eq!(Handshake::from_env(|_| None), Err(HandshakeError::NotAPlugin));
    for other in ["", "d602", &COOKIE.to_uppercase()] {
        assert_eq!(parse(&[(COOKIE_NAME, other)]), Err(HandshakeError::NotAPlugin), "{other:?}");
    }
    let told = HandshakeError::NotAPlugin.to_string();
    assert!(told.contains("Terraform and OpenTofu") && !told.contains('\n'), "{told}");
}

#[test]
fn protocol_5_must_be_among_the_versions() {
    for offered in ["5", "6,5", "4,5,6", " 5 ", "x,5"] {
        assert!(parse(&[("PLUGIN_PROTOCOL_VERSIONS", offered)]).is_ok(), "{offered:?}");
    }
    for offered in ["6", "4", "55", "five", "-5", ","] {
        let error = parse(&[("PLUGIN_PROTOCOL_VERSIONS", offered)]).unwrap_err();
        assert_eq!(error, HandshakeError::Versions(offered.to_owned()));
        assert!(error.to_string().contains("speaks 5"), "{error}");
    }
}

#[test]
fn no_wishes_are_plain_wishes() {
    assert_eq!(parse(&[]), Ok(Handshake::plain()));
    let empty = ["PLUGIN_PROTOCOL_VERSIONS", "PLUGIN_CLIENT_CERT", "PLUGIN_MIN_PORT", "PLUGIN_UNIX_SOCKET_DIR"];
    assert_eq!(parse(&empty.map(|name| (name, ""))), Ok(Handshake::plain()), "an empty value is no value");
}

#[test]
fn wishes_for_the_socket_are_taken() {
    let wishes = parse(&[
        ("PLUGIN_UNIX_SOCKET_DIR", "/run/example"),
        ("PLUGIN_UNIX_SOCKET_GROUP", "home"),
        ("PLUGIN_MIN_PORT", "10000"),
        ("PLUGIN_MAX_PORT", "25000"),
        ("PLUGIN_MULTIPLEX_GRPC", "true"),
    ]);
    assert_eq!(
        wishes,
        Ok(Handshake {
            client_certificate: None,
            socket_dir: Some("/run/example".into()),
            socket_group: Some("home".into()),
            ports: (10_000, 25_000),
            asks_multiplex: true,
        })
    );
}

#[test]
fn ports_are_numbers_in_order() {
    for value in ["65536", "-1", "http", "1.0"] {
        let expected = HandshakeError::Port { name: "PLUGIN_MAX_PORT", value: value.into() };
        assert_eq!(parse(&[("PLUGIN_MAX_PORT", value)]), Err(expected));
    }
    assert_eq!(parse(&[("PLUGIN_MIN_PORT", "2"), ("PLUGIN_MAX_PORT", "1")]), Err(HandshakeError::Ports(2, 1)));
}

#[test]
fn the_client_certificate_is_one_certificate() {
    let (pem, der) = client_certificate();
    let told = |pem: &str| parse(&[("PLUGIN_CLIENT_CERT", pem)]).map(|handshake| handshake.client_certificate);
    assert_eq!(told(&pem), Ok(Some(der)));
    for (bad, reason) in [
        ("no certificate".to_owned(), "holds no certificate"),
        (PEM_BEGIN.to_owned(), "is not readable as PEM"),
        (format!("{PEM_BEGIN}%{PEM_END}"), "is not readable as PEM"),
        (format!("{PEM_BEGIN}AAAA{PEM_END}"), "holds something else than a certificate"),
        (format!("{pem}{pem}"), "holds more than one certificate"),
    ] {
        assert_eq!(told(&bad), Err(HandshakeError::Certificate(reason)), "{bad}");
    }
}

#[test]
fn terraforms_own_switch_turns_tls_off() {
    let (pem, _) = client_certificate();
    let wishes = parse(&[("PLUGIN_CLIENT_CERT", &pem), ("TF_DISABLE_PLUGIN_TLS", "1")]).unwrap();
    assert_eq!(wishes.client_certificate, None);
}

#[test]
fn the_line_has_six_fields_and_a_seventh_on_request() {
    let plain = Handshake::plain();
    let unix = Address::Unix("/tmp/plugin1".into());
    assert_eq!(plain.line(&unix, None), "1|5|unix|/tmp/plugin1|grpc|");
    let certificate = CertificateDer::from(vec![0xfb_u8, 0xff, 0xbf, 0x01]);
    assert_eq!(plain.line(&Address::Tcp(10_000), Some(&certificate)), "1|5|tcp|127.0.0.1:10000|grpc|+/+/AQ");
    let asking = Handshake { asks_multiplex: true, ..plain };
    assert_eq!(asking.line(&unix, None), "1|5|unix|/tmp/plugin1|grpc||false");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_environment_breaks_the_parser(
        values in proptest::collection::vec(proptest::option::of(".{0,40}|[0-9,]{0,8}|(-----BEGIN CERTIFICATE-----\n)?[A-Za-z0-9+/=\n]{0,80}(\n-----END CERTIFICATE-----\n)?"), 8),
    ) {
        let names = [
            "PLUGIN_PROTOCOL_VERSIONS", "PLUGIN_CLIENT_CERT", "PLUGIN_MIN_PORT", "PLUGIN_MAX_PORT",
            "PLUGIN_UNIX_SOCKET_DIR", "PLUGIN_UNIX_SOCKET_GROUP", "PLUGIN_MULTIPLEX_GRPC", "TF_DISABLE_PLUGIN_TLS",
        ];
        let variables: BTreeMap<_, _> = names.into_iter().zip(&values).collect();
        let parsed = Handshake::from_env(|name| match name {
            COOKIE_NAME => Some(COOKIE.to_owned()),
            other => variables.get(other).and_then(|value| (*value).clone()),
        });
        match parsed {
            Ok(handshake) => {
                prop_assert!(handshake.ports.0 <= handshake.ports.1);
                let line = handshake.line(&Address::Tcp(1), handshake.client_certificate.as_ref());
                prop_assert!(!line.contains('\n'));
                prop_assert_eq!(line.split('|').count(), if handshake.asks_multiplex { 7 } else { 6 });
            }
            Err(error) => prop_assert!(!error.to_string().contains('\n'), "{error}"),
        }
    }
}
