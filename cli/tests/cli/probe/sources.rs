//! Where the doors of `probe run` come from: a folder, a file, and by hand.

use super::origin::Origin;
use super::run::answer_of;
use crate::support::{Homelab, homelab};

#[test]
fn the_probes_of_a_folder_take_their_targets_from_its_ingresses() {
    let origin = Origin::start(&["/share"]);
    let main = r#"
provider "homelab" {
  site {
    root_domain = "example.net"
    entrypoint  = "web"
    middlewares { gate = "traefik-forward-auth" }
    wall {
      system      = "authentik"
      issuer_host = "auth.example.net"
    }
  }
}
resource "homelab_ingress" "photos" {
  name      = "photos"
  namespace = "photos"
  service { port = "http" }
  carve_out "share" {
    paths  = ["/share"]
    auth   = "none"
    reason = "share links carry their own token"
  }
}
resource "homelab_carveout_probe" "photos" {
  targets = homelab_ingress.photos.probe_targets
}
"#;
    let run = |main: &str| {
        homelab("probe run --output json --dir . --allow-private --connect-to")
            .arg(origin.address.to_string())
            .file("main.tf", main)
    };
    let document = answer_of(run(main), 0);
    assert_eq!(document["probes"][0]["name"], "homelab_carveout_probe.photos");
    let results = document["probes"][0]["results"].as_array().unwrap();
    let beside = results.iter().find(|result| result["url"] == "http://photos.example.net/sharex");
    assert_eq!(beside.expect("the boundary of a prefix is asked")["expect"], "gated");
    let bare = answer_of(run(main).arg("--no-boundary"), 0);
    let bare = bare["probes"][0]["results"].as_array().unwrap();
    assert!(!bare.iter().any(|result| result["url"] == "http://photos.example.net/sharex"));
    // Flags count over what is declared, and a folder gives its provider block to doors by hand too.
    answer_of(run(main).args("--wall keycloak"), 3);
    let by_hand = answer_of(run(main).args("--gated http://photos.example.net/"), 0);
    assert_eq!(by_hand["probes"][0]["name"], "the command line");
    assert_eq!(by_hand["probes"][0]["results"][0]["system"], "authentik");

    let open = main.replace("gate = \"traefik-forward-auth\"", "");
    let message = run(&open).run().error(true);
    assert!(message.starts_with("./main.tf:13: homelab_ingress.photos would be refused by a plan"), "{message}");
    assert!(message.contains("HL1004"), "{message}");
    let none = run("terraform {}\n").run().error(true);
    assert!(none.contains("declares no homelab_carveout_probe"), "{none}");
}

