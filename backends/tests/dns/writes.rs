//! Making the zone as it is wanted, beside others who write to it.

use std::collections::BTreeSet;

use futures::future::join_all;
use homelab_backends::dns::DnsCause;
use homelab_core::dns::Kind;
use homelab_core::dns::changes::{Changes, removal};
use serde_json::{Value, json};

use crate::support::{api, client, going, mark, names, proxied, record, want};

fn contents(records: &[Value]) -> BTreeSet<String> {
    let text = |record: &Value, member: &str| record[member].as_str().unwrap_or_default().to_owned();
    records.iter().map(|record| format!("{} {}", text(record, "type"), text(record, "content"))).collect()
}

#[tokio::test]
async fn records_are_made_once_and_known_without_a_second_listing() {
    let api = api();
    let dns = client(&api);
    let wanted = [record("a.example.net", Kind::A, "192.0.2.1"), record("a.example.net", Kind::Aaaa, "2001:db8::1")];
    let done = want(&dns, "one", &wanted, &[]).await.expect("written").expect("no clash");
    assert_eq!(done.posts.len(), 2);
    assert_eq!(api.requests().len(), 2, "one listing and one batch: {:#?}", api.requests());
    let made = api.at("a.example.net");
    assert_eq!(contents(&made), ["A 192.0.2.1", "AAAA 2001:db8::1"].map(str::to_owned).into());
    assert!(made.iter().all(|record| record["comment"] == mark("one").text() && record["ttl"] == 1));

    assert!(want(&dns, "one", &wanted, &[]).await.expect("written").expect("no clash").is_empty());
    assert_eq!(dns.records(&names(&["a.example.net"]), &going()).await.expect("records").len(), 2);
    assert_eq!(api.requests().len(), 2, "nothing is listed or written again");
}

#[tokio::test]
async fn a_name_becomes_addresses_and_back_in_one_operation() {
    let api = api();
    let dns = client(&api);
    let direct = [record("a.example.net", Kind::A, "192.0.2.1")];
    want(&dns, "one", &[proxied("a.example.net")], &[]).await.expect("written").expect("no clash");
    api.forget_requests();
    want(&dns, "one", &direct, &["a.example.net"]).await.expect("written").expect("no clash");
    assert_eq!(contents(&api.at("a.example.net")), ["A 192.0.2.1".to_owned()].into());
    want(&dns, "one", &[proxied("a.example.net")], &["a.example.net"]).await.expect("written").expect("no clash");
    assert_eq!(contents(&api.at("a.example.net")), ["CNAME t.cfargotunnel.com".to_owned()].into());
    assert_eq!(api.requests().len(), 2, "{:#?}", api.requests());
}

#[tokio::test]
async fn a_new_name_is_there_before_the_old_one_goes() {
    let api = api();
    let dns = client(&api);
    want(&dns, "one", &[proxied("old.example.net")], &[]).await.expect("written").expect("no clash");
    api.forget_requests();
    // The second batch fails for good: by then the new name is there, and the old one still is.
    api.quota(2);
    let done = want(&dns, "one", &[proxied("new.example.net")], &["old.example.net"]).await.expect("written");
    assert_eq!(done.expect("no clash").deletes.len(), 1);
    assert_eq!(api.requests().len(), 2, "two steps: {:#?}", api.requests());
    assert_eq!((api.at("old.example.net").len(), api.at("new.example.net").len()), (0, 1));

    // Where the new one cannot be made, the old one stays.
    api.quota(1);
    let error = want(&dns, "one", &[proxied("third.example.net")], &["new.example.net"]).await.expect_err("full");
    assert!(matches!(error.cause, DnsCause::Full { .. }), "{error}");
    assert_eq!(api.at("new.example.net").len(), 1);
}

#[tokio::test]
async fn a_record_of_another_is_left_and_named() {
    let api = api();
    let dns = client(&api);
    want(&dns, "one", &[proxied("a.example.net")], &[]).await.expect("written").expect("no clash");
    let clashes = want(&dns, "two", &[proxied("a.example.net")], &[]).await.expect("asked").expect_err("one's");
    assert_eq!(clashes[0].owner.as_deref(), Some("one"));
    assert_eq!(api.at("a.example.net")[0]["comment"], mark("one").text());
}

