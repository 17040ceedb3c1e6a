# By mount, path and key. Nothing is written; the next apply says whether the value is the declared one.
terraform import homelab_kv_key.smtp 'secret/photos#smtp_password'
