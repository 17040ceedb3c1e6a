# A SecretStore by namespace and name, a ClusterSecretStore by name.
terraform import homelab_secret_store.photos photos/vault-kv
terraform import homelab_secret_store.vault_kv vault-kv
