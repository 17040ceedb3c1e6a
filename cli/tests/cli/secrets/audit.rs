//! The whole fleet, as it is printed.

use std::sync::OnceLock;

use homelab_plane::Api;
use serde_json::{Value, json};

use super::stage::{Stage, external_secret, with_operator};
use crate::support::{Ran, homelab};

/// A namespace in which everything that can be wrong is so once.
fn furnished() -> Option<&'static Stage> {
    static DONE: OnceLock<()> = OnceLock::new();
    let stage = with_operator()?;
    DONE.get_or_init(|| furnish(stage));
    Some(stage)
}

fn furnish(stage: &Stage) {
    let api = stage.api();
    stage.namespace("apps");
    stage.vault().put("apps/photos", &json!({"db_password": "s3cret-2", "api_key": "s3cret-3"})).unwrap();
    let make = |body: &Value| stage.make("apis/external-secrets.io/v1", "apps", "externalsecrets", body);
    make(&external_secret("photos-db", "vault-kv", "apps/photos", "db_password"));
    make(&external_secret("mail", "vault-kv", "apps/photos", "db_pasword"));
    make(&external_secret("rotated", "vault-database", "static-creds/app", "password"));
    make(&external_secret("lost", "vault-gone", "apps/photos", "api_key"));
    // Applied by another tool, in a spelling that the operator does not have, and in the version that went.
    let definition = "externalsecrets.external-secrets.io";
    api.serve_every_version(definition).unwrap();
    let mut old = external_secret("idle", "vault-kv", "apps/photos", "api_key");
    old["spec"]["refreshInterval"] = json!("15m");
    old["apiVersion"] = json!("external-secrets.io/v1beta1");
    let path = "/apis/external-secrets.io/v1beta1/namespaces/apps/externalsecrets/idle";
    api.apply(path, "Terraform", false, &old).unwrap().expect("idle", &[201]).unwrap();
    for name in ["photos-db", "rotated", "idle"] {
        stage.ready(&Stage::path("apps", name), "True");
    }
    for name in ["mail", "lost"] {
        stage.failed("apps", name);
    }
    for (name, secret, volume, annotations) in [
        ("photos", "photos-db", true, json!({})),
        ("api", "rotated", false, json!({})),
        ("worker", "rotated", false, json!({"secret.reloader.stakater.com/reload": "rotated"})),
        ("mailer", "mail", false, json!({})),
        ("lost", "lost", false, json!({})),
    ] {
        let mut container = json!({"name": "app", "image": "example.net/app:1"});
        let mut spec = json!({});
        if volume {
            container["volumeMounts"] = json!([{"name": "secret", "mountPath": "/secret"}]);
            spec["volumes"] = json!([{"name": "secret", "secret": {"secretName": secret}}]);
        } else {
            container["envFrom"] = json!([{"secretRef": {"name": secret}}]);
        }
        spec["containers"] = json!([container]);
        let body = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "annotations": annotations},
            "spec": {
                "selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": {"app": name}}, "spec": spec},
            },
        });
        stage.make("apis/apps/v1", "apps", "deployments", &body);
    }
}

/// Times of this run, and where its servers are, taken out.
fn plain(text: &str, stage: &Stage) -> String {
    let text =
        text.replace(&stage.env().vault_addr, "http://vault").replace(&stage.env().api_server, "https://cluster");
    // The operator's field manager is the name of its program, which has the fingerprint of its build here.
    let text = text.split("\"eso-").enumerate().map(|(index, part)| match part.split_once('"') {
        Some((_, rest)) if index > 0 => format!("\"external-secrets\"{rest}"),
        _ => part.to_owned(),
    });
    let text: String = text.collect();
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("since 20") {
        out.push_str(&rest[..at]);
        out.push_str("since <time>");
        rest = &rest[at + "since 2026-11-21T12:00:00Z".len()..];
    }
    out + rest
}

#[test]
fn a_fleet_with_everything_that_can_be_wrong_has_its_screen() {
    let Some(stage) = furnished() else { return };
    let ran = stage.run("secrets audit --namespace apps").run().code(2);
    assert_eq!(ran.err, "");
    let text = plain(&ran.out, stage);
    assert_eq!(text, include_str!("screens/audit.txt"), "{text}");
    let notes = stage.run("secrets audit --namespace apps --notes").run().code(2).out;
    assert!(notes.contains("note HL2511: nothing reads the secret (ExternalSecret apps/idle)"), "{notes}");
    assert!(!notes.contains("s3cret"), "{notes}");
}

