//! From the start of the process to its handshake line, with mutual TLS, as Terraform starts it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::memory;
use crate::steps::{Done, fail};

/// What was measured.
pub(super) struct Start {
    /// Median time from start to line.
    pub(super) median: Duration,
    /// Resident memory once it waits, in KiB.
    pub(super) idle_kib: u64,
    /// Size of the program in bytes.
    pub(super) size: u64,
}

/// The cookie by which Terraform tells a provider that it is Terraform.
const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

/// Measures `runs` starts.
pub(super) fn measure(provider: &Path, runs: usize) -> Done<Start> {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512)?;
    let mut parameters = rcgen::CertificateParams::new(["localhost".to_owned()])?;
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let certificate = parameters.self_signed(&key)?.pem();
    let mut times = Vec::new();
    let mut idle_kib = 0;
    for _ in 0..runs {
        let start = Instant::now();
        let mut child = Command::new(provider)
            .env("TF_PLUGIN_MAGIC_COOKIE", COOKIE)
            .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
            .env("PLUGIN_CLIENT_CERT", &certificate)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        times.push(start.elapsed());
        idle_kib = memory::field(child.id(), "VmRSS:").unwrap_or(0).max(idle_kib);
        child.kill()?;
        child.wait()?;
        if !line.starts_with("1|5|") {
            return fail(format!("the provider answered {line:?} instead of a handshake line"));
        }
    }
    let size = std::fs::metadata(provider)?.len();
    Ok(Start { median: super::median(&mut times), idle_kib, size })
}
