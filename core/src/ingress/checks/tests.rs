//! Bad input, one line a mistake: the code, the attribute, and the words that say what to do.

use std::collections::BTreeMap;

use homelab_schema::Attr;
use homelab_schema::ingress::{
    Auth, CarveOut, ExternalMonitor, Homepage, Ingress, Probe, RateLimit, ScaleToZero, Scheme, Service,
};
use homelab_schema::provider::Site;

use super::{declaration, planned};
use crate::finding::Finding;
use crate::ingress::fill;
use crate::ingress::tests::{open, photos, site, with_defaults};

fn text(text: &str) -> Attr<String> {
    Attr::Known(text.to_owned())
}

fn texts(texts: &[&str]) -> Attr<Vec<String>> {
    Attr::Known(texts.iter().map(|text| (*text).to_owned()).collect())
}

/// All findings of a configuration: a plan comes only to what validation lets pass.
fn findings(config: &Ingress, site: &Site) -> Vec<Finding> {
    let found = declaration(config, site.parity);
    if !found.is_empty() {
        return found;
    }
    let mut plan = with_defaults(config.clone());
    fill::fill(config, &mut plan, site);
    planned(&plan, site)
}

fn carved(label: &str, carve_out: CarveOut) -> Ingress {
    Ingress { carve_out: Attr::Known(BTreeMap::from([(label.to_owned(), carve_out)])), ..photos() }
}

fn limit(enabled: Option<bool>, average: Option<i64>, burst: Option<i64>) -> Attr<RateLimit> {
    Attr::Known(RateLimit { enabled: enabled.into(), average: average.into(), burst: burst.into() })
}

fn service(name: &str) -> Attr<Service> {
    Attr::Known(Service { name: text(name), port: text("80"), scheme: Attr::Null })
}

fn scheme(scheme: Scheme) -> Attr<Service> {
    Attr::Known(Service { scheme: Attr::Known(scheme), port: text("80"), name: Attr::Null })
}

/// The place of a carve-out with a label of 300 characters.
fn long_label() -> &'static str {
    format!("carve_out[{:?}]", "a".repeat(300)).leak()
}

