use proptest::prelude::*;

use super::*;
use crate::route::rule::Syntax;

fn rule(text: &str) -> Rule {
    Rule::new(text, Syntax::V3).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[track_caller]
fn seen(one: &str, other: &str) -> Overlap {
    let (forth, back) = (rules_overlap(&rule(one), &rule(other)), rules_overlap(&rule(other), &rule(one)));
    assert_eq!(std::mem::discriminant(&forth), std::mem::discriminant(&back), "{one} and {other}");
    forth
}

#[test]
fn one_request_for_both_is_found() {
    for (one, other, target) in [
        ("Host(`a`) && PathPrefix(`/x`)", "Host(`A`) && PathPrefix(`/xy`)", "/xy"),
        ("Host(`a`)", "PathPrefix(`/`)", "/"),
        ("Host(`a`)", "Host(`a.`)", "/"),
        ("HostRegexp(`^[a-z]+\\.example\\.net$`)", "Host(`photos.example.net`)", "/"),
        ("PathRegexp(`^/api/v[0-9]+`)", "PathPrefix(`/api`)", "/api/va"),
        ("PathPrefix(`/a b`)", "Path(`/a b`)", "/a%20b"),
        ("Header(`x-a`, `1`)", "Header(`X-A`, `2`)", "/"),
        ("Query(`a`, `1`)", "QueryRegexp(`a`, `^[0-9]$`) && Query(`b`)", "/"),
        ("ClientIP(`192.0.2.0/24`)", "!ClientIP(`192.0.2.0/25`)", "/"),
        ("Method(`POST`)", "!Method(`GET`)", "/"),
        ("PathPrefix(`/a`) && !Path(`/a`)", "PathPrefix(`/`) && !PathPrefix(`/ax`)", "/a/"),
        ("Host(`a`) || Host(`b`)", "!(Host(`a`) || Path(`/`))", "/x"),
    ] {
        let Overlap::Yes(request) = seen(one, other) else { panic!("{one} and {other}: {:?}", seen(one, other)) };
        if target != "/api/va" && !request.target.contains('?') {
            assert_eq!(request.target, target, "{one} and {other}");
        }
    }
}

#[test]
fn that_there_is_none_is_proved() {
    for (one, other) in [
        ("Host(`a`)", "Host(`b`)"),
        ("Host(`a`) && PathPrefix(`/x`)", "Host(`a`) && PathPrefix(`/y`)"),
        ("Path(`/x`)", "PathPrefix(`/x/`)"),
        ("Path(`/x`)", "PathPrefix(`/`) && !PathPrefix(`/x`)"),
        ("PathPrefix(`/x/y`)", "!PathPrefix(`/x`)"),
        ("Path(`/a//b`)", "PathPrefix(`/`)"),
        ("Method(`GET`)", "Method(`POST`)"),
        ("Header(`a`, `1`)", "!Header(`A`, `1`)"),
        ("Header(`Host`, `a`)", "Host(`a`)"),
        ("Query(`a`, `1`)", "!QueryRegexp(`a`, `.*`)"),
        ("ClientIP(`192.0.2.0/24`)", "ClientIP(`2001:db8::/32`)"),
        ("ClientIP(`192.0.2.0/24`)", "!ClientIP(`192.0.0.0/16`)"),
        ("HostRegexp(`^[a-z]+\\.example\\.net$`)", "Host(`a.b.example.net`)"),
        ("PathRegexp(`^/api/`)", "PathPrefix(`/static`)"),
        ("PathRegexp(`\\pL`)", "!PathRegexp(`\\pL`)"),
        ("Host(`a:80`)", "PathPrefix(`/`)"),
    ] {
        assert_eq!(seen(one, other), Overlap::No, "{one} and {other}");
    }
}

#[test]
fn what_cannot_be_told_is_said_so() {
    for (one, other) in [
        ("PathRegexp(`\\pL`)", "PathPrefix(`/x`)"),
        ("HostRegexp(`a$`)", "HostRegexp(`b$`)"),
        ("Header(`X-Forwarded-Proto`, `https`)", "PathPrefix(`/`)"),
        ("ClientIP(`::ffff:192.0.2.0/120`)", "PathPrefix(`/`)"),
    ] {
        assert_eq!(seen(one, other), Overlap::CannotTell, "{one} and {other}");
    }
}

#[test]
fn a_wider_rule_covers_a_narrower_one() {
    for (wide, narrow, expected) in [
        ("Host(`a`) && PathPrefix(`/`)", "Host(`a`) && Path(`/px`)", Truth::Yes),
        ("Host(`a`) && Path(`/px`)", "Host(`a`) && PathPrefix(`/`)", Truth::No),
        ("PathPrefix(`/`)", "Host(`a`)", Truth::Yes),
        ("Host(`a`) || Host(`b`)", "Host(`b`) && Method(`GET`)", Truth::Yes),
        ("Host(`a`) && PathRegexp(`^/x`)", "Host(`a`) && PathPrefix(`/x`)", Truth::Unknown),
        ("ClientIP(`192.0.2.0/24`)", "ClientIP(`192.0.2.7`)", Truth::Yes),
    ] {
        assert_eq!(covers(&rule(wide), &rule(narrow)), expected, "{wide} over {narrow}");
    }
}

/// Rules and requests of few words, so that they often meet.
fn rules_of_few_words() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "Host(`a`)",
        "Host(`b.`)",
        "HostRegexp(`^[ab]$`)",
        "Path(`/x`)",
        "Path(`/x/`)",
        "PathPrefix(`/x`)",
        "PathPrefix(`/x/`)",
        "PathPrefix(`/`)",
        "PathRegexp(`^/[xy]$`)",
        "PathRegexp(`x`)",
        "Method(`GET`)",
        "Method(`POST`)",
        "Header(`h`, `1`)",
        "HeaderRegexp(`h`, `[12]`)",
        "Query(`q`, `1`)",
        "QueryRegexp(`q`, `.`)",
        "ClientIP(`192.0.2.0/24`)",
        "ClientIP(`192.0.2.1`)",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("{left} && {right}")),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left} || {right})")),
            inner.prop_map(|inside| format!("!({inside})")),
        ]
    })
}

