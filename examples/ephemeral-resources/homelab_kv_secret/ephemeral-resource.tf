# Opened once the key is in the store, in the same apply that writes it; never in state.
ephemeral "homelab_kv_secret" "smtp" {
  handle = homelab_kv_key.smtp.handle
}

# A document that others keep.
ephemeral "homelab_kv_secret" "registry" {
  path = "registry"
}
