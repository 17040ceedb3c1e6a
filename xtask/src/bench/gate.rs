//! `cargo xtask bench --gate`: a verdict about thousands of nodes, and the capture of a cluster of the plane.
//!
//! What is measured is the CLI, since it is the process that a person or a nightly job would run; the provider judges by the
//! same code. The evidence is a bundle of a size that no plane on one machine could hold; sizes grow tenfold, so that what
//! is squared would show. The capture is of real objects, as many as `--objects` says.

mod bundle;
mod cluster;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use homelab_plane::plane::{Options as PlaneOptions, Plane};

use super::memory;
use crate::steps::{Done, fail, heading, root, run_cargo, target_dir};

/// Nodes and objects of the bundles; a capture of the last would be about a hundred requests of five hundred objects.
const SIZES: [(usize, usize); 3] = [(50, 1_000), (500, 10_000), (5_000, 100_000)];

/// One measured run.
struct Row {
    what: String,
    nodes: usize,
    objects: usize,
    /// Size of what it read or wrote, in bytes.
    bytes: u64,
    took: Duration,
    processor: Duration,
    peak_kib: u64,
    requests: Option<usize>,
}

/// Measures, and writes the table into `write` or to standard output.
pub(super) fn run(program: Option<&Path>, objects: usize, runs: usize, write: Option<&PathBuf>) -> Done {
    let homelab = if let Some(program) = program {
        program.to_owned()
    } else {
        heading("build, optimised");
        run_cargo(["build", "--release", "--package", "homelab", "--bins"])?;
        target_dir()?.join("release").join("homelab")
    };
    let folder = tempfile::tempdir()?;
    let mut rows = Vec::new();
    heading("verdicts");
    for (nodes, objects) in SIZES {
        let file = folder.path().join(format!("evidence-{nodes}.json"));
        std::fs::write(&file, serde_json::to_vec(&bundle::of(nodes, objects))?)?;
        let bytes = std::fs::metadata(&file)?.len();
        for (what, verb) in [
            ("gate check, text", vec!["gate", "check"]),
            ("gate check, JSON", vec!["gate", "check", "--output", "json"]),
            ("gate report, page", vec!["gate", "report", "--format", "html", "--as-of", bundle::DAY]),
        ] {
            let mut taken = Vec::new();
            for _ in 0..runs.max(1) {
                let mut command = Command::new(&homelab);
                command.args(&verb).args(["--target", bundle::TARGET, "--check", "all", "--evidence"]).arg(&file);
                // Something blocks, as in every large cluster.
                let row = measured(what, &mut command, &folder.path().join("out"), &[2])?;
                taken.push(Row { nodes, objects, bytes, ..row });
            }
            rows.extend(median(taken).inspect(tell));
        }
    }
    heading("capture from the plane");
    let plane = Plane::start(&PlaneOptions { without_vault: true, ..PlaneOptions::default() })?;
    let nodes = cluster::populate(plane.env(), objects)?;
    let mut taken = Vec::new();
    for _ in 0..runs.max(1) {
        let log = folder.path().join("requests.log");
        // A run before this one may have left some.
        let _ = std::fs::remove_file(&log);
        let out = folder.path().join("captured.json");
        let mut command = Command::new(&homelab);
        command.args(["gate", "capture"]).env_clear();
        command.env("KUBECONFIG", &plane.env().kubeconfig).env("HOMELAB_REQUEST_LOG", &log);
        // The plane has neither kubeadm nor kubelets.
        let row = measured("gate capture", &mut command, &out, &[0, 3])?;
        let requests = std::fs::read_to_string(&log).map_or(0, |text| text.lines().count());
        let bytes = std::fs::metadata(&out)?.len();
        taken.push(Row { nodes, objects, bytes, requests: Some(requests), ..row });
    }
    rows.extend(median(taken).inspect(tell));
    let text = table(&rows);
    match write {
        Some(file) => std::fs::write(root().join(file), text)?,
        None => println!("{text}"),
    }
    Ok(())
}

/// Runs a command to its end, with its standard output in that file.
fn measured(what: &str, command: &mut Command, out: &Path, codes: &[i32]) -> Done<Row> {
    let start = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(std::fs::File::create(out)?).stderr(Stdio::null()).spawn()?;
    let (mut peak_kib, mut processor) = (0, Duration::ZERO);
    let status = loop {
        // The kernel keeps both: a coarse step only misses the last moments.
        processor = memory::processor(child.id()).unwrap_or_default().max(processor);
        peak_kib = memory::field(child.id(), "VmHWM:").unwrap_or(0).max(peak_kib);
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let took = start.elapsed();
    if !status.code().is_some_and(|code| codes.contains(&code)) {
        return fail(format!("{what} ended with {status}; expected {codes:?}"));
    }
    let what = what.to_owned();
    Ok(Row { what, nodes: 0, objects: 0, bytes: 0, took, processor, peak_kib, requests: None })
}

fn tell(row: &Row) {
    let (seconds, memory) = (row.took.as_secs_f64(), mib(row.peak_kib));
    eprintln!("  {}, {} nodes, {} objects: {seconds:.2} s, {memory} MiB", row.what, row.nodes, row.objects);
}

fn median(mut rows: Vec<Row>) -> Option<Row> {
    rows.sort_by_key(|row| row.took);
    let peak_kib = rows.iter().map(|row| row.peak_kib).max()?;
    let middle = rows.len() / 2;
    rows.into_iter().nth(middle).map(|row| Row { peak_kib, ..row })
}

fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{INTRODUCTION}\n| what | nodes | objects | evidence, MB | time, s | processor time, s | memory, MiB | requests |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
    );
    for row in rows {
        let requests = row.requests.map_or_else(String::new, |requests| requests.to_string());
        let _ = writeln!(
            text,
            "| {} | {} | {} | {:.1} | {:.2} | {:.2} | {} | {requests} |",
            row.what,
            row.nodes,
            row.objects,
            megabytes(row.bytes),
            row.took.as_secs_f64(),
            row.processor.as_secs_f64(),
            mib(row.peak_kib),
        );
    }
    text
}

fn megabytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes / 1000).unwrap_or(u32::MAX)) / 1000.0
}

/// Whole MiB, rounded.
fn mib(kib: u64) -> u64 {
    (kib + 512) / 1024
}

const INTRODUCTION: &str = "\
# What the gate costs

Written by `cargo xtask bench --gate --write docs/bench-gate.md`. The time is the median of the repetitions, from the start of
the process to its end, with everything that it writes; the memory is the greatest of any of them. All seventeen checks are
made. A bundle has nodes with their kubelets, states and settings, and objects: eight in ten are pods, the others workloads
and disruption budgets. Of the nodes each fiftieth has something that blocks, of the pods each hundredth. The capture is of
real nodes and pods in the kube-apiserver and etcd of the test plane, on the same machine.
";
