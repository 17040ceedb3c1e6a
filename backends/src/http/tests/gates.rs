//! Servers that answer as each gate system does, judged over the wire in every form that a probe asks in.
//!
//! Each lets `/share` pass and nothing else, and decides as its source does: by method, by `Accept`, by what looks like a
//! script. A request that such a server could not take (no `Host`, two of them) gets a 400, so that a sloppy probe fails here.

use homelab_core::probe::Defaults;
use homelab_schema::carveout_probe::{CarveoutProbe, Matrix, ProbedDoor, Verdict, Wall as Declared};
use homelab_schema::ingress::{Expect, PathType};

use super::origin::{Asked, Reply, answer};
use super::*;

/// One gate system.
struct Gate {
    name: &'static str,
    system: WallSystem,
    answers: fn(&Request<'_>) -> Reply,
}

/// A request as a gate sees it.
struct Request<'a>(&'a Asked);

impl Request<'_> {
    fn method(&self) -> &str {
        self.0.line.split(' ').next().unwrap()
    }

    fn path(&self) -> &str {
        self.0.line.split(' ').nth(1).unwrap().split('?').next().unwrap()
    }

    fn header(&self, name: &str) -> &str {
        let found = self.0.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    fn wants(&self, media: &str) -> bool {
        self.header("accept").contains(media)
    }

    fn is_sound(&self) -> bool {
        let hosts = self.0.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("host")).count();
        hosts == 1 && self.0.line.ends_with(" HTTP/1.1")
    }
}

const TO_AUTHORIZE: &str = "https://auth.example.net/application/o/authorize/?client_id=gate&redirect_uri=https%3A%2F%2F\
                            photos.example.net%2Foutpost.goauthentik.io%2Fcallback&response_type=code&state=x";
const TO_ISSUER: &str = "https://auth.example.net/o/authorize?client_id=gate&redirect_uri=https%3A%2F%2Fphotos.example.net%2F\
                         oauth2%2Fcallback&response_type=code";
const TO_KEYCLOAK: &str =
    "https://auth.example.net/realms/home/protocol/openid-connect/auth?client_id=gate&response_type=code";
const SIGN_IN_FORM: &str = "<html><form method=\"GET\" action=\"/oauth2/start\"><button>Sign in</button></form></html>";
const HTML: (&str, &str) = ("Content-Type", "text/html; charset=utf-8");
const JSON: (&str, &str) = ("Content-Type", "application/json");
const TEXT: (&str, &str) = ("Content-Type", "text/plain; charset=utf-8");

fn head_or(request: &Request<'_>, status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
    answer(status, headers, if request.method() == "HEAD" { "" } else { body })
}

/// Traefik's ForwardAuth asks with GET whatever came, and passes the answer on as it is.
fn authentik(_: &Request<'_>) -> Reply {
    answer(302, &[("Location", TO_AUTHORIZE), ("Set-Cookie", "authentik_proxy_5f0b8a8c=s3cret; Path=/")], "")
}

fn authentik_before_2022_8(_: &Request<'_>) -> Reply {
    let cookie = ("Set-Cookie", "authentik_proxy=s3cret; Path=/");
    answer(307, &[("Location", "https://photos.example.net/akprox/start"), cookie], "")
}

fn oauth2_proxy_page(request: &Request<'_>) -> Reply {
    if request.wants("application/json") {
        return head_or(request, 401, &[JSON], "{}");
    }
    head_or(request, 403, &[HTML, ("Cache-Control", "no-cache")], SIGN_IN_FORM)
}

fn oauth2_proxy_redirect(request: &Request<'_>) -> Reply {
    if request.wants("application/json") {
        return head_or(request, 401, &[JSON], "{}");
    }
    answer(302, &[("Location", TO_ISSUER), ("Set-Cookie", "_oauth2_proxy_csrf=s3cret; Path=/; HttpOnly")], "")
}

/// As an authentication service, with the proxy in front showing its sign-in page in place of the 401.
fn oauth2_proxy_service(request: &Request<'_>) -> Reply {
    head_or(request, 401, &[HTML], SIGN_IN_FORM)
}

