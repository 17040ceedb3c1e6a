# Every door of an ingress on each of its hosts, in both directions, and the paths around each carve-out: nothing is listed
# twice. What is declared of an answer stands in `probe` of the carve-out.
resource "homelab_carveout_probe" "photos" {
  targets = homelab_ingress.photos.probe_targets
}

# Doors by hand, at the load balancer itself instead of what DNS says.
resource "homelab_carveout_probe" "notes" {
  connect_to    = "192.0.2.7"
  allow_private = true # the load balancer has an address of the house

  target "root" {
    url       = "https://notes.example.net/"
    expect    = "gated"
    path_type = "Prefix"
  }

  target "ping" {
    url           = "https://notes.example.net/api/ping"
    expect        = "public"
    statuses      = [200]
    content_type  = "application/json"
    body_contains = "pong"
  }

  target "live" {
    url         = "https://notes.example.net/live"
    expect      = "public"
    websocket   = true
    cors_origin = "https://app.example.net"
  }

  # What is left out here comes from `wall` of the provider's `site` block.
  wall {
    system      = "authentik"
    issuer_host = "auth.example.net"
    client_id   = "gate"
  }

  # Three replicas: each is likely to be asked, and one that is stale is told by its share.
  samples = 9

  # A host that is asleep is noted, and warned about, but stops no apply.
  on_unknown = "warn"
}

output "doors" {
  value = {
    verdict = homelab_carveout_probe.notes.verdict
    bad     = [for door in homelab_carveout_probe.notes.results : door.url if door.verdict != "ok"]
  }
}
