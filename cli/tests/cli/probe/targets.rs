//! `homelab probe targets`: coverage of manifests, of folders and of states.

use std::collections::BTreeMap;

use homelab_core::ingress::{Spec, fill, render};
use homelab_schema::Attr;
use homelab_schema::ingress::{Auth, CarveOut, DnsMode, Ingress, PathType, Probe};
use homelab_schema::provider::{Middlewares, Site};
use serde_json::{Value, json};

use crate::support::{Homelab, homelab};

/// The Ingresses of a `homelab_ingress photos/photos`, as the provider writes them: a gated root and open carve-outs with
/// these labels, each of the path of its name. One with `-` before its label is left out of what is probed.
pub(super) fn objects(name: &str, labels: &[&str]) -> Vec<Value> {
    let known = |text: &str| Attr::Known(text.to_owned());
    let site = Site {
        root_domain: known("example.net"),
        entrypoint: known("web"),
        middlewares: Attr::Known(Middlewares { gate: known("traefik-gate"), ..Middlewares::default() }),
        ..Site::default()
    };
    let carve_out = |label: &&str| {
        let path = label.trim_start_matches('-');
        let carve_out = CarveOut {
            paths: Attr::Known(vec![format!("/{path}")]),
            path_type: Attr::Known(PathType::Prefix),
            auth: Attr::Known(Auth::None),
            reason: known("a link is its own token"),
            probe: label.starts_with('-').then(|| Probe { skip: Attr::Known(true), ..Probe::default() }).into(),
            ..CarveOut::default()
        };
        (path.to_owned(), carve_out)
    };
    let config = Ingress {
        name: known(name),
        namespace: known("photos"),
        paths: Attr::Known(vec!["/".to_owned()]),
        path_type: Attr::Known(PathType::Prefix),
        auth: Attr::Known(Auth::Required),
        local_only: Attr::Known(false),
        dns: Attr::Known(DnsMode::None),
        carve_out: Attr::Known(labels.iter().map(carve_out).collect::<BTreeMap<_, _>>()),
        ..Ingress::default()
    };
    let mut planned = config.clone();
    fill::fill(&config, &mut planned, &site);
    let spec = Spec::of(&planned, &site).unwrap();
    let object = |rendered: render::Rendered| {
        let mut object = json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress"});
        object.as_object_mut().unwrap().extend(rendered.body.as_object().unwrap().clone());
        object["metadata"]["name"] = json!(rendered.name);
        object["metadata"]["namespace"] = json!("photos");
        object
    };
    render::render_all(&spec).into_iter().map(object).collect()
}

pub(super) fn gate() -> Value {
    json!({
        "apiVersion": "traefik.io/v1alpha1", "kind": "Middleware",
        "metadata": {"name": "gate", "namespace": "traefik"},
        "spec": {"forwardAuth": {"address": "http://127.0.0.1:9"}},
    })
}

fn manifests(mut all: Vec<Value>) -> String {
    all.push(gate());
    serde_json::to_string(&json!({"kind": "List", "items": all})).unwrap()
}

/// A run on those manifests, with that list of probed doors.
fn on(all: Vec<Value>, doors: &str) -> Homelab {
    homelab("probe targets --manifests objects --file doors.yaml")
        .folder("objects")
        .file("objects/all.json", &manifests(all))
        .file("doors.yaml", doors)
}

pub(super) fn document(run: Homelab, code: i32) -> Value {
    run.args("--output json").run().code(code).document("probe targets")
}

/// State and address of each door.
pub(super) fn rows(document: &Value) -> Vec<(&str, &str)> {
    let text = |row: &'_ Value, name: &str| row[name].as_str().unwrap().to_owned();
    let rows = document["targets"].as_array().unwrap();
    assert!(rows.iter().all(|row| !text(row, "by").is_empty()), "{document:#}");
    rows.iter().map(|row| (row["state"].as_str().unwrap(), row["url"].as_str().unwrap())).collect()
}

pub(super) const ROOT: &str = "- {url: 'http://photos.example.net/', expect: gated}\n";
pub(super) const SHARE: &str = "- {url: 'http://photos.example.net/share', expect: public}\n";