#[test]
fn a_gate_that_is_down_is_one_finding_for_all_probes() {
    let origin = Origin::start(&[]);
    let probe = |host: &str| {
        format!(
            "resource \"homelab_carveout_probe\" \"{host}\" {{\n  target \"root\" {{\n    \
             url = \"http://{host}.example.net/down\"\n    expect = \"gated\"\n  }}\n}}\n"
        )
    };
    let run = || {
        homelab("probe run --dir . --wall authentik --allow-private --connect-to")
            .arg(origin.address.to_string())
            .file("main.tf", &(probe("photos") + &probe("albums")))
    };
    let document = answer_of(run().args("--output json"), 3);
    let verdicts: Vec<(&str, &str)> = document["probes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|probe| (probe["name"].as_str().unwrap(), probe["verdict"].as_str().unwrap()))
        .collect();
    let (photos, albums) = ("homelab_carveout_probe.photos", "homelab_carveout_probe.albums");
    assert_eq!(verdicts, [(photos, "unknown"), (albums, "unknown")]);
    let findings = document["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0]["code"], "HL3007");
    // What differs is told apart, although the labels are alike: another wall counts for one of them.
    let other =
        probe("photos") + &probe("albums").replace("  target", "  wall {\n    system = \"keycloak\"\n  }\n  target");
    let document = answer_of(
        homelab("probe run --dir . --output json --matrix off --no-spoof --allow-private --connect-to")
            .arg(origin.address.to_string())
            .file("main.tf", &other.replace("/down", "/")),
        3,
    );
    assert_eq!(
        (&document["probes"][0]["verdict"], &document["probes"][1]["verdict"]),
        (&"ok".into(), &"unknown".into())
    );
    let path = document["findings"][0]["path"].as_str().unwrap();
    assert_eq!(path, "homelab_carveout_probe.albums.target[\"root\"]");
}

const LIST: &str = "
- url: http://photos.example.net/share
  expect: public
  label: share
  content_type: text/html
  body_contains: photos
- {url: 'http://photos.example.net/', expect: gated}
- {url: 'http://photos.example.net/album', expect: gated, label: share}
";

/// A run of the doors of that text.
fn of_list(origin: &Origin, name: &str, text: &str) -> Homelab {
    homelab("probe run --output json --wall authentik --matrix off --no-spoof --allow-private --file")
        .arg(name)
        .arg("--connect-to")
        .arg(origin.address.to_string())
        .file(name, text)
}

#[test]
fn a_file_of_doors_is_a_list_in_yaml_or_json() {
    let origin = Origin::start(&["/share"]);
    let document = answer_of(of_list(&origin, "doors.yaml", LIST), 0);
    assert_eq!(document["probes"][0]["name"], "doors.yaml");
    let results = document["probes"][0]["results"].as_array().unwrap();
    let labels: Vec<&str> = results.iter().map(|result| result["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["http://photos.example.net/", "share", "share (2)"]);
    // As `terraform output -json` prints the targets of an ingress.
    let json = r#"[{"label": "share", "url": "http://photos.example.net/share", "expect": "public", "path_type": "Prefix",
        "ingress": "photos/photos-share", "routing_hash": "0", "methods": [], "statuses": [], "content_type": null,
        "body_contains": null}]"#;
    answer_of(of_list(&origin, "doors.json", json), 0);
    let other = LIST.replace("body_contains: photos", "body_contains: albums");
    assert_eq!(answer_of(of_list(&origin, "doors.yaml", &other), 2)["verdict"], "degraded");
}

#[test]
fn a_file_that_is_none_says_where() {
    let origin = Origin::start(&[]);
    for (text, said) in [
        ("url: x", "doors.yaml: it is no list"),
        ("- just text", "[0]: it is no door"),
        ("- {url: 'https://photos.example.net/'}", "[0]: a door has a url, and expect is public or gated"),
        ("- {url: 'https://photos.example.net/', expect: open}", "[0].expect"),
        ("- {url: 'https://photos.example.net/', expect: gated, urll: x}", "urll"),
        ("[", "doors.yaml: failed to parse it"),
    ] {
        let message = of_list(&origin, "doors.yaml", text).run().error(true);
        assert!(message.contains(said) && message.contains("homelab schema input"), "{text}: {message}");
    }
    let message = homelab("probe run --file none.yaml").run().error(false);
    assert!(message.contains("failed to read the probe file none.yaml: No such file"), "{message}");
    let schema: serde_json::Value = serde_json::from_str(&homelab("schema input").run().code(0).out).unwrap();
    let door = &schema["probe file"]["$defs"]["Entry"]["properties"];
    for member in ["label", "url", "expect", "path_type", "guest_client_id"] {
        assert!(door[member]["description"].is_string(), "{member} in {schema:#}");
    }
}

#[test]
fn doors_by_hand_are_paths_of_hosts_or_addresses() {
    let origin = Origin::start(&["/share"]);
    let run = |words: &str| {
        homelab("probe run --output json --wall authentik --matrix off --no-spoof --allow-private")
            .args(words)
            .arg("--connect-to")
            .arg(origin.address.to_string())
    };
    let document =
        answer_of(run("--host http://photos.example.net --public /share --gated / --gated http://a.example.net/x"), 0);
    let results = document["probes"][0]["results"].as_array().unwrap();
    let urls: Vec<&str> = results.iter().map(|result| result["url"].as_str().unwrap()).collect();
    assert_eq!(urls, ["http://a.example.net/x", "http://photos.example.net/", "http://photos.example.net/share"]);
    for (words, said) in [
        ("--public /share", "there is no host for it"),
        ("--host photos.example.net/x --public /share", "has a path"),
        ("--host photos.example.net --public / --gated /", "both with --public and with --gated"),
        ("--host photos.example.net", "no cluster is configured"),
        ("--ingress photos/photos", "no cluster is configured"),
        ("--ingress photos", "is no name of an ingress"),
    ] {
        let ran = run(words).run().code(1);
        assert!(ran.err.contains(said), "{words}: {}", ran.err);
    }
}
