//! The binary that Terraform starts.

use std::process::ExitCode;

use homelab_backends::memory::leave_no_core_file;
use homelab_plugin::serve::{ServeOptions, Transport, main as serve};

const HELP: &str = "\
The homelab provider for Terraform and OpenTofu, which start it by themselves.

Usage: terraform-provider-homelab [--debug | --version | --help]

  --debug    serve without TLS until interrupted, and print the value of TF_REATTACH_PROVIDERS
  --version  print the version
  --help     print this
";

fn main() -> ExitCode {
    let mut debug = false;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--debug" | "-debug" => debug = true,
            "--version" => {
                println!("terraform-provider-homelab {}", env!("CARGO_PKG_VERSION"));
                return ExitCode::SUCCESS;
            }
            "--help" | "-h" => {
                print!("{HELP}");
                return ExitCode::SUCCESS;
            }
            other => {
                eprint!("error: unknown argument {other:?}\n\n{HELP}");
                return ExitCode::FAILURE;
            }
        }
    }
    if let Err(error) = leave_no_core_file() {
        eprintln!("error: failed to forbid core files, which would hold secrets: {error}");
        return ExitCode::FAILURE;
    }
    let options = ServeOptions {
        name: "homelab",
        address: "registry.terraform.io/example/homelab",
        log_targets: &["homelab", "terraform_provider_homelab"],
        transport: Transport::default(),
        debug,
    };
    serve(options, terraform_provider_homelab::server)
}
