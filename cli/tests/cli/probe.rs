//! `homelab probe run` against a small origin on loopback: an app, and Authentik's redirect before what is gated.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use serde_json::Value;

use crate::support::{Homelab, homelab};

const APP: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\nConnection: close\r\n\r\nphotos";
const SIGN_IN: &str = "HTTP/1.1 302 Found\r\n\
    Location: https://auth.example.net/application/o/authorize/?client_id=gate&redirect_uri=https%3A%2F%2Fphotos.example.net%2Foutpost.goauthentik.io%2Fcallback%3FX-authentik-auth-callback%3Dtrue&response_type=code&scope=openid\r\n\
    Set-Cookie: authentik_proxy_5f0b8a8c=s3cret; Path=/; HttpOnly\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Answers the paths in `open`, and what is below them, with the app; everything else with the sign-in.
struct Origin {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Origin {
    fn start(open: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                // A client that goes away early is its own business.
                let _ = answer(stream.unwrap(), open);
            }
        });
        Self { address, stop, thread: Some(thread) }
    }
}

fn answer(stream: TcpStream, open: &[&str]) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let path = request.split(' ').nth(1).unwrap_or("/").split('?').next().unwrap_or("/");
    // As a proxy does before it matches.
    let clean = path.replace("//", "/");
    let below = |prefix: &&str| {
        clean.strip_prefix(*prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || *prefix == "/")
    };
    let dotted = clean.contains("..") || ["%2f", "%2e"].iter().any(|escape| clean.to_lowercase().contains(escape));
    let public = open.iter().any(below) && !dotted;
    reader.get_mut().write_all(if public { APP } else { SIGN_IN }.as_bytes())
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// `/share` is to be public, the rest gated.
fn doors(origin: SocketAddr) -> Homelab {
    homelab(
        "probe run --output json --public http://photos.example.net/share --gated http://photos.example.net/ \
         --wall authentik --issuer auth.example.net --allow-private --connect-to",
    )
    .arg(origin.to_string())
}

#[track_caller]
fn answer_of(run: Homelab, code: i32) -> Value {
    let ran = run.run().code(code);
    assert!(!ran.out.contains("s3cret"), "a cookie in the output: {}", ran.out);
    ran.document("probe run")
}

fn codes(document: &Value) -> Vec<&str> {
    let findings = document["probes"][0]["findings"].as_array().unwrap();
    let mut codes: Vec<&str> = findings.iter().map(|finding| finding["code"].as_str().unwrap()).collect();
    codes.dedup();
    codes
}

#[test]
fn doors_as_declared_are_ok() {
    let origin = Origin::start(&["/share"]);
    let document = answer_of(doors(origin.address), 0);
    assert_eq!(document["verdict"], "ok");
    let results = document["probes"][0]["results"].as_array().unwrap();
    let gated: Vec<&Value> = results.iter().filter(|result| result["expect"] == "gated").collect();
    assert!(gated.iter().all(|result| result["system"] == "authentik"), "{results:#?}");
    assert_eq!(results.iter().filter(|result| result["with"] == "").count(), 2, "{results:#?}");
    assert!(results.iter().any(|result| result["with"] == "spoof x-forwarded-uri" && result["expect"] == "gated"));
}

#[test]
fn a_walled_off_door_and_an_open_gate_are_something_to_act_on() {
    let walled = Origin::start(&[]);
    let document = answer_of(doors(walled.address), 2);
    assert_eq!((&document["verdict"], codes(&document)), (&Value::from("walled"), vec!["HL3002"]));

    let exposed = Origin::start(&["/"]);
    let document = answer_of(doors(exposed.address), 2);
    assert_eq!(document["verdict"], "exposed");
    assert_eq!(codes(&document)[0], "HL3001");
    let text = homelab("probe run --gated http://photos.example.net/ --allow-private --connect-to")
        .arg(exposed.address.to_string())
        .run()
        .code(2);
    assert!(text.out.starts_with("exposed the command line\n"), "{}", text.out);
    assert!(text.out.contains("error HL3001: a gated path is open"), "{}", text.out);
    assert!(text.out.contains("  Put the gate back in front of the path"), "{}", text.out);
    assert_eq!(text.err, "", "no talk without a terminal");
}

#[test]
fn what_does_not_answer_is_unknown_and_never_green() {
    let origin = Origin::start(&["/share"]);
    let nobody = origin.address;
    drop(origin);
    let document = answer_of(doors(nobody), 3);
    assert_eq!(document["verdict"], "unknown");
    assert_eq!(document["probes"][0]["results"][0]["observed"], "unreachable");
    assert_eq!(codes(&document), ["HL3004"]);
}

#[test]
fn private_addresses_are_refused_before_anything_is_sent() {
    let origin = Origin::start(&["/share"]);
    let run =
        homelab("probe run --public http://photos.example.net/share --connect-to").arg(origin.address.to_string());
    let message = run.run().error(true);
    assert!(message.contains("HL3101") && message.contains("127.0.0.1"), "{message}");
}

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

    let open = main.replace("gate = \"traefik-forward-auth\"", "");
    let message = run(&open).run().error(true);
    assert!(message.starts_with("./main.tf:13: homelab_ingress.photos would be refused by a plan"), "{message}");
    assert!(message.contains("HL1004"), "{message}");
    let none = run("terraform {}\n").run().error(true);
    assert!(none.contains("declares no homelab_carveout_probe"), "{none}");
}

