output "refresh_interval" {
  value = provider::homelab::go_duration("15m") # "15m0s"
}
