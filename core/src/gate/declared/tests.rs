use std::collections::BTreeMap;

use homelab_schema::upgrade_gate::{GateAddon, GatePin, GateWaiver};

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
    assert_eq!(request.weights.of(CheckName::Etcd), Weight::Off, "what is left out keeps its default");
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
