# Fails the apply while anything blocks the way to 1.36.2, or while something could not be measured.
resource "homelab_upgrade_gate" "next" {
  target_version = "1.36.2"
}

# Keeps the verdict for others to use: nothing is upgraded while it is not allowed.
resource "homelab_upgrade_gate" "watched" {
  target_version = "1.36.2"
  on_blocked     = "record"
  on_unknown     = "record"

  checks {
    removed_apis = "warn"
  }
}

output "upgrade" {
  value = {
    verdict  = homelab_upgrade_gate.watched.verdict
    findings = homelab_upgrade_gate.watched.findings
  }
}
