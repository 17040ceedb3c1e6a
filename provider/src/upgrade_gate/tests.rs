//! Plan, apply and read of the gate through the plugin's traits, on evidence files that change under its hands.

use homelab_core::gate::{Component, ComponentKind, Evidence, Measured, Metric, Node};
use homelab_plugin::Severity;
use homelab_schema::provider::{Kubernetes, ProviderConfig};
use homelab_schema::upgrade_gate::{GateChecks, Weight};
use tempfile::TempDir;

use super::*;

/// Evidence in which everything was left out on purpose.
fn elsewhere() -> Evidence {
    let blind = serde_json::to_string(&Evidence::blind("")).unwrap();
    Evidence::from_json(&blind.replace("not_measured", "omitted")).unwrap()
}

/// A cluster at 1.35.4 whose worker's kubelet is at `worker`.
fn cluster(worker: &str) -> Evidence {
    let at = |version: &str| Measured::Seen(version.parse().unwrap());
    let control_plane =
        [ComponentKind::KubeApiserver, ComponentKind::KubeControllerManager, ComponentKind::KubeScheduler]
            .map(|kind| Component { kind, on: "cp".to_owned(), version: at("1.35.4") });
    let node = |name: &str, version| Node { name: name.to_owned(), kubelet: at(version) };
    Evidence {
        control_plane: Measured::Seen(control_plane.to_vec()),
        nodes: Measured::Seen(vec![node("cp", "1.35.4"), node("worker", worker)]),
        proxies: Measured::Seen(Vec::new()),
        deprecated_requests: Measured::Seen(Metric {
            youngest_process_seconds: 90_000,
            all_servers: true,
            requests: Vec::new(),
        }),
        stored_uses: Measured::Seen(Vec::new()),
        ..elsewhere()
    }
}

/// A gate on an evidence file, and what happens to it.
struct Bench {
    resource: UpgradeGate,
    dir: TempDir,
    config: Declared,
}

impl Bench {
    fn new(evidence: &Evidence) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("evidence.json").display().to_string();
        let config = Declared {
            target_version: "1.36.2".to_owned().into(),
            evidence: file.into(),
            deprecated_api_window: "24h".to_owned().into(),
            ..Declared::default()
        };
        let bench = Self { resource: UpgradeGate::new(Runtime::new()), dir, config };
        bench.now(evidence);
        bench
    }

    /// From here on the cluster is like this.
    fn now(&self, evidence: &Evidence) {
        let text = serde_json::to_string(evidence).unwrap();
        std::fs::write(self.dir.path().join("evidence.json"), text).unwrap();
    }

    fn recording(mut self) -> Self {
        self.config.on_blocked = Reaction::Record.into();
        self.config.on_held = Reaction::Record.into();
        self.config.on_unknown = Reaction::Record.into();
        self
    }

    /// What the server makes of the configuration.
    fn open(&self) -> Declared {
        let mut planned = self.config.clone();
        for reaction in [&mut planned.on_blocked, &mut planned.on_held, &mut planned.on_unknown] {
            if reaction.is_null() {
                *reaction = Attr::Unknown;
            }
        }
        Declared {
            verdict: Attr::Unknown,
            allowed: Attr::Unknown,
            findings: Attr::Unknown,
            coverage: Attr::Unknown,
            hops: Attr::Unknown,
            first_blocked_hop: Attr::Unknown,
            plan: Attr::Unknown,
            ..planned
        }
    }

    async fn plan(&self, prior: Option<&State<Declared>>) -> (Plan<Declared>, Vec<String>) {
        let (mut diagnostics, none) = (Diagnostics::new(), Private::new());
        let private = prior.map_or(&none, |prior| &prior.private);
        let prior = prior.map(|prior| &prior.model);
        let asked = PlanRequest { config: &self.config, prior, private, planned: self.open() };
        let plan = self.resource.plan(&Context::default(), asked, &mut diagnostics).await;
        assert!(!diagnostics.has_errors(), "a plan only warns: {diagnostics:?}");
        assert_eq!(&plan.private, private, "only an apply accepts");
        (plan, diagnostics.iter().map(|found| found.summary.clone()).collect())
    }

    async fn create(&self) -> (Option<State<Declared>>, Diagnostics) {
        let (plan, _) = self.plan(None).await;
        let mut diagnostics = Diagnostics::new();
        let asked = Create { config: &self.config, planned: &plan.planned, private: &plan.private };
        (self.resource.create(&Context::default(), asked, &mut diagnostics).await, diagnostics)
    }

    async fn refresh(&self, state: &State<Declared>) -> State<Declared> {
        let mut diagnostics = Diagnostics::new();
        let asked = ReadRequest { state: &state.model, private: &state.private };
        let read = self.resource.read(&Context::default(), asked, &mut diagnostics).await;
        assert!(diagnostics.is_empty(), "a refresh never fails and says nothing: {diagnostics:?}");
        let Read::State(seen) = read else { panic!("a verdict is always measured: {read:?}") };
        assert_eq!(seen.private, state.private, "a refresh accepts nothing");
        seen
    }

    async fn update(&self, prior: &State<Declared>) -> (State<Declared>, Diagnostics) {
        let (plan, _) = self.plan(Some(prior)).await;
        let mut diagnostics = Diagnostics::new();
        let asked =
            Update { config: &self.config, prior: &prior.model, planned: &plan.planned, private: &plan.private };
        (self.resource.update(&Context::default(), asked, &mut diagnostics).await, diagnostics)
    }
}

