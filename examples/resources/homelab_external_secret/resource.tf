# One key of Vault becomes one key of a Secret. The apply returns when the Secret has it.
resource "homelab_external_secret" "photos_db" {
  name             = "photos-db"
  namespace        = "photos"
  refresh_interval = "15m"
  reload           = true

  store {
    name = "vault-kv"
    kind = "ClusterSecretStore"
  }

  data "DB_PASSWORD" {
    key      = "photos"
    property = "db_password"
  }

  timeouts {
    create = "5m"
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

# The credentials of a static role, and every document below a folder with the names of its keys rewritten. Whoever plans
# may not see that folder: the operator may.
resource "homelab_external_secret" "reports" {
  name      = "reports"
  namespace = "photos"
  preflight = "warn"

  store {
    name = "vault-kv"
    kind = "ClusterSecretStore"
  }

  data "DB_USER" {
    key      = "static-creds/reports"
    property = "username"
    source {
      name = "vault-database"
      kind = "ClusterSecretStore"
    }
  }

  data_from {
    find {
      path        = "reports"
      name_regexp = ".*"
    }
    rewrite {
      regexp {
        source = "reports/(.*)"
        target = "report_$1"
      }
    }
  }
}

# The Secret's name is known while planning; its values never are.
output "secret" {
  value = homelab_external_secret.photos_db.secret_name
}
