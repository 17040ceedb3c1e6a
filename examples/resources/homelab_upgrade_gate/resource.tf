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

# Asks more, holds one add-on, and answers for one finding until a day.
resource "homelab_upgrade_gate" "thorough" {
  target_version = "1.36.2"
  on_held        = "record"

  checks {
    addons    = "error"
    nodes     = "error"
    runtime   = "error"
    webhooks  = "error"
    drain     = "warn"
    survival  = "off"
    crds      = "error"
    manifests = "off"
  }

  addon "operator" {
    images = ["example/operator"]
  }

  fact {
    subject        = "operator"
    floor          = "1.4"
    kubernetes_min = "1.34"
    kubernetes_max = "1.36"
    source         = "its release notes"
    checked_on     = "2026-11-20"
  }

  pin "gpu-operator" {
    reason  = "the next line needs a newer driver"
    expires = "2027-01-31"
  }

  waiver "containerd" {
    code    = "HL4212"
    object  = "containerd on *"
    owner   = "ops"
    reason  = "green in the lab for a month"
    expires = "2026-12-31"
  }
}
