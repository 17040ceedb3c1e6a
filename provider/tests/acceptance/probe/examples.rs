//! The example of the resource runs as it stands, against an origin that is as it says.

use std::fs;
use std::path::Path;

use super::photos_with_probe;
use super::server::{Asked, Server, response, sign_in};
use crate::support::folders;

/// As proxies do before they match: empty elements go, `.` and `..` are resolved.
fn clean(target: &str) -> String {
    let path = target.split('?').next().unwrap_or_default().replace("%2e", ".");
    let mut elements = Vec::new();
    for element in path.split('/') {
        match element {
            "" | "." => {}
            ".." => {
                elements.pop();
            }
            element => elements.push(element),
        }
    }
    format!("/{}", elements.join("/"))
}

/// The hosts `photos` and `notes` of the examples.
fn house(asked: &Asked) -> String {
    let host = asked.header("host").unwrap_or_default().to_ascii_lowercase();
    let path = clean(&asked.target);
    let below = |door: &str| path == door || path.starts_with(&format!("{door}/"));
    let html = [("Content-Type", "text/html")];
    if host.starts_with("notes.") {
        return match path.as_str() {
            "/api/ping" => response(200, &[("Content-Type", "application/json")], "\"pong\""),
            "/live" => response(426, &[("Access-Control-Allow-Origin", "https://app.example.net")], ""),
            _ => sign_in("gate", "https%3A%2F%2Fnotes.example.net"),
        };
    }
    if (below("/share") && !below("/share/admin")) || below("/api") {
        return response(200, &html, "<title>photos</title>");
    }
    sign_in("gate", "https%3A%2F%2Fphotos.example.net")
}

#[test]
fn the_example_of_the_probe_applies_and_is_ok() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/resources");
    let text = |name: &str| fs::read_to_string(examples.join(name).join("resource.tf")).unwrap();
    let ingresses = text("homelab_ingress");
    let (photos, _) = ingresses.split_once("\n}\n").unwrap();
    let example = text("homelab_carveout_probe");
    for work in folders() {
        let origin = Server::new(house);
        photos_with_probe(&work, &origin.address());
        work.write("main.tf", &format!("{photos}\n}}\n"));
        // There is no certificate for these names, and the place is this machine.
        work.write(
            "probe.tf",
            &example.replace("192.0.2.7", &origin.address()).replace("https://notes", "http://notes"),
        );
        work.ok(["apply", "-auto-approve"]);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
        let doors = &work.json(["output", "-json"])["doors"]["value"];
        assert_eq!((&doors["verdict"], &doors["bad"]), (&"ok".into(), &serde_json::json!([])), "{doors:#}");
    }
}