#[tokio::test]
async fn what_changed_since_the_listing_is_seen_before_anything_is_written() {
    let api = api();
    let dns = client(&api);
    want(&dns, "one", &[proxied("a.example.net")], &[]).await.expect("written").expect("no clash");
    dns.records(&names(&["b.example.net"]), &going()).await.expect("listed");
    // Somebody makes a record at b, and removes ours at a, behind our back.
    api.put(&json!({"name": "b", "type": "A", "content": "198.51.100.7"}));
    let id = api.at("a.example.net")[0]["id"].as_str().expect("id").to_owned();
    api.remove(&id);

    let clashes = want(&dns, "two", &[proxied("b.example.net")], &[]).await.expect("asked").expect_err("in the way");
    assert_eq!((clashes[0].found.content.as_str(), &clashes[0].owner), ("198.51.100.7", &None));
    assert_eq!(contents(&api.at("b.example.net")), ["A 198.51.100.7".to_owned()].into());

    let moved = record("a.example.net", Kind::A, "192.0.2.1");
    want(&dns, "one", std::slice::from_ref(&moved), &["a.example.net"]).await.expect("written").expect("no clash");
    assert_eq!(contents(&api.at("a.example.net")), ["A 192.0.2.1".to_owned()].into());
}

#[tokio::test]
async fn a_clash_that_is_gone_by_now_is_none() {
    let api = api();
    let id = api.put(&json!({"name": "a", "type": "A", "content": "198.51.100.7"}));
    let dns = client(&api);
    dns.records(&names(&["a.example.net"]), &going()).await.expect("listed");
    api.remove(&id);
    // What is known is old enough to be looked at again; a listing of this very moment would be believed.
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    want(&dns, "one", &[proxied("a.example.net")], &[]).await.expect("written").expect("no clash");
    assert_eq!(api.at("a.example.net").len(), 1);
}

#[tokio::test]
async fn hosts_outside_of_the_zone_are_never_sent() {
    let api = api();
    let dns = client(&api);
    let error = want(&dns, "one", &[proxied("a.example.org")], &[]).await.expect_err("outside");
    assert!(matches!(error.cause, DnsCause::OutsideZone { .. }), "{error}");
    assert!(api.records().is_empty(), "{:#?}", api.records());
}

#[tokio::test]
async fn a_destroy_removes_ours_alone_and_is_done_when_they_are_gone() {
    let api = api();
    let dns = client(&api);
    want(&dns, "one", &[proxied("a.example.net")], &[]).await.expect("written").expect("no clash");
    api.put(&json!({"name": "a", "type": "TXT", "content": "keep"}));
    for expected in [1, 0] {
        let at = names(&["a.example.net"]);
        let mark = mark("one");
        let decide = |found: &[_]| Ok::<Changes, ()>(removal(&at, found, &mark, true));
        let done = dns.converge(&at, &mark.text(), &going(), decide).await.expect("removed").expect("no clash");
        assert_eq!(done.deletes.len(), expected);
    }
    assert_eq!(contents(&api.at("a.example.net")), ["TXT keep".to_owned()].into());
}

#[tokio::test]
async fn two_hundred_resources_list_the_zone_once_and_write_one_request_each() {
    let api = api();
    api.page_limit(100);
    for index in 0..150 {
        api.put(&json!({"name": format!("other{index}"), "type": "TXT", "content": "x"}));
    }
    let dns = client(&api);
    let hosts: Vec<String> = (0..200).map(|index| format!("app{index}.example.net")).collect();
    let done = join_all(hosts.iter().map(|host| {
        let dns = &dns;
        async move { want(dns, host, &[proxied(host)], &[]).await }
    }))
    .await;
    assert!(done.into_iter().all(|done| done.expect("written").expect("no clash").posts.len() == 1));
    assert_eq!((api.count("GET "), api.count("POST ")), (2, 200), "two pages, once");
    assert_eq!(api.records().len(), 350);
}
