# By namespace and name; the carve-outs are found from there.
terraform import homelab_ingress.photos photos/photos
