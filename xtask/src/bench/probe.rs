//! `cargo xtask bench --probe`: a thousand targets, and the same addresses by the blackbox exporter in the same run.
//!
//! The origins are on loopback and speak TLS, one certificate and many ports: a port is a host to a probe, which asks each
//! politely. What is measured is the CLI, since it is the process that a person would run; the provider probes by the same
//! code. Two sizes: what is asked by default of each target, and one request for each, which is all that an exporter asks.

mod exporter;
mod origins;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use self::origins::Origins;
use super::memory;
use crate::steps::{Done, fail, heading, root, run_cargo, target_dir};

/// Each has the same number of targets.
const HOSTS: usize = 50;

/// One measured run.
struct Row {
    what: &'static str,
    requests: usize,
    took: Duration,
    processor: Duration,
    peak_kib: u64,
}

/// Measures, and writes the table into `write` or to standard output.
pub(super) fn run(targets: usize, blackbox: Option<&Path>, runs: usize, write: Option<&PathBuf>) -> Done {
    heading("build, optimised");
    run_cargo(["build", "--release", "--package", "homelab", "--bins"])?;
    let homelab = target_dir()?.join("release").join("homelab");
    let folder = tempfile::tempdir()?;
    let origins = Origins::start(HOSTS)?;
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, origins.authority())?;
    let urls: Vec<String> = (0..targets).map(|index| url(&origins, index)).collect();
    heading(&format!("{} targets on {HOSTS} hosts", urls.len()));
    let (mut small, mut single, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs.max(1) {
        small.push(ours("homelab, as by default", &homelab, &origins, &configuration(&urls, &ca_file, ""))?);
        single.push(ours("homelab, one request each", &homelab, &origins, &configuration(&urls, &ca_file, ONE_EACH))?);
        if let Some(program) = blackbox {
            let before = origins.requests();
            let row = exporter::measure(program, folder.path(), &ca_file, &urls)?;
            theirs.push(Row { requests: origins.requests() - before, ..row });
        }
    }
    let rows: Vec<Row> = [small, single, theirs].into_iter().filter_map(median).collect();
    let text = table(&rows, urls.len());
    match write {
        Some(file) => std::fs::write(root().join(file), text)?,
        None => println!("{text}"),
    }
    Ok(())
}

/// Host after host in turns; every other target of each is public.
fn url(origins: &Origins, index: usize) -> String {
    let kind = if (index / HOSTS).is_multiple_of(2) { "public" } else { "gated" };
    format!("https://127.0.0.1:{}/{kind}/{index}", origins.port(index % HOSTS))
}

const ONE_EACH: &str = "matrix = \"off\"\n  spoof = false\n  boundary = false\n  samples = 1";

fn configuration(urls: &[String], ca_file: &Path, further: &str) -> String {
    let mut text = format!(
        "resource \"homelab_carveout_probe\" \"all\" {{\n  allow_private = true\n  ca_file = \"{}\"\n  {further}\n  wall {{\n    \
         system = \"authentik\"\n    issuer_host = \"auth.example.net\"\n  }}\n",
        ca_file.display()
    );
    for (index, url) in urls.iter().enumerate() {
        let expect = if url.contains("/public/") { "public" } else { "gated" };
        let _ = write!(text, "  target \"t{index}\" {{\n    url = \"{url}\"\n    expect = \"{expect}\"\n  }}\n");
    }
    text + "}\n"
}

/// Runs `homelab probe run` over a folder with this configuration.
fn ours(what: &'static str, homelab: &Path, origins: &Origins, configuration: &str) -> Done<Row> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("main.tf"), configuration)?;
    let before = origins.requests();
    let start = Instant::now();
    let mut child = Command::new(homelab)
        .args(["probe", "run", "--output", "json", "--dir"])
        .arg(folder.path())
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(folder.path().join("report.json"))?)
        .stderr(Stdio::null())
        .spawn()?;
    let (mut peak_kib, mut processor) = (0, Duration::ZERO);
    let status = loop {
        // The kernel keeps both: a coarse step only misses the last moments.
        processor = memory::processor(child.id()).unwrap_or_default().max(processor);
        peak_kib = memory::field(child.id(), "VmHWM:").unwrap_or(0).max(peak_kib);
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let took = start.elapsed();
    if !status.success() {
        return fail(format!("homelab probe run ended with {status}: the origins are not as declared"));
    }
    let requests = origins.requests() - before;
    let seconds = took.as_secs_f64();
    eprintln!("  {what}: {requests} requests in {seconds:.2} s, {processor:.2?} of a processor, {} MiB", mib(peak_kib));
    Ok(Row { what, requests, took, processor, peak_kib })
}

fn median(mut rows: Vec<Row>) -> Option<Row> {
    rows.sort_by_key(|row| row.took);
    let peak_kib = rows.iter().map(|row| row.peak_kib).max()?;
    let middle = rows.len() / 2;
    rows.into_iter().nth(middle).map(|row| Row { peak_kib, ..row })
}

fn table(rows: &[Row], targets: usize) -> String {
    let mut text = format!(
        "{INTRODUCTION}\n{targets} targets on {HOSTS} hosts, half of them public and half gated.\n\n| what | requests | time, s | \
         processor time, s | requests a second | memory, MiB |\n| --- | ---: | ---: | ---: | ---: | ---: |\n"
    );
    let rate = |row: &Row| f64::from(u32::try_from(row.requests).unwrap_or(u32::MAX)) / row.took.as_secs_f64();
    for row in rows {
        let seconds = row.took.as_secs_f64();
        let _ = writeln!(
            text,
            "| {} | {} | {seconds:.2} | {:.2} | {:.0} | {} |",
            row.what,
            row.requests,
            row.processor.as_secs_f64(),
            rate(row),
            mib(row.peak_kib)
        );
    }
    if let [_, single, theirs] = rows {
        let time = |of: fn(&Row) -> Duration| of(single).as_secs_f64() / of(theirs).as_secs_f64();
        let (took, processor) = (time(|row| row.took), time(|row| row.processor));
        let ratio = |own: u64, other: u64| {
            let part = |kib: u64| f64::from(u32::try_from(kib).unwrap_or(u32::MAX));
            part(own) / part(other.max(1))
        };
        let memory = ratio(single.peak_kib, theirs.peak_kib);
        let _ = write!(
            text,
            "\nOne request each, ours to theirs: {took:.2}x the time, {processor:.2}x the processor time, {memory:.2}x the \
             memory.\n"
        );
    }
    text
}

/// Whole MiB, rounded.
fn mib(kib: u64) -> u64 {
    (kib + 512) / 1024
}

const INTRODUCTION: &str = "\
# What a probe costs

Written by `cargo xtask bench --probe --write docs/bench-probe.md`, with `--blackbox PROGRAM` beside blackbox_exporter on the
same addresses. All rows were measured in one run, taking turns; the time is the median, from the start of the process to its
end, and the memory the greatest of any run. The origins are on the same machine and share its cores. As by default: three samples,
each over a connection of its own with a TLS handshake of its own, for browsers and for programs, and the canaries of gated paths.
";