#[test]
fn every_declared_door_is_probed_or_named() {
    let all = || objects("photos", &["share", "api", "-internal"]);
    let found = document(on(all(), &format!("{ROOT}{SHARE}")), 2);
    assert_eq!(
        rows(&found),
        [
            ("unprobed", "http://photos.example.net/api"),
            ("skipped", "http://photos.example.net/internal"),
            ("probed", "http://photos.example.net/"),
            ("probed", "http://photos.example.net/share"),
        ]
    );
    assert_eq!(found["coverage"]["public"], json!({"declared": 2, "probed": 1}));
    assert_eq!(found["coverage"]["gated"], json!({"declared": 1, "probed": 1}));
    assert_eq!(found["targets"][0]["by"], "homelab_ingress photos/photos");
    let api = "- {url: 'http://photos.example.net/api', expect: public}\n";
    let complete = document(on(all(), &format!("{ROOT}{SHARE}{api}")), 0);
    assert_eq!(complete["coverage"]["public"], json!({"declared": 2, "probed": 2}));
    let against = "- {url: 'http://photos.example.net/share', expect: gated}\n";
    let found = document(on(all(), &format!("{ROOT}{api}{against}")), 2);
    assert_eq!(rows(&found)[0], ("contradicted", "http://photos.example.net/share"));
    assert_eq!(found["targets"][0]["probes"], json!(["doors.yaml"]));
}

#[test]
fn what_is_not_known_is_not_called_unprobed() {
    let bare = homelab("probe targets --manifests .").file("all.json", &manifests(objects("photos", &["share"])));
    let found = document(bare, 3);
    assert!(rows(&found).iter().all(|(state, _)| *state == "unknown"), "{found:#}");
    let bare = homelab("probe targets --manifests .").file("all.json", &manifests(objects("photos", &["share"])));
    let text = bare.run().code(3).out;
    assert!(text.contains("no probe is known: name where they are declared with --dir, --state or --file"), "{text}");
    // A probe whose targets only a run can tell may look at anything.
    let main = "resource \"homelab_carveout_probe\" \"other\" {\n  targets = module.photos.probe_targets\n}\n";
    let partly =
        || on(objects("photos", &["share"]), ROOT).folder("stack").file("stack/main.tf", main).args("--dir stack");
    let found = document(partly(), 3);
    assert_eq!(rows(&found)[0], ("unknown", "http://photos.example.net/share"));
    assert!(found["unread"][0].as_str().unwrap().contains("known to a Terraform run alone"), "{found:#}");
    let text = partly().run().code(3).out;
    assert!(text.contains("not read: homelab_carveout_probe.other (stack): "), "{text}");
}

#[test]
fn a_carve_out_whose_object_is_gone_is_something_to_act_on() {
    let mut all = objects("photos", &["share"]);
    all.retain(|object| object["metadata"]["name"] != "photos-share");
    let found = document(on(all.clone(), ROOT), 2);
    assert_eq!(rows(&found)[0], ("gone", ""));
    let text = on(all, ROOT).run().code(2).out;
    assert!(
        text.starts_with(
            "gone         public somewhere  homelab_ingress photos/photos: Ingress photos-share is gone\n"
        ),
        "{text}"
    );
}

/// Somebody else's open door on the same host, and an open host that nobody gates.
pub(super) fn of_others() -> Value {
    let route = |rule: &str| json!({"kind": "Rule", "match": rule, "services": [{"name": "api", "port": 80}]});
    json!({
        "apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute",
        "metadata": {"name": "upload", "namespace": "photos"},
        "spec": {"entryPoints": ["web"], "routes": [
            route("Host(`photos.example.net`) && PathPrefix(`/upload`)"), route("Host(`www.example.net`)"),
        ]},
    })
}

#[test]
fn what_others_open_on_a_gated_host_is_a_declaration_too() {
    let all = || objects("photos", &["share"]).into_iter().chain([of_others()]).collect::<Vec<_>>();
    let found = document(on(all(), &format!("{ROOT}{SHARE}")), 2);
    assert_eq!(rows(&found)[0], ("unprobed", "http://photos.example.net/upload"));
    assert_eq!(found["targets"][0]["by"], "IngressRoute photos/upload");
    assert_eq!(found["targets"][0]["label"], "Host(`photos.example.net`) && PathPrefix(`/upload`)");
    assert_eq!(found["open_elsewhere"], 1);
    let upload = "- {url: 'http://photos.example.net/upload/x', expect: public}\n";
    document(on(all(), &format!("{ROOT}{SHARE}{upload}")), 0);
}