fn verdict(state: &State<Declared>) -> &str {
    state.model.verdict.known().unwrap()
}

fn errors(diagnostics: &Diagnostics) -> Vec<&str> {
    let errors = diagnostics.iter().filter(|found| found.severity == Severity::Error);
    errors.map(|found| found.summary.as_str()).collect()
}

#[tokio::test]
async fn a_pass_is_recorded_and_every_further_plan_is_empty() {
    let bench = Bench::new(&cluster("1.35.4"));
    let (state, diagnostics) = bench.create().await;
    let state = state.unwrap();
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!((verdict(&state), state.model.allowed.known()), ("no_known_blockers", Some(&true)));
    assert_eq!(state.model.on_blocked, Attr::Known(Reaction::Error), "the resource's default");
    for _ in 0..3 {
        let seen = bench.refresh(&state).await;
        assert_eq!(seen.model, state.model);
        let (plan, warnings) = bench.plan(Some(&seen)).await;
        assert_eq!((plan.update, warnings), (false, vec![]));
    }
}

#[tokio::test]
async fn a_blocked_create_warns_in_the_plan_and_leaves_nothing_behind() {
    let bench = Bench::new(&cluster("1.32.9"));
    let (_, warnings) = bench.plan(None).await;
    assert_eq!(warnings, ["HL4003: the upgrade from 1.35.4 to 1.36.2 is blocked"]);
    let (state, diagnostics) = bench.create().await;
    assert!(state.is_none(), "a failed create answers no state, which would be tainted");
    assert_eq!(errors(&diagnostics), ["HL4003: the upgrade from 1.35.4 to 1.36.2 is blocked"]);
    let found = diagnostics.iter().next().unwrap();
    assert_eq!(found.path, Path::attr("target_version"));
    assert!(found.detail.contains("[ACTIONABLE] HL4003 kubelet on worker: It runs 1.32.9"), "{}", found.detail);
}

#[tokio::test]
async fn a_verdict_that_nobody_accepted_is_a_change_until_it_is_right_again() {
    let bench = Bench::new(&cluster("1.35.4"));
    let good = bench.create().await.0.unwrap();
    bench.now(&cluster("1.32.9"));
    let mut state = bench.refresh(&good).await;
    assert_eq!(verdict(&state), "blocked");
    // The apply fails with the evidence, and fails again: what was refused is not accepted.
    for _ in 0..2 {
        let (plan, warnings) = bench.plan(Some(&state)).await;
        assert!(plan.update);
        assert_eq!(warnings, ["HL4003: the upgrade to 1.36.2 is blocked"]);
        let (after, diagnostics) = bench.update(&state).await;
        assert_eq!(errors(&diagnostics).len(), 1);
        assert_eq!((verdict(&after), &after.private), ("blocked", &good.private));
        state = after;
    }
    bench.now(&cluster("1.35.4"));
    let again = bench.refresh(&state).await;
    assert_eq!(verdict(&again), "no_known_blockers");
    assert!(!bench.plan(Some(&again)).await.0.update, "it is what was accepted");
}