fn authelia(request: &Request<'_>) -> Reply {
    let location = format!("https://auth.example.net/?rd=https%3A%2F%2Fphotos.example.net%2F&rm={}", request.method());
    let script = request.header("x-requested-with") == "XMLHttpRequest" || !request.wants("text/html");
    let status = match (script, request.method()) {
        (true, _) => 401,
        (false, "GET" | "HEAD" | "OPTIONS") => 302,
        (false, _) => 303,
    };
    head_or(request, status, &[("Location", &location), HTML], "sign in")
}

fn pomerium(request: &Request<'_>) -> Reply {
    if !request.wants("text/html") {
        return head_or(request, 401, &[JSON], "{\"error\":\"Unauthenticated\",\"request_id\":\"x\"}");
    }
    let location = "https://auth.example.net/.pomerium/sign_in?pomerium_redirect_uri=x&pomerium_signature=x";
    answer(302, &[("Location", location), ("x-pomerium-intercepted-response", "true")], "")
}

fn cloudflare_access(request: &Request<'_>) -> Reply {
    let application = [("Cf-Access-Domain", "photos.example.net"), ("Cf-Access-Aud", "0123")];
    if request.header("x-requested-with") == "XMLHttpRequest" {
        return answer(401, &application, "");
    }
    let location = "https://example.cloudflareaccess.com/cdn-cgi/access/login/photos.example.net?kid=0123";
    answer(302, &[("Location", location), ("Set-Cookie", "CF_AppSession=s3cret; Path=/")], "")
}

fn cloudflare_access_for_tokens(request: &Request<'_>) -> Reply {
    let headers = [("Cf-Access-Domain", "photos.example.net"), ("Cf-Access-Aud", "0123"), HTML];
    head_or(request, 403, &headers, "<html>Forbidden</html>")
}

fn keycloak(_: &Request<'_>) -> Reply {
    answer(302, &[("Location", TO_KEYCLOAK), ("Set-Cookie", "mod_auth_openidc_state_x=s3cret; Path=/")], "")
}

fn basic(request: &Request<'_>) -> Reply {
    head_or(request, 401, &[("WWW-Authenticate", "Basic realm=\"photos\""), TEXT], "401 Unauthorized")
}

const GATES: [Gate; 11] = [
    Gate { name: "authentik", system: WallSystem::Authentik, answers: authentik },
    Gate { name: "authentik before 2022.8", system: WallSystem::Authentik, answers: authentik_before_2022_8 },
    Gate { name: "oauth2-proxy with its page", system: WallSystem::Oauth2Proxy, answers: oauth2_proxy_page },
    Gate { name: "oauth2-proxy without its page", system: WallSystem::Oauth2Proxy, answers: oauth2_proxy_redirect },
    Gate { name: "oauth2-proxy as a service", system: WallSystem::Oauth2Proxy, answers: oauth2_proxy_service },
    Gate { name: "authelia", system: WallSystem::Authelia, answers: authelia },
    Gate { name: "pomerium", system: WallSystem::Pomerium, answers: pomerium },
    Gate { name: "cloudflare access", system: WallSystem::CloudflareAccess, answers: cloudflare_access },
    Gate { name: "cloudflare, tokens", system: WallSystem::CloudflareAccess, answers: cloudflare_access_for_tokens },
    Gate { name: "keycloak behind Apache", system: WallSystem::Keycloak, answers: keycloak },
    Gate { name: "basic", system: WallSystem::Basic, answers: basic },
];

fn app(request: &Request<'_>) -> Reply {
    match (request.method(), request.header("upgrade")) {
        ("OPTIONS", _) => answer(204, &[("Access-Control-Allow-Origin", "*")], ""),
        (_, "websocket") => answer(426, &[TEXT], "Upgrade Required"),
        _ => head_or(request, 200, &[HTML], "<html>photos</html>"),
    }
}

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
async fn every_status_of_a_redirect_to_the_sign_in_is_the_wall() {
    for status in [301, 302, 303, 307, 308] {
        for (gate, location) in [(0, TO_AUTHORIZE), (9, TO_KEYCLOAK)] {
            let serve = move |_: &Request<'_>| answer(status, &[("Location", location)], "");
            let report = judged(&GATES[gate], Matrix::Off, serve).await;
            let seen = |label: &str| report.results().into_iter().find(|result| result.label == label).unwrap().verdict;
            assert_eq!((seen("root"), seen("share")), (Verdict::Ok, Verdict::Walled), "{status} {location}");
        }
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
