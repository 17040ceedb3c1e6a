# KV version 2 for all namespaces; the controller logs in as its own service account.
resource "homelab_secret_store" "vault_kv" {
  name = "vault-kv"
  kind = "ClusterSecretStore"

  vault {
    server = "http://vault-active.vault.svc.cluster.local:8200"
    path   = "secret"

    auth {
      kubernetes {
        role = "eso"

        service_account_ref {
          name      = "external-secrets"
          namespace = "external-secrets"
        }
      }
    }
  }
}

# The database engine is read as KV version 1: a key is static-creds/<role>.
resource "homelab_secret_store" "vault_database" {
  name = "vault-database"
  kind = "ClusterSecretStore"

  vault {
    server  = "http://vault-active.vault.svc.cluster.local:8200"
    path    = "database"
    version = "v1"

    auth {
      kubernetes {
        role = "eso"

        service_account_ref {
          name      = "external-secrets"
          namespace = "external-secrets"
        }
      }
    }
  }

  # Only these namespaces may use it.
  conditions {
    namespaces = ["photos", "mail"]
  }
}

# For one namespace, with a token that lies in a Secret there.
resource "homelab_secret_store" "photos" {
  name      = "vault-kv"
  namespace = "photos"

  vault {
    server = "http://vault-active.vault.svc.cluster.local:8200"
    path   = "secret"

    auth {
      token_secret_ref {
        name = "vault-token"
        key  = "token"
      }
    }
  }
}

# What refers to the store by its attribute is made after it, and goes before it.
resource "homelab_external_secret" "photos_mail" {
  name      = "photos-mail"
  namespace = "photos"

  store {
    name = homelab_secret_store.photos.name
    kind = homelab_secret_store.photos.kind
  }

  data "SMTP_PASSWORD" {
    key      = "photos"
    property = "smtp_password"
  }
}