const MAIN: &str = r#"
provider "homelab" {
  site {
    root_domain = "example.net"
    entrypoint  = "web"
    middlewares { gate = "traefik-gate" }
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
"#;

const PROBE: &str =
    "resource \"homelab_carveout_probe\" \"photos\" {\n  targets = homelab_ingress.photos.probe_targets\n}\n";

#[test]
fn a_folder_alone_says_what_it_declares_and_probes() {
    let targets = |main: &str| homelab("probe targets --dir .").file("main.tf", main);
    let found = document(targets(MAIN), 2);
    assert_eq!(
        rows(&found),
        [("unprobed", "http://photos.example.net/"), ("unprobed", "http://photos.example.net/share")]
    );
    let both = format!("{MAIN}{PROBE}");
    let found = document(targets(&both), 0);
    assert_eq!(found["targets"][0]["probes"][0], "homelab_carveout_probe.photos (.)");
    assert_eq!(found["probes"], json!([{"name": "homelab_carveout_probe.photos (.)", "doors": 2}]));
    let text = targets(MAIN).run().code(2).out;
    assert!(
        text.starts_with("unprobed     gated  http://photos.example.net/  homelab_ingress.photos (.): /\n"),
        "{text}"
    );
    assert!(text.contains("\n0 of 1 public doors are probed, 0 of 1 gated ones\n"), "{text}");
    assert!(text.ends_with("not looked at: a cluster, since none is configured\n"), "{text}");
    // One of several folders that cannot be read does not hide the others, and is no proof that nothing is in it.
    let several = homelab("probe targets --dir empty . --output json").folder("empty").file("main.tf", &both);
    let found = several.run().code(3).document("probe targets");
    assert_eq!(found["coverage"]["public"], json!({"declared": 1, "probed": 1}));
    assert_eq!(found["unread"], json!(["empty holds no .tf file"]));
    let message = homelab("probe targets --dir empty").folder("empty").run().error(true);
    assert!(message.contains("empty holds no .tf file"), "{message}");
    // What is applied stands once, with who wrote it.
    let applied = homelab("probe targets --dir stack --manifests objects").folder("objects").folder("stack");
    let applied =
        applied.file("objects/all.json", &manifests(objects("photos", &["share"]))).file("stack/main.tf", &both);
    let found = document(applied, 0);
    assert_eq!(found["targets"].as_array().unwrap().len(), 2, "{found:#}");
    assert_eq!(found["targets"][1]["by"], "homelab_ingress photos/photos");
}

#[test]
fn a_state_tells_what_is_probed_also_where_only_a_run_could() {
    let target = |path: &str, expect: &str| {
        json!({
            "label": path, "url": format!("http://photos.example.net{path}"), "expect": expect, "path_type": "Prefix",
            "ingress": "photos/photos", "routing_hash": "0", "methods": [], "statuses": [],
        })
    };
    let probe = json!({
        "address": "module.photos.homelab_carveout_probe.this", "mode": "managed", "type": "homelab_carveout_probe",
        "values": {"targets": [target("/", "gated"), target("/share", "public")], "target": {}},
    });
    let state =
        json!({"format_version": "1.0", "values": {"root_module": {"child_modules": [{"resources": [probe]}]}}});
    let run = |all: Vec<Value>| {
        homelab("probe targets --manifests objects --state state.json")
            .folder("objects")
            .file("objects/all.json", &manifests(all))
            .file("state.json", &state.to_string())
    };
    let found = document(run(objects("photos", &["share"])), 0);
    assert_eq!(found["targets"][0]["probes"][0], "module.photos.homelab_carveout_probe.this (state.json)");
    document(run(objects("photos", &["share", "api"])), 2);
    let raw =
        homelab("probe targets --manifests . --state raw.json").file("raw.json", "{\"version\": 4, \"resources\": []}");
    let message = raw.run().error(true);
    assert!(
        message.contains("raw.json: it has no format_version") && message.contains("terraform show -json"),
        "{message}"
    );
    let nothing = homelab("probe targets").run().error(true);
    assert!(nothing.contains("no cluster is configured"), "{nothing}");
}
