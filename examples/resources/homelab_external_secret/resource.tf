# One key of Vault becomes one key of a Secret.
resource "homelab_external_secret" "photos_db" {
  name             = "photos-db"
  namespace        = "photos"
  refresh_interval = "15m"

  store {
    name = "vault-kv"
    kind = "ClusterSecretStore"
  }

  data "DB_PASSWORD" {
    key      = "photos"
    property = "db_password"
  }
}

# A whole document, shaped by a template; the Secret goes when this resource does.
resource "homelab_external_secret" "mail" {
  name       = "mail"
  namespace  = "photos"
  on_destroy = "delete_secret"

  store {
    name = "vault-kv"
    kind = "ClusterSecretStore"
  }

  target {
    name = "mail-settings"

    template {
      data = {
        "smtp.url" = "smtp://{{ .user }}:{{ .password }}@mail.example.net"
      }
    }
  }

  data_from {
    extract {
      key = "mail"
    }
  }
}

# The Secret's name is known while planning; its values never are.
output "secret" {
  value = homelab_external_secret.photos_db.secret_name
}
