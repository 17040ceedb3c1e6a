use std::collections::BTreeMap;

use homelab_schema::upgrade_gate::{GateAddon, GateManifests, GatePin, GatePrometheus, GateWaiver};

use super::*;

fn declared() -> UpgradeGate {
    UpgradeGate { target_version: "1.36.2".to_owned().into(), ..UpgradeGate::default() }
}

fn text(text: &str) -> Attr<String> {
    text.to_owned().into()
}

fn labelled<T>(name: &str, value: T) -> Attr<BTreeMap<String, T>> {
    Attr::Known([(name.to_owned(), value)].into())
}

fn fact() -> GateFact {
    GateFact {
        subject: text("calico"),
        floor: text("3.34"),
        kubernetes_max: text("1.38"),
        source: text("its documentation"),
        checked_on: text("2026-11-20"),
        ..GateFact::default()
    }
}

fn waiver(code: &str) -> GateWaiver {
    GateWaiver {
        code: text(code),
        object: text("containerd on *"),
        owner: text("ops"),
        reason: text("tried out"),
        expires: text("2026-12-31"),
    }
}

#[test]
fn a_declaration_becomes_a_request() {
    let mut declared = declared();
    declared.deprecated_api_window = text("30m");
    declared.checks =
        GateChecks { skew: Weight::Warn.into(), addons: Weight::Error.into(), ..GateChecks::default() }.into();
    let images = Attr::Known(vec!["example/operator".to_owned()]);
    declared.addon = labelled("operator", GateAddon { images, namespace: Attr::Null });
    declared.fact = Attr::Known(vec![fact()]);
    declared.pin = labelled("calico", GatePin { reason: text("not now"), expires: text("2027-01-31") });
    declared.waiver = labelled("runtime", waiver("HL4212"));
    declared.ignored_alerts = Attr::Known(vec!["Noise".to_owned()]);
    let request = request(&declared).unwrap().unwrap();
    assert_eq!(request.window_seconds, 1800);
    assert_eq!(request.weights.of(CheckName::Skew), Weight::Warn);
    assert_eq!(request.weights.of(CheckName::Addons), Weight::Error);
    assert_eq!(request.weights.of(CheckName::Etcd), Weight::Error, "what is left out keeps its default");
    assert_eq!(request.weights.of(CheckName::Manifests), Weight::Off);
    assert!(request.addons[0].required && request.pins[0].addon == "calico");
    assert_eq!(request.waivers[0].owner, "ops");
    assert_eq!(request.ignored_alerts, ["Noise"]);
    assert_eq!(request.facts.of("calico", Kind::Untested).last().unwrap().floor, "3.34");
}

#[test]
fn a_matrix_stands_below_what_is_declared_besides() {
    let mut declared = declared();
    declared.matrix = text(
        "{\"addons\": [{\"name\": \"calico\", \"image_re\": \"node:\", \"max_k8s\": {\"3.30\": \"1.35\"}, \
         \"pinned\": true}]}",
    );
    declared.pin = labelled("calico", GatePin { reason: text("ours"), expires: text("2027-01-31") });
    let request = request(&declared).unwrap().unwrap();
    assert_eq!(request.pins.len(), 1);
    assert_eq!(request.pins[0].reason, "ours");
    assert_eq!(request.facts.of("calico", Kind::Untested).len(), 1, "its rows stand in place of ours");
}

