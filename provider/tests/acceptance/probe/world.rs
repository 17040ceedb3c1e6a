//! A house behind the real Traefik: two apps, a gate in front of both, doors beside it, and a probe of all of them.

use homelab_plane::terraform::Output;
use homelab_plane::wider::Traefik;
use serde_json::Value;

use super::server::{Server, app, forward_auth, outpost};
use crate::proxy::{proxy, service_to, traefik_object};
use crate::support::{Case, cases};

/// The gate's own client at the issuer.
pub(crate) const GATE: &str = "gate";

/// The conventions of the house. `ORIGIN` is where its proxy takes requests.
pub(crate) const SITE: &str = r#"
provider "homelab" {
  site {
    root_domain = "${var.namespace}.example.net"
    entrypoint  = "web"
    middlewares {
      gate        = "${var.namespace}-gate"
      public_gate = "${var.namespace}-guests"
    }
    wall {
      system          = "authentik"
      issuer_host     = "auth.example.net"
      client_ids      = ["gate"]
      guest_client_id = "guests"
    }
  }
  probe {
    connect_to    = "ORIGIN"
    allow_private = true
    samples       = 1
    timeout       = "30s"
  }
}
"#;

/// Two gated apps, of which one has doors.
pub(crate) const HOUSE: &str = r#"
resource "homelab_ingress" "photos" {
  name      = "photos"
  namespace = var.namespace
  service {
    port = "http"
  }
  carve_out "share" {
    paths  = ["/share"]
    auth   = "none"
    reason = "share links carry their own token"
  }
  carve_out "api" {
    paths  = ["/api"]
    auth   = "app"
    reason = "phones sign in by a token of their own"
    probe {
      content_type = "application/json"
    }
  }
}

resource "homelab_ingress" "notes" {
  name      = "notes"
  namespace = var.namespace
  service {
    name = "photos"
    port = "http"
  }
}
"#;

/// The probe of all doors of [`HOUSE`]. It waits longer than by itself: Traefik may be kept waiting for a processor.
pub(crate) const PROBE: &str = r#"
resource "homelab_carveout_probe" "doors" {
  targets = concat(homelab_ingress.photos.probe_targets, homelab_ingress.notes.probe_targets)
  settle  = "90s"
}
"#;

/// A probe that judges what it sees first.
pub(crate) fn at_once(probe: &str) -> String {
    probe.replace("  settle  = \"90s\"\n", "").replace('}', "  settle = \"0s\"\n}")
}

/// A case with Traefik in front, an app behind the Service `photos`, and the middleware `gate` that asks [`House::gate`].
pub(crate) struct House {
    /// Folder and namespace.
    pub(crate) case: Case,
    /// The proxy of the plane.
    pub(crate) traefik: &'static Traefik,
    /// The outpost; `None` while it is gone.
    pub(crate) gate: Option<Server>,
    _app: Server,
}

/// A house for each command line; none, and said so, where Traefik is not built.
pub(crate) fn houses(name: &'static str) -> impl Iterator<Item = House> {
    cases(name).map_while(move |case| {
        let traefik = proxy(&case, name)?;
        let (app, gate) = (Server::new(app), Server::new(outpost(GATE)));
        service_to(&case, "photos", &app.address());
        traefik_object(&case, "middlewares", "Middleware", "gate", &forward_auth(&gate.address()));
        case.write("provider.tf", &SITE.replace("ORIGIN", traefik.web().trim_start_matches("http://")));
        case.write("main.tf", HOUSE);
        case.write("probe.tf", PROBE);
        Some(House { case, traefik, gate: Some(gate), _app: app })
    })
}

impl House {
    /// A host of the house.
    pub(crate) fn host(&self, name: &str) -> String {
        format!("{name}.{}.example.net", self.case.namespace)
    }

    /// What the probe at `name` has in state.
    #[track_caller]
    pub(crate) fn probe(&self, name: &str) -> Value {
        let state = self.case.state();
        let resources = state["values"]["root_module"]["resources"].as_array().unwrap();
        let probe = |one: &&Value| one["address"] == format!("homelab_carveout_probe.{name}");
        resources.iter().find(probe).unwrap_or_else(|| panic!("{state:#}"))["values"].clone()
    }

    /// A plan that finds what is wrong: a change, exit code 2, and each of `words`.
    #[track_caller]
    pub(crate) fn seen(&self, words: &[&str]) -> Output {
        let plan = self.case.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 2, "{plan}");
        for word in words {
            assert!(plan.says(word), "{word}: {plan}");
        }
        plan
    }

    /// A plan that finds nothing.
    #[track_caller]
    pub(crate) fn quiet(&self) {
        let plan = self.case.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 0, "{plan}");
        assert!(!plan.says("Warning: HL"), "{plan}");
    }

    /// Puts another outpost behind the middleware `gate`.
    #[track_caller]
    pub(crate) fn guard_by(&mut self, gate: Server) {
        let spec = serde_json::json!({"spec": forward_auth(&gate.address())});
        let path = self.case.at("middlewares/gate");
        self.case.api.merge(&path, &spec).unwrap().expect("gate", &[200]).unwrap();
        self.gate = Some(gate);
    }

    /// Takes away a Traefik object of the case's namespace.
    #[track_caller]
    pub(crate) fn delete(&self, path: &str) {
        self.case.api.delete(path).unwrap().expect(path, &[200]).unwrap();
    }
}
