terraform {
  required_version = ">= 1.11"
  required_providers {
    homelab = { source = "example/homelab" }
  }
}

provider "homelab" {
  # Objects become files, for Argo CD or Flux to apply. Name a cluster instead with config_path and config_context.
  kubernetes {
    gitops_dir = "manifests"
  }

  # The conventions of the house, in one place.
  site {
    root_domain   = "example.net"
    ingress_class = "traefik"
    entrypoint    = "web"
    middlewares {
      gate       = "traefik-forward-auth"
      rate_limit = "traefik-rate-limit"
    }
    wall {
      system      = "authentik"
      issuer_host = "auth.example.net"
    }
  }

  # Without a cluster there is nobody to ask whether the service and the middlewares exist.
  checks {
    references = "off"
  }

  # There is no photos.example.net here: the probe connects to the origin that the quick start serves.
  probe {
    connect_to    = "127.0.0.1:PORT"
    allow_private = true
  }
}

# Gated by default; two doors are open, and the reason stands beside each.
resource "homelab_ingress" "photos" {
  name      = "photos"
  namespace = "photos"

  service {
    name = "photos"
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
    reason = "the mobile app signs in by itself"
  }
}

# Both directions, over the network, from the declaration above: nothing is listed twice.
resource "homelab_carveout_probe" "photos" {
  targets = homelab_ingress.photos.probe_targets

  # The origin of the quick start changes at once. A proxy takes a moment for a new route: leave this out then (30s).
  settle = "2s"
}

resource "homelab_external_secret" "photos_db" {
  name      = "photos-db"
  namespace = "photos"

  store {
    name = "vault-kv"
    kind = "ClusterSecretStore"
  }

  data "DB_PASSWORD" {
    key      = "photos"
    property = "db_password"
  }
}

# What depends on the doors can say so.
output "doors" {
  value = {
    verdict = homelab_carveout_probe.photos.verdict
    url     = homelab_ingress.photos.url
    share   = homelab_ingress.photos.carve_out_urls["share"]
  }
}
