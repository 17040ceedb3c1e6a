//! Builds programs of the plane by name, or fetches them, ahead of the tests that want them:
//! `cargo run -p homelab-plane --example build -- kube vault nginx`. Without a name it lists them.

use std::process::ExitCode;

use homelab_plane::debian::Debian;
use homelab_plane::programs::Program;

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    if names.is_empty() {
        for program in Program::ALL {
            match program.locate_only() {
                Ok(Some(path)) => println!("{:13} {}", program.name(), path.display()),
                Ok(None) => println!("{:13} {}", program.name(), program.skip_reason()),
                Err(error) => println!("{:13} {error}", program.name()),
            }
        }
        for program in Debian::ALL {
            match program.locate_only() {
                Ok(Some(found)) => println!("{:13} {}", program.name(), found.program().display()),
                Ok(None) => println!("{:13} {}", program.name(), program.skip_reason()),
                Err(error) => println!("{:13} {error}", program.name()),
            }
        }
    }
    for name in names {
        let located = match (Program::by_name(&name), Debian::by_name(&name)) {
            (Some(program), _) => program.locate(),
            (None, Some(program)) => program.locate().map(|found| found.program().to_path_buf()),
            (None, None) => {
                eprintln!("there is no program `{name}`");
                return ExitCode::FAILURE;
            }
        };
        match located {
            Ok(path) => println!("{name:13} {}", path.display()),
            Err(error) => {
                eprintln!("{error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
