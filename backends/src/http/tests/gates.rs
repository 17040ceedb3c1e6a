//! Servers that answer as each gate system does, judged over the wire in every form that a probe asks in.
//!
//! Each lets `/share` pass and nothing else, and decides as its source does: by method, by `Accept`, by what looks like a
//! script. A request that such a server could not take (no `Host`, two of them) gets a 400, so that a sloppy probe fails here.

use homelab_core::probe::Defaults;
use homelab_schema::carveout_probe::{CarveoutProbe, Matrix, ProbedDoor, Verdict, Wall as Declared};
use homelab_schema::ingress::{Expect, PathType};

use super::origin::{Asked, Reply, answer};
use super::*;
use systems::{GATES, Gate, Request, app, authentik};

mod systems;

/// What a proxy that is set up well routes to the app: `/share` and what is below it, by elements.
fn is_carved_out(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let climbs = lower.contains("..") || lower.contains("%2e") || lower.contains("%2f");
    !climbs && path.strip_prefix("/share").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The root gated and `/share` public, in every form.
fn declared(gate: &Gate, origin: &Origin, matrix: Matrix) -> Run {
    let door = |path: &str, expect: Expect| ProbedDoor {
        url: format!("http://photos.example.net{path}").into(),
        expect: expect.into(),
        path_type: PathType::Prefix.into(),
        ..ProbedDoor::default()
    };
    let doors = [("root", door("/", Expect::Gated)), ("share", door("/share", Expect::Public))];
    let issuer = (gate.system != WallSystem::CloudflareAccess).then(|| "auth.example.net".to_owned());
    let wall = Declared {
        system: gate.system.into(),
        issuer_host: issuer.into(),
        client_id: "gate".to_owned().into(),
        ..Declared::default()
    };
    let model = CarveoutProbe {
        target: doors.map(|(label, door)| (label.to_owned(), door)).into_iter().collect::<BTreeMap<_, _>>().into(),
        wall: wall.into(),
        connect_to: origin.address.to_string().into(),
        allow_private: true.into(),
        timeout: "1m".to_owned().into(),
        samples: 1.into(),
        matrix: matrix.into(),
        ..CarveoutProbe::default()
    };
    Run::new(&model, &Defaults::default()).unwrap()
}

async fn judged(gate: &Gate, matrix: Matrix, serve: impl Fn(&Request<'_>) -> Reply + Send + Sync + 'static) -> Report {
    let origin = Origin::start(move |_, asked| {
        let request = Request(asked);
        if request.is_sound() { serve(&request) } else { answer(400, &[], "") }
    })
    .await;
    let mut run = declared(gate, &origin, matrix);
    // It would ask the system for the name, and there is a test of its own with a resolver.
    run.checks.retain(|check| check.way != Way::Edge);
    Prober::new().run(&run, &CancellationToken::new()).await.unwrap()
}

/// Method, path and form of everything that has `verdict`.
fn with_verdict(report: &Report, verdict: Verdict) -> Vec<String> {
    let found = report.results().into_iter().filter(|result| result.verdict == verdict);
    found.map(|result| format!("{} {} {}", result.method, result.url, result.with)).collect()
}

#[tokio::test]
async fn every_system_is_known_for_what_it_is_in_every_form() {
    for gate in &GATES {
        let answers = gate.answers;
        let report =
            judged(
                gate,
                Matrix::Full,
                move |request| {
                    if is_carved_out(request.path()) { app(request) } else { answers(request) }
                },
            )
            .await;
        let told: Vec<String> = report.findings().into_iter().map(|finding| finding.observed).collect();
        // A page that signs people in has no mark without its body.
        let heads = with_verdict(&report, Verdict::Unknown);
        let only_head = heads.iter().all(|what| what == "HEAD http://photos.example.net/ head");
        assert!(report.verdict == Verdict::Ok || only_head, "{}: {told:?}", gate.name);
        let root = report.results().into_iter().find(|result| result.label == "root").unwrap();
        let system = homelab_core::probe::signature::system_name(gate.system);
        assert_eq!((root.observed.as_str(), root.system.as_str()), ("gated", system), "{}", gate.name);
    }
}

#[tokio::test]
async fn every_system_walls_a_public_path_off_and_an_open_one_is_exposed() {
    for gate in &GATES {
        let answers = gate.answers;
        let walled = judged(gate, Matrix::Small, answers).await;
        assert_eq!(walled.verdict, Verdict::Walled, "{}", gate.name);
        assert_eq!(with_verdict(&walled, Verdict::Exposed), Vec::<String>::new(), "{}", gate.name);
        let open = judged(gate, Matrix::Small, app).await;
        assert_eq!(open.verdict, Verdict::Exposed, "{}", gate.name);
    }
}

#[tokio::test]
async fn every_form_is_named_with_its_issuer_and_its_client() {
    for gate in &GATES {
        let report = judged(gate, Matrix::Small, gate.answers).await;
        let seen = |way: Way| {
            let root = |judged: &&homelab_core::probe::Judged| judged.check.label == "root" && judged.check.way == way;
            report.judged.iter().find(root).unwrap().shown.wall.clone()
        };
        let browser = seen(Way::Plain).unwrap();
        let found = (browser.form, browser.issuer.as_deref(), browser.client_id.as_deref());
        assert_eq!(found, (gate.browser, gate.issuer, gate.client), "{}", gate.name);
        assert_eq!(seen(Way::Json).unwrap().form, gate.program, "{}", gate.name);
    }
}

/// `reply` with another status.
fn with_status(reply: Reply, status: u16) -> Reply {
    let Reply::Send(bytes) = reply else { unreachable!("an answer is sent") };
    let text = String::from_utf8(bytes).unwrap();
    Reply::Send(format!("HTTP/1.1 {status} X\r\n{}", text.split_once("\r\n").unwrap().1).into_bytes())
}

fn status_of(reply: &Reply) -> u16 {
    let Reply::Send(bytes) = reply else { unreachable!("an answer is sent") };
    std::str::from_utf8(bytes).unwrap().split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn another_status_hides_no_wall() {
    // What each answers to a browser, and the statuses under which proxies pass the same on.
    let browser = Asked {
        line: "GET / HTTP/1.1".to_owned(),
        headers: vec![("accept".to_owned(), "text/html".to_owned())],
        connection: 0,
        tls: None,
    };
    for gate in &GATES {
        let own = status_of(&(gate.answers)(&Request(&browser)));
        let others: &[u16] = match own {
            300..=399 => &[301, 302, 303, 307, 308],
            // A refusal without a page is one by its status.
            _ if gate.browser.contains("page") => &[200, 401, 403],
            _ => &[],
        };
        for &status in others {
            let answers = gate.answers;
            let report = judged(gate, Matrix::Off, move |request| with_status(answers(request), status)).await;
            let seen = |label: &str| report.results().into_iter().find(|result| result.label == label).unwrap().verdict;
            assert_eq!((seen("root"), seen("share")), (Verdict::Ok, Verdict::Walled), "{} {status}", gate.name);
        }
    }
}

#[tokio::test]
async fn somebody_elses_wall_of_the_same_system_is_not_the_gate() {
    for gate in GATES.iter().filter(|gate| gate.issuer == Some("auth.example.net")) {
        let answers = gate.answers;
        let elsewhere = move |request: &Request<'_>| {
            let Reply::Send(bytes) = answers(request) else { unreachable!("an answer is sent") };
            Reply::Send(
                String::from_utf8(bytes).unwrap().replace("//auth.example.net/", "//auth.example.org/").into_bytes(),
            )
        };
        let report = judged(gate, Matrix::Off, elsewhere).await;
        let root = report.results().into_iter().find(|result| result.label == "root").unwrap();
        assert_eq!(root.verdict, Verdict::Unknown, "{}", gate.name);
    }
    for gate in GATES.iter().filter(|gate| gate.client.is_some()) {
        let answers = gate.answers;
        let another = move |request: &Request<'_>| {
            let Reply::Send(bytes) = answers(request) else { unreachable!("an answer is sent") };
            Reply::Send(String::from_utf8(bytes).unwrap().replace("client_id=gate", "client_id=app").into_bytes())
        };
        let report = judged(gate, Matrix::Off, another).await;
        let root = report.results().into_iter().find(|result| result.label == "root").unwrap();
        assert_eq!(root.verdict, Verdict::Unknown, "{}", gate.name);
    }
}

#[tokio::test]
async fn a_gate_in_its_emergency_form_is_one_finding() {
    let report = judged(&GATES[0], Matrix::Off, |request| {
        let prompt = ("WWW-Authenticate", "Basic realm=\"Emergency Access\"");
        if is_carved_out(request.path()) {
            app(request)
        } else {
            answer(401, &[prompt, ("X-Auth-Fallback", "true")], "")
        }
    })
    .await;
    assert_eq!((report.verdict, report.findings().len()), (Verdict::Degraded, 1), "{:?}", report.findings());
}

/// A gate that lets pass what `opens` says, beside what is carved out.
async fn opened_by(opens: fn(&Request<'_>) -> bool) -> Vec<String> {
    let report = judged(&GATES[0], Matrix::Full, move |request| {
        if is_carved_out(request.path()) || opens(request) { app(request) } else { authentik(request) }
    })
    .await;
    with_verdict(&report, Verdict::Exposed)
}

#[tokio::test]
async fn what_opens_a_gate_is_named() {
    let root = |form: &str| vec![format!("GET http://photos.example.net/ {form}")];
    assert_eq!(opened_by(|_| false).await, Vec::<String>::new());
    assert_eq!(opened_by(|request| request.header("x-forwarded-uri") == "/share").await, root("spoof x-forwarded-uri"));
    assert_eq!(
        opened_by(|request| request.header("x-forwarded-uri").starts_with("/outpost")).await,
        root("spoof x-forwarded-uri of authentik")
    );
    assert_eq!(
        opened_by(|request| !request.header("remote_user").is_empty()).await,
        root("spoof identity headers with underscores")
    );
    assert_eq!(opened_by(|request| request.header("authorization").starts_with("Bearer")).await, root("spoof bearer"));
    assert_eq!(
        opened_by(|request| request.header("cookie").contains("authentik_proxy")).await,
        root("spoof session-shaped cookies")
    );
    assert_eq!(
        opened_by(|request| request.header("user-agent").starts_with("Blackbox")).await,
        root("spoof user agent of a monitor")
    );
    assert_eq!(
        opened_by(|request| request.header("host") == "PHOTOS.EXAMPLE.NET").await,
        root("spoof host in capitals")
    );
    assert_eq!(opened_by(|request| request.header("host").ends_with('.')).await, root("spoof host with a final dot"));
    assert_eq!(opened_by(|request| !request.wants("text/html")).await, root("accept json"));
    assert_eq!(opened_by(|request| request.header("user-agent").contains("iPhone")).await, root("another user agent"));
    // A preflight carries nothing of the app, and gates differ about it.
    assert_eq!(opened_by(|request| request.method() == "OPTIONS").await, Vec::<String>::new());
}

#[tokio::test]
async fn an_upgrade_that_the_app_takes_went_past_the_gate() {
    let report = judged(&GATES[0], Matrix::Full, |request| match request.header("upgrade") {
        "websocket" => Reply::Send(
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n".to_vec(),
        ),
        _ if is_carved_out(request.path()) => app(request),
        _ => authentik(request),
    })
    .await;
    assert_eq!(with_verdict(&report, Verdict::Exposed), ["GET http://photos.example.net/ websocket"]);
}

#[tokio::test]
async fn prefixes_by_characters_are_exposed_at_their_edge() {
    let report = judged(&GATES[0], Matrix::Off, |request| {
        if request.path().starts_with("/share") { app(request) } else { authentik(request) }
    })
    .await;
    let exposed = with_verdict(&report, Verdict::Exposed);
    assert!(exposed.contains(&"GET http://photos.example.net/sharex ".to_owned()), "{exposed:?}");
    assert!(exposed.contains(&"GET http://photos.example.net/share%2f.. ".to_owned()), "{exposed:?}");
}

#[tokio::test]
async fn an_answer_that_leads_to_itself_is_looked_at_once() {
    let report = judged(&GATES[0], Matrix::Off, |request| {
        let itself = format!("http://photos.example.net{}", request.path());
        answer(302, &[("Location", &itself)], "")
    })
    .await;
    assert_eq!(with_verdict(&report, Verdict::Exposed), Vec::<String>::new());
    let root = report.results().into_iter().find(|result| result.label == "root").unwrap();
    assert_eq!((root.verdict, root.share.as_str()), (Verdict::Unknown, "1/1"));
}