#[test]
fn every_mistake_is_named_at_its_attribute() {
    type Change = Box<dyn Fn(&mut UpgradeGate)>;
    let cases: Vec<(&str, &str, Change)> = vec![
        ("target_version", "1.36.0", Box::new(|gate| gate.target_version = text("1.36"))),
        ("target_version", "is no Kubernetes version", Box::new(|gate| gate.target_version = text("2.0.x"))),
        ("deprecated_api_window", "is no duration", Box::new(|gate| gate.deprecated_api_window = text("-1h"))),
        ("matrix", "it has no list `addons`", Box::new(|gate| gate.matrix = text("{}"))),
        (
            "addon",
            "at least one image",
            Box::new(|gate| {
                gate.addon = labelled("x", GateAddon { images: Attr::Known(Vec::new()), namespace: Attr::Null });
            }),
        ),
        (
            "addon",
            "without a tag",
            Box::new(|gate| {
                let images = Attr::Known(vec!["example/operator:v1".to_owned()]);
                gate.addon = labelled("x", GateAddon { images, namespace: Attr::Null });
            }),
        ),
        (
            "fact",
            "has no source",
            Box::new(|gate| gate.fact = Attr::Known(vec![GateFact { source: text(" "), ..fact() }])),
        ),
        (
            "fact",
            "is no Kubernetes release line",
            Box::new(|gate| gate.fact = Attr::Known(vec![GateFact { kubernetes_min: text("v1.36"), ..fact() }])),
        ),
        ("fact", "overlaps", Box::new(|gate| gate.fact = Attr::Known(vec![fact(), fact()]))),
        (
            "pin",
            "is no day",
            Box::new(|gate| gate.pin = labelled("x", GatePin { reason: text("so"), expires: text("soon") })),
        ),
        ("waiver", "is no code of the gate", Box::new(|gate| gate.waiver = labelled("x", waiver("HL1203")))),
        ("waiver", "cannot be waived", Box::new(|gate| gate.waiver = labelled("x", waiver("HL4211")))),
        (
            "waiver",
            "is no day",
            Box::new(|gate| gate.waiver = labelled("x", GateWaiver { expires: text("never"), ..waiver("HL4212") })),
        ),
    ];
    for (attribute, said, change) in cases {
        let mut gate = declared();
        change(&mut gate);
        let errors = request(&gate).unwrap_err();
        let [error] = errors.as_slice() else { panic!("{said}: {errors:?}") };
        assert!(error.path.to_string().starts_with(attribute), "{said}: {}", error.path);
        assert!(error.detail.contains(said), "{said}: {}", error.detail);
    }
    let mut gate = declared();
    gate.target_version = text("1.36");
    gate.matrix = text("{}");
    assert_eq!(request(&gate).unwrap_err().len(), 2, "all at once");
}

#[test]
fn targets_that_are_none_are_refused_and_others_are_not() {
    for (target, good) in [
        ("1.36", false),
        ("2.0", false),
        ("1.36.x", false),
        ("", false),
        ("latest", false),
        // A distribution's build and a leading `v` are how versions are printed.
        ("v1.36.2+k3s1", true),
        ("1.37.0-rc.1", true),
        ("2.0.0", true),
    ] {
        let gate = UpgradeGate { target_version: text(target), ..UpgradeGate::default() };
        assert_eq!(request(&gate).is_ok(), good, "{target}");
    }
}

#[test]
fn what_is_not_known_yet_asks_nothing_yet() {
    let changes: Vec<fn(&mut UpgradeGate)> = vec![
        |gate| gate.target_version = Attr::Unknown,
        |gate| gate.evidence = Attr::Unknown,
        |gate| gate.checks = Attr::Unknown,
        |gate| gate.checks = GateChecks { etcd: Attr::Unknown, ..GateChecks::default() }.into(),
        |gate| gate.fact = Attr::Known(vec![GateFact { source: Attr::Unknown, ..fact() }]),
        |gate| gate.waiver = labelled("x", GateWaiver { reason: Attr::Unknown, ..waiver("HL4212") }),
        |gate| gate.matrix = Attr::Unknown,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut gate = declared();
        change(&mut gate);
        assert_eq!(request(&gate), Ok(None), "{number}");
    }
}

#[test]
fn manifests_that_are_declared_are_judged() {
    let with = |helm: Attr<bool>, folder: Attr<String>| UpgradeGate {
        manifests: Attr::Known(GateManifests { helm, folder }),
        ..declared()
    };
    let asked = request(&with(true.into(), text("k8s"))).unwrap().unwrap();
    assert_eq!(asked.manifests, Some(ManifestSources { helm: true, folder: Some("k8s".to_owned()) }));
    assert_eq!(asked.weights.of(CheckName::Manifests), Weight::Error);
    let mut quiet = with(true.into(), Attr::Null);
    quiet.checks = GateChecks { manifests: Weight::Off.into(), ..GateChecks::default() }.into();
    assert_eq!(request(&quiet).unwrap().unwrap().weights.of(CheckName::Manifests), Weight::Off, "who says so is heard");
    let nothing = request(&with(false.into(), Attr::Null)).unwrap_err();
    assert_eq!((nothing[0].path.to_string().as_str(), nothing[0].summary), ("manifests", "Nothing to look through"));
    assert_eq!(request(&with(Attr::Unknown, Attr::Null)), Ok(None));
    let recorded = UpgradeGate { evidence: text("evidence.json"), ..with(true.into(), Attr::Null) };
    assert_eq!(request(&recorded).unwrap_err()[0].summary, "Evidence is recorded already");
}