fn requests_of_few_words() -> impl Strategy<Value = Request> {
    let host = prop::sample::select(vec!["a", "A", "b", "b.", "c"]);
    let path = prop::sample::select(vec!["/", "/x", "/x/", "//x", "/xy", "/y", "/x/../y", "/%78"]);
    let query = prop::sample::select(vec!["", "?q=1", "?q=2", "?q"]);
    let method = prop::sample::select(vec!["GET", "POST", "PUT"]);
    let header = prop::option::of(prop::sample::select(vec!["1", "2", "3"]));
    let client = prop::sample::select(vec!["192.0.2.1", "192.0.2.9", "198.51.100.1"]);
    (host, path, query, method, header, client).prop_map(|(host, path, query, method, header, client)| {
        let mut request = Request::get(host, &format!("{path}{query}"));
        method.clone_into(&mut request.method);
        request.headers.extend(header.map(|value| ("H".to_owned(), value.to_owned())));
        request.client = client.parse().unwrap();
        request
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_request_meets_two_rules_that_do_not_overlap(
        one in rules_of_few_words(),
        other in rules_of_few_words(),
        requests in prop::collection::vec(requests_of_few_words(), 20),
    ) {
        let (one, other) = (rule(&one), rule(&other));
        let met = |rule: &Rule, request: &Request| rule.is_met(&request.seen().unwrap());
        let meeting = rules_overlap(&one, &other);
        if let Overlap::Yes(request) = &meeting {
            prop_assert_eq!((met(&one, request), met(&other, request)), (Truth::Yes, Truth::Yes), "{:?}", request);
        }
        let covered = covers(&one, &other);
        for request in &requests {
            let (first, second) = (met(&one, request), met(&other, request));
            let both = first == Truth::Yes && second == Truth::Yes;
            prop_assert!(!both || meeting != Overlap::No, "{} and {} meet at {:?}", one, other, request);
            let escapes = first == Truth::No && second == Truth::Yes;
            prop_assert!(!escapes || covered != Truth::Yes, "{} does not cover {} at {:?}", one, other, request);
            if let (Some(hosts), true) = (hosts(&one), first == Truth::Yes) {
                prop_assert!(hosts.contains(request.host.to_ascii_lowercase().trim_end_matches('.')));
            }
        }
    }
}
