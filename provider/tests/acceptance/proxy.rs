//! Traefik on the plane, in front of everything that a case declares.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::OnceLock;
use std::time::Duration;

use homelab_plane::process::wait_for;
use homelab_plane::wider::Traefik;
use homelab_plane::{Api, skip};
use serde_json::json;

use crate::support::Case;

/// It runs for the whole plane and ends with this process.
static PROXY: OnceLock<Option<Traefik>> = OnceLock::new();

/// Its configuration follows the cluster within moments, unless the machine is busy.
const SETTLED: Duration = Duration::from_mins(1);

/// A provider block for cases with requests: the entry point is the one that the plane's Traefik has.
pub(crate) const SITE: &str = r#"
provider "homelab" {
  site {
    root_domain = "${var.namespace}.example.net"
    entrypoint  = "web"
    middlewares {
      gate = "${var.namespace}-gate"
    }
  }
}
"#;

/// The Traefik of this process; `None`, and said so, where it is not built.
pub(crate) fn proxy(case: &Case, test: &str) -> Option<&'static Traefik> {
    let running = PROXY.get_or_init(|| match Traefik::start(&case.env, &[]) {
        Ok(traefik) => {
            ingress_class(&case.api);
            Some(traefik)
        }
        Err(error) if error.is_missing() => {
            skip("acceptance cases with Traefik", &error.to_string());
            None
        }
        Err(error) => panic!("{error}"),
    });
    if running.is_none() {
        skip(test, "Traefik is not built");
    }
    running.as_ref()
}

/// Makes the class that Ingresses of the provider have, where nobody did yet: without it no Traefik takes them.
#[track_caller]
pub(crate) fn ingress_class(api: &Api) {
    let class = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "traefik"},
        "spec": {"controller": "traefik.io/ingress-controller"},
    });
    let made = api.create("/apis/networking.k8s.io/v1/ingressclasses", &class).unwrap();
    made.expect("class", &[201, 409]).unwrap();
}

/// The status that a request for a path of a host gets.
#[track_caller]
pub(crate) fn status(traefik: &Traefik, host: &str, path: &str) -> u16 {
    let address = traefik.web().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap_or_default();
    status.parse().unwrap_or_else(|_| panic!("no answer: {answer:?}"))
}

/// Waits until a request for a path of a host gets that status.
#[track_caller]
pub(crate) fn until_status(traefik: &Traefik, host: &str, path: &str, wanted: u16) {
    wait_for(&format!("{wanted} for {host}{path}"), SETTLED, || {
        let seen = status(traefik, host, path);
        Ok(if seen == wanted { Ok(()) } else { Err(format!("it answered {seen}")) })
    })
    .unwrap();
}

/// Makes a Service that leads to a server of this process.
#[track_caller]
pub(crate) fn service_to(case: &Case, name: &str, address: &str) {
    let (host, port) = address.split_once(':').unwrap();
    let body = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
        "spec": {
            "type": "ExternalName", "externalName": host,
            "ports": [{"name": "http", "port": port.parse::<u16>().unwrap()}],
        },
    });
    case.api.create(&case.at("services"), &body).unwrap().expect("service", &[201]).unwrap();
}

/// Makes a Traefik object (`middlewares`, `ingressroutes`) in the namespace of the case.
#[track_caller]
pub(crate) fn traefik_object(case: &Case, plural: &str, kind: &str, name: &str, spec: &serde_json::Value) {
    let body = json!({
        "apiVersion": "traefik.io/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec,
    });
    let path = format!("/apis/traefik.io/v1alpha1/namespaces/{}/{plural}", case.namespace);
    // While a definition is replaced (a Traefik that starts brings its own), its objects are not served for a moment.
    wait_for(&format!("the definition of {kind}"), SETTLED, || {
        let answer = case.api.create(&path, &body)?;
        if matches!(answer.status, 404 | 429 | 503) {
            return Ok(Err(format!("it answered {}", answer.body)));
        }
        answer.expect(name, &[201]).map(|_| Ok(()))
    })
    .unwrap();
}
