# Every ExternalSecret of the cluster, and what is wrong with it.
data "homelab_external_secrets" "all" {}

# Those of two namespaces, whose stores nobody is to be asked about.
data "homelab_external_secrets" "media" {
  namespaces = ["photos", "music"]
  preflight  = false
}

output "dead_secrets" {
  value = data.homelab_external_secrets.all.not_ready
}

# Workloads that read a rotated secret only when they start.
output "stale_after_rotation" {
  value = [for one in data.homelab_external_secrets.all.findings : one.object if one.code == "HL2508"]
}
