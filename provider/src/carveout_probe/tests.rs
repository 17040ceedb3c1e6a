//! The resource through its trait, against an origin whose doors the test opens and closes.

mod accepted;
mod older;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use homelab_plugin::{Private, Severity};
use homelab_schema::carveout_probe::{OnVerdict, ProbeResult, ProbedDoor, Verdict, Wall, WallSystem};
use homelab_schema::ingress::PathType;
use homelab_schema::provider::{Probe, ProviderConfig};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::*;

/// Sends everything to the gate but what is public, and does not answer once it is stopped.
struct Origin {
    place: String,
    doors: Arc<Mutex<Doors>>,
    task: tokio::task::JoinHandle<()>,
}

struct Doors {
    public: BTreeSet<&'static str>,
    gate: bool,
    asked: usize,
}

impl Doors {
    fn lets_pass(&self, path: &str) -> bool {
        let below =
            |prefix: &&str| path.strip_prefix(*prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        // As proxies do, dot segments are resolved first; this one knows only the form that the probe sends.
        !self.gate || (!path.ends_with("/../") && !path.ends_with("/%2e%2e/") && self.public.iter().any(below))
    }
}

const SIGN_IN: &str = "https://auth.example.net/application/o/authorize/?client_id=gate&redirect_uri=https%3A%2F%2F\
                       photos.example.net%2Foutpost.goauthentik.io%2Fcallback&state=s3cret";

impl Origin {
    /// With `/share` and `/api` public, as [`config`] declares.
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap().to_string();
        let doors = Doors { public: BTreeSet::from(["/share", "/api"]), gate: true, asked: 0 };
        let doors = Arc::new(Mutex::new(doors));
        let task = tokio::spawn({
            let doors = Arc::clone(&doors);
            async move {
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    let mut stream = BufReader::new(stream);
                    let mut head = String::new();
                    while !head.ends_with("\r\n\r\n")
                        && stream.read_line(&mut head).await.is_ok_and(|length| length > 0)
                    {}
                    let path = head.split(' ').nth(1).unwrap_or_default();
                    let passes = {
                        let mut doors = doors.lock().unwrap();
                        doors.asked += 1;
                        doors.lets_pass(path)
                    };
                    let answer = if passes {
                        "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nphotos".to_owned()
                    } else {
                        format!("HTTP/1.1 302 Found\r\nLocation: {SIGN_IN}\r\nContent-Length: 0\r\n\r\n")
                    };
                    let _ = stream.write_all(answer.as_bytes()).await;
                    let _ = stream.shutdown().await;
                }
            }
        });
        Self { place, doors, task }
    }

    fn wall_off(&self, path: &'static str) {
        self.doors.lock().unwrap().public.remove(path);
    }

    fn carve_out(&self, path: &'static str) {
        self.doors.lock().unwrap().public.insert(path);
    }

    fn gate(&self, there: bool) {
        self.doors.lock().unwrap().gate = there;
    }

    fn asked(&self) -> usize {
        self.doors.lock().unwrap().asked
    }

    async fn stop(&mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn resource() -> CarveoutProbeResource {
    let runtime = Runtime::new();
    runtime.configure(ProviderConfig::default());
    CarveoutProbeResource::new(runtime)
}

fn door(path: &str, expect: Expect) -> (String, ProbedDoor) {
    let url = format!("http://photos.example.net{path}");
    let path_type = PathType::Prefix.into();
    (path.to_owned(), ProbedDoor { url: url.into(), expect: expect.into(), path_type, ..ProbedDoor::default() })
}

/// `/` is gated, `/share` and `/api` are public.
fn config(place: &str) -> CarveoutProbe {
    let doors = [door("/", Expect::Gated), door("/share", Expect::Public), door("/api", Expect::Public)];
    let wall = Wall {
        system: WallSystem::Authentik.into(),
        issuer_host: "auth.example.net".to_owned().into(),
        ..Wall::default()
    };
    CarveoutProbe {
        target: BTreeMap::from(doors).into(),
        wall: wall.into(),
        connect_to: place.to_owned().into(),
        allow_private: true.into(),
        boundary: true.into(),
        settle: "0s".to_owned().into(),
        on_exposed: OnVerdict::Error.into(),
        on_walled: OnVerdict::Error.into(),
        on_unknown: OnVerdict::Error.into(),
        ..CarveoutProbe::default()
    }
}

/// A planned state: what the server makes of a configuration.
fn planned(config: &CarveoutProbe) -> CarveoutProbe {
    CarveoutProbe { verdict: Attr::Unknown, results: Attr::Unknown, checked: Attr::Unknown, ..config.clone() }
}

fn texts(diagnostics: &Diagnostics, severity: Severity) -> Vec<String> {
    diagnostics.iter().filter(|found| found.severity == severity).map(|found| found.summary.clone()).collect()
}

async fn create(
    resource: &CarveoutProbeResource,
    config: &CarveoutProbe,
) -> (Option<State<CarveoutProbe>>, Diagnostics) {
    let (mut diagnostics, private, planned) = (Diagnostics::new(), Private::new(), planned(config));
    let request = Create { config, planned: &planned, private: &private };
    let state = resource.create(&Context::default(), request, &mut diagnostics).await;
    (state, diagnostics)
}

async fn refresh(resource: &CarveoutProbeResource, state: &State<CarveoutProbe>) -> Option<State<CarveoutProbe>> {
    let mut diagnostics = Diagnostics::new();
    let request = ReadRequest { state: &state.model, private: &state.private };
    let read = resource.read(&Context::default(), request, &mut diagnostics).await;
    assert!(diagnostics.is_empty(), "a refresh never fails and says nothing: {diagnostics:?}");
    match read {
        Read::Unchanged => None,
        Read::State(state) => Some(state),
        Read::Gone => panic!("a verdict is never gone"),
    }
}

async fn plan(
    resource: &CarveoutProbeResource,
    config: &CarveoutProbe,
    prior: &State<CarveoutProbe>,
) -> (bool, Vec<String>) {
    let mut diagnostics = Diagnostics::new();
    let request = PlanRequest { config, prior: Some(&prior.model), private: &prior.private, planned: planned(config) };
    let plan = resource.plan(&Context::default(), request, &mut diagnostics).await;
    assert!(!diagnostics.has_errors(), "{diagnostics:?}");
    assert_eq!(plan.private, prior.private, "only an apply accepts");
    (plan.update, texts(&diagnostics, Severity::Warning))
}

async fn update(
    resource: &CarveoutProbeResource,
    config: &CarveoutProbe,
    prior: &State<CarveoutProbe>,
) -> (State<CarveoutProbe>, Diagnostics) {
    let (mut diagnostics, planned) = (Diagnostics::new(), planned(config));
    let request = Update { config, prior: &prior.model, planned: &planned, private: &prior.private };
    let state = resource.update(&Context::default(), request, &mut diagnostics).await;
    (state, diagnostics)
}

fn verdict(state: &State<CarveoutProbe>) -> Verdict {
    *state.model.verdict.known().unwrap()
}

#[tokio::test]
async fn doors_as_declared_are_recorded_and_nothing_changes_after() {
    let origin = Origin::start().await;
    let (resource, config) = (resource(), config(&origin.place));
    let (state, diagnostics) = create(&resource, &config).await;
    let state = state.unwrap_or_else(|| panic!("{diagnostics:?}"));
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(verdict(&state), Verdict::Ok);
    let results = state.model.results.known().unwrap();
    assert_eq!(state.model.checked.known().copied(), i64::try_from(results.len()).ok());
    assert!(results.iter().any(|result| result.url.ends_with("/sharex") && result.expect == "gated"));
    let canary = |result: &ProbeResult| result.with.starts_with("spoof ");
    assert!(results.iter().any(canary));
    assert!(results.iter().all(|one| one.share == if canary(one) { "1/1" } else { "3/3" }), "{results:?}");
    for _ in 0..3 {
        assert!(refresh(&resource, &state).await.is_none(), "the state is the same, byte for byte");
        assert_eq!(plan(&resource, &config, &state).await, (false, vec![]));
    }
}

#[tokio::test]
async fn a_walled_off_carve_out_is_seen_by_every_plan_until_it_is_right() {
    let origin = Origin::start().await;
    let (resource, config) = (resource(), config(&origin.place));
    let good = create(&resource, &config).await.0.unwrap();

    origin.wall_off("/share");
    let seen = refresh(&resource, &good).await.expect("a change");
    assert_eq!(verdict(&seen), Verdict::Walled);
    assert_eq!(seen.private, good.private, "a refresh accepts nothing");
    let (update_planned, warnings) = plan(&resource, &config, &seen).await;
    assert!(update_planned);
    assert!(
        warnings[0].starts_with("HL3002: a public path is walled off: http://photos.example.net/share"),
        "{warnings:?}"
    );

    // The apply fails with the evidence, and fails again: what was refused is not accepted.
    let mut state = seen;
    for _ in 0..2 {
        let (after, diagnostics) = update(&resource, &config, &state).await;
        assert!(diagnostics.has_errors());
        let detail = &diagnostics.iter().next().unwrap().detail;
        assert!(
            detail
                .contains("answered 302: sign-in redirect with the outpost's callback (authentik) at auth.example.net")
        );
        assert!(!format!("{diagnostics:?} {after:?}").contains("s3cret"));
        assert_eq!((verdict(&after), &after.private), (Verdict::Walled, &good.private));
        assert!(plan(&resource, &config, &after).await.0);
        state = after;
    }

    origin.carve_out("/share");
    let again = refresh(&resource, &state).await.expect("a change");
    assert_eq!(verdict(&again), Verdict::Ok);
    assert_eq!(plan(&resource, &config, &again).await, (false, vec![]));
}

#[tokio::test]
async fn an_open_gate_is_exposed_and_a_failed_create_leaves_nothing() {
    let origin = Origin::start().await;
    origin.gate(false);
    let (resource, config) = (resource(), config(&origin.place));
    let (state, diagnostics) = create(&resource, &config).await;
    assert!(state.is_none());
    let errors = texts(&diagnostics, Severity::Error);
    assert!(errors[0].starts_with("HL3001: a gated path is open: http://photos.example.net/"), "{errors:?}");
    let first = diagnostics.iter().next().unwrap();
    assert_eq!(first.path, Path::attr("target").then_key("/"));

    origin.gate(true);
    assert!(create(&resource, &config).await.0.is_some());
}

#[tokio::test]
async fn what_an_apply_accepts_is_quiet_and_what_comes_after_is_not() {
    let origin = Origin::start().await;
    let resource = resource();
    let config = CarveoutProbe { on_walled: OnVerdict::Record.into(), ..config(&origin.place) };
    origin.wall_off("/share");
    let (state, diagnostics) = create(&resource, &config).await;
    let state = state.unwrap_or_else(|| panic!("{diagnostics:?}"));
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(verdict(&state), Verdict::Walled);
    assert!(refresh(&resource, &state).await.is_none());
    assert_eq!(plan(&resource, &config, &state).await, (false, vec![]));

    // The same verdict, but another door.
    origin.wall_off("/api");
    let seen = refresh(&resource, &state).await.expect("a change");
    assert_eq!(verdict(&seen), Verdict::Walled);
    assert!(plan(&resource, &config, &seen).await.0);
    let (accepted, diagnostics) = update(&resource, &config, &seen).await;
    assert!(!diagnostics.has_errors());
    assert_eq!(plan(&resource, &config, &accepted).await, (false, vec![]));
}

#[tokio::test]
async fn an_open_gate_that_is_recorded_still_warns_on_every_plan() {
    let origin = Origin::start().await;
    origin.gate(false);
    let resource = resource();
    let config = CarveoutProbe { on_exposed: OnVerdict::Record.into(), ..config(&origin.place) };
    let (state, diagnostics) = create(&resource, &config).await;
    assert!(!diagnostics.has_errors() && !diagnostics.is_empty(), "{diagnostics:?}");
    let (update_planned, warnings) = plan(&resource, &config, &state.unwrap()).await;
    assert!(!update_planned);
    assert!(warnings.iter().any(|warning| warning.starts_with("HL3001")), "{warnings:?}");
}

#[tokio::test]
async fn an_outage_is_unknown_and_never_looks_like_no_change() {
    let mut origin = Origin::start().await;
    let (resource, config) = (resource(), config(&origin.place));
    let good = create(&resource, &config).await.0.unwrap();
    origin.stop().await;
    let seen = refresh(&resource, &good).await.expect("a change");
    assert_eq!((verdict(&seen), seen.model.checked.known()), (Verdict::Unknown, Some(&0)));
    assert!(plan(&resource, &config, &seen).await.0);
    let (_, diagnostics) = update(&resource, &config, &seen).await;
    assert!(texts(&diagnostics, Severity::Error)[0].starts_with("HL3004"), "{diagnostics:?}");

    let warned = CarveoutProbe { on_unknown: OnVerdict::Warn.into(), ..config };
    let (state, diagnostics) = update(&resource, &warned, &seen).await;
    assert!(!diagnostics.has_errors() && !diagnostics.is_empty());
    let (update_planned, warnings) = plan(&resource, &warned, &state).await;
    assert!(!update_planned && !warnings.is_empty(), "it goes on to warn");
}

#[tokio::test]
async fn targets_that_vanish_prove_nothing() {
    let origin = Origin::start().await;
    let (resource, config) = (resource(), config(&origin.place));
    let good = create(&resource, &config).await.0.unwrap();
    let nothing = CarveoutProbe { targets: Vec::new().into(), target: BTreeMap::new().into(), ..config };
    let (state, diagnostics) = update(&resource, &nothing, &good).await;
    assert!(diagnostics.has_errors());
    assert_eq!(verdict(&state), Verdict::Unknown);
    assert!(plan(&resource, &nothing, &state).await.0);
}

#[tokio::test]
async fn private_targets_are_refused_while_planning_unless_they_are_allowed() {
    let origin = Origin::start().await;
    let denied = CarveoutProbe { allow_private: Attr::Null, ..config(&origin.place) };
    let runtime = Runtime::new();
    runtime.configure(ProviderConfig::default());
    let resource = CarveoutProbeResource::new(runtime.clone());
    let plan = async || {
        let (mut diagnostics, private) = (Diagnostics::new(), Private::new());
        let request = PlanRequest { config: &denied, prior: None, private: &private, planned: planned(&denied) };
        resource.plan(&Context::default(), request, &mut diagnostics).await;
        diagnostics
    };
    let refused = plan().await;
    assert!(texts(&refused, Severity::Error)[0].starts_with("HL3101"), "{refused:?}");
    assert_eq!(refused.iter().next().unwrap().path, Path::attr("connect_to"));
    assert_eq!(origin.asked(), 0);
    let allowed = Probe { allow_private: true.into(), ..Probe::default() };
    runtime.configure(ProviderConfig { probe: allowed.into(), ..ProviderConfig::default() });
    assert!(!plan().await.has_errors());
    assert_eq!(origin.asked(), 0, "a plan looks at nothing");

    // Validation has no provider yet, and leaves the question to the plan.
    let mut diagnostics = Diagnostics::new();
    resource.validate(&Context::default(), &denied, &mut diagnostics).await;
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
}

#[tokio::test]
async fn a_provider_that_is_not_known_yet_judges_nothing() {
    let origin = Origin::start().await;
    let config = CarveoutProbe { connect_to: Attr::Null, ..config(&origin.place) };
    let runtime = Runtime::new();
    let known = Probe { connect_to: origin.place.clone().into(), ..Probe::default() };
    runtime.configure(ProviderConfig { probe: known.into(), ..ProviderConfig::default() });
    let resource = CarveoutProbeResource::new(runtime.clone());
    let good = create(&resource, &config).await.0.unwrap();
    let asked = origin.asked();
    let unknown = Probe { connect_to: Attr::Unknown, ..Probe::default() };
    runtime.configure(ProviderConfig { probe: unknown.into(), ..ProviderConfig::default() });
    let seen = refresh(&resource, &good).await.expect("a change");
    assert_eq!((verdict(&seen), origin.asked()), (Verdict::Unknown, asked));
}

#[tokio::test]
async fn a_probe_that_would_be_refused_now_does_not_look_like_a_pass() {
    let origin = Origin::start().await;
    let config = CarveoutProbe { allow_private: Attr::Null, ..config(&origin.place) };
    let runtime = Runtime::new();
    let allowed = Probe { allow_private: true.into(), ..Probe::default() };
    runtime.configure(ProviderConfig { probe: allowed.into(), ..ProviderConfig::default() });
    let resource = CarveoutProbeResource::new(runtime.clone());
    let good = create(&resource, &config).await.0.unwrap();
    runtime.configure(ProviderConfig::default());
    let seen = refresh(&resource, &good).await.expect("a change");
    assert_eq!(verdict(&seen), Verdict::Unknown);
    assert!(refresh(&resource, &seen).await.is_none(), "once seen, no news");
}

#[tokio::test]
async fn a_cancelled_apply_keeps_what_was() {
    let origin = Origin::start().await;
    let (resource, config) = (resource(), config(&origin.place));
    let good = create(&resource, &config).await.0.unwrap();
    let cx = Context::default();
    cx.cancelled.cancel();
    let (mut diagnostics, planned) = (Diagnostics::new(), planned(&config));
    let request = Update { config: &config, prior: &good.model, planned: &planned, private: &good.private };
    let state = resource.update(&cx, request, &mut diagnostics).await;
    assert!(diagnostics.has_errors());
    assert_eq!((&state.model, &state.private), (&good.model, &good.private));
    let request = ReadRequest { state: &good.model, private: &good.private };
    assert!(matches!(resource.read(&cx, request, &mut diagnostics).await, Read::Unchanged));
}

#[tokio::test]
async fn gated_doors_without_a_declared_wall_are_pointed_out() {
    let origin = Origin::start().await;
    let config = CarveoutProbe { wall: Attr::Null, ..config(&origin.place) };
    let (state, diagnostics) = create(&resource(), &config).await;
    let state = state.unwrap_or_else(|| panic!("{diagnostics:?}"));
    let (update_planned, warnings) = plan(&resource(), &config, &state).await;
    assert_eq!((update_planned, warnings), (false, vec!["No wall is declared".to_owned()]));
}
