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
    let dotted = clean.contains("..") || clean.to_lowercase().contains("%2f");
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
    assert_eq!(results.len(), 2, "{results:#?}");
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
