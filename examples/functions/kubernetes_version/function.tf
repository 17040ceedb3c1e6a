output "minor" {
  value = provider::homelab::kubernetes_version("v1.36.2+k3s1").minor # 36
}
