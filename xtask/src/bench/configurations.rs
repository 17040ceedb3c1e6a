//! The same Ingress, said to each provider in its own way.

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Built-in `terraform_data`: what Terraform costs by itself.
    Floor,
    /// `homelab_ingress` of a provider that does nothing: what Terraform and the protocol cost with this schema.
    Still,
    /// `homelab_ingress`.
    Ours,
    /// `kubernetes_ingress_v1` of the peer.
    PeerIngress,
    /// `kubernetes_manifest` of the peer.
    PeerManifest,
}

impl Kind {
    /// Its name in the table.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Floor => "terraform-data",
            Self::Still => "no-op provider",
            Self::Ours => "homelab-ingress",
            Self::PeerIngress => "kubernetes-ingress-v1",
            Self::PeerManifest => "kubernetes-manifest",
        }
    }

    /// The configuration of `size` of them.
    pub(super) fn configuration(self, size: usize, namespace: &str, peer_version: &str) -> String {
        let (required, body) = match self {
            Self::Floor => (String::new(), FLOOR.to_owned()),
            Self::Still | Self::Ours => {
                (r#"homelab = { source = "example/homelab" }"#.to_owned(), OURS.replace("NAMESPACE", namespace))
            }
            Self::PeerIngress => (peer(peer_version), PEER_INGRESS.replace("NAMESPACE", namespace)),
            Self::PeerManifest => (peer(peer_version), PEER_MANIFEST.replace("NAMESPACE", namespace)),
        };
        format!(
            "terraform {{\n  required_providers {{\n    {required}\n  }}\n}}\n{}",
            body.replace("SIZE", &size.to_string())
        )
    }
}

fn peer(version: &str) -> String {
    format!(r#"kubernetes = {{ source = "hashicorp/kubernetes", version = "{version}" }}"#)
}

const FLOOR: &str = r#"
resource "terraform_data" "app" {
  count = SIZE
  input = {
    name  = "app-${count.index}"
    host  = "app-${count.index}.example.net"
    class = "traefik"
    tls   = "wildcard"
  }
}
"#;

const OURS: &str = r#"
provider "homelab" {
  kubernetes {}
  site {
    root_domain   = "example.net"
    ingress_class = "traefik"
  }
  checks {
    references = "off"
  }
}

resource "homelab_ingress" "app" {
  count           = SIZE
  name            = "app-${count.index}"
  namespace       = "NAMESPACE"
  auth            = "none"
  reason          = "measured"
  tls_secret_name = "wildcard"
  service {
    name = "app"
    port = "80"
  }
  annotations = {
    "example.net/a" = "1"
  }
}
"#;

const PEER_INGRESS: &str = r#"
resource "kubernetes_ingress_v1" "app" {
  count = SIZE
  metadata {
    name      = "app-${count.index}"
    namespace = "NAMESPACE"
    annotations = {
      "example.net/a" = "1"
      "example.net/b" = "2"
    }
  }
  spec {
    ingress_class_name = "traefik"
    tls {
      hosts       = ["app-${count.index}.example.net"]
      secret_name = "wildcard"
    }
    rule {
      host = "app-${count.index}.example.net"
      http {
        path {
          path      = "/"
          path_type = "Prefix"
          backend {
            service {
              name = "app"
              port {
                number = 80
              }
            }
          }
        }
      }
    }
  }
}
"#;

const PEER_MANIFEST: &str = r#"
resource "kubernetes_manifest" "app" {
  count = SIZE
  manifest = {
    apiVersion = "networking.k8s.io/v1"
    kind       = "Ingress"
    metadata = {
      name      = "app-${count.index}"
      namespace = "NAMESPACE"
      annotations = {
        "example.net/a" = "1"
        "example.net/b" = "2"
      }
    }
    spec = {
      ingressClassName = "traefik"
      tls = [{ hosts = ["app-${count.index}.example.net"], secretName = "wildcard" }]
      rules = [{
        host = "app-${count.index}.example.net"
        http = { paths = [{
          path     = "/"
          pathType = "Prefix"
          backend  = { service = { name = "app", port = { number = 80 } } }
        }] }
      }]
    }
  }
}
"#;