#[test]
fn a_source_that_is_named_is_judged_unless_somebody_says_otherwise() {
    let of = |declared: &UpgradeGate| {
        let weights = request(declared).unwrap().unwrap().weights;
        [CheckName::Hosts, CheckName::Certificates, CheckName::Survival].map(|check| weights.of(check))
    };
    let mut declared = declared();
    assert_eq!(of(&declared), [Weight::Off; 3]);
    declared.host_evidence = Attr::Known(Vec::new());
    assert_eq!(of(&declared), [Weight::Off; 3], "no file at all");
    declared.host_evidence = Attr::Known(vec!["cp-1.json".to_owned()]);
    declared.settings_before = text("before.json");
    assert_eq!(of(&declared), [Weight::Error; 3]);
    declared.checks = GateChecks { certificates: Weight::Warn.into(), ..GateChecks::default() }.into();
    assert_eq!(of(&declared), [Weight::Error, Weight::Warn, Weight::Error]);
    declared.host_evidence = Attr::Unknown;
    assert_eq!(request(&declared), Ok(None), "which machines there are is not known yet");
}

#[test]
fn whoever_names_a_prometheus_wants_its_alerts_unless_they_say_otherwise() {
    let mut declared = declared();
    declared.prometheus = Attr::Known(GatePrometheus::default());
    let asked = |declared: &UpgradeGate| request(declared).unwrap().unwrap().weights.of(CheckName::Alerts);
    assert_eq!(asked(&declared), Weight::Error);
    declared.checks = GateChecks { alerts: Weight::Off.into(), ..GateChecks::default() }.into();
    assert_eq!(asked(&declared), Weight::Off);
    declared.prometheus = Attr::Known(GatePrometheus { url: Attr::Unknown, ..GatePrometheus::default() });
    assert_eq!(request(&declared).unwrap(), None, "where it is, is not known yet");
}

#[test]
fn a_prometheus_that_cannot_be_asked_is_refused_at_its_attribute() {
    let refusals = |block: GatePrometheus, evidence: Attr<String>| {
        let declared = UpgradeGate { prometheus: Attr::Known(block), evidence, ..declared() };
        let refused = request(&declared).err().unwrap_or_default();
        refused.iter().map(|one| format!("{}: {}", one.path, one.detail)).collect::<Vec<_>>().join("\n")
    };
    let block = |url: &str, timeout: &str| GatePrometheus {
        url: text(url),
        timeout: text(timeout),
        ..GatePrometheus::default()
    };
    for (url, timeout, said) in [
        ("prometheus:9090", "10s", "prometheus.url: It must begin with https:// or http://."),
        ("http:///graph", "10s", "prometheus.url: It must name a host."),
        ("https://ops:hunter2@prometheus.example.net", "10s", "prometheus.url: It must hold no credentials"),
        ("https://prometheus.example.net/?x=1", "10s", "prometheus.url: It must end with the host or a path"),
        ("https://prometheus.example.net", "0s", "prometheus.timeout: \"0s\" is no duration that is longer than 0."),
        ("https://prometheus.example.net", "soon", "prometheus.timeout"),
    ] {
        let refused = refusals(block(url, timeout), Attr::Null);
        assert!(refused.starts_with(said) && !refused.contains("hunter2"), "{url} {timeout}: {refused}");
    }
    assert_eq!(refusals(block("http://prometheus.monitoring.svc:9090/prefix", "1m"), Attr::Null), "");
    let both = refusals(GatePrometheus::default(), text("evidence.json"));
    assert!(both.starts_with("prometheus: Recorded evidence holds what Prometheus said"), "{both}");
}
