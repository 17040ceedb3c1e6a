//! The table.

use std::fmt::Write as _;
use std::time::Duration;

use super::configurations::Kind;
use super::handshake::Start;
use crate::dist::megabytes;

/// One kind of one size.
pub(super) struct Row {
    kind: Kind,
    size: usize,
    pub(super) plan: Duration,
    pub(super) apply: Duration,
    pub(super) peak_kib: u64,
    pub(super) plan_requests: usize,
    pub(super) apply_requests: usize,
}

impl Row {
    pub(super) fn new(kind: Kind, size: usize) -> Self {
        let none = Duration::ZERO;
        Self { kind, size, plan: none, apply: none, peak_kib: 0, plan_requests: 0, apply_requests: 0 }
    }

    /// For the person who waits.
    pub(super) fn line(&self) -> String {
        format!(
            "{:22} {:5}  plan {:7.2} s  apply {:7.2} s",
            self.kind.name(),
            self.size,
            self.plan.as_secs_f64(),
            self.apply.as_secs_f64()
        )
    }
}

/// Everything that was measured.
pub(super) struct Report {
    introduction: &'static str,
    terraform: String,
    start: Start,
    pub(super) rows: Vec<Row>,
}

impl Report {
    /// An empty one, of secrets or of Ingresses.
    pub(super) fn new(secrets: bool, terraform: String, start: Start) -> Self {
        let introduction = if secrets { SECRETS } else { INTRODUCTION };
        Self { introduction, terraform, start, rows: Vec::new() }
    }

    fn floor(&self, size: usize) -> Option<&Row> {
        self.rows.iter().find(|row| row.kind == Kind::Floor && row.size == size)
    }

    /// The page.
    pub(super) fn markdown(&self) -> String {
        let mut text = format!("{}\nTerraform {}.\n\n", self.introduction, self.terraform);
        text.push_str("| what | resources | second plan, s | to the floor | apply, s | to the floor | provider memory, MiB | requests per plan | requests per apply |\n");
        text.push_str("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n");
        for row in &self.rows {
            let ratio = |ours: Duration, floor: fn(&Row) -> Duration| {
                let floor = self.floor(row.size).map(floor).filter(|_| row.kind != Kind::Floor);
                floor.map_or_else(String::new, |floor| format!("{:.2}x", ours.as_secs_f64() / floor.as_secs_f64()))
            };
            let ours_only = |number: usize| if row.kind.is_ours() { number.to_string() } else { String::new() };
            let memory = if row.kind == Kind::Floor { String::new() } else { mib(row.peak_kib) };
            let _ = writeln!(
                text,
                "| {} | {} | {:.2} | {} | {:.2} | {} | {memory} | {} | {} |",
                row.kind.name(),
                row.size,
                row.plan.as_secs_f64(),
                ratio(row.plan, |floor| floor.plan),
                row.apply.as_secs_f64(),
                ratio(row.apply, |floor| floor.apply),
                ours_only(row.plan_requests),
                ours_only(row.apply_requests),
            );
        }
        let _ = write!(
            text,
            "\n| provider process | |\n| --- | ---: |\n| start to handshake line, mutual TLS (median of 21) | {:.1} ms |\n\
             | resident memory when idle | {} MiB |\n| size of the program, stripped | {} MB |\n",
            self.start.median.as_secs_f64() * 1e3,
            mib(self.start.idle_kib),
            megabytes(self.start.size),
        );
        text
    }
}

/// Whole MiB, rounded.
fn mib(kib: u64) -> String {
    ((kib + 512) / 1024).to_string()
}

const INTRODUCTION: &str = "\
# What it costs

Written by `cargo xtask bench --write docs/bench.md`; run it again to compare. All rows of one size were measured in one
run, taking turns, against the kube-apiserver and etcd of the test plane. `terraform-data` is the built-in resource that
talks to nobody: the floor below which no provider can be. `no-op provider` has the schema, the plan and the state of
`homelab_ingress`, and does nothing: what Terraform and the protocol cost for a resource of this shape, so that the
difference to `homelab-ingress` is our own work. Times of different machines do not compare; ratios do.

Every resource is one Ingress with class, host, TLS, one path and two annotations. The second plan is refreshed and empty;
its time is the median of the repetitions. Memory is the greatest resident size of a provider process in any of the runs.
";

const SECRETS: &str = "\
# What secrets cost

Written by `cargo xtask bench --secrets --write docs/bench-secrets.md`; run it again to compare. All rows of one size were
measured in one run, taking turns, against the kube-apiserver, etcd and Vault of the test plane. `terraform-data` is the
built-in resource that talks to nobody: the floor below which no provider can be. `no-op secret` has the schema, the plan and the
state of `homelab_external_secret`, and does nothing: what Terraform and the protocol cost for a resource of this shape.

Every resource is one ExternalSecret with an interval, a store and two keys of a document of its own in Vault.
`homelab-external-secret` is written and not waited for; `with preflight` also looks into Vault for each key, at plan and before
the write; `with preflight and wait` also waits until the real External Secrets controller, which works off one after the
other, has synced each of them: its apply is as fast as that. The second plan is refreshed and empty; its time is the median
of the repetitions. Memory is the greatest resident size of a provider process in any of the runs. Requests are those to the
API server.
";
