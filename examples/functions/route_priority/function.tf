# The door is tried before the gate only if its priority is the higher one.
output "gate" {
  value = provider::homelab::route_priority("Host(`photos.example.net`) && PathPrefix(`/`)") # 45
}

output "door" {
  value = provider::homelab::route_priority("Host(`photos.example.net`) && Path(`/share`)") # 44: the gate wins
}
