//! Who reads what, and who restarts for it.

use serde_json::json;

use super::*;
use crate::fleet::reloader::{Flags, Marks, Reloading};

/// An ExternalSecret of a rotated database credential.
fn rotated(name: &str) -> Value {
    let mut one = secret(name, "static-creds/app");
    one["spec"]["secretStoreRef"]["name"] = json!("database");
    one
}

#[test]
fn every_way_to_read_a_secret_is_known_with_its_place() {
    let pod = json!({
        "volumes": [
            {"name": "whole", "secret": {"secretName": "volume"}},
            {"name": "single", "secret": {"secretName": "subpath"}},
            {"name": "mixed", "projected": {"sources": [{"secret": {"name": "projected"}}, {"configMap": {"name": "x"}}]}},
            {"name": "driver", "csi": {"nodePublishSecretRef": {"name": "csi"}}},
        ],
        "imagePullSecrets": [{"name": "registry"}],
        "initContainers": [{"name": "first", "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "init", "key": "a"}}}]}],
        "containers": [{
            "name": "app",
            "env": [{"name": "B", "valueFrom": {"secretKeyRef": {"name": "env", "key": "b"}}}, {"name": "C", "value": "x"}],
            "envFrom": [{"secretRef": {"name": "all"}}, {"configMapRef": {"name": "x"}}],
            "volumeMounts": [{"name": "whole", "mountPath": "/a"}, {"name": "single", "mountPath": "/b", "subPath": "key"}],
        }],
    });
    let template = json!({"kind": "StatefulSet", "metadata": {"namespace": "apps", "name": "db"}, "spec": {"template": {"spec": pod}}});
    let reader = Reader::of(&template).unwrap();
    for (secret, at_start) in [
        ("volume", vec![]),
        ("subpath", vec!["subPath of volume single in container app"]),
        ("projected", vec![]),
        ("csi", vec![]),
        ("registry", vec![]),
        ("init", vec!["env A of container first"]),
        ("env", vec!["env B of container app"]),
        ("all", vec!["envFrom of container app"]),
    ] {
        assert!(reader.reads(secret), "{secret}");
        assert_eq!(reader.reads_only_at_start(secret), at_start, "{secret}");
    }
    assert!(!reader.reads("x"));
    // What runs anew each time, or is restarted by what made it, is not told to restart.
    let job =
        json!({"kind": "CronJob", "metadata": {}, "spec": {"jobTemplate": {"spec": {"template": {"spec": pod}}}}});
    let made = json!({"kind": "Pod", "metadata": {"ownerReferences": [{"kind": "ReplicaSet"}]}, "spec": pod});
    let bare = json!({"kind": "Pod", "metadata": {}, "spec": pod});
    for (object, lives_on) in [(job, false), (made, false), (bare, true)] {
        let reader = Reader::of(&object).unwrap();
        assert!(reader.reads("env"));
        assert_eq!(!reader.reads_only_at_start("env").is_empty(), lives_on, "{object}");
    }
    assert_eq!(Reader::of(&deployment("idle", json!({}), json!({}))), None);
}

#[test]
fn other_kinds_name_secrets_too() {
    for (object, secrets) in [
        (json!({"kind": "Ingress", "spec": {"tls": [{"secretName": "tls"}]}}), vec!["tls"]),
        (
            json!({"kind": "ServiceAccount", "imagePullSecrets": [{"name": "pull"}], "secrets": [{"name": "token"}]}),
            vec!["pull", "token"],
        ),
        (json!({"kind": "Middleware", "spec": {"basicAuth": {"secret": "users"}}}), vec!["users"]),
        (
            json!({"kind": "Middleware", "spec": {"forwardAuth": {"tls": {"caSecret": "ca", "certSecret": "cert"}}}}),
            vec!["ca", "cert"],
        ),
        (
            json!({"kind": "SecretStore", "spec": {"provider": {"vault": {"auth": {"tokenSecretRef": {"name": "vault", "key": "t"}}}}}}),
            vec!["vault"],
        ),
        (json!({"kind": "Ingress", "metadata": {"annotations": {"secretName": "no"}}, "spec": {}}), vec![]),
    ] {
        let found = Reader::of(&object).map(|reader| reader.uses).unwrap_or_default();
        let found: Vec<&str> = found.iter().map(|one| one.secret.as_str()).collect();
        assert_eq!(found, secrets, "{object}");
    }
}

#[test]
fn a_rotated_secret_that_is_read_only_at_start_needs_a_reloader() {
    let named = |annotation: &str, value: &str| json!({annotation: value});
    let volume = json!({"volumeMounts": [{"name": "v", "mountPath": "/v"}]});
    let cases: [(&str, Value, Value, bool); 9] = [
        ("nothing", json!({}), env_from("db"), true),
        ("named", named("secret.reloader.stakater.com/reload", "other, db"), env_from("db"), false),
        ("pattern", named("secret.reloader.stakater.com/reload", "d."), env_from("db"), false),
        ("another", named("secret.reloader.stakater.com/reload", "dbx"), env_from("db"), true),
        ("auto", named("reloader.stakater.com/auto", "true"), env_from("db"), false),
        ("typed", named("secret.reloader.stakater.com/auto", "true"), env_from("db"), false),
        ("search", named("reloader.stakater.com/search", "true"), env_from("db"), true),
        ("off", named("reloader.stakater.com/auto", "false"), env_from("db"), true),
        ("volume", json!({}), volume, false),
    ];
    for (name, annotations, container, expected) in cases {
        let reloader = deployment("reloader", json!({}), json!({"image": "ghcr.example.net/stakater/reloader:v1.4.0"}));
        let mut workload = deployment(name, annotations, container);
        workload["spec"]["template"]["spec"]["volumes"] = json!([{"name": "v", "secret": {"secretName": "db"}}]);
        let report = report(&cluster(vec![rotated("db")], &[workload, reloader]));
        let codes: Vec<&str> = report.findings.iter().map(|finding| finding.code.id).collect();
        assert_eq!(codes.contains(&"HL2508"), expected, "{name}: {:#?}", report.findings);
        assert!(!codes.contains(&"HL2509"), "{name}");
        assert!(report.secrets[0].rotates);
    }
}

#[test]
fn search_mode_needs_the_mark_of_the_secret_which_comes_from_its_declaration() {
    let search = || deployment("app", json!({"reloader.stakater.com/search": "true"}), env_from("db"));
    let mark = json!({"reloader.stakater.com/match": "true"});
    let with = |annotations: &Value, template: Option<&Value>| {
        let mut one = rotated("db");
        one["metadata"]["annotations"] = annotations.clone();
        if let Some(template) = template {
            one["spec"]["target"] = json!({"template": {"metadata": {"annotations": template}}});
        }
        one
    };
    for (name, object, expected) in [
        ("no mark", with(&json!({}), None), true),
        ("its own annotations are copied", with(&mark, None), false),
        ("a template's", with(&json!({}), Some(&mark)), false),
        ("not copied beside a template", with(&mark, Some(&json!({}))), true),
    ] {
        let report = report(&cluster(vec![object], &[search()]));
        assert_eq!(found(&report).iter().any(|(code, _)| *code == "HL2508"), expected, "{name}: {:?}", found(&report));
    }
}

#[test]
fn reloaders_own_rules() {
    let of = |annotations: Value| Reloading::of(&annotations, &json!(null));
    let plain = Marks::default();
    let matched = Marks { matched: true, ignored: false };
    let ignored = Marks { matched: true, ignored: true };
    for (annotations, marks, expected) in [
        (json!({"reloader.stakater.com/auto": "true"}), plain, true),
        (json!({"reloader.stakater.com/auto": "true"}), ignored, false),
        (
            json!({"reloader.stakater.com/auto": "true", "secrets.exclude.reloader.stakater.com/reload": "a, db"}),
            plain,
            false,
        ),
        (json!({"reloader.stakater.com/search": "true"}), matched, true),
        (json!({"reloader.stakater.com/search": "false"}), matched, false),
        (json!({"secret.reloader.stakater.com/reload": "(("}), plain, false),
        (json!({}), matched, false),
    ] {
        assert_eq!(of(annotations.clone()).asks_for("db", marks), expected, "{annotations} {marks:?}");
    }
    // The annotations of the pods count only where the workload has none.
    let pods = json!({"reloader.stakater.com/auto": "true"});
    assert!(Reloading::of(&json!({"other": "x"}), &pods).asks_for("db", plain));
    assert!(!Reloading::of(&json!({"reloader.stakater.com/auto": "false"}), &pods).asks_for("db", plain));
}

#[test]
fn a_reloader_is_known_by_its_image_and_its_flags_count() {
    let flags = |image: &str, args: Value| Flags::of(&json!({"containers": [{"image": image, "args": args}]}));
    assert_eq!(flags("example.net/other:1", json!([])), None);
    assert_eq!(flags("stakater/reloader@sha256:0", json!([])), Some(Flags::default()));
    let everything = Flags { everything: true, renamed: false };
    assert_eq!(flags("reloader", json!(["--auto-reload-all=true"])), Some(everything.clone()));
    assert_eq!(flags("reloader", json!(["--auto-reload-all=false"])), Some(Flags::default()));
    let workload = |annotations| deployment("app", annotations, env_from("db"));
    let reloader = |flag: &str| deployment("reloader", json!({}), json!({"image": "reloader", "args": [flag]}));
    for (flag, annotations, expected) in [
        ("--auto-reload-all=true", json!({}), false),
        ("--auto-reload-all=true", json!({"reloader.stakater.com/auto": "false"}), true),
        ("--log-format=json", json!({}), true),
    ] {
        let report = report(&cluster(vec![rotated("db")], &[workload(annotations.clone()), reloader(flag)]));
        assert_eq!(found(&report).iter().any(|(code, _)| *code == "HL2508"), expected, "{flag} {annotations}");
    }
    let report =
        report(&cluster(vec![rotated("db")], &[workload(json!({})), reloader("--secret-annotation=mine/reload")]));
    assert_eq!(report.unseen[0].kind, "annotations of Reloader");
}

#[test]
fn whoever_relies_on_a_reloader_that_is_not_there_is_told() {
    let asking = deployment("app", json!({"secret.reloader.stakater.com/reload": "db"}), env_from("db"));
    let evidence = cluster(vec![rotated("db")], &[asking]);
    assert_eq!(found(&report(&evidence)), [("HL2510", "Reloader")]);
    // It may run in a namespace that was left out.
    assert_eq!(found(&report(&Evidence { is_partial: true, ..evidence.clone() })), []);
    let mut blind = evidence;
    blind.readers[0].gaps.push("forbidden in apps".to_owned());
    assert_eq!(found(&report(&blind)), []);
}

#[test]
fn what_rotates_is_told_by_store_and_key() {
    let rotates = |object: Value| report(&cluster(vec![object], &[])).secrets[0].rotates;
    assert!(rotates(rotated("db")));
    assert!(!rotates(secret("kv", "static-creds/app")), "a document of KV version 2 of that name");
    assert!(!rotates(secret("kv", "photos")));
    let mut dynamic = rotated("db");
    dynamic["spec"]["data"] = json!(null);
    dynamic["spec"]["dataFrom"] = json!([{"extract": {"key": "creds/reader"}}]);
    assert!(rotates(dynamic));
    let mut generator = secret("g", "photos");
    generator["spec"]["dataFrom"] = json!([{"sourceRef": {"generatorRef": {"kind": "Password", "name": "p"}}}]);
    assert!(rotates(generator));
    let mut own_store = secret("o", "static-creds/app");
    own_store["spec"]["data"][0]["sourceRef"] = json!({"storeRef": {"kind": "ClusterSecretStore", "name": "database"}});
    assert!(rotates(own_store));
    let mut once = rotated("db");
    once["spec"]["refreshInterval"] = json!("0");
    let report = report(&cluster(vec![once], &[deployment("app", json!({}), json!({"envFrom": []}))]));
    assert!(found(&report).contains(&("HL2512", "ExternalSecret apps/db")), "{:?}", found(&report));
}

#[test]
fn a_secret_that_is_copied_elsewhere_is_not_called_unused() {
    let mut copied = secret("a", "photos");
    copied["metadata"]["annotations"] = json!({"reflector.v1.k8s.emberstack.com/reflection-allowed": "true"});
    assert_eq!(found(&report(&cluster(vec![copied], &[]))), []);
    let mut none = secret("a", "photos");
    none["spec"]["target"] = json!({"creationPolicy": "None"});
    assert_eq!(found(&report(&cluster(vec![none], &[]))), []);
}
