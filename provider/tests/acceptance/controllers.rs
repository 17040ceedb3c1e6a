//! Controllers at work: what others write to our objects is theirs and no drift; a field of ours that they take is refused by
//! the name of whoever took it, at the attribute, at plan.

use std::time::Duration;

use homelab_plane::process::wait_for;
use serde_json::{Value, json};

use crate::support::{Case, cases};

/// An app with objects of every kind that we make.
const ALL_KINDS: &str = r#"
resource "homelab_ingress" "photos" {
  name          = "photos"
  namespace     = var.namespace
  external_name = "photos.example.org"
  labels        = { team = "media" }
  rate_limit {
    average = 100
    burst   = 200
  }
  carve_out "share" {
    paths  = ["/share"]
    auth   = "none"
    reason = "share links carry their own token"
  }
}
"#;

/// The objects of it, by their paths, with apiVersion and kind.
const OBJECTS: [(&str, &str, &str); 4] = [
    ("ingresses/photos", "networking.k8s.io/v1", "Ingress"),
    ("ingresses/photos-share", "networking.k8s.io/v1", "Ingress"),
    ("services/photos", "v1", "Service"),
    ("middlewares/rate-limit-photos", "traefik.io/v1alpha1", "Middleware"),
];

/// A controller applies these fields to one of the objects.
#[track_caller]
fn applies(case: &Case, manager: &str, force: bool, object: (&str, &str, &str), fields: &Value) {
    let (path, version, kind) = object;
    let mut body = fields.clone();
    body["apiVersion"] = json!(version);
    body["kind"] = json!(kind);
    // While a definition is replaced (a Traefik that starts brings its own), its objects are not served for a moment.
    wait_for(path, Duration::from_mins(1), || {
        let answer = case.api.apply(&case.at(path), manager, force, &body)?;
        if answer.status == 503 {
            return Ok(Err(format!("it answered {}", answer.body)));
        }
        answer.expect(path, &[200]).map(|_| Ok(()))
    })
    .unwrap();
}

#[test]
fn what_controllers_add_is_theirs_and_no_drift() {
    for case in cases("controllers") {
        case.middleware("gate");
        case.write("main.tf", ALL_KINDS);
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        for object in OBJECTS {
            let metadata = json!({"metadata": {
                "annotations": {"keel.example.org/seen": "yes"}, "labels": {"audit": "done"},
            }});
            applies(&case, "keel", false, object, &metadata);
        }
        // An autoscaler, a load balancer: fields and a status that nobody declares here.
        applies(&case, "balancer", false, OBJECTS[2], &json!({"spec": {"sessionAffinity": "ClientIP"}}));
        let status = json!({"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}});
        let path = format!("{}/status", case.at("ingresses/photos"));
        case.api.merge(&path, &status).unwrap().expect("status", &[200]).unwrap();
        let before = OBJECTS.map(|(path, ..)| case.live(path));
        let plan = case.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 0, "{plan}");
        assert!(!plan.says("Warning: HL") && !plan.says("Not checked"), "{plan}");
        assert_eq!(case.run(["plan", "-refresh-only", "-detailed-exitcode"]).code, 0);

        // A change of ours leaves it alone as well.
        case.write("main.tf", &ALL_KINDS.replace("media", "photos"));
        case.ok(["apply", "-auto-approve"]);
        for ((path, ..), before) in OBJECTS.iter().zip(before) {
            let live = case.live(path);
            assert_eq!(live["metadata"]["annotations"]["keel.example.org/seen"], "yes", "{path}");
            assert_eq!(live["metadata"]["labels"]["audit"], "done", "{path}");
            assert_eq!(live["metadata"]["labels"]["team"], "photos", "{path}");
            assert_eq!(live["metadata"]["uid"], before["metadata"]["uid"], "{path}");
        }
        assert_eq!(case.live("services/photos")["spec"]["sessionAffinity"], "ClientIP");
        assert_eq!(case.live("ingresses/photos")["status"]["loadBalancer"]["ingress"][0]["ip"], "192.0.2.7");
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}

#[test]
fn a_manager_that_takes_a_declared_field_is_named_with_it_at_the_attribute_at_plan() {
    let path = |service: &str| {
        json!([{"host": null, "http": {"paths": [{
            "path": "/share", "pathType": "Exact", "backend": {"service": {"name": service, "port": {"number": 80}}},
        }]}}])
    };
    // What is taken, the field as the server names it, and the line that is blamed.
    let table = [
        (
            0,
            json!({"metadata": {"labels": {"team": "theirs"}}}),
            ".metadata.labels.team",
            "labels = { team = \"media\" }",
        ),
        (0, json!({"spec": {"ingressClassName": "theirs"}}), ".spec.ingressClassName", "resource \"homelab_ingress\""),
        (1, json!({"spec": {"rules": path("theirs")}}), ".spec.rules", "paths = [\"/share\"]"),
        (2, json!({"spec": {"externalName": "theirs.example.org"}}), ".spec.externalName", "external_name = "),
        (3, json!({"spec": {"rateLimit": {"average": 7}}}), ".spec.rateLimit.average", "average = 100"),
    ];
    for case in cases("taken").take(1) {
        case.middleware("gate");
        case.write("main.tf", ALL_KINDS);
        case.ok(["apply", "-auto-approve"]);
        for (position, fields, field, blamed) in &table {
            let object = OBJECTS[*position];
            let mut fields = fields.clone();
            if let Some(rule) = fields.pointer_mut("/spec/rules/0/host") {
                *rule = json!(format!("photos.{}.example.net", case.namespace));
            }
            applies(&case, "their-operator", true, object, &fields);
            let before = case.live(object.0);
            let refused = case.run(["plan"]).fails_with("HL5201");
            for part in ["\"their-operator\"", *field, *blamed] {
                assert!(refused.says(part), "{part:?} is not in {refused}");
            }
            let _ = case.run(["apply", "-auto-approve"]).fails_with("their-operator");
            assert_eq!(case.live(object.0), before, "nothing is forced");
            // The way out that the message names: they give it up. What an object cannot be without goes with the object.
            match field {
                &".spec.rules" | &".spec.externalName" => {
                    case.api.delete(&case.at(object.0)).unwrap().expect("delete", &[200]).unwrap();
                }
                _ => applies(&case, "their-operator", false, object, &json!({})),
            }
            case.ok(["apply", "-auto-approve"]);
            assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
        }
    }
}
