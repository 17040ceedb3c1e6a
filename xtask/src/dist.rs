//! `cargo xtask dist`: what a release consists of.
//!
//! The registry wants one zip per platform with a fixed name, a file with their sums, a manifest that names the protocol,
//! and a signature of the sums. A platform is built where its target and linker are there; nothing is downloaded.

mod archive;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use sha2::{Digest, Sha256};

use crate::steps::{self, Done, cargo, fail, heading, root, target_dir};

#[derive(Args)]
pub(crate) struct Options {
    /// Rust target to build for, such as aarch64-unknown-linux-gnu; may be repeated. Default: this machine's
    #[arg(long, value_name = "TRIPLE")]
    target: Vec<String>,
    /// Where the files go
    #[arg(long, value_name = "DIR", default_value = "dist")]
    dir: PathBuf,
    /// Key to sign the sums with, as gpg names it; without one they are not signed
    #[arg(long, value_name = "KEY", env = "HOMELAB_SIGNING_KEY")]
    sign: Option<String>,
}

const NAME: &str = "terraform-provider-homelab";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The task.
pub(crate) fn run(options: &Options) -> Done {
    let dir = root().join(&options.dir);
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    fs::create_dir_all(&dir)?;
    let host = host()?;
    let targets = if options.target.is_empty() { vec![host.clone()] } else { options.target.clone() };
    let mut files = Vec::new();
    for target in &targets {
        files.push(build(target, *target == host, &dir)?);
    }
    let manifest = dir.join(format!("{NAME}_{VERSION}_manifest.json"));
    let document = serde_json::json!({"version": 1, "metadata": {"protocol_versions": ["5.0"]}});
    fs::write(&manifest, format!("{document:#}\n"))?;
    files.push(manifest);
    let sums = write_sums(&files, &dir)?;
    if let Some(key) = &options.sign {
        heading("signature");
        steps::run(Command::new("gpg").args(["--batch", "--yes", "--local-user", key, "--detach-sign"]).arg(&sums))?;
    } else {
        eprintln!("the sums are not signed: no key is configured (--sign or HOMELAB_SIGNING_KEY)");
    }
    heading("files");
    for file in files.iter().chain([&sums]) {
        let size = fs::metadata(file)?.len();
        println!("{:10}  {}", size, file.file_name().unwrap_or_default().to_string_lossy());
    }
    Ok(())
}

/// Builds for one target and packs the result; answers the archive. This machine's own target is built where every other
/// optimised build is, so that nothing is compiled twice.
fn build(target: &str, is_host: bool, dir: &Path) -> Done<PathBuf> {
    let Some(platform) = platform(target) else {
        return fail(format!("{target} has no name in the registry; known are Linux and macOS on x86_64 and aarch64"));
    };
    heading(&format!("{platform} ({target})"));
    let mut command = Command::new(cargo());
    command.args(["build", "--release", "--locked", "--package", NAME]);
    let mut built = target_dir()?;
    if !is_host {
        command.args(["--target", target]);
        built.push(target);
    }
    steps::run(&mut command)?;
    let built = built.join("release").join(NAME);
    let bytes = fs::read(&built)?;
    let archive = dir.join(format!("{NAME}_{VERSION}_{platform}.zip"));
    archive::write(&archive, &format!("{NAME}_v{VERSION}"), &bytes)?;
    let packed = fs::metadata(&archive)?.len();
    println!("{platform}: {} MB, {} MB in the archive", megabytes(u64::try_from(bytes.len())?), megabytes(packed));
    Ok(archive)
}

fn write_sums(files: &[PathBuf], dir: &Path) -> Done<PathBuf> {
    let mut lines: Vec<String> = Vec::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let digest = Sha256::digest(fs::read(file)?);
        lines.push(format!("{digest:x}  {name}\n"));
    }
    let sums = dir.join(format!("{NAME}_{VERSION}_SHA256SUMS"));
    fs::write(&sums, lines.concat())?;
    Ok(sums)
}

/// The target that this machine builds by itself.
fn host() -> Done<String> {
    let output = Command::new("rustc").args(["--version", "--verbose"]).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    match text.lines().find_map(|line| line.strip_prefix("host: ")) {
        Some(host) => Ok(host.to_owned()),
        None => fail("rustc does not say which target it builds for"),
    }
}

/// The registry's name of a target.
fn platform(target: &str) -> Option<&'static str> {
    let parts: Vec<&str> = target.split('-').collect();
    match (parts.first()?, parts.get(2)?) {
        (&"x86_64", &"linux") => Some("linux_amd64"),
        (&"aarch64", &"linux") => Some("linux_arm64"),
        (&"x86_64", &"darwin") => Some("darwin_amd64"),
        (&"aarch64", &"darwin") => Some("darwin_arm64"),
        _ => None,
    }
}

/// Megabytes with one digit after the point.
pub(crate) fn megabytes(bytes: u64) -> String {
    let tenths = (bytes + 50_000) / 100_000;
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_have_the_registrys_names() {
        assert_eq!(platform("x86_64-unknown-linux-gnu"), Some("linux_amd64"));
        assert_eq!(platform("aarch64-unknown-linux-musl"), Some("linux_arm64"));
        assert_eq!(platform("aarch64-apple-darwin"), Some("darwin_arm64"));
        assert_eq!(platform("riscv64gc-unknown-linux-gnu"), None);
        assert_eq!(platform("nonsense"), None);
    }

    #[test]
    fn sizes_are_rounded() {
        assert_eq!(megabytes(0), "0.0");
        assert_eq!(megabytes(1_949_999), "1.9");
        assert_eq!(megabytes(1_950_000), "2.0");
    }
}
