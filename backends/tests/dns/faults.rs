//! An API that fails, answers nothing, or lists late: the zone is as wanted in the end, once.

use homelab_backends::dns::DnsCause;
use homelab_core::dns::Kind;
use homelab_plane::dns_api::Fault;

use crate::support::{api, client, going, names, proxied, record, want};

#[tokio::test]
async fn whatever_happens_to_a_write_it_is_done_once() {
    for fault in [Fault::Before, Fault::After, Fault::Cut, Fault::Garbage] {
        for late in [0, 2] {
            let api = api();
            api.list_late(late);
            let dns = client(&api);
            api.fail_next(fault);
            want(&dns, "one", &[proxied("a.example.net")], &[]).await.expect("written").expect("no clash");
            assert_eq!(api.at("a.example.net").len(), 1, "{fault:?}, listed {late} listings late");
            // The same for a change of kind, where the old record has to go.
            api.fail_next(fault);
            let direct = [record("a.example.net", Kind::A, "192.0.2.1"), record("a.example.net", Kind::A, "192.0.2.2")];
            want(&dns, "one", &direct, &["a.example.net"]).await.expect("written").expect("no clash");
            assert_eq!(api.at("a.example.net").len(), 2, "{fault:?}, listed {late} listings late");
        }
    }
}

#[tokio::test]
async fn a_server_that_stays_out_of_order_ends_in_its_words() {
    let api = api();
    for _ in 0..20 {
        api.fail_next(Fault::Before);
    }
    let error = want(&client(&api), "one", &[proxied("a.example.net")], &[]).await.expect_err("out of order");
    assert!(matches!(error.cause, DnsCause::Server { status: 500, .. }), "{error:?}");
    assert!(error.to_string().contains("Internal error (10002)"), "{error}");
    assert!(api.count("POST ") < 10, "{:#?}", api.requests());
}

#[tokio::test]
async fn our_own_writes_are_known_although_no_listing_shows_them() {
    let api = api();
    api.list_late(100);
    let dns = client(&api);
    want(&dns, "one", &[proxied("a.example.net")], &[]).await.expect("written").expect("no clash");
    assert_eq!(dns.records(&names(&["a.example.net"]), &going()).await.expect("records").len(), 1);
    let done = want(&dns, "one", &[proxied("a.example.net")], &[]).await.expect("written").expect("no clash");
    assert!(done.is_empty());
    want(&dns, "one", &[], &["a.example.net"]).await.expect("written").expect("no clash");
    assert!(dns.records(&names(&["a.example.net"]), &going()).await.expect("records").is_empty());
    assert!(api.at("a.example.net").is_empty());
}

#[tokio::test]
async fn what_an_earlier_run_wrote_and_no_listing_shows_yet_is_waited_for() {
    let api = api();
    api.list_late(3);
    want(&client(&api), "one", &[proxied("a.example.net")], &[]).await.expect("written").expect("no clash");
    // A run of its own: it sees nothing, is told that the record is there, and looks until it sees it.
    let later = want(&client(&api), "one", &[proxied("a.example.net")], &[]).await.expect("written").expect("no clash");
    assert!(later.is_empty(), "{later:?}");
    assert_eq!(api.at("a.example.net").len(), 1);
}

#[tokio::test]
async fn what_is_never_listed_and_always_in_the_way_is_an_error_with_the_words() {
    let api = api();
    api.list_late(1000);
    want(&client(&api), "one", &[proxied("a.example.net")], &[]).await.expect("written").expect("no clash");
    let other = [record("a.example.net", Kind::A, "192.0.2.1")];
    let error = want(&client(&api), "one", &other, &[]).await.expect_err("in the way");
    assert!(matches!(error.cause, DnsCause::Exists { .. }), "{error:?}");
    assert!(error.detail().contains("81054") && error.detail().contains("dashboard"), "{}", error.detail());
}

#[tokio::test]
async fn what_should_be_there_and_is_not_listed_is_looked_for_and_an_emptied_zone_is_believed() {
    let api = api();
    api.list_late(2);
    want(&client(&api), "one", &[proxied("a.example.net")], &[]).await.expect("written").expect("no clash");
    let later = client(&api);
    let found = later.records_expecting(&names(&["a.example.net"]), &going(), |found| found.len() == 1).await;
    assert_eq!(found.expect("records").len(), 1);

    // Somebody emptied the zone: it is not asked three times for each of two hundred names.
    api.list_late(0);
    for record in api.records() {
        api.remove(record["id"].as_str().expect("id"));
    }
    api.forget_requests();
    let dns = client(&api);
    for index in 0..200 {
        let at = names(&[&format!("app{index}.example.net")]);
        let found = dns.records_expecting(&at, &going(), |found| found.len() == 1).await.expect("records");
        assert!(found.is_empty());
    }
    assert!(api.requests().len() < 20, "{} requests", api.requests().len());
}
