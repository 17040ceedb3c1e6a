//! Reattaching: a provider that was started by hand, under a debugger say, and that Terraform is pointed at.

use serde_json::json;

use super::handshake::PROTOCOL;
use super::socket::Address;

/// The variable that points Terraform and OpenTofu at running providers.
const VARIABLE: &str = "TF_REATTACH_PROVIDERS";

/// The value of `TF_REATTACH_PROVIDERS` for one provider: JSON on one line. `Test` keeps the client from ending it.
pub(super) fn value(provider: &str, pid: u32, address: &Address) -> String {
    json!({
        provider: {
            "Protocol": "grpc",
            "ProtocolVersion": PROTOCOL,
            "Pid": pid,
            "Test": true,
            "Addr": { "Network": address.network(), "String": address.to_string() },
        }
    })
    .to_string()
}

/// What the user is told: an assignment for a POSIX shell.
pub(super) fn message(provider: &str, pid: u32, address: &Address) -> String {
    let value = value(provider, pid, address).replace('\'', r"'\''");
    format!(
        "The provider runs until it is interrupted. Give Terraform or OpenTofu this variable:\n\n{VARIABLE}='{value}'\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_has_the_form_that_clients_read() {
        let value = value("registry.terraform.io/example/homelab", 42, &Address::Unix("/tmp/plugin1".into()));
        assert_eq!(
            value,
            concat!(
                r#"{"registry.terraform.io/example/homelab":{"Protocol":"grpc","ProtocolVersion":5,"Pid":42,"#,
                r#""Test":true,"Addr":{"Network":"unix","String":"/tmp/plugin1"}}}"#
            )
        );
    }

    #[test]
    fn the_assignment_survives_a_shell() {
        let message = message("example", 1, &Address::Unix("/tmp/it's".into()));
        assert!(message.contains(r"/tmp/it'\''s"), "{message}");
        assert!(message.contains("\nTF_REATTACH_PROVIDERS='{"), "{message}");
    }
}
