//! The API refuses what the real one refuses: a client that gets along with it did not do so by luck.

use std::time::Duration;

use serde_json::{Value, json};

use super::{DnsApi, Permissions};
use crate::http::Client;

const TOKEN: &str = "secret-token";
const JSON: &str = "application/json";

fn api() -> DnsApi {
    DnsApi::start("example.net", TOKEN).unwrap()
}

fn client(api: &DnsApi, authorization: Option<&str>) -> Client {
    let client = Client::new(api.url().trim_end_matches("/client/v4"), None).unwrap();
    match authorization {
        Some(text) => client.with_header("Authorization", text),
        None => client,
    }
}

fn send(api: &DnsApi, method: &str, path: &str, kind: &str, body: Option<&Value>) -> (u16, Value) {
    let answer =
        client(api, Some("Bearer secret-token")).send(method, &format!("/client/v4{path}"), kind, body).unwrap();
    (answer.status, answer.body)
}

fn records(api: &DnsApi) -> String {
    format!("/zones/{}/dns_records", api.zone_id())
}

/// Status and first code of the answer to a record that shall be made.
fn post(api: &DnsApi, record: &Value) -> (u16, u64) {
    let (status, body) = send(api, "POST", &records(api), JSON, Some(record));
    (status, body["errors"][0]["code"].as_u64().unwrap_or_default())
}

#[test]
fn only_the_right_token_in_the_right_form_is_let_in() {
    let api = api();
    for (authorization, status, code) in [
        (None, 400, 9106),
        (Some("secret-token"), 400, 6003),
        (Some("Bearer wrong"), 403, 9109),
        (Some("Bearer secret-token"), 200, 0),
    ] {
        let answer = client(&api, authorization).send("GET", "/client/v4/user/tokens/verify", JSON, None).unwrap();
        let found = answer.body["errors"][0]["code"].as_u64().unwrap_or_default();
        assert_eq!((answer.status, found), (status, code), "{authorization:?}");
    }
}

#[test]
fn records_that_the_real_one_refuses_are_refused() {
    let api = api();
    let a = |name: &str| json!({"name": name, "type": "A", "content": "192.0.2.1"});
    assert_eq!(post(&api, &a("a")), (200, 0));
    let with = |member: &str, value: Value| {
        let mut record = a("new");
        record[member] = value;
        record
    };
    for (record, status, code) in [
        (a("a"), 400, 81058),
        (json!({"name": "a", "type": "CNAME", "content": "b.example.net"}), 400, 81053),
        (with("content", json!("2001:db8::1")), 400, 1004),
        (with("content", json!("b.example.net")), 400, 1004),
        (with("ttl", json!(5)), 400, 1004),
        (json!({"name": "new", "type": "A", "content": "192.0.2.1", "proxied": true, "ttl": 300}), 400, 1004),
        (json!({"name": "new", "type": "TXT", "content": "x", "proxied": true}), 400, 1004),
        (with("type", json!("WHAT")), 400, 1004),
        (with("comment", json!("x".repeat(101))), 400, 1004),
        (with("colour", json!("red")), 400, 9207),
        (json!({"name": "new", "type": "A"}), 400, 1004),
        (with("name", json!("a b")), 400, 1004),
    ] {
        assert_eq!(post(&api, &record), (status, code), "{record}");
    }
    assert_eq!(post(&api, &json!({"name": "c", "type": "CNAME", "content": "b.example.net"})), (200, 0));
    assert_eq!(post(&api, &a("c")), (400, 81054));
    assert_eq!(post(&api, &a("x.example.org")), (200, 0));
    assert_eq!(api.at("x.example.org.example.net").len(), 1, "what is not in the zone is put below it");
    let form = send(&api, "POST", &records(&api), "application/x-www-form-urlencoded", Some(&a("new")));
    assert_eq!(form.0, 415);
}

