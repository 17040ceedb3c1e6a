//! The probe and `blackbox_exporter` on the same origins, and whether `docs/guides/blackbox-exporter.md` says what was seen.
//!
//! `HOMELAB_WRITE_GUIDE=1` writes what was seen into the guide instead of comparing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use homelab_backends::http::Prober;
use homelab_core::probe::export::Format;
use homelab_core::probe::{Defaults, Judged, Report, Run, doors};
use homelab_plane::blackbox::{Blackbox, Measured};
use homelab_plane::skip;
use homelab_schema::carveout_probe::{CarveoutProbe, ProbedDoor, Verdict, Wall};
use homelab_schema::ingress::{Expect, PathType};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::cases::{Case, Door, Tls, all, issuer};
use crate::certificates::Authority;
use crate::origin::Origin;

const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/guides/blackbox-exporter.md");
const BEGIN: &str = "<!-- measured: begin -->\n";
const END: &str = "<!-- measured: end -->\n";
const WRITE: &str = "HOMELAB_WRITE_GUIDE";

/// What is declared of the host at `authority`.
fn declared(case: &Case, scheme: &str, authority: &str, ca_file: &Path) -> CarveoutProbe {
    let door = |path: &str, expect: Expect| ProbedDoor {
        url: format!("{scheme}://{authority}{path}").into(),
        expect: expect.into(),
        path_type: PathType::Prefix.into(),
        ..ProbedDoor::default()
    };
    let (mut root, mut share) = (door("/", Expect::Gated), door("/share", Expect::Public));
    (case.declared)(if case.door == Door::Root { &mut root } else { &mut share });
    CarveoutProbe {
        target: BTreeMap::from([("root".to_owned(), root), ("share".to_owned(), share)]).into(),
        wall: Wall {
            issuer_host: "127.0.0.1".to_owned().into(),
            client_id: "gate".to_owned().into(),
            ..Wall::default()
        }
        .into(),
        ca_file: ca_file.display().to_string().into(),
        allow_private: true.into(),
        ..CarveoutProbe::default()
    }
}

/// The modules that `homelab probe export` gives for each case, each with the number of the case before its name, and the
/// one that every configuration begins with.
fn modules(cases: &[Case], ca_file: &Path) -> Value {
    let mut modules = json!({ "http_2xx": { "prober": "http", "http": { "tls_config": { "ca_file": ca_file } } } });
    for (number, case) in cases.iter().enumerate() {
        let (doors, run) = exported(&declared(case, "http", "127.0.0.1", ca_file));
        let document = Format::Blackbox.document(&doors, &run.settings);
        for (name, module) in document["modules"].as_object().unwrap() {
            modules[format!("{number}_{name}")] = module.clone();
        }
    }
    json!({ "modules": modules })
}

/// The module that `homelab probe export` names for a target.
fn module_of(model: &CarveoutProbe, target: &str) -> String {
    let (doors, run) = exported(model);
    let targets = Format::PrometheusTargets.document(&doors, &run.settings);
    let found = targets.as_array().unwrap().iter().find(|one| one["targets"][0] == target).unwrap();
    found["labels"]["__param_module"].as_str().unwrap().to_owned()
}

fn exported(model: &CarveoutProbe) -> (Vec<homelab_core::probe::Door>, Run) {
    (doors(model).unwrap(), Run::new(model, &Defaults::default()).unwrap())
}

