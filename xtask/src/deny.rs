//! The dependency rules of deny.toml, checked by cargo-deny, which is installed into our cache when it is missing.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::steps::{self, Done, cargo, fail, heading};

/// The version that is installed when none is there.
const VERSION: &str = "0.20.2";

/// The task: checks bans, licences and sources.
pub(crate) fn run() -> Done {
    heading("dependencies: bans, licences, sources");
    let check = ["--all-features", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"];
    steps::run(Command::new(program()?).args(check))
}

/// Where cargo-deny is: on the PATH, in our cache, or installed there now.
fn program() -> Done<PathBuf> {
    let works = |path: &PathBuf| {
        Command::new(path)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success())
    };
    let on_path = PathBuf::from("cargo-deny");
    if works(&on_path) {
        return Ok(on_path);
    }
    let root = homelab_plane::programs::cache_dir()?.join(format!("cargo-deny-{VERSION}"));
    let cached = root.join("bin").join("cargo-deny");
    if works(&cached) {
        return Ok(cached);
    }
    eprintln!("cargo-deny is not here: building {VERSION} once into the cache (about 4 minutes on 2 cores)");
    steps::run(
        Command::new(cargo())
            .args(["install", "cargo-deny", "--locked", "--quiet", "--version", VERSION, "--root"])
            .arg(&root)
            .env_remove("CARGO_TARGET_DIR"),
    )?;
    if works(&cached) { Ok(cached) } else { fail("cargo-deny was installed but does not run") }
}
