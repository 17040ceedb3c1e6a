//! DNS records of an ingress, with the real Terraform and an API on loopback that is as strict as the real one.
//!
//! Objects go to a folder wherever no cluster is needed: records do not depend on it.

mod clashes;
mod every_call;
mod incident_17;
mod life;
mod trouble;

use homelab_plane::dns_api::DnsApi;
use homelab_plane::terraform::{Cli, Workspace};
use serde_json::Value;

use crate::support::{clis, offline};

/// The token of every case. It must appear nowhere.
const TOKEN: &str = "canary-dns-0123456789abcdef";
const TUNNEL: &str = "6ff42ae2-765d-4adf-8112-31c55c1551ef";

/// Where the zone is, and what records point to.
const DNS: &str = r#"
variable "dns_url" {
  type = string
}

variable "dns_token" {
  type      = string
  sensitive = true
}

provider "homelab" {
  kubernetes {
    gitops_dir = "manifests"
  }
  dns {
    zone      = "example.net"
    base_url  = var.dns_url
    api_token = var.dns_token
    tunnel_id = "6ff42ae2-765d-4adf-8112-31c55c1551ef"
  }
  site {
    root_domain      = "example.net"
    public_addresses = ["192.0.2.1", "2001:db8::1"]
    middlewares {
      gate = "traefik-gate"
    }
  }
  checks {
    references = "off"
  }
}
"#;

/// An app behind the tunnel.
const PHOTOS: &str = r#"
resource "homelab_ingress" "photos" {
  name      = "photos"
  namespace = "photos"
  dns       = "proxied"
  service {
    port = "http"
  }
}
"#;

/// A folder with [`DNS`] and that `main.tf`, and the API that it names.
fn case(cli: &Cli, main: &str) -> (Workspace, DnsApi) {
    let api = DnsApi::start("example.net", TOKEN).unwrap();
    let mut work = offline(cli);
    work.write("provider.tf", DNS);
    work.write("main.tf", main);
    work.env("TF_VAR_dns_url", api.url()).env("TF_VAR_dns_token", TOKEN);
    (work, api)
}

/// [`case`] for Terraform alone, where the command line makes no difference.
fn terraform(main: &str) -> (Workspace, DnsApi) {
    case(&clis()[0], main)
}

/// The records at a name, as `TYPE content proxied`, in order.
fn at(api: &DnsApi, name: &str) -> Vec<String> {
    let line = |record: &Value| {
        let text = |member: &str| record[member].as_str().unwrap().to_owned();
        format!("{} {} {}", text("type"), text("content"), record["proxied"])
    };
    let mut lines: Vec<String> = api.at(name).iter().map(line).collect();
    lines.sort();
    lines
}

/// `dns_records` of the one ingress in state.
fn in_state(work: &Workspace) -> Value {
    let state = work.state();
    state["values"]["root_module"]["resources"][0]["values"]["dns_records"].clone()
}

#[track_caller]
fn is_settled(work: &Workspace) {
    let plan = work.run(["plan", "-detailed-exitcode"]);
    assert_eq!(plan.code, 0, "{plan}");
}

/// The command is refused with that text.
#[track_caller]
fn refused(work: &Workspace, command: &[&str], text: &str) {
    let output = work.run(command.iter().copied()).fails_with(text);
    assert_eq!(output.code, 1, "{output}");
}
