# By the target version.
terraform import homelab_upgrade_gate.next 1.36.2
