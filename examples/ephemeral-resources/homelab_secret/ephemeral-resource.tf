# Opened once the Secret is there, in the same apply that makes it; never in state.
ephemeral "homelab_secret" "photos_db" {
  handle = homelab_external_secret.photos_db.handle
}

# A Secret that something else makes.
ephemeral "homelab_secret" "registry" {
  namespace = "default"
  name      = "registry"
}
