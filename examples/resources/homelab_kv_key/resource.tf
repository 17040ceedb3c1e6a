# The value comes in for this run alone: -var, TF_VAR_smtp_password, or another ephemeral.
variable "smtp_password" {
  type      = string
  ephemeral = true
}

# One key of secret/photos. Whatever else is in that document stays.
resource "homelab_kv_key" "smtp" {
  mount            = "secret"
  path             = "photos"
  key              = "smtp_password"
  value_wo         = var.smtp_password
  value_wo_version = 1 # raise it to write another value
}
