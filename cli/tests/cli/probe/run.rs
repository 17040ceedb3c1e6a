//! `homelab probe run`: verdicts, exit codes, what is refused, and how it ends early.

use std::net::SocketAddr;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::origin::Origin;
use crate::support::{Homelab, Ran, homelab};

/// `/share` is to be public, the rest gated.
fn doors(origin: SocketAddr) -> Homelab {
    homelab(
        "probe run --output json --public http://photos.example.net/share --gated http://photos.example.net/ \
         --wall authentik --issuer auth.example.net --allow-private --connect-to",
    )
    .arg(origin.to_string())
}

#[track_caller]
pub(super) fn answer_of(run: Homelab, code: i32) -> Value {
    let ran = run.run().code(code);
    assert!(!ran.out.contains("s3cret"), "a cookie in the output: {}", ran.out);
    ran.document("probe run")
}

fn codes(document: &Value) -> Vec<&str> {
    let findings = document["findings"].as_array().unwrap();
    let mut codes: Vec<&str> = findings.iter().map(|finding| finding["code"].as_str().unwrap()).collect();
    codes.dedup();
    codes
}

#[test]
fn doors_as_declared_are_ok() {
    let origin = Origin::start(&["/share"]);
    let document = answer_of(doors(origin.address), 0);
    assert_eq!((&document["verdict"], &document["interrupted"]), (&Value::from("ok"), &Value::from(false)));
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
    assert!(
        text.out.starts_with("exposed the command line\n  exposed  gated  http://photos.example.net/ ("),
        "{}",
        text.out
    );
    assert!(
        text.out.contains("requests are not ok)\n           exposed: GET http://photos.example.net/ is public, 1/1\n"),
        "{}",
        text.out
    );
    assert!(text.out.contains("error HL3001: a gated path is open"), "{}", text.out);
    assert!(text.out.contains("  Put the gate back in front of the path"), "{}", text.out);
    assert_eq!(text.err, "", "no talk without a terminal");
}

#[test]
fn what_does_not_answer_is_unknown_and_never_green() {
    let document = answer_of(doors(homelab_plane::NOBODY.parse().unwrap()), 3);
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
    assert_eq!(origin.answered(), 0);
}

#[test]
fn how_much_is_asked_can_be_said() {
    let origin = Origin::start(&["/share"]);
    // By its address: the full matrix also asks where DNS says.
    let url = format!("http://{}", origin.address);
    let count = |flags: &str| {
        let run =
            homelab("probe run --output json --wall authentik --allow-private --timeout 1m --public /share --gated /");
        let document = answer_of(run.arg("--host").arg(&url).args(flags), 0);
        let results = document["probes"][0]["results"].as_array().unwrap().clone();
        let share = results[0]["share"].as_str().unwrap().to_owned();
        (results.len(), share)
    };
    assert_eq!(count("--matrix off --no-spoof"), (2, "3/3".to_owned()));
    assert_eq!(count("--matrix off --no-spoof --samples 2 --threshold 1"), (2, "2/2".to_owned()));
    let (small, _) = count("--no-spoof");
    let (full, _) = count("--matrix full --no-spoof");
    let (all, _) = count("--matrix full");
    assert!(2 < small && small < full && full < all, "{small} {full} {all}");
    for (flags, said) in [
        ("--samples 2 --threshold 3", "threshold"),
        ("--timeout soon", "timeout"),
        ("--resolver x:y:z", "resolver"),
        ("--connect-to :", "connect_to"),
    ] {
        let run = homelab("probe run --public https://photos.example.net/").args(flags);
        let message = run.run().error(true);
        assert!(message.contains(said) && message.contains("HL3102"), "{flags}: {message}");
    }
}

#[test]
fn the_wall_that_counts_can_be_said() {
    let origin = Origin::start(&["/share"]);
    let run = |wall: &str, code: i32| {
        let run = homelab(
            "probe run --output json --gated http://photos.example.net/ --no-spoof --matrix off --allow-private",
        );
        answer_of(run.args(wall).arg("--connect-to").arg(origin.address.to_string()), code)["verdict"].clone()
    };
    assert_eq!(run("--wall authentik --client-id gate", 0), "ok");
    assert_eq!(run("--wall authentik --client-id another", 3), "unknown", "another client is not the gate");
    assert_eq!(run("--wall authentik --issuer auth.example.org", 3), "unknown", "another issuer is not the gate");
    assert_eq!(run("--wall keycloak", 3), "unknown");
    // What the flags leave out comes from the environment.
    let run =
        homelab("probe run --output json --gated http://photos.example.net/ --no-spoof --matrix off --allow-private");
    let run = run
        .env("HOMELAB_WALL_SYSTEM", "authentik")
        .env("HOMELAB_WALL_CLIENT_IDS", "another")
        .arg("--connect-to")
        .arg(origin.address.to_string());
    assert_eq!(answer_of(run, 3)["verdict"], "unknown");
}

#[test]
fn several_hosts_are_asked_at_a_time() {
    let origin = Origin::start(&["/share"]);
    let hosts: Vec<String> = (0..20).map(|number| format!("--host http://h{number}.example.net")).collect();
    let hosts = hosts.join(" ");
    let run =
        homelab("probe run --output json --public /share --gated / --wall authentik --allow-private").args(&hosts);
    let document = answer_of(run.arg("--connect-to").arg(origin.address.to_string()), 0);
    let results = document["probes"][0]["results"].as_array().unwrap();
    let plain = results.iter().filter(|result| result["with"] == "").count();
    assert_eq!(plain, 40);
    let text = homelab("probe run --public /share --gated / --wall authentik --allow-private").args(&hosts);
    let text = text.arg("--connect-to").arg(origin.address.to_string()).run().code(0).out;
    assert_eq!(text.lines().count(), 41, "a line for each door: {text}");
    assert!(text.contains("  ok       public http://h7.example.net/share (2 requests)\n"), "{text}");
}

/// Starts a run in which one host answers and one never does, interrupts it once the first is done, and answers what came.
fn interrupted(signal: &str, output: &str) -> Ran {
    let origin = Origin::start(&["/share"]);
    let flags = "--matrix off --no-spoof --samples 1 --timeout 10m --wall authentik --allow-private";
    let mut run = homelab(&format!("probe run --output {output} {flags}"))
        .args("--host http://slow.example.net --host http://photos.example.net --public /share --gated /")
        .arg("--connect-to")
        .arg(origin.address.to_string());
    let child = run.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    origin.until_answered(2);
    let killed = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_says_what_it_saw_and_is_incomplete() {
    for signal in ["-INT", "-TERM"] {
        let document = interrupted(signal, "json").code(3).document("probe run");
        assert_eq!((&document["interrupted"], &document["verdict"]), (&Value::from(true), &Value::from("unknown")));
        let results = document["probes"][0]["results"].as_array().unwrap();
        let verdicts: Vec<(&str, &str)> = results
            .iter()
            .map(|result| (result["url"].as_str().unwrap(), result["verdict"].as_str().unwrap()))
            .collect();
        assert_eq!(
            verdicts,
            [
                ("http://photos.example.net/", "ok"),
                ("http://photos.example.net/share", "ok"),
                ("http://slow.example.net/", "unknown"),
                ("http://slow.example.net/share", "unknown"),
            ]
        );
        let told = document["findings"][0]["observed"].as_str().unwrap();
        assert!(told.contains("it was not asked"), "{told}");
    }
    let text = interrupted("-INT", "text").code(3);
    assert!(text.out.starts_with("unknown: it was interrupted, and not everything was asked\n"), "{}", text.out);
    assert_eq!(text.err, "");
}
