//! Parity: what is written equals the rules that were in use before this provider.
//!
//! The rules are stated a second time here, plainly and without a line of the code that they judge; then every combination
//! is rendered and compared whole, annotations of ours set aside.

use std::collections::BTreeMap;

use homelab_schema::Attr;
use homelab_schema::ingress::{Auth, DnsMode, ExternalMonitor, Homepage, Ingress, RateLimit};
use homelab_schema::provider::{Middlewares, Site};
use serde_json::{Value, json};

use super::*;
use crate::ingress::render::render_all;

/// One combination, in the words of the rules.
#[derive(Clone, Copy, Debug)]
struct Case {
    auth: &'static str,
    skip_rate_limit: bool,
    policy: Option<&'static str>,
    anti_ai: Option<bool>,
    body: Option<&'static str>,
    local_only: bool,
    extras: &'static [&'static str],
    dns: &'static str,
    monitor: Option<bool>,
    monitor_name: Option<&'static str>,
    homepage: bool,
}

/// The conventions in use.
fn house() -> Site {
    Site {
        root_domain: known("example.net"),
        ingress_class: known("traefik"),
        entrypoint: known("websecure"),
        annotation_domain: known("example.net"),
        tls_secret_name: known("tls-secret"),
        parity: Attr::Known(true),
        middlewares: Attr::Known(Middlewares {
            retry: known("traefik-retry"),
            error_pages: known("traefik-error-pages"),
            rate_limit: known("traefik-rate-limit"),
            csp: known("traefik-csp-headers"),
            anti_ai: Attr::Known(vec!["traefik-ai-bot-block".to_owned(), "traefik-anti-ai-headers".to_owned()]),
            gate: known("traefik-authentik-forward-auth"),
            public_gate: known("traefik-authentik-forward-auth-public"),
            local_only: known("traefik-local-only"),
            scale_to_zero: Attr::Null,
        }),
        ..Site::default()
    }
}

/// What the rules say: the objects by kind and name.
fn by_the_rules(case: &Case) -> BTreeMap<String, Value> {
    let mut chain: Vec<String> = vec!["traefik-retry".into(), "traefik-error-pages".into()];
    if !case.skip_rate_limit {
        chain.push("traefik-rate-limit".into());
    }
    if case.policy.is_none() {
        chain.push("traefik-csp-headers".into());
    }
    let anti_ai = match case.anti_ai {
        Some(said) => said,
        None => case.auth == "none" || case.auth == "app",
    };
    if anti_ai {
        chain.push("traefik-ai-bot-block".into());
        chain.push("traefik-anti-ai-headers".into());
    }
    if case.auth == "required" {
        chain.push("traefik-authentik-forward-auth".into());
    }
    if case.auth == "public" {
        chain.push("traefik-authentik-forward-auth-public".into());
    }
    if case.local_only {
        chain.push("traefik-local-only".into());
    }
    let mut objects = BTreeMap::new();
    if let Some(policy) = case.policy {
        chain.push("photos-custom-csp-gallery".into());
        objects.insert(
            "Middleware/custom-csp-gallery".to_owned(),
            json!({"metadata": {}, "spec": {"headers": {"contentSecurityPolicy": policy}}}),
        );
    }
    if let Some(size) = case.body {
        chain.push("photos-buffering-gallery".into());
        let bytes: u64 = match size {
            "5g" => 5_368_709_120,
            "10M" => 10_485_760,
            "512k" => 524_288,
            "4096" => 4096,
            other => panic!("{other} has no number of bytes here"),
        };
        objects.insert(
            "Middleware/buffering-gallery".to_owned(),
            json!({"metadata": {}, "spec": {"buffering": {"maxRequestBodyBytes": bytes}}}),
        );
    }
    chain.extend(case.extras.iter().map(|extra| (*extra).to_owned()));
    let chain: Vec<String> = chain.into_iter().map(|member| member + "@kubernetescrd").collect();

    let mut annotations = BTreeMap::from([
        ("traefik.ingress.kubernetes.io/router.middlewares".to_owned(), chain.join(",")),
        ("traefik.ingress.kubernetes.io/router.entrypoints".to_owned(), "websecure".to_owned()),
    ]);
    if case.dns != "none" {
        annotations.insert("cloudflare.example.net/dns-type".to_owned(), case.dns.to_owned());
    }
    let monitor = match case.monitor {
        Some(false) => Some("false"),
        None if case.dns == "none" => None,
        Some(true) | None => Some("true"),
    };
    if let Some(monitor) = monitor {
        annotations.insert("uptime.example.net/external-monitor".to_owned(), monitor.to_owned());
    }
    if let Some(name) = case.monitor_name {
        annotations.insert("uptime.example.net/external-monitor-name".to_owned(), name.to_owned());
    }
    if case.homepage {
        for (name, text) in [
            ("enabled", "true"),
            ("name", "Gallery"),
            ("group", "Media"),
            ("icon", "gallery.png"),
            ("href", "https://gallery.example.net"),
        ] {
            annotations.insert(format!("gethomepage.dev/{name}"), text.to_owned());
        }
    }
    let backend = json!({"service": {"name": "gallery", "port": {"number": 80}}});
    let paths: Vec<Value> = ["/", "/media"]
        .into_iter()
        .map(|path| json!({"path": path, "pathType": "Prefix", "backend": backend}))
        .collect();
    objects.insert(
        "Ingress/gallery".to_owned(),
        json!({
            "metadata": {"annotations": annotations},
            "spec": {
                "ingressClassName": "traefik",
                "tls": [{"hosts": ["gallery.example.net"], "secretName": "tls-secret"}],
                "rules": [{"host": "gallery.example.net", "http": {"paths": paths}}],
            },
        }),
    );
    objects
}