/// Mistakes: what was written, the code, the attribute, and a part of what is said.
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn mistakes() -> Vec<(&'static str, Ingress, &'static str, &'static str, &'static str)> {
    let long = "a".repeat(300);
    let host = |host: &str| Ingress { host: text(host), ..photos() };
    let paths = |paths: &[&str]| Ingress { paths: texts(paths), ..photos() };
    let body = |size: &str| Ingress { max_body_size: text(size), ..photos() };
    let extra = |name: &str| Ingress { extra_middlewares: texts(&[name]), ..photos() };
    let named = |name: &str| Ingress { name: text(name), ..photos() };
    let priority = |priority| carved("a", CarveOut { priority: Attr::Known(priority), ..open(&["/a"]) });
    let front = |rate_limit| Ingress { rate_limit, ..photos() };
    let groups = |groups: &[&str]| Ingress { allowed_groups: texts(groups), ..photos() };
    let annotated = |name: &str| Ingress {
        annotations: Attr::Known(BTreeMap::from([(name.to_owned(), "x".to_owned())])),
        ..photos()
    };
    vec![
        ("a host with a space", host("a b.example.net"), "HL1003", "host", "is no host name"),
        ("a host with an underscore", host("a_b.example.net"), "HL1003", "host", "is no host name"),
        ("a host in capitals", host("Photos.Example.NET"), "HL1003", "host", "Write \"photos.example.net\"."),
        ("a host with a dot at its end", host("a.example.net."), "HL1003", "host", "Write \"a.example.net\"."),
        ("a host that is an address", host("192.0.2.1"), "HL1003", "host", "is no host name"),
        ("a host that is a URL", host("https://a.example.net"), "HL1003", "host", "is no host name"),
        ("an empty host", host(""), "HL1003", "host", "is no host name"),
        ("a long host", host(&format!("{long}.example.net")), "HL1003", "host", "(312 characters)"),
        ("a short host that is none", host("-a"), "HL1003", "host", "is no host name"),
        ("a wildcard", host("*.example.net"), "HL1009", "host", "List the hosts"),
        ("another alphabet", host("bücher.example.net"), "HL1003", "host", "Write \"xn--bcher-kva.example.net\"."),
        ("another alphabet, short", host("фото"), "HL1003", "host", "Write \"xn--n1aalg\"."),
        (
            "an alias that is the host",
            Ingress { host_aliases: texts(&["b.example.net", "a.example.net"]), ..host("a.example.net") },
            "HL1003",
            "host_aliases[1]",
            "another host",
        ),
        (
            "an alias that becomes the host",
            Ingress { host_aliases: texts(&["g"]), ..photos() },
            "HL1003",
            "host_aliases[0]",
            "another host",
        ),
        (
            "a wildcard alias",
            Ingress { host_aliases: texts(&["*.example.net"]), ..photos() },
            "HL1009",
            "host_aliases[0]",
            "List the hosts",
        ),
        ("a long name", Ingress { service: service("web"), ..named(&long) }, "HL1003", "name", "(300 characters)"),
        ("a name in capitals", named("Photos"), "HL1003", "name", "lower-case"),
        (
            "a name that no service has",
            Ingress { service: Attr::Null, ..named("a.b") },
            "HL1003",
            "service.name",
            "set",
        ),
        ("a long namespace", Ingress { namespace: text(&long), ..photos() }, "HL1003", "namespace", "63"),
        (
            "a name too long for its middleware",
            Ingress { max_body_size: text("5g"), service: service("web"), ..named(&"a".repeat(250)) },
            "HL1003",
            "name",
            "max_body_size",
        ),
        ("a path without a slash", paths(&["app"]), "HL1003", "paths[0]", "starts with `/`"),
        ("a path twice", paths(&["/app", "/app/"]), "HL1003", "paths[1]", "another path"),
        ("no paths", paths(&[]), "HL1003", "paths", "at least one"),
        ("a path with a backtick", paths(&["/a`b"]), "HL1003", "paths[0]", "without"),
        ("a path of another alphabet", paths(&["/фото"]), "HL1003", "paths[0]", "without"),
        ("5x", body("5x"), "HL1003", "max_body_size", "`5g`"),
        ("no number", body("g"), "HL1003", "max_body_size", "`5g`"),
        ("a size of nothing", body("0"), "HL1003", "max_body_size", "above 0"),
        ("a size beyond numbers", body("99999999999g"), "HL1003", "max_body_size", "`5g`"),
        ("priority 0", priority(0), "HL1003", "carve_out[\"a\"].priority", "from 1 to 9223372036854774807"),
        ("a negative priority", priority(-1), "HL1003", "carve_out[\"a\"].priority", "from 1"),
        ("a priority of Traefik's own", priority(i64::MAX), "HL1003", "carve_out[\"a\"].priority", "for itself"),
        ("a middleware without namespace", extra("strip"), "HL1003", "extra_middlewares[0]", "`<namespace>-<name>`"),
        ("a middleware in capitals", extra("a-Strip"), "HL1003", "extra_middlewares[0]", "`<namespace>-<name>`"),
        ("two in one", extra("a-b,c-d"), "HL1003", "extra_middlewares[0]", "`<namespace>-<name>`"),
        ("no provider", extra("a-b@"), "HL1003", "extra_middlewares[0]", "`<name>@<provider>`"),
        ("a long middleware", extra(&format!("a-{long}")), "HL1003", "extra_middlewares[0]", "(302 characters)"),
        (
            "a middleware that wakes nobody",
            Ingress { scale_to_zero: Attr::Known(ScaleToZero { middleware: text("wake") }), ..photos() },
            "HL1003",
            "scale_to_zero.middleware",
            "`<namespace>-<name>`",
        ),
        (
            "scale_to_zero without a middleware",
            Ingress { scale_to_zero: Attr::Known(ScaleToZero::default()), ..photos() },
            "HL1006",
            "scale_to_zero",
            "Set site.middlewares.scale_to_zero in the provider block",
        ),
        (
            "local_only without",
            Ingress { local_only: Attr::Known(true), ..photos() },
            "HL1006",
            "local_only",
            "Set site",
        ),
        (
            "scrapers, asked for without",
            Ingress { anti_ai_scraping: Attr::Known(true), ..photos() },
            "HL1006",
            "anti_ai_scraping",
            "Set site.middlewares.anti_ai",
        ),
        ("a group without a middleware", groups(&["family"]), "HL1007", "allowed_groups", "under \"family\""),
        ("groups without one", groups(&["b", "a"]), "HL1007", "allowed_groups", "any of these groups under \"a+b\""),
        ("no group", groups(&[]), "HL1003", "allowed_groups", "at least one group"),
        ("a group of two names", groups(&["a+b"]), "HL1003", "allowed_groups[0]", "without `+`"),
        (
            "groups in front of nothing",
            Ingress { auth: Attr::Known(Auth::None), reason: text("x"), ..groups(&["a"]) },
            "HL1010",
            "allowed_groups",
            "auth be required",
        ),
        (
            "groups of a carve-out without a middleware",
            carved("a", CarveOut { auth: Attr::Null, allowed_groups: texts(&["x"]), ..open(&["/a"]) }),
            "HL1007",
            "carve_out[\"a\"].allowed_groups",
            "under \"x\"",
        ),
        ("average alone", front(limit(None, Some(1), None)), "HL1010", "rate_limit.burst", "Set both"),
        ("burst alone", front(limit(None, None, Some(1))), "HL1010", "rate_limit.average", "Set both"),
        ("a rate of nothing", front(limit(None, Some(0), Some(1))), "HL1003", "rate_limit.average", "enabled = false"),
        ("off with numbers", front(limit(Some(false), Some(1), Some(1))), "HL1010", "rate_limit.enabled", "Remove"),
        (
            "no policy",
            Ingress { content_security_policy: text("a\nb"), ..photos() },
            "HL1003",
            "content_security_policy",
            "one line",
        ),
        (
            "no reason",
            Ingress { auth: Attr::Known(Auth::None), ..photos() },
            "HL1001",
            "reason",
            "Say in reason why it is open to everybody",
        ),
        (
            "an empty reason",
            Ingress { auth: Attr::Known(Auth::App), reason: text(" "), ..photos() },
            "HL1001",
            "reason",
            "reason is empty",
        ),
        (
            "an empty reason of a carve-out",
            carved("a", CarveOut { reason: text(""), ..open(&["/a"]) }),
            "HL1001",
            "carve_out[\"a\"].reason",
            "reason is empty",
        ),
        (
            "a carve-out that is the root",
            carved("all", open(&["/"])),
            "HL1201",
            "carve_out[\"all\"].paths",
            "one place",
        ),
        (
            "a carve-out that hides the root",
            carved("all", CarveOut { priority: Attr::Known(900), ..open(&["/"]) }),
            "HL1203",
            "paths",
            "reach the app without the gate",
        ),
        (
            "two carve-outs that are one",
            Ingress {
                carve_out: Attr::Known(BTreeMap::from([
                    ("a".to_owned(), open(&["/a"])),
                    ("b".to_owned(), open(&["/a/"])),
                ])),
                ..photos()
            },
            "HL1201",
            "carve_out[\"a\"].paths",
            "Declare /a/ in one place.",
        ),
        ("a label in capitals", carved("Share", open(&["/a"])), "HL1003", "carve_out[\"Share\"]", "lower-case"),
        ("a long label", carved(&long, open(&["/a"])), "HL1003", long_label(), "300"),
        (
            "an address outside",
            Ingress { external_name: text("192.0.2.1"), service: Attr::Null, ..photos() },
            "HL1003",
            "external_name",
            "EndpointSlice",
        ),
        (
            "a named port outside",
            Ingress { external_name: text("a.example.org"), ..photos() },
            "HL1003",
            "service.port",
            "a number",
        ),
        (
            "two schemes of one service",
            Ingress {
                service: scheme(Scheme::Https),
                ..carved("a", CarveOut { service: scheme(Scheme::H2c), ..open(&["/a"]) })
            },
            "HL1010",
            "carve_out[\"a\"].service.scheme",
            "one scheme a Service",
        ),
        (
            "an annotation that an argument stands for",
            annotated("traefik.ingress.kubernetes.io/router.entrypoints"),
            "HL1005",
            "annotations[\"traefik.ingress.kubernetes.io/router.entrypoints\"]",
            "Use instead: entrypoint.",
        ),
        (
            "an annotation of the house",
            annotated("uptime.example.net/external-monitor"),
            "HL1005",
            "annotations[\"uptime.example.net/external-monitor\"]",
            "Use instead: the external_monitor block.",
        ),
        (
            "an annotation of a tile that is declared",
            Ingress { homepage: Attr::Known(Homepage::default()), ..annotated("gethomepage.dev/name") },
            "HL1005",
            "annotations[\"gethomepage.dev/name\"]",
            "Use instead: the homepage block.",
        ),
        (
            "an entry point that is none",
            Ingress { entrypoint: text("web secure"), ..photos() },
            "HL1003",
            "entrypoint",
            "entry points",
        ),
        (
            "a method that is none",
            carved(
                "a",
                CarveOut {
                    probe: Attr::Known(Probe { methods: texts(&["BREW"]), ..Probe::default() }),
                    ..open(&["/a"])
                },
            ),
            "HL1003",
            "carve_out[\"a\"].probe.methods[0]",
            "one of GET",
        ),
        (
            "a status that is none",
            carved(
                "a",
                CarveOut {
                    probe: Attr::Known(Probe { statuses: Attr::Known(vec![42]), ..Probe::default() }),
                    ..open(&["/a"])
                },
            ),
            "HL1003",
            "carve_out[\"a\"].probe.statuses[0]",
            "from 100 to 599",
        ),
        (
            "a credential for the probe",
            carved(
                "a",
                CarveOut {
                    probe: Attr::Known(Probe {
                        headers: Attr::Known(BTreeMap::from([("Cookie".to_owned(), "a=b".to_owned())])),
                        ..Probe::default()
                    }),
                    ..open(&["/a"])
                },
            ),
            "HL1003",
            "carve_out[\"a\"].probe.headers[\"Cookie\"]",
            "no credential",
        ),
        (
            "an origin that is none",
            carved(
                "a",
                CarveOut {
                    probe: Attr::Known(Probe { cors_origin: text("app.example.net"), ..Probe::default() }),
                    ..open(&["/a"])
                },
            ),
            "HL1003",
            "carve_out[\"a\"].probe.cors_origin",
            "scheme and host alone",
        ),
        (
            "a media type that is none",
            carved(
                "a",
                CarveOut {
                    probe: Attr::Known(Probe { content_type: text("json"), ..Probe::default() }),
                    ..open(&["/a"])
                },
            ),
            "HL1003",
            "carve_out[\"a\"].probe.content_type",
            "application/json",
        ),
        (
            "a text that everything holds",
            carved(
                "a",
                CarveOut { probe: Attr::Known(Probe { body_contains: text(""), ..Probe::default() }), ..open(&["/a"]) },
            ),
            "HL1003",
            "carve_out[\"a\"].probe.body_contains",
            "that only the app has",
        ),
    ]
}

