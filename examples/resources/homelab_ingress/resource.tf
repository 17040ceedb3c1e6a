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

  # Within an open door, one that is gated again: the more specific path wins.
  carve_out "admin" {
    paths = ["/share/admin"]
  }
}

# An app that signs people in by itself, on another host, with its own certificate.
resource "homelab_ingress" "git" {
  name            = "git"
  namespace       = "git"
  host            = "code.example.net"
  tls_secret_name = "code-example-net"

  auth   = "app"
  reason = "the app has its own accounts, and clients that cannot follow a redirect"

  extra_middlewares = ["git-upload-limit"]

  service {
    port = 3000
  }
}

# Takes over what another provider made, without touching it.
moved {
  from = kubernetes_ingress_v1.wiki
  to   = homelab_ingress.wiki
}

resource "homelab_ingress" "wiki" {
  name      = "wiki"
  namespace = "wiki"

  service {
    port = 80
  }
}

output "open_doors" {
  value = homelab_ingress.photos.carve_out_urls
}