/// The same combination, declared.
fn declared(case: &Case) -> Ingress {
    let text = |text: &str| Attr::Known(text.to_owned());
    let auth: Auth = case.auth.parse().unwrap();
    let monitor = ExternalMonitor { enabled: case.monitor.into(), name: case.monitor_name.map(str::to_owned).into() };
    Ingress {
        name: text("gallery"),
        namespace: text("photos"),
        paths: Attr::Known(vec!["/".to_owned(), "/media".to_owned()]),
        auth: if auth == Auth::Required { Attr::Null } else { Attr::Known(auth) },
        reason: auth.is_open().then(|| "a reason is an annotation of ours".to_owned()).into(),
        rate_limit: case
            .skip_rate_limit
            .then(|| RateLimit { enabled: Attr::Known(false), ..RateLimit::default() })
            .into(),
        content_security_policy: case.policy.map(str::to_owned).into(),
        anti_ai_scraping: case.anti_ai.into(),
        max_body_size: case.body.map(str::to_owned).into(),
        local_only: case.local_only.then_some(true).into(),
        extra_middlewares: Attr::Known(case.extras.iter().map(|extra| (*extra).to_owned()).collect()),
        dns: Attr::Known(match case.dns {
            "proxied" => DnsMode::Proxied,
            "non-proxied" => DnsMode::NonProxied,
            _ => DnsMode::None,
        }),
        external_monitor: (monitor != ExternalMonitor::default()).then_some(monitor).into(),
        homepage: case
            .homepage
            .then(|| Homepage {
                enabled: Attr::Known(true),
                name: text("Gallery"),
                group: text("Media"),
                icon: text("gallery.png"),
                href: text("https://gallery.example.net"),
                description: Attr::Null,
            })
            .into(),
        carve_out: Attr::Known(BTreeMap::new()),
        ..Ingress::default()
    }
}

/// The objects without the annotations that are ours alone.
fn rendered(config: &Ingress) -> BTreeMap<String, Value> {
    let plan = planned(config, &house());
    let spec = Spec::of(&plan, &house()).expect("everything is known");
    let mut objects = BTreeMap::new();
    for object in render_all(&spec) {
        let key = object.key();
        let mut body = object.body;
        if let Some(annotations) = body["metadata"].get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.retain(|name, _| !name.starts_with("terraform-provider-homelab/"));
        }
        objects.insert(key, body);
    }
    objects
}

/// Every case with every value.
fn times<T: Copy>(cases: &[Case], values: &[T], set: impl Fn(&mut Case, T)) -> Vec<Case> {
    let one = |case: &Case, value: T| {
        let mut case = *case;
        set(&mut case, value);
        case
    };
    cases.iter().flat_map(|case| values.iter().map(|value| one(case, *value)).collect::<Vec<_>>()).collect()
}

fn cases() -> Vec<Case> {
    let mut cases = vec![Case {
        auth: "required",
        skip_rate_limit: false,
        policy: None,
        anti_ai: None,
        body: None,
        local_only: false,
        extras: &[],
        dns: "none",
        monitor: None,
        monitor_name: None,
        homepage: false,
    }];
    cases = times(&cases, &["required", "app", "public", "none"], |case, auth| case.auth = auth);
    cases = times(&cases, &[false, true], |case, skip| case.skip_rate_limit = skip);
    cases = times(&cases, &[None, Some("default-src 'self'")], |case, policy| case.policy = policy);
    cases = times(&cases, &[None, Some(true), Some(false)], |case, anti_ai| case.anti_ai = anti_ai);
    cases = times(&cases, &[None, Some("5g")], |case, body| case.body = body);
    cases = times(&cases, &[false, true], |case, local_only| case.local_only = local_only);
    let extras: [&[&str]; 3] = [&[], &["traefik-gallery-rate-limit"], &["photos-strip", "traefik-compress"]];
    cases = times(&cases, &extras, |case, extras| case.extras = extras);
    cases = times(&cases, &["none", "proxied", "non-proxied"], |case, dns| case.dns = dns);
    let monitors: [(Option<bool>, Option<&str>); 5] =
        [(None, None), (Some(true), None), (Some(false), None), (None, Some("outside")), (Some(true), Some("outside"))];
    cases = times(&cases, &monitors, |case, (monitor, name)| (case.monitor, case.monitor_name) = (monitor, name));
    times(&cases, &[false, true], |case, homepage| case.homepage = homepage)
}