#[test]
fn a_batch_is_done_as_a_whole_or_not_at_all() {
    let api = api();
    let id = api.put(&json!({"name": "a", "type": "CNAME", "content": "b.example.net"}));
    let batch = format!("{}/batch", records(&api));
    let address = |name: &str| json!({"name": name, "type": "A", "content": "192.0.2.1"});
    let bad = json!({"deletes": [{"id": id}], "posts": [address("a"), address("a")]});
    let (status, body) = send(&api, "POST", &batch, JSON, Some(&bad));
    assert_eq!((status, &body["errors"][0]["code"]), (400, &json!(81058)));
    assert_eq!(api.at("a.example.net")[0]["type"], "CNAME", "nothing was done");
    let good = json!({"posts": [address("a")], "deletes": [{"id": id}]});
    assert_eq!(send(&api, "POST", &batch, JSON, Some(&good)).0, 200, "deletions come first, whatever the order");
    assert_eq!(api.at("a.example.net")[0]["type"], "A");
    for bad in [json!([]), json!({"puts": []}), json!({"deletes": [{"id": id}]}), json!({"posts": {}})] {
        assert!(send(&api, "POST", &batch, JSON, Some(&bad)).0 >= 400, "{bad}");
    }
}

#[test]
fn pages_are_cut_and_counted_and_none_is_made_up() {
    let api = api();
    for index in 0..7 {
        api.put(&json!({"name": format!("h{index}"), "type": "A", "content": "192.0.2.1"}));
    }
    let page = |query: &str| send(&api, "GET", &format!("{}?{query}", records(&api)), JSON, None);
    let (_, second) = page("page=2&per_page=5");
    assert_eq!(second["result"].as_array().unwrap().len(), 2);
    assert_eq!((&second["result_info"]["total_pages"], &second["result_info"]["total_count"]), (&json!(2), &json!(7)));
    assert_eq!(page("name.exact=h3.example.net").1["result"].as_array().unwrap().len(), 1);
    for bad in ["per_page=0", "per_page=6000000", "page=0", "page=x", "sort=name", "name.exact"] {
        assert_eq!(page(bad).0, 400, "{bad}");
    }
    assert_eq!(send(&api, "GET", "/zones/../dns_records", JSON, None).0, 404);
    assert_eq!(send(&api, "GET", &format!("/zones/{}/dns_records", "f".repeat(32)), JSON, None).0, 403);
    assert_eq!(send(&api, "PUT", &records(&api), JSON, None).0, 404);
}

#[test]
fn a_late_listing_shows_the_past() {
    let api = api();
    let before = api.put(&json!({"name": "a", "type": "A", "content": "192.0.2.1"}));
    api.list_late(1);
    api.change(&before, &json!({"content": "192.0.2.2"}));
    api.put(&json!({"name": "b", "type": "A", "content": "192.0.2.3"}));
    let contents = || {
        let (_, body) = send(&api, "GET", &records(&api), JSON, None);
        let all = body["result"].as_array().unwrap().iter().map(|one| one["content"].as_str().unwrap().to_owned());
        all.collect::<Vec<_>>()
    };
    assert_eq!(contents(), ["192.0.2.1"]);
    assert_eq!(contents(), ["192.0.2.2", "192.0.2.3"]);
    api.remove(&before);
    assert_eq!(contents(), ["192.0.2.2", "192.0.2.3"]);
    assert_eq!(contents(), ["192.0.2.3"]);
}

#[test]
fn what_it_is_told_it_does_and_it_counts() {
    let api = api();
    api.throttle_next(1, Duration::from_millis(1500));
    let answer = send(&api, "GET", &records(&api), JSON, None);
    assert_eq!((answer.0, &answer.1["errors"][0]["code"]), (429, &json!(971)));
    api.permit(Permissions { zone_read: true, dns_read: false, dns_edit: true });
    assert_eq!(send(&api, "GET", &records(&api), JSON, None).0, 403);
    let statuses: Vec<u16> = api.requests().iter().map(|seen| seen.status).collect();
    assert_eq!(statuses, [429, 403]);
    assert_eq!((api.count("GET /zones/"), api.count("POST ")), (2, 0));
}
