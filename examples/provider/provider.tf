terraform {
  required_version = ">= 1.11"
  required_providers {
    homelab = { source = "example/homelab" }
  }
}

provider "homelab" {
  kubernetes {
    config_path    = "~/.kube/config"
    config_context = "homelab"
  }

  vault {
    address = "https://vault.example.net"
    kubernetes {
      role = "terraform"
    }
  }

  # The token comes from CLOUDFLARE_API_TOKEN.
  dns {
    zone      = "example.net"
    tunnel_id = "6ff42ae2-765d-4adf-8112-31c55c1551ef"
  }

  site {
    root_domain   = "example.net"
    ingress_class = "traefik"

    middlewares {
      gate       = "traefik-forward-auth"
      rate_limit = "traefik-rate-limit"
    }

    wall {
      system      = "authentik"
      issuer_host = "auth.example.net"
    }
  }
}

# Without a cluster: the same resources as files, for Argo CD or Flux.
provider "homelab" {
  alias = "manifests"

  kubernetes {
    gitops_dir = "${path.root}/manifests"
  }

  site {
    root_domain = "example.net"
  }
}