#[tokio::test]
async fn a_recorded_verdict_is_accepted_and_quiet_until_it_changes() {
    let bench = Bench::new(&cluster("1.32.9")).recording();
    let (state, diagnostics) = bench.create().await;
    let state = state.unwrap();
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!((verdict(&state), state.model.allowed.known()), ("blocked", Some(&false)));
    let (plan, warnings) = bench.plan(Some(&bench.refresh(&state).await)).await;
    assert_eq!((plan.update, warnings), (false, vec![]));

    bench.now(&cluster("1.35.4"));
    let cleared = bench.refresh(&state).await;
    assert!(bench.plan(Some(&cleared)).await.0.update, "that the way is free is news too");
    let (accepted, diagnostics) = bench.update(&cleared).await;
    assert!(diagnostics.is_empty());
    assert!(!bench.plan(Some(&accepted)).await.0.update);
}

#[tokio::test]
async fn a_verdict_that_was_recorded_is_refused_once_the_declaration_says_so() {
    let mut bench = Bench::new(&cluster("1.32.9")).recording();
    let recorded = bench.create().await.0.unwrap();
    bench.config.on_blocked = Attr::Null;
    let (plan, warnings) = bench.plan(Some(&recorded)).await;
    assert_eq!(plan.planned.on_blocked, Attr::Known(Reaction::Error), "removing the argument removes its value");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let (after, diagnostics) = bench.update(&recorded).await;
    assert_eq!(errors(&diagnostics).len(), 1);
    assert_eq!(after.private, recorded.private);
}

#[tokio::test]
async fn what_cannot_be_read_is_unknown_and_never_a_pass() {
    let bench = Bench::new(&cluster("1.35.4"));
    let good = bench.create().await.0.unwrap();
    let file = bench.dir.path().join("evidence.json");
    for text in [Some("{}"), Some("not JSON"), Some("{\"form\": \"homelab/evidence/v9\"}"), None] {
        match text {
            Some(text) => std::fs::write(&file, text).unwrap(),
            None => std::fs::remove_file(&file).unwrap(),
        }
        let seen = bench.refresh(&good).await;
        assert_eq!((verdict(&seen), seen.model.allowed.known()), ("unknown", Some(&false)), "{text:?}");
        assert!(bench.plan(Some(&seen)).await.0.update, "{text:?}");
        let (after, diagnostics) = bench.update(&seen).await;
        assert!(errors(&diagnostics)[0].ends_with("could not be judged completely"), "{text:?}: {diagnostics:?}");
        assert!(diagnostics.iter().next().unwrap().detail.contains("evidence.json"), "{diagnostics:?}");
        assert_eq!(after.private, good.private);
    }
}

#[tokio::test]
async fn without_a_cluster_and_without_evidence_nothing_is_known() {
    let mut bench = Bench::new(&cluster("1.35.4"));
    bench.config.evidence = Attr::Null;
    let runtime = Runtime::new();
    bench.resource = UpgradeGate::new(runtime.clone());
    let (state, diagnostics) = bench.create().await;
    assert!(state.is_none());
    assert!(diagnostics.iter().next().unwrap().detail.contains("no kubernetes block"), "{diagnostics:?}");

    let folder = Kubernetes { gitops_dir: "objects".to_owned().into(), ..Kubernetes::default() };
    runtime.configure(ProviderConfig { kubernetes: folder.into(), ..ProviderConfig::default() });
    let (state, diagnostics) = bench.create().await;
    assert!(state.is_none());
    assert!(diagnostics.iter().next().unwrap().detail.contains("set evidence"), "{diagnostics:?}");
}

#[tokio::test]
async fn a_check_that_only_warns_decides_nothing() {
    let mut bench = Bench::new(&cluster("1.32.9"));
    bench.config.checks = GateChecks { skew: Weight::Warn.into(), ..GateChecks::default() }.into();
    let (state, diagnostics) = bench.create().await;
    let state = state.unwrap();
    assert!(!diagnostics.has_errors());
    assert_eq!(diagnostics.iter().count(), 1, "but it is said: {diagnostics:?}");
    assert_eq!(verdict(&state), "no_known_blockers");
    assert_eq!(state.model.findings.known().unwrap().len(), 1, "and listed");
}

