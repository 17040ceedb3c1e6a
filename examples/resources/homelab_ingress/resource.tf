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

# Known by two names in the public DNS, with limits of its own, a tile on the dashboard and a monitor outside.
resource "homelab_ingress" "gallery" {
  name         = "gallery"
  namespace    = "photos"
  host_aliases = ["pictures"]
  dns          = "proxied"

  max_body_size           = "5g"
  content_security_policy = "default-src 'self'"

  rate_limit {
    average = 100
    burst   = 1000
  }

  # What reads a calendar never signs in.
  carve_out "calendar" {
    paths  = ["/calendar"]
    auth   = "none"
    reason = "the address of each calendar holds its own secret"

    rate_limit {
      average = 10
      burst   = 20
    }

    # Without a secret in the address there is nothing to see: that is the proof that no gate is in front.
    probe {
      statuses = [404]
    }
  }

  homepage {
    group = "Media"
    icon  = "gallery.png"
  }

  external_monitor {
    name = "Gallery (outside)"
  }
}

# Something outside the cluster, for people at home alone.
resource "homelab_ingress" "nas" {
  name          = "nas"
  namespace     = "default"
  external_name = "nas.example.org"
  local_only    = true

  service {
    port   = 5001
    scheme = "https"
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
