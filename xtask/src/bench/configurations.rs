//! The same Ingress, said to each provider in its own way; and the same ExternalSecret, with more and less asked of ours.

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
    /// `homelab_external_secret` of a provider that does nothing.
    StillSecret,
    /// `homelab_external_secret`, written and not waited for, with no Vault to look into.
    Secret,
    /// The same with preflight: the keys are looked for in Vault.
    CheckedSecret,
    /// The same, and each is waited for until the controller has synced it.
    ReadySecret,
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
            Self::StillSecret => "no-op secret",
            Self::Secret => "homelab-external-secret",
            Self::CheckedSecret => "with preflight",
            Self::ReadySecret => "with preflight and wait",
        }
    }

    /// Whether our own program works for it, whose requests are counted.
    pub(super) fn is_ours(self) -> bool {
        matches!(self, Self::Ours | Self::Secret | Self::CheckedSecret | Self::ReadySecret)
    }

    /// Whether it is one of the secrets.
    pub(super) fn is_secret(self) -> bool {
        matches!(self, Self::StillSecret | Self::Secret | Self::CheckedSecret | Self::ReadySecret)
    }

    /// The configuration of `size` of them.
    pub(super) fn configuration(self, size: usize, namespace: &str, peer_version: &str) -> String {
        let (required, body) = match self {
            Self::Floor => (String::new(), FLOOR.to_owned()),
            Self::Still | Self::Ours => {
                (r#"homelab = { source = "example/homelab" }"#.to_owned(), OURS.replace("NAMESPACE", namespace))
            }
            Self::StillSecret | Self::Secret | Self::CheckedSecret | Self::ReadySecret => {
                let vault = if matches!(self, Self::CheckedSecret | Self::ReadySecret) { "  vault {}\n" } else { "" };
                let wait = (self == Self::ReadySecret).to_string();
                let body = SECRET.replace("NAMESPACE", namespace).replace("  VAULT\n", vault).replace("WAIT", &wait);
                (r#"homelab = { source = "example/homelab" }"#.to_owned(), body)
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

const SECRET: &str = r#"
provider "homelab" {
  kubernetes {}
  VAULT
}

resource "homelab_external_secret" "app" {
  count            = SIZE
  name             = "app-${count.index}"
  namespace        = "NAMESPACE"
  refresh_interval = "1h"
  wait             = WAIT
  store {
    name = "vault-kv"
  }
  data "DB_PASSWORD" {
    key      = "NAMESPACE/app-${count.index}"
    property = "db_password"
  }
  data "API_KEY" {
    key      = "NAMESPACE/app-${count.index}"
    property = "api_key"
  }
  timeouts {
    create = "15m"
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