#[test]
fn every_combination_is_written_as_the_rules_say() {
    let cases = cases();
    assert_eq!(cases.len(), 4 * 2 * 2 * 3 * 2 * 2 * 3 * 3 * 5 * 2);
    for case in cases {
        let (ours, theirs) = (rendered(&declared(&case)), by_the_rules(&case));
        assert_eq!(ours, theirs, "{case:?}");
    }
}

#[test]
fn every_unit_of_a_size_is_the_number_of_bytes_that_the_rules_say() {
    for body in ["5g", "10M", "512k", "4096"] {
        let case = Case { body: Some(body), ..cases()[0] };
        assert_eq!(rendered(&declared(&case)), by_the_rules(&case), "{body}");
    }
}

#[test]
fn the_chain_of_each_kind_of_auth_is_that_text() {
    let chain = |auth: &'static str| {
        let case = Case { auth, ..cases()[0] };
        let body = rendered(&declared(&case)).remove("Ingress/gallery").unwrap();
        body["metadata"]["annotations"][gate_key()].as_str().unwrap().to_owned()
    };
    let wrap = "traefik-retry@kubernetescrd,traefik-error-pages@kubernetescrd,traefik-rate-limit@kubernetescrd,\
                traefik-csp-headers@kubernetescrd";
    let ai = "traefik-ai-bot-block@kubernetescrd,traefik-anti-ai-headers@kubernetescrd";
    assert_eq!(chain("required"), format!("{wrap},traefik-authentik-forward-auth@kubernetescrd"));
    assert_eq!(chain("public"), format!("{wrap},traefik-authentik-forward-auth-public@kubernetescrd"));
    assert_eq!(chain("app"), format!("{wrap},{ai}"));
    assert_eq!(chain("none"), format!("{wrap},{ai}"));
}

#[test]
fn parity_leaves_carve_outs_to_the_lengths_of_their_rules_and_warns() {
    let share = CarveOut { reason: Attr::Null, ..open(&["/share"]) };
    let fixed = CarveOut { priority: Attr::Known(500), ..open(&["/fixed/"]) };
    let config = with(&[("share", share), ("fixed", fixed)]);
    let plan = planned(&config, &house());
    let spec = Spec::of(&plan, &house()).unwrap();
    let of = |label: &str| spec.doors.iter().find(|door| door.label.as_deref() == Some(label)).unwrap();
    assert_eq!((of("share").priority, of("fixed").priority), (None, Some(500)));
    let body = render::render(&spec, of("share"));
    assert_eq!(body["spec"]["rules"][0]["http"]["paths"].as_array().unwrap().len(), 1);
    assert_eq!(body["spec"]["rules"][0]["http"]["paths"][0]["pathType"], "Prefix");
    assert!(body["metadata"]["annotations"].get(super::super::PRIORITY_ANNOTATION).is_none());

    let findings = checks::planned(&plan, &house());
    let warnings =
        [("HL1001", "carve_out[\"share\"].reason".to_owned()), ("HL1011", "carve_out[\"share\"].paths[0]".to_owned())];
    assert_eq!(codes_of(&findings), warnings);
    assert!(findings.iter().all(|finding| finding.severity == crate::finding::Severity::Warning));
    // One resource can leave: then both are refused or gone.
    let safe = Ingress { parity: Attr::Known(false), ..config };
    assert_eq!(codes_of(&checks::planned(&planned(&safe, &house()), &house())), []);
    let findings = checks::declaration(&safe, house().parity);
    assert_eq!(codes_of(&findings), [("HL1001", "carve_out[\"share\"].reason".to_owned())]);
    assert_eq!(findings[0].severity, crate::finding::Severity::Error);
    // Who does not see the site says what holds without it; what is not known yet is not judged.
    let config = Ingress { parity: Attr::Null, ..safe };
    assert_eq!(codes_of(&checks::declaration(&config, Attr::Null)).len(), 1);
    assert_eq!(codes_of(&checks::declaration(&config, Attr::Unknown)), []);
    assert_eq!(codes_of(&checks::declaration(&config, house().parity)), []);
}