#[test]
fn every_mistake_is_refused_once_at_its_attribute_with_the_fix() {
    let mut otherwise = Vec::new();
    for (mistake, config, code, path, words) in mistakes() {
        let found = findings(&config, &site());
        let said: Vec<_> = found.iter().map(|finding| (finding.code.id, finding.path.to_string())).collect();
        let texts: Vec<_> =
            found.iter().map(|finding| format!("{}\n{}", finding.headline(), finding.detail())).collect();
        let all = texts.join("\n");
        let is_error = found.iter().all(|finding| finding.severity == crate::finding::Severity::Error);
        if said != [(code, path.to_owned())] || !all.contains(words) || !is_error {
            otherwise.push(format!("{mistake}: {said:?} {all}"));
        }
    }
    assert!(otherwise.is_empty(), "{}", otherwise.join("\n\n"));
}

#[test]
fn a_good_declaration_is_not_found_fault_with() {
    let good = [
        photos(),
        Ingress { service: Attr::Null, ..photos() },
        Ingress { host_aliases: texts(&["h", "h.example.org"]), ..photos() },
        Ingress { host: text("xn--bcher-kva.example.net"), ..photos() },
        Ingress { max_body_size: text("5G"), rate_limit: limit(Some(false), None, None), ..photos() },
        Ingress { rate_limit: limit(None, Some(100), Some(1000)), ..photos() },
        Ingress { content_security_policy: text("default-src 'self'; img-src *"), ..photos() },
        Ingress { extra_middlewares: texts(&["a-b-c.d@kubernetescrd", "strip@file"]), ..photos() },
        Ingress { external_name: text("nas.example.org"), service: Attr::Null, ..photos() },
        Ingress {
            annotations: Attr::Known(BTreeMap::from([("gethomepage.dev/name".to_owned(), "x".to_owned())])),
            ..photos()
        },
        Ingress { external_monitor: Attr::Known(ExternalMonitor::default()), ..photos() },
        carved("a", CarveOut { priority: Attr::Known(i64::MAX - 1000), ..open(&["/a"]) }),
    ];
    for config in good {
        let found = findings(&config, &site());
        assert!(found.is_empty(), "{config:?}: {found:?}");
    }
}

