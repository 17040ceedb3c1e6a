//! The smallest provider that Terraform can talk to: tests start it to judge the transport alone.

use std::process::ExitCode;

use homelab_plugin::serve::{self, ServeOptions, Transport};

#[path = "../tests/support/service.rs"]
mod service;

fn main() -> ExitCode {
    let options = ServeOptions {
        name: "minimal",
        address: "registry.terraform.io/example/minimal",
        log_targets: &["homelab", "minimal"],
        transport: if std::env::var_os("MINIMAL_TCP").is_some() { Transport::Tcp } else { Transport::default() },
        debug: std::env::args().any(|argument| argument == "--debug"),
    };
    serve::main(options, service::Minimal::default)
}
