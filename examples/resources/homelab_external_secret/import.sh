# By namespace and name.
terraform import homelab_external_secret.photos_db photos/photos-db
