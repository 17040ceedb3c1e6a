//! Interrupted and killed: run again, it converges, and nothing is lost.

use homelab_plane::process::wait_for;
use std::time::Duration;

use crate::support::{Case, cases};

/// How many objects [`MANY`] has.
pub(crate) const COUNT: usize = 60;

/// So many that an apply can be stopped among them, also by a test that is kept waiting for a processor.
pub(crate) const MANY: &str = r#"
resource "homelab_ingress" "app" {
  count     = 60
  name      = "app-${count.index}"
  namespace = var.namespace
  auth      = "none"
  reason    = "a test page"
  service {
    name = "app"
    port = "80"
  }
}
"#;

/// Makes what [`MANY`] refers to.
pub(crate) fn with_service(case: &Case) {
    case.service("app");
}

/// How many objects of [`MANY`] are there.
fn made(case: &Case) -> usize {
    let all = case.api.list(&case.at("ingresses")).unwrap();
    all.iter().filter(|one| one["metadata"]["name"].as_str().unwrap_or_default().starts_with("app-")).count()
}

/// Waits until that many objects of [`MANY`] are there.
pub(crate) fn until_made(case: &Case, count: usize) {
    wait_for("the first objects", Duration::from_mins(1), || {
        let made = made(case);
        Ok(if made >= count { Ok(()) } else { Err(format!("{made} are there")) })
    })
    .unwrap();
}

fn in_state(case: &Case) -> usize {
    case.ok(["state", "list"]).stdout.lines().filter(|line| line.starts_with("homelab_ingress.")).count()
}

fn converges(case: &Case) {
    case.ok(["apply", "-auto-approve"]);
    assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
    assert_eq!((made(case), in_state(case)), (COUNT, COUNT));
    case.ok(["destroy", "-auto-approve"]);
    assert_eq!(made(case), 0);
}

#[test]
fn an_interrupted_apply_stops_in_good_order_and_goes_on() {
    for case in cases("interrupted") {
        with_service(&case);
        case.write("main.tf", MANY);
        let apply = case.spawn(["apply", "-auto-approve", "-parallelism=1"]).unwrap();
        until_made(&case, 3);
        apply.interrupt().unwrap();
        let stopped = apply.wait().unwrap();
        assert_ne!(stopped.code, 0, "{stopped}");
        assert!(!stopped.says("panic") && !stopped.says("crashed"), "{stopped}");
        // Whatever was made is in state: an interrupt loses nothing.
        let left = made(&case);
        assert!(left < COUNT, "it was not stopped");
        assert_eq!(in_state(&case), left, "{stopped}");
        converges(&case);
    }
}

#[test]
fn a_provider_that_is_killed_during_an_apply_loses_nothing() {
    for case in cases("killed") {
        with_service(&case);
        case.write("main.tf", MANY);
        let apply = case.spawn(["apply", "-auto-approve", "-parallelism=1"]).unwrap();
        until_made(&case, 3);
        apply.kill_descendants().unwrap();
        let failed = apply.wait().unwrap();
        assert_ne!(failed.code, 0, "{failed}");
        assert!(made(&case) < COUNT, "it was not killed");
        assert!(in_state(&case) >= 2, "{failed}");
        converges(&case);
    }
}

#[test]
fn an_interrupted_probe_ends_at_once() {
    // A listener that takes connections and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    for work in crate::support::folders() {
        work.write(
            "main.tf",
            &r#"
            resource "homelab_carveout_probe" "silent" {
              connect_to    = "SILENT"
              allow_private = true
              timeout       = "60s"
              target "door" {
                url    = "http://photos.example.net/"
                expect = "public"
              }
            }
            "#
            .replace("SILENT", &silent.local_addr().unwrap().to_string()),
        );
        let apply = work.spawn(["apply", "-auto-approve"]).unwrap();
        apply.until_says("Creating...").unwrap();
        let before = std::time::Instant::now();
        apply.interrupt().unwrap();
        let stopped = apply.wait().unwrap();
        assert_ne!(stopped.code, 0, "{stopped}");
        assert!(before.elapsed() < Duration::from_secs(30), "{stopped}");
        assert!(work.state()["values"].is_null());
    }
}
