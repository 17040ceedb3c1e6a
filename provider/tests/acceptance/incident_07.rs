//! Incident 7: a carve-out that is declared and never served. Traefik's priority is the length of a rule, so that an exact
//! path of six characters or fewer loses to the root's prefix, and one of seven ties with it.

use homelab_core::route::{Guards, Outcome, Settings, judge_all, routers_of, winner};
use serde_json::json;

use crate::proxy::ingress_class;
use crate::support::{Case, clis};
use crate::traefik::sent;
use crate::traefik::stage::Stage;
use crate::traefik::wire::sign_in;

/// Doors that are shorter than, as long as, and longer than what the root's rule has beyond the host.
const DOORS: [&str; 4] = ["/px", "/abcde", "/abcdef", "/abcdefg"];

fn ingress(namespace: &str, name: &str, kind: &str, path: &str, port: u16, gated: bool) -> serde_json::Value {
    let gate = format!("{namespace}-gate@kubernetescrd");
    let annotations = if gated { json!({"traefik.ingress.kubernetes.io/router.middlewares": gate}) } else { json!({}) };
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"namespace": namespace, "name": name, "annotations": annotations},
        "spec": {"rules": [{"host": format!("plain.{namespace}.example.net"), "http": {"paths": [{
            "path": path, "pathType": kind, "backend": {"service": {"name": "origins", "port": {"number": port}}},
        }]}}]},
    })
}

/// The same as it is declared: a gated app with a short door.
fn declared(port: u16, priority: &str) -> String {
    format!(
        r#"
        resource "homelab_ingress" "app" {{
          name       = "app"
          namespace  = var.namespace
          entrypoint = "web"
          service {{
            name = "origins"
            port = "{port}"
          }}
          carve_out "px" {{
            paths     = ["/px"]
            path_type = "Exact"
            auth      = "none"
            reason    = "the app checks a token"
            priority  = {priority}
          }}
        }}
        "#
    )
}

#[test]
fn incident_07_a_declared_door_is_served_however_short_its_path_is() {
    let Some(mut stage) = Stage::open("incident-07", 0, 6) else { return };
    // One command line is enough: who serves a request is not its matter.
    let Some(cli) = clis().into_iter().next() else { return };
    let case = Case::new(&cli, "incident-07");
    stage.add_namespace(&case.namespace);
    ingress_class(&case.api);
    let gate = json!({
        "apiVersion": "traefik.io/v1alpha1", "kind": "Middleware",
        "metadata": {"namespace": case.namespace, "name": "gate"}, "spec": {"forwardAuth": {"address": sign_in()}},
    });
    assert!(stage.create(&gate));

    // As it was: Ingresses by hand. The model says what Traefik does, and what is wrong with it.
    let ports: Vec<u16> = (0..6).map(|origin| stage.port(origin)).collect();
    let mut objects = vec![ingress(&case.namespace, "root", "Prefix", "/", ports[0], true)];
    for (number, path) in DOORS.iter().enumerate() {
        objects.push(ingress(&case.namespace, &format!("door-{number}"), "Exact", path, ports[number + 1], false));
    }
    assert!(objects.iter().all(|object| stage.create(object)));
    let with_gate: Vec<_> = objects.iter().chain([&gate]).cloned().collect();
    let routers = stage.model(&with_gate);
    stage.until_taken(&routers).unwrap();
    let host = format!("plain.{}.example.net", case.namespace);
    for (path, expected) in DOORS.iter().zip([Some(302), Some(302), None, Some(200)]) {
        let request = sent(&host, path);
        let status = stage.send_until(&request, &expected.map_or(vec![200, 302], |one| vec![one])).status;
        if let Some(expected) = expected {
            assert_eq!(status, expected, "{path}");
        } else {
            // Chance decides; the model names both.
            assert!(status == 200 || status == 302, "{path}: {status}");
            assert!(matches!(winner(&routers, &request), Outcome::Tie(both) if both.len() == 2), "{path}");
        }
    }
    let codes: Vec<&str> =
        judge_all(&routers, &Guards::of(&with_gate)).into_iter().map(|finding| finding.code.id).collect();
    assert_eq!(codes, ["HL1203", "HL1203", "HL1201"], "two doors never get a request, and one only by chance");

    // As it is declared now: a priority that loses or ties is refused at plan, at its attribute.
    let host = format!("app.{}.example.net", case.namespace);
    let root = i64::try_from(format!("Host(`{host}`) && PathPrefix(`/`)").len()).unwrap();
    for (priority, code) in [(root - 4, "HL1203"), (root, "HL1201")] {
        case.write("main.tf", &declared(ports[5], &priority.to_string()));
        let plan = case.run(["plan"]).fails_with(code);
        assert!(plan.says("priority"), "{plan}");
    }

    // And left to the provider, the door is open and nothing else is.
    case.write("main.tf", &declared(ports[5], "null"));
    case.ok(["apply", "-auto-approve"]);
    let live: Vec<_> = ["app", "app-px"].iter().map(|name| case.live(&format!("ingresses/{name}"))).collect();
    let ours: Vec<_> = live.iter().flat_map(|object| routers_of(object, &Settings::default())).collect();
    stage.until_taken(&[routers, ours.clone()].concat()).unwrap();
    for (path, expected) in [("/px", 200), ("/px/", 302), ("/pxadmin", 302), ("/", 302)] {
        let request = sent(&host, path);
        assert_eq!(stage.send_until(&request, &[expected]).status, expected, "{path}");
        assert!(matches!(winner(&ours, &request), Outcome::One(_)), "{path}");
    }
}
