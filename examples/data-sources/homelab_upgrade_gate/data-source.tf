# Judges recorded evidence: the same verdict on every machine, without a cluster.
data "homelab_upgrade_gate" "recorded" {
  target_version = "1.36.2"
  evidence       = "evidence.json"
}

output "may_upgrade" {
  value = data.homelab_upgrade_gate.recorded.allowed
}