#[test]
fn a_monitor_needs_a_domain_for_its_annotation() {
    let house = Site { root_domain: Attr::Null, ..site() };
    let config = Ingress {
        host: text("a.example.net"),
        external_monitor: Attr::Known(ExternalMonitor { enabled: Attr::Known(true), name: Attr::Null }),
        ..photos()
    };
    let found = findings(&config, &house);
    assert_eq!(found.iter().map(|finding| finding.code.id).collect::<Vec<_>>(), ["HL1012"]);
    let quiet = Ingress { external_monitor: Attr::Null, ..config };
    assert!(findings(&quiet, &house).is_empty());
}

#[test]
fn an_alias_with_a_longer_name_does_not_let_the_root_win() {
    let aliases = texts(&["a-very-long-name-of-the-same-host.example.net"]);
    let config = Ingress { host_aliases: aliases, ..carved("a", open(&["/a"])) };
    assert!(findings(&config, &site()).is_empty());
    // By hand it can happen, and is found on that host.
    let by_hand = carved("a", CarveOut { priority: Attr::Known(45), ..open(&["/a"]) });
    assert!(findings(&by_hand, &site()).is_empty());
    let by_hand = Ingress { host_aliases: config.host_aliases, ..by_hand };
    let found = findings(&by_hand, &site());
    assert_eq!(found.iter().map(|finding| finding.code.id).collect::<Vec<_>>(), ["HL1203"]);
}