fn codes(ran: &Ran) -> Vec<(String, String)> {
    let document = ran.document("secrets audit");
    let findings = document["report"]["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|one| (one["code"].as_str().unwrap().to_owned(), one["object"].as_str().unwrap().to_owned()))
        .collect()
}

#[test]
fn the_document_says_the_same_of_the_whole_cluster() {
    let Some(stage) = furnished() else { return };
    let ran = stage.run("secrets audit --output json").run().code(2);
    let found = codes(&ran);
    for (code, object) in [
        ("HL2102", "ExternalSecret apps/lost"),
        ("HL2402", "ExternalSecret apps/mail"),
        ("HL2501", "ExternalSecret apps/mail"),
        ("HL2505", "ExternalSecret apps/idle"),
        ("HL2506", "ExternalSecret apps/idle"),
        ("HL2508", "Deployment apps/api"),
        ("HL2510", "Reloader"),
    ] {
        assert!(found.contains(&(code.to_owned(), object.to_owned())), "{code} {object} is not in {found:#?}");
    }
    assert!(!found.iter().any(|(code, object)| code == "HL2508" && object.ends_with("/worker")), "{found:#?}");
    let document = ran.document("secrets audit");
    let members = document["report"]["secrets"].as_array().unwrap();
    let rotated = members.iter().find(|one| one["name"] == "rotated").unwrap();
    assert_eq!(rotated["readers"], json!(["Deployment apps/api", "Deployment apps/worker"]));
    assert_eq!((&rotated["rotates"], &rotated["state"]), (&json!(true), &json!("ready")));
    assert!(!ran.out.contains("s3cret"), "no value is ever read");
}

#[test]
fn what_may_not_be_looked_at_is_said_and_never_fine() {
    let Some(stage) = furnished() else { return };
    let env = stage.env();
    let blind = stage.run_as("secrets audit", &env.nobody_token).run().code(3).out;
    assert!(blind.starts_with("no ExternalSecret could be looked at\n"), "{blind}");
    for line in [
        "not looked at: ExternalSecret.external-secrets.io: failed to list all ExternalSecret",
        "not looked at: Deployment: failed to list all Deployment",
        "not looked at: Event: failed to read /api/v1/events",
        "not looked at: CustomResourceDefinition: failed to read CustomResourceDefinition",
        "not looked at: keys of the store: no store is configured: name it with VAULT_ADDR",
    ] {
        assert!(blind.contains(line), "{line:?} is not in {blind}");
    }
    // One path of several that our identity may not read is not checked, and everything else is.
    let token = stage.vault().token("audit-half", "path \"postgres/*\" { capabilities = [\"read\"] }").unwrap();
    let half = stage.run("secrets audit --namespace apps").env("VAULT_TOKEN", token).run().code(2).out;
    assert!(half.contains("HL2405") && half.contains("secret/apps/photos"), "{half}");
    // Without the question nothing is missing.
    let document = stage.run("secrets audit --no-keys --output json").run().code(2).document("secrets audit");
    assert_eq!(document["report"]["unseen"], json!([]));
}

#[test]
fn who_may_look_into_one_namespace_sees_that_much_and_is_told_of_the_rest() {
    let Some(stage) = furnished() else { return };
    let api = stage.api();
    let rbac = |path: &str, body: Value| {
        api.create(&format!("/apis/rbac.authorization.k8s.io/v1/{path}"), &body).unwrap().expect(path, &[201]).unwrap();
    };
    let role = |group: &str, resource: &str, name: &str| {
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": name},
            "rules": [{"apiGroups": [group], "resources": [resource], "verbs": ["list"]}],
        })
    };
    let binding = |kind: &str, name: &str| {
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": name},
            "subjects": [{"kind": "User", "name": "viewer", "apiGroup": "rbac.authorization.k8s.io"}],
            "roleRef": {"kind": kind, "name": name, "apiGroup": "rbac.authorization.k8s.io"},
        })
    };
    rbac("clusterroles", role("", "namespaces", "audit-namespaces"));
    rbac("clusterrolebindings", binding("ClusterRole", "audit-namespaces"));
    rbac("namespaces/apps/roles", role("external-secrets.io", "externalsecrets", "audit"));
    rbac("namespaces/apps/rolebindings", binding("Role", "audit"));
    // The authoriser learns of new roles a moment later.
    for path in ["/api/v1/namespaces", "/apis/external-secrets.io/v1/namespaces/apps/externalsecrets"] {
        Api::viewer(stage.env()).unwrap().until(path, |seen| seen["items"].is_array()).unwrap();
    }
    let some = stage.run_as("secrets audit", &stage.env().viewer_token).run().code(2).out;
    assert!(some.starts_with("3 of the 5 ExternalSecrets that could be looked at are ready\n"), "{some}");
    let gap = "not looked at: ExternalSecret.external-secrets.io: it may not be listed in ";
    assert!(some.contains(gap) && some.contains("external-secrets"), "{some}");
    // Nobody is said to be missing or unused by whoever could not see.
    for code in ["HL2102", "HL2511", "HL2510"] {
        assert!(!some.contains(code), "{code}: {some}");
    }
    let named = stage.run_as("secrets audit --namespace apps", &stage.env().viewer_token).run().code(2).out;
    assert!(named.starts_with("3 of 5 ExternalSecrets are ready\n"), "{named}");
    let none = stage.run("secrets audit --namespace nowhere").run().code(0).out;
    assert!(none.starts_with("there is no ExternalSecret\n"), "{none}");
}

#[test]
fn without_a_cluster_there_is_nothing_to_look_at() {
    let message = homelab("secrets audit").run().error(true);
    assert!(message.contains("no cluster is configured"), "{message}");
    for verb in ["audit", "wait", "sync", "hops"] {
        let help = homelab(&format!("secrets {verb} --help")).run().code(0).out;
        assert!(help.contains(&format!("homelab secrets {verb}")) && help.contains("Exit codes: 0"), "{help}");
    }
}
