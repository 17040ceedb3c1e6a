//! `cargo xtask bench`: our numbers, beside the floor and a peer, in one run.
//!
//! An absolute time is not stable from machine to machine, so everything is a ratio of one run: the floor is the same
//! number of built-in `terraform_data` resources, which cost Terraform alone; whatever ours takes longer is ours. The
//! kinds take turns within each repetition, so that a machine that slows down slows all of them down.

mod configurations;
mod gate;
mod handshake;
mod memory;
mod probe;
mod report;
mod secrets;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use homelab_plane::plane::{Options as PlaneOptions, Plane};
use homelab_plane::terraform::{Cli, Provider, Workspace};
use homelab_plane::{Api, Env};

use self::configurations::Kind;
use self::report::{Report, Row};
use crate::steps::{Done, Failure, fail, heading, root, run_cargo, target_dir};

#[derive(Args)]
pub(crate) struct Options {
    /// Numbers of resources to measure
    #[arg(long, value_delimiter = ',', default_values_t = [1, 100, 1000])]
    sizes: Vec<usize>,
    /// Repetitions of each refreshed plan; the median counts
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Another provider to plan and apply the same objects with: a built hashicorp/kubernetes
    #[arg(long, value_name = "BINARY")]
    peer: Option<PathBuf>,
    /// Version of the peer, as its own name has it
    #[arg(long, value_name = "VERSION", default_value = "3.2.1")]
    peer_version: String,
    /// Largest number of resources that the peer's `kubernetes_ingress_v1` is measured with
    #[arg(long, default_value_t = 1000)]
    peer_limit: usize,
    /// Largest number for its `kubernetes_manifest`, which takes many times as long
    #[arg(long, default_value_t = 100)]
    peer_manifest_limit: usize,
    /// Measure external secrets instead of Ingresses
    #[arg(long, conflicts_with_all = ["peer", "probe"])]
    secrets: bool,
    /// With --secrets: the largest number that is waited for, which takes as long as the controller does
    #[arg(long, requires = "secrets", default_value_t = 1000)]
    ready_limit: usize,
    /// Measure a probe instead
    #[arg(long)]
    probe: bool,
    /// With --probe: so many targets, on fifty hosts
    #[arg(long, requires = "probe", default_value_t = 1000)]
    targets: usize,
    /// With --probe: a blackbox exporter to ask for the same addresses
    #[arg(long, value_name = "PROGRAM", requires = "probe")]
    blackbox: Option<PathBuf>,
    /// Measure the gate instead: verdicts about thousands of nodes, and a capture
    #[arg(long, conflicts_with_all = ["peer", "probe", "secrets"])]
    gate: bool,
    /// With --gate: so many objects to capture from the plane
    #[arg(long, requires = "gate", default_value_t = 5000)]
    objects: usize,
    /// With --gate: measure this program, which is built already
    #[arg(long, value_name = "PROGRAM", requires = "gate")]
    program: Option<PathBuf>,
    /// Write the table into this file instead of standard output
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

impl Options {
    fn limit(&self, kind: Kind) -> usize {
        match kind {
            Kind::Floor | Kind::Still | Kind::Ours | Kind::StillSecret | Kind::Secret | Kind::CheckedSecret => {
                usize::MAX
            }
            Kind::ReadySecret => self.ready_limit,
            Kind::PeerIngress => self.peer_limit,
            Kind::PeerManifest => self.peer_manifest_limit,
        }
    }
}

/// The task.
pub(crate) fn run(options: &Options) -> Done {
    if options.gate {
        return gate::run(options.program.as_deref(), options.objects, options.runs, options.write.as_ref());
    }
    if options.probe {
        return probe::run(options.targets, options.blackbox.as_deref(), options.runs, options.write.as_ref());
    }
    heading("build, optimised");
    run_cargo(["build", "--release", "--package", "terraform-provider-homelab", "--bins", "--example", "still"])?;
    let release = target_dir()?.join("release");
    let provider = release.join("terraform-provider-homelab");
    let still = release.join("examples").join("still");
    let terraform = Cli::terraform()?;
    heading("start and idle memory");
    let start = handshake::measure(&provider, 21)?;
    heading("plane");
    let grounds = Grounds::start(options.secrets)?;
    let mut report = Report::new(options.secrets, terraform.version()?, start);
    let mut kinds = if options.secrets {
        vec![Kind::Floor, Kind::StillSecret, Kind::Secret, Kind::CheckedSecret]
    } else {
        vec![Kind::Floor, Kind::Still, Kind::Ours]
    };
    if grounds.with_controller.is_some() {
        kinds.push(Kind::ReadySecret);
    }
    if options.peer.is_some() {
        kinds.extend([Kind::PeerIngress, Kind::PeerManifest]);
    }
    for &size in &options.sizes {
        heading(&format!("{size} resources"));
        let kinds: Vec<Kind> = kinds.iter().copied().filter(|kind| size <= options.limit(*kind)).collect();
        for row in measure(&kinds, size, options, &terraform, &Binaries { ours: &provider, still: &still }, &grounds)? {
            eprintln!("  {}", row.line());
            report.rows.push(row);
        }
    }
    let text = report.markdown();
    match &options.write {
        Some(file) => std::fs::write(root().join(file), text)?,
        None => println!("{text}"),
    }
    Ok(())
}

/// Where it is measured.
struct Grounds {
    plane: Plane,
    /// A second plane, where the controller works, so that it does not work while something else is measured.
    with_controller: Option<secrets::WithController>,
}

impl Grounds {
    fn start(secrets: bool) -> Done<Self> {
        let plane = Plane::start(&PlaneOptions { without_vault: !secrets, ..PlaneOptions::default() })?;
        if !secrets {
            return Ok(Self { plane, with_controller: None });
        }
        secrets::define(plane.env())?;
        Ok(Self { plane, with_controller: secrets::WithController::start()? })
    }