/// What the three say of one case.
struct Row {
    what: &'static str,
    simple: bool,
    exported: Measured,
    probe: String,
    /// Whether the probe finds nothing to say.
    quiet: bool,
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guide_says_what_both_see() {
    let (cases, folder) = (all(), tempfile::tempdir().unwrap());
    let (authority, ca_file) = (Authority::new("authority"), folder.path().join("ca.pem"));
    fs::write(&ca_file, &authority.pem).unwrap();
    let with_days = |days: (i64, i64)| authority.signs("127.0.0.1", days);
    let blackbox = match Blackbox::start(&modules(&cases, &ca_file)) {
        Err(error) if error.is_missing() => return skip("the_guide_says_what_both_see", &error.to_string()),
        started => started.unwrap(),
    };
    let issuer = Origin::start(issuer).await;
    let mut rows = Vec::new();
    for (number, case) in cases.into_iter().enumerate() {
        let (at, counts) = (issuer.address.to_string(), Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]));
        let handler = move |_: usize, asked: &crate::origin::Asked| case.answer(&at, &counts, asked);
        let (scheme, origin) = match case.tls {
            Tls::Plain => ("http", Origin::start(handler).await),
            Tls::Ended => ("https", Origin::start_tls(&with_days((-90, -1)), handler).await),
            Tls::EndsSoon => ("https", Origin::start_tls(&with_days((-87, 3)), handler).await),
        };
        let path = if case.door == Door::Root { "/" } else { "/share" };
        let model = declared(&case, scheme, &origin.address.to_string(), &ca_file);
        let target = format!("{scheme}://{}{path}", origin.address);
        let simple = blackbox.probe("http_2xx", &target).unwrap();
        let exported = blackbox.probe(&format!("{number}_{}", module_of(&model, &target)), &target).unwrap();
        let run = Run::new(&model, &Defaults::default()).unwrap();
        let report = Prober::new().run(&run, &CancellationToken::new()).await.unwrap();
        rows.push(Row {
            what: case.what,
            simple: simple.succeeded(),
            exported,
            probe: told(&report),
            quiet: report.verdict == Verdict::Ok && report.notices().is_empty(),
        });
    }
    let seen = tables(&rows);
    let guide = fs::read_to_string(GUIDE).unwrap();
    let (head, rest) = guide.split_once(BEGIN).unwrap();
    let (written, tail) = rest.split_once(END).unwrap();
    if std::env::var_os(WRITE).is_some() {
        fs::write(GUIDE, format!("{head}{BEGIN}{seen}{END}{tail}")).unwrap();
        return;
    }
    assert_eq!(written, seen, "the guide is stale; {WRITE}=1 writes it");
}

/// The verdict, and the first request that it stands for.
fn told(report: &Report) -> String {
    if report.verdict == Verdict::Ok {
        let notices = report.notices();
        return notices.first().map_or("ok".to_owned(), |notice| format!("ok, with the notice `{}`", notice.code.id));
    }
    let first = report.judged.iter().find(|judged| judged.verdict == report.verdict).unwrap();
    let Judged { check, .. } = first;
    // Which path below the root is asked depends on the host.
    let path = match check.url.path() {
        known @ ("/" | "/share" | "/sharex") => known,
        _ => "/…",
    };
    let form = check.way.word();
    let form = if form.is_empty() { form } else { format!(", {form}") };
    let share = if first.alike == first.samples.len() { String::new() } else { format!(", {} samples", first.share()) };
    format!("{}, {} (`{path}`{form}{share})", word(report.verdict), first.observed().word())
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Unknown => "unknown",
        Verdict::Degraded => "degraded",
        Verdict::Walled => "walled",
        Verdict::Exposed => "exposed",
    }
}

/// Days until the end of the certificate, where one was accepted.
fn days_left(exported: &Measured) -> Option<f64> {
    let now = Duration::from_millis(u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap()).as_secs_f64();
    exported.get("probe_ssl_earliest_cert_expiry").map(|end| ((end - now) / 86_400.0).round())
}

/// What an exported module says: up or down, and the number that it has of a certificate.
fn measured(exported: &Measured) -> String {
    let word = if exported.succeeded() { "up" } else { "down" };
    match days_left(exported) {
        Some(days) => format!("{word}, `probe_ssl_earliest_cert_expiry` in {days} days"),
        None => word.to_owned(),
    }
}

/// Whether it says that something is wrong: who watches has a rule on the number.
fn complains(exported: &Measured) -> bool {
    !exported.succeeded() || days_left(exported).is_some_and(|days| days < 14.0)
}

/// The rows in three tables: where the exported modules are down just where the probe complains, where only the probe does,
/// and where only they are.
fn tables(rows: &[Row]) -> String {
    let titles = [
        "Where the exported modules and the probe agree",
        "What only the probe says",
        "Where an exported module is down and nothing is wrong",
    ];
    let place = |row: &Row| match (complains(&row.exported), row.quiet) {
        (true, false) | (false, true) => 0,
        (false, false) => 1,
        (true, true) => 2,
    };
    let mut text = String::new();
    for (number, title) in titles.into_iter().enumerate() {
        let rows: Vec<&Row> = rows.iter().filter(|row| place(row) == number).collect();
        if rows.is_empty() {
            continue;
        }
        let _ = write!(
            text,
            "\n### {title}\n\n| the door | `http_2xx` | exported module | `homelab_carveout_probe` |\n| --- | --- | --- | --- |\n"
        );
        for Row { what, simple, exported, probe, .. } in rows {
            let simple = if *simple { "up" } else { "down" };
            let _ = writeln!(text, "| {what} | {simple} | {} | {probe} |", measured(exported));
        }
    }
    text.push('\n');
    text
}