/// One recorded answer of each system, and its name.
const RECORDED: [(&str, &str); 8] = [
    ("authentik/redirect.http", "authentik"),
    ("oauth2_proxy/page-403.http", "oauth2_proxy"),
    ("oauth2_proxy/redirect.http", "oauth2_proxy"),
    ("authelia/refusal.http", "authelia"),
    ("pomerium/program.http", "pomerium"),
    ("cloudflare_access/service-token-only.http", "cloudflare_access"),
    ("keycloak/redirect.http", "keycloak"),
    ("basic/prompt.http", "basic"),
];

#[test]
fn recorded_answers_of_every_system_are_explained_offline() {
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/probe");
    for (file, system) in RECORDED {
        let explain = |output: &str| {
            let words = format!(
                "probe explain https://photos.example.net/share --wall {system} --client-id gate-client {output} --answer"
            );
            homelab(&words).arg(fixtures.join(file)).run().code(0)
        };
        let document = explain("--output json").document("probe explain");
        let seen = &document["explained"];
        assert!(seen["forms"].as_array().unwrap().iter().any(|form| form["system"] == system), "{file}: {document:#}");
        assert_eq!(
            (&seen["as_gated"]["verdict"], &seen["as_public"]["verdict"]),
            (&"ok".into(), &"walled".into()),
            "{file}"
        );
        let text = explain("").out;
        assert!(text.contains("declared public: walled, since it is gated: "), "{text}");
        assert!(text.contains("  source: "), "{text}");
    }
}

#[test]
fn an_address_is_explained_without_the_secrets_of_its_answer() {
    let origin = Origin::start(&["/share"]);
    let explain = |path: &str| {
        homelab(&format!("probe explain http://photos.example.net{path} --wall authentik --allow-private --connect-to"))
            .arg(origin.address.to_string())
            .run()
            .code(0)
    };
    let gated = explain("/?token=s3cret");
    assert!(!gated.out.contains("s3cret"), "{}", gated.out);
    assert!(gated.out.contains("  cookies: authentik_proxy_5f0b8a8c\n"), "{}", gated.out);
    assert!(gated.out.contains("client_id=gate&redirect_uri=…"), "{}", gated.out);
    let public = explain("/share");
    assert!(public.out.contains("It has no form of a wall that is known."), "{}", public.out);
    assert!(public.out.contains("declared gated: exposed, since it is public: no wall"), "{}", public.out);
    let refused = homelab("probe explain http://photos.example.net/ --connect-to").arg(origin.address.to_string());
    assert!(refused.run().error(true).contains("HL3101"));
    let nobody = origin.address;
    drop(origin);
    let gone = homelab("probe explain http://photos.example.net/ --output json --allow-private --connect-to");
    let document = gone.arg(nobody.to_string()).run().code(3).document("probe explain");
    assert!(document["failure"].as_str().unwrap().contains("the connection was refused"), "{document:#}");
}

#[test]
fn targets_are_exported_for_programs_that_watch() {
    let doors = "--public https://photos.example.net/share --gated https://photos.example.net/ --wall authentik \
                 --issuer auth.example.net";
    for (format, said) in [
        ("blackbox", "follow_redirects: false"),
        ("prometheus-targets", "https://photos.example.net/share"),
        ("prometheus-rules", "HomelabGatedPathExposed"),
        ("gatus", "ignore-redirect: true"),
    ] {
        let text = homelab(&format!("probe export --format {format} {doors}")).run().code(0).out;
        assert!(text.starts_with("# Made by homelab probe export. It sees ") && text.contains(said), "{text}");
        let json = homelab(&format!("probe export --output json --format {format} {doors}")).run().code(0);
        let document = json.document("probe export");
        assert!(!document["document"].is_null() && document["version"] == 1, "{document:#}");
    }
    let none = homelab("probe export --format gatus").run().error(true);
    assert!(none.contains("there is nothing to probe"), "{none}");
}

#[test]
fn what_no_probe_looks_at_is_named() {
    let main = r#"
provider "homelab" {
  site {
    root_domain = "example.net"
    middlewares { gate = "traefik-forward-auth" }
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
    let targets = |main: &str| homelab("probe targets --output json --dir .").file("main.tf", main);
    let document = targets(main).run().code(2).document("probe targets");
    assert_eq!((&document["declared"], &document["probed"]), (&2.into(), &0.into()), "{document:#}");
    let probed = format!(
        "{main}\nresource \"homelab_carveout_probe\" \"photos\" {{\n  \
         targets = homelab_ingress.photos.probe_targets\n}}\n"
    );
    let document = targets(&probed).run().code(0).document("probe targets");
    assert_eq!((&document["declared"], &document["probed"]), (&2.into(), &2.into()), "{document:#}");
    assert_eq!(document["targets"][0]["probes"][0], "homelab_carveout_probe.photos");
    let text = homelab("probe targets --dir .").file("main.tf", main).run().code(2).out;
    assert!(text.ends_with("0 of 2 declared paths are probed\n") && text.starts_with("unprobed "), "{text}");
}