#[tokio::test]
async fn another_target_is_measured_in_the_plan_already() {
    let mut bench = Bench::new(&cluster("1.35.4"));
    let state = bench.create().await.0.unwrap();
    bench.config.target_version = "1.34.9".to_owned().into();
    let (_, warnings) = bench.plan(Some(&state)).await;
    assert_eq!(warnings, ["HL4001: the upgrade from 1.35.4 to 1.34.9 is blocked"]);
    // What is not known yet is not judged.
    bench.config.target_version = Attr::Unknown;
    let (_, warnings) = bench.plan(Some(&state)).await;
    assert_eq!(warnings, Vec::<String>::new());
}

#[tokio::test]
async fn a_stopped_run_keeps_what_was() {
    let bench = Bench::new(&cluster("1.35.4"));
    let good = bench.create().await.0.unwrap();
    bench.now(&cluster("1.32.9"));
    let cx = Context::default();
    cx.cancelled.cancel();
    let mut diagnostics = Diagnostics::new();
    let asked = ReadRequest { state: &good.model, private: &good.private };
    assert!(matches!(bench.resource.read(&cx, asked, &mut diagnostics).await, Read::Unchanged));
    assert!(diagnostics.is_empty());
    let planned = bench.open();
    let asked = Update { config: &bench.config, prior: &good.model, planned: &planned, private: &good.private };
    let after = bench.resource.update(&cx, asked, &mut diagnostics).await;
    assert_eq!(errors(&diagnostics), ["Stopped"]);
    assert_eq!((&after.model, &after.private), (&good.model, &good.private));
}

#[tokio::test]
async fn an_import_is_measured_and_accepted_by_the_next_apply() {
    let mut bench = Bench::new(&cluster("1.35.4"));
    let mut diagnostics = Diagnostics::new();
    let cx = Context::default();
    let none = bench.resource.import(&cx, Import::Id("1.36".to_owned()), &mut diagnostics).await;
    assert!(none.is_none() && diagnostics.has_errors(), "a version without a patch");

    let mut diagnostics = Diagnostics::new();
    let imported = bench.resource.import(&cx, Import::Id("1.36.2".to_owned()), &mut diagnostics).await.unwrap();
    assert!(diagnostics.is_empty());
    let seen = bench.refresh(&imported).await;
    assert_eq!(verdict(&seen), "unknown", "the import knows no evidence file, and there is no cluster");
    let (plan, _) = bench.plan(Some(&seen)).await;
    assert!(plan.update);
    let (accepted, diagnostics) = bench.update(&seen).await;
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert!(!bench.plan(Some(&bench.refresh(&accepted).await)).await.0.update);
    bench.config.target_version = "no version".to_owned().into();
    let mut diagnostics = Diagnostics::new();
    bench.resource.validate(&cx, &bench.config, &mut diagnostics).await;
    assert_eq!(errors(&diagnostics), ["Not a Kubernetes version"]);
}

#[tokio::test]
async fn the_data_source_records_unless_told_otherwise() {
    let bench = Bench::new(&cluster("1.32.9"));
    let data = UpgradeGateData::new(Runtime::new());
    let (cx, mut diagnostics) = (Context::default(), Diagnostics::new());
    let seen = data.read(&cx, bench.config.clone(), &mut diagnostics).await.unwrap();
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!((seen.verdict, seen.on_blocked), (Attr::Known("blocked".to_owned()), Attr::Known(Reaction::Record)));
    let strict = Declared { on_blocked: Reaction::Error.into(), ..bench.config.clone() };
    assert!(data.read(&cx, strict, &mut diagnostics).await.is_none());
    assert_eq!(errors(&diagnostics).len(), 1);
    cx.cancelled.cancel();
    let mut diagnostics = Diagnostics::new();
    assert!(data.read(&cx, bench.config.clone(), &mut diagnostics).await.is_none());
    assert_eq!(errors(&diagnostics), ["Stopped"]);
}
