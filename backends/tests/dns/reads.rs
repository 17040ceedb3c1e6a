//! Listing, permissions, and what errors say.

use futures::future::join_all;
use homelab_backends::dns::{Dns, DnsCause, Settings};
use homelab_backends::objects::Cause;
use homelab_plane::dns_api::Permissions;
use secrecy::SecretString;
use serde_json::json;

use crate::support::{TOKEN, ZONE, api, client, going, names, settings};

#[tokio::test]
async fn every_page_is_read_once_for_all() {
    let api = api();
    api.page_limit(50);
    for index in 0..230 {
        api.put(&json!({"name": format!("host{index}"), "type": "A", "content": "192.0.2.9"}));
    }
    let dns = client(&api);
    let at: Vec<_> = (0..230).map(|index| names(&[&format!("host{index}.example.net")])).collect();
    let going = going();
    let found = join_all(at.iter().map(|at| dns.records(at, &going))).await;
    assert!(found.into_iter().all(|found| found.expect("records").len() == 1));
    assert_eq!(api.requests().len(), 5, "{:#?}", api.requests());
    assert!(dns.records(&names(&["absent.example.net"]), &going).await.expect("records").is_empty());
    assert_eq!(api.requests().len(), 5, "also what is absent is known by now");
}

#[tokio::test]
async fn an_empty_zone_is_one_page() {
    let api = api();
    assert!(client(&api).records(&names(&["a.example.net"]), &going()).await.expect("records").is_empty());
    assert_eq!(api.requests().len(), 1);
}

#[tokio::test]
async fn a_zone_is_found_by_its_name_or_its_identifier() {
    let api = api();
    for (zone, zone_id, requests) in
        [(Some(ZONE), Some(api.zone_id()), 0), (Some(ZONE), None, 1), (None, Some(api.zone_id()), 1)]
    {
        api.forget_requests();
        let dns = Dns::new(Settings { zone: zone.map(str::to_owned), zone_id, ..settings(&api) });
        for _ in 0..3 {
            let found = dns.zone(&going()).await.expect("zone");
            assert_eq!((found.name.as_str(), found.id), (ZONE, api.zone_id()));
        }
        assert_eq!(api.requests().len(), requests);
    }
}

#[tokio::test]
async fn a_zone_that_is_not_there_is_named() {
    let api = api();
    let other = Dns::new(Settings { zone: Some("example.org".to_owned()), zone_id: None, ..settings(&api) });
    let error = other.records(&names(&["a.example.org"]), &going()).await.expect_err("no zone");
    assert_eq!(error.cause, DnsCause::NoZone { zone: "example.org".to_owned() });
    assert!(
        error.detail().contains("zone example.org") && error.detail().contains("Correct zone"),
        "{}",
        error.detail()
    );

    // A zone of somebody else looks like one that the token may not see.
    let id = Some("f".repeat(32));
    let foreign = Dns::new(Settings { zone: None, zone_id: id, ..settings(&api) });
    let error = foreign.zone(&going()).await.expect_err("no zone");
    assert!(matches!(error.cause, DnsCause::Forbidden { .. }), "{error}");
}

#[tokio::test]
async fn a_wrong_token_is_asked_about_once_and_never_shown() {
    let api = api();
    let dns = Dns::new(Settings { token: SecretString::from("wrong-canary"), ..settings(&api) });
    let going = going();
    let at = names(&["a.example.net"]);
    let answers = join_all((0..50).map(|_| dns.records(&at, &going))).await;
    for answer in answers {
        let error = answer.expect_err("refused");
        assert!(matches!(error.cause, DnsCause::BadToken { .. }) && error.is_blind(), "{error:?}");
        assert!(!format!("{error:?} {error} {} {dns:?}", error.detail()).contains("canary"), "{error:?}");
        assert!(error.detail().contains("Invalid access token (9109)"), "{}", error.detail());
    }
    assert_eq!(api.requests().len(), 1, "one refusal is enough for all");
}

#[tokio::test]
async fn a_token_that_is_none_is_refused_before_it_is_sent() {
    let api = api();
    let dns = Dns::new(Settings { token: SecretString::from("canary\nX-Evil: 1"), ..settings(&api) });
    let error = dns.records(&names(&["a.example.net"]), &going()).await.expect_err("refused");
    assert!(
        matches!(&error.cause, DnsCause::Link(Cause::Configuration { argument, .. }) if argument == "dns.api_token")
    );
    assert!(!format!("{error:?}").contains("canary"));
    assert!(api.requests().is_empty());
}

#[tokio::test]
async fn what_a_token_may_not_do_is_named_as_the_dashboard_names_it() {
    let api = api();
    let all = Permissions { zone_read: true, dns_read: true, dns_edit: true };
    assert!(client(&api).may_edit(&going()).await.expect("asked"));
    assert_eq!(client(&api).token(&going()).await.expect("a token").status, "active");
    assert!(api.records().is_empty(), "asking makes nothing");

    api.permit(Permissions { dns_edit: false, ..all });
    assert!(!client(&api).may_edit(&going()).await.expect("asked"));
    api.permit(Permissions { dns_read: false, ..all });
    let error = client(&api).records(&names(&["a.example.net"]), &going()).await.expect_err("forbidden");
    assert!(matches!(error.cause, DnsCause::Forbidden { permission: "DNS read", .. }), "{error:?}");
    api.permit(Permissions { zone_read: false, ..all });
    let by_name = Dns::new(Settings { zone_id: None, ..settings(&api) });
    let error = by_name.zone(&going()).await.expect_err("forbidden");
    assert!(error.detail().contains("set both zone and zone_id"), "{}", error.detail());
    assert!(
        client(&api).records(&names(&["a.example.net"]), &going()).await.is_ok(),
        "both are given: nothing is looked up"
    );
}

#[tokio::test]
async fn name_servers_of_the_zone_itself_are_nobodys_matter() {
    let api = api();
    api.put(&json!({"name": "@", "type": "NS", "content": "ns1.example.org"}));
    api.put(&json!({"name": "lab", "type": "NS", "content": "ns1.example.org"}));
    let found = client(&api).records(&names(&[ZONE, "lab.example.net"]), &going()).await.expect("records");
    assert_eq!(found.iter().map(|record| record.name.as_str()).collect::<Vec<_>>(), ["lab.example.net"]);
}

#[tokio::test]
async fn whoever_is_no_such_api_is_said_to_be_none_and_not_repeated() {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let base_url = format!("http://{}", listener.local_addr().expect("address"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut buffer = [0_u8; 4096];
            let length = stream.read(&mut buffer).unwrap_or_default();
            // It says back what it was sent, token and all.
            let said = String::from_utf8_lossy(&buffer[..length]).into_owned();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", said.len());
            let _ = stream.write_all(format!("{head}{said}").as_bytes());
        }
    });
    let api = api();
    let dns = Dns::new(Settings { base_url, ..settings(&api) });
    let error = dns.records(&names(&["a.example.net"]), &going()).await.expect_err("strange");
    assert!(error.to_string().contains("not what the API answers"), "{error}");
    assert!(!format!("{error:?}{error}").contains(TOKEN));

    let nobody = Dns::new(Settings { base_url: "http://127.0.0.1:9".to_owned(), ..settings(&api) });
    let error = nobody.records(&names(&["a.example.net"]), &going()).await.expect_err("nobody");
    assert!(matches!(error.cause, DnsCause::Link(Cause::Unreachable { .. })), "{error:?}");
}