    fn of(&self, kind: Kind) -> &Env {
        match &self.with_controller {
            Some(other) if kind == Kind::ReadySecret => other.env(),
            _ => self.plane.env(),
        }
    }
}

/// The providers that are built here.
struct Binaries<'a> {
    ours: &'a Path,
    still: &'a Path,
}

/// One kind of one size, applied and ready to be planned again.
struct Subject {
    kind: Kind,
    work: Workspace,
    requests: PathBuf,
    row: Row,
    plans: Vec<Duration>,
}

fn measure(
    kinds: &[Kind],
    size: usize,
    options: &Options,
    terraform: &Cli,
    binaries: &Binaries<'_>,
    grounds: &Grounds,
) -> Done<Vec<Row>> {
    let mut subjects = Vec::new();
    for &kind in kinds {
        subjects.push(apply(kind, size, options, terraform, binaries, grounds.of(kind))?);
    }
    for _ in 0..options.runs {
        for subject in &mut subjects {
            let before = requests(&subject.requests);
            let (took, peak) = timed(&subject.work, &["plan", "-detailed-exitcode"], 0)?;
            subject.plans.push(took);
            subject.row.peak_kib = subject.row.peak_kib.max(peak);
            subject.row.plan_requests = requests(&subject.requests) - before;
        }
    }
    let mut rows = Vec::new();
    for mut subject in subjects {
        subject.row.plan = median(&mut subject.plans);
        timed(&subject.work, &["destroy", "-auto-approve"], 0)
            .map_err(|error| Failure(format!("{}: {error}", subject.kind.name())))?;
        rows.push(subject.row);
    }
    Ok(rows)
}

fn apply(
    kind: Kind,
    size: usize,
    options: &Options,
    terraform: &Cli,
    binaries: &Binaries<'_>,
    env: &Env,
) -> Done<Subject> {
    let is_still = matches!(kind, Kind::Still | Kind::StillSecret);
    let mut providers = vec![Provider::ours(if is_still { binaries.still } else { binaries.ours })];
    if let Some(peer) = &options.peer {
        let source = "hashicorp/kubernetes".to_owned();
        providers.push(Provider { source, version: options.peer_version.clone(), binary: peer.clone() });
    }
    let mut work = Workspace::with_providers(terraform, &providers)?;
    work.limit(Duration::from_mins(30));
    let requests_file = work.path().join("requests.log");
    work.env("KUBE_CONFIG_PATH", env.kubeconfig.display().to_string());
    work.env("HOMELAB_REQUEST_LOG", requests_file.display().to_string());
    let namespace = Api::admin(env)?.namespace(&format!("bench-{}", kind.name().replace(' ', "-")))?;
    if kind.is_secret() {
        secrets::prepare(env, &namespace, size)?;
        work.env("VAULT_ADDR", env.vault_addr.clone()).env("VAULT_TOKEN", env.vault_token.clone());
    }
    work.write("main.tf", &kind.configuration(size, &namespace, &options.peer_version));
    timed(&work, &["init"], 0)?;
    let (took, peak) = timed(&work, &["apply", "-auto-approve"], 0)?;
    let mut row = Row::new(kind, size);
    row.apply = took;
    row.peak_kib = peak;
    row.apply_requests = requests(&requests_file);
    Ok(Subject { kind, work, requests: requests_file, row, plans: Vec::new() })
}

/// Runs a command; answers its time and the greatest memory of any provider that it started, in KiB.
fn timed(work: &Workspace, args: &[&str], expected: i32) -> Done<(Duration, u64)> {
    let start = Instant::now();
    let running = work.spawn(args.iter().copied())?;
    let watch = memory::Watch::start(running.id());
    let output = running.wait()?;
    let took = start.elapsed();
    let peak = watch.stop();
    if output.code != expected {
        return fail(format!(
            "terraform {} ended with {}:\n{}{}",
            args.join(" "),
            output.code,
            output.stdout,
            output.stderr
        ));
    }
    Ok((took, peak))
}

fn requests(log: &Path) -> usize {
    std::fs::read_to_string(log).map_or(0, |text| text.lines().count())
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
