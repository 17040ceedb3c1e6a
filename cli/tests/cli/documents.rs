//! What the program says of itself: manifest, schemas, pages, completions, man pages.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::support::{homelab, repository};

#[test]
fn the_manifest_lists_every_verb_with_tier_and_flags() {
    let manifest = homelab("manifest --json").run().code(0).document("manifest");
    assert_eq!(homelab("manifest --output json").run().code(0).document("manifest"), manifest);
    let verbs: BTreeMap<&str, &Value> =
        manifest["verbs"].as_array().unwrap().iter().map(|verb| (verb["name"].as_str().unwrap(), verb)).collect();
    let tiers: Vec<(&str, &str)> = verbs.iter().map(|(name, verb)| (*name, verb["tier"].as_str().unwrap())).collect();
    assert_eq!(
        tiers,
        [
            ("completions", "read"),
            ("doctor", "read"),
            ("gate capture", "read"),
            ("gate check", "read"),
            ("gate facts list", "read"),
            ("gate facts verify", "read"),
            ("gate push", "write"),
            ("gate record", "read"),
            ("gate report", "read"),
            ("ingress lint", "read"),
            ("ingress refs", "read"),
            ("ingress routes", "read"),
            ("kv get", "read"),
            ("kv list", "read"),
            ("kv put", "write"),
            ("man", "write"),
            ("manifest", "read"),
            ("probe explain", "read"),
            ("probe export", "read"),
            ("probe run", "read"),
            ("probe targets", "read"),
            ("schema docs", "write"),
            ("schema input", "read"),
            ("schema json", "read"),
            ("schema output", "read"),
            ("schema terraform", "read"),
            ("secrets audit", "read"),
            ("secrets hops", "read"),
            ("secrets sync", "write"),
            ("secrets wait", "read"),
            ("version", "read"),
        ]
    );
    let flag = |verb: &str, name: &str| {
        let flags = verbs[verb]["flags"].as_array().unwrap();
        flags.iter().find(|flag| flag["name"] == name).unwrap_or_else(|| panic!("{verb} has no {name}")).clone()
    };
    assert_eq!(flag("gate check", "--target")["required"], true);
    assert_eq!(flag("probe run", "--public")["repeated"], true);
    assert!(flag("probe run", "--wall")["one_of"].as_array().unwrap().contains(&Value::from("authentik")));
    let codes: Vec<u64> =
        manifest["exit_codes"].as_array().unwrap().iter().map(|exit| exit["code"].as_u64().unwrap()).collect();
    assert_eq!(codes, [0, 1, 2, 3, 4]);
    let text = homelab("manifest").run().code(0).out;
    assert!(text.contains("write  man ") && text.contains("read   gate check "), "{text}");
}

#[test]
fn every_verb_with_a_report_has_a_published_schema() {
    let schemas: Value = serde_json::from_str(&homelab("schema output").run().code(0).out).unwrap();
    let names: Vec<&String> = schemas.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "doctor",
            "gate capture",
            "gate capture --host",
            "gate check",
            "gate facts list",
            "gate facts verify",
            "gate push",
            "gate record",
            "gate report",
            "ingress lint",
            "ingress refs",
            "ingress routes",
            "kv get",
            "kv list",
            "kv put",
            "manifest",
            "probe explain",
            "probe export",
            "probe run",
            "probe targets",
            "secrets audit",
            "secrets hops",
            "secrets sync",
            "secrets wait",
            "version"
        ]
    );
    let declared: Value = serde_json::from_str(&homelab("schema json").run().code(0).out).unwrap();
    assert!(declared.to_string().contains("homelab_upgrade_gate"), "the declared model");
    let terraform: Value = serde_json::from_str(&homelab("schema terraform").run().code(0).out).unwrap();
    let provider = terraform["provider_schemas"].as_object().unwrap().values().next().unwrap();
    assert!(provider["resource_schemas"]["homelab_ingress"].is_object());
}

#[test]
fn stale_pages_are_named_and_exit_with_two() {
    let dir = tempfile::tempdir().unwrap();
    let docs = |check: &str| {
        homelab(&format!("schema docs {check} --examples"))
            .arg(repository("examples"))
            .arg("--dir")
            .arg(dir.path())
            .run()
    };
    let first = docs("--check").code(2);
    assert!(first.out.contains("index.md"), "{}", first.out);
    assert!(first.err.contains("homelab schema docs"), "what to do about it: {}", first.err);
    assert!(!dir.path().join("index.md").exists(), "a check writes nothing");
    docs("").code(0);
    assert_eq!(docs("--check").code(0).out, "");
    assert_eq!(docs("").code(0).out, "", "a second time there is nothing to write");

    let page = dir.path().join("resources/upgrade_gate.md");
    fs::write(&page, fs::read_to_string(&page).unwrap() + "\nby hand\n").unwrap();
    fs::remove_file(dir.path().join("guides/findings.md")).unwrap();
    let stale = docs("--check").code(2);
    let pages: Vec<&str> = stale.out.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(pages, ["resources/upgrade_gate.md", "guides/findings.md"]);
    docs("").code(0);
    docs("--check").code(0);
}

#[test]
fn completions_know_verbs_and_flags() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = homelab(&format!("completions {shell}")).run().code(0).out;
        for word in ["doctor", "capture", "evidence"] {
            assert!(script.contains(word), "{shell} does not complete {word}");
        }
        // The others cannot complete values.
        assert_eq!(script.contains("authentik"), !matches!(shell, "elvish" | "powershell"), "{shell}");
    }
}

#[test]
fn man_pages_are_written_for_every_verb() {
    let dir = tempfile::tempdir().unwrap();
    let pages = dir.path().join("new/man1");
    let ran = homelab("man --dir").arg(&pages).run().code(0);
    assert_eq!(ran.out, "", "talk belongs to stderr");
    assert!(ran.err.contains("man1"), "{}", ran.err);
    for name in ["homelab", "homelab-doctor", "homelab-gate-check", "homelab-probe-run", "homelab-schema-docs"] {
        let page = fs::read_to_string(pages.join(format!("{name}.1"))).unwrap();
        assert!(page.contains(".TH") && page.contains(".SH SYNOPSIS"), "{name}");
    }
    let message = homelab("man --dir /dev/null/x").run().error(true);
    assert!(message.contains("/dev/null/x: Not a directory"), "{message}");
}
