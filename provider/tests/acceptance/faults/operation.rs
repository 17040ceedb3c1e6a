//! The operations whose calls are counted, each from what is there before to what is declared then.

use serde_json::json;

use super::subject::{Servers, Subject};

/// An open app with a gated part, an open door, and a middleware of its own that all of them go through.
const PHOTOS: &str = r#"
  name      = "photos"
  namespace = "NS"
  auth      = "none"
  reason    = "a public gallery"

  max_body_size = "5m"
  service {
    port = "http"
  }
  carve_out "admin" {
    paths = ["/admin"]
  }
  carve_out "share" {
    paths  = ["/share"]
    auth   = "none"
    reason = "share links carry their own token"
  }
"#;

/// What is declared for a case, and there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Nothing.
    Nothing,
    /// [`PHOTOS`].
    Photos,
    /// The same by another name.
    Gallery,
    /// That with a door and a middleware less and another of each, and one more gated path.
    Changed,
}

impl Shape {
    /// The declaration of an ingress.
    pub(super) fn ingress(self) -> Option<String> {
        let gallery = || {
            PHOTOS.replacen("\"photos\"", "\"gallery\"\n  host      = \"photos\"", 1).replacen(
                "    port",
                "    name = \"photos\"\n    port",
                1,
            )
        };
        match self {
            Self::Nothing => None,
            Self::Photos => Some(PHOTOS.to_owned()),
            Self::Gallery => Some(gallery()),
            Self::Changed => Some(
                gallery()
                    .replace("[\"/admin\"]", "[\"/admin\", \"/manage\"]")
                    .replace("max_body_size = \"5m\"", "content_security_policy = \"default-src 'self'\"")
                    .replace("\"share\"", "\"links\"")
                    .replace("\"/share\"", "\"/links\""),
            ),
        }
    }

    /// The resource of a case. A new `generation` replaces it, whatever else changes.
    pub(super) fn resource(self, subject: &Subject, case: &str, namespace: &str, generation: usize) -> String {
        let trigger = format!("resource \"terraform_data\" \"{case}\" {{\n  input = {generation}\n}}\n");
        let Some(body) = (subject.body)(self) else { return trigger };
        let (body, resource) = (body.replace("NS", namespace), subject.resource);
        format!(
            "{trigger}resource \"{resource}\" \"{case}\" {{\n  provider = homelab.{case}\n{body}  lifecycle {{\n    \
             replace_triggered_by = [terraform_data.{case}]\n  }}\n}}\n"
        )
    }
}

/// One operation.
pub(super) struct Operation {
    pub(super) name: &'static str,
    pub(super) from: Shape,
    pub(super) to: Shape,
    /// An Ingress of that name is there already, which somebody made by hand.
    pub(super) adopts: bool,
    /// The same declaration is replaced.
    pub(super) replaces: bool,
}

const CREATE: Operation = operation("create", Shape::Nothing, Shape::Photos);
const REPLACE: Operation = Operation { replaces: true, ..operation("replace in place", Shape::Photos, Shape::Photos) };
const RENAME: Operation = operation("replace by another name", Shape::Photos, Shape::Gallery);
const UPDATE: Operation = operation("update", Shape::Gallery, Shape::Changed);
const DESTROY: Operation = operation("destroy", Shape::Changed, Shape::Nothing);
const ADOPT: Operation = Operation { adopts: true, ..operation("adopt", Shape::Nothing, Shape::Photos) };

const fn operation(name: &'static str, from: Shape, to: Shape) -> Operation {
    Operation { name, from, to, adopts: false, replaces: false }
}

impl Operation {
    /// All of them, each beginning where the one before it ends.
    pub(super) const ALL: [Self; 6] = [CREATE, REPLACE, RENAME, UPDATE, DESTROY, ADOPT];
    /// Those that begin with nothing: somebody's own object is nothing that a controller has to do with.
    pub(super) const WITHOUT_ADOPTION: [Self; 5] = [CREATE, REPLACE, RENAME, UPDATE, DESTROY];
}

/// Makes a namespace with what declarations refer to.
pub(super) fn make_namespace(Servers { api, .. }: &Servers, namespace: &str) {
    let make = |path: &str, body| {
        api.create(path, &body).unwrap().expect(path, &[201]).unwrap();
    };
    make("/api/v1/namespaces", json!({"metadata": {"name": namespace}}));
    make(
        &format!("/api/v1/namespaces/{namespace}/services"),
        json!({"metadata": {"name": "photos"}, "spec": {"ports": [{"name": "http", "port": 80}]}}),
    );
    make(
        &format!("/apis/traefik.io/v1alpha1/namespaces/{namespace}/middlewares"),
        json!({
            "apiVersion": "traefik.io/v1alpha1", "kind": "Middleware", "metadata": {"name": "gate"},
            "spec": {"forwardAuth": {"address": "http://127.0.0.1:9"}},
        }),
    );
}

/// Makes the Ingress that is to be adopted.
pub(super) fn make_by_hand(Servers { api, .. }: &Servers, namespace: &str) {
    let by_hand = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "photos"},
        "spec": {"ingressClassName": "traefik", "rules": [{
            "host": format!("photos.{namespace}.example.net"),
            "http": {"paths": [{"path": "/", "pathType": "Prefix",
                                "backend": {"service": {"name": "photos", "port": {"name": "http"}}}}]},
        }]},
    });
    let path = format!("/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses/photos");
    api.apply(&path, "kubectl", false, &by_hand).unwrap().expect("ingress", &[201]).unwrap();
}
