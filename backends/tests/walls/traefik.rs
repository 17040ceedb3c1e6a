//! Traefik with `ForwardAuth` and `BasicAuth`.

use homelab_plane::nginx::Nginx;
use homelab_plane::skip;
use homelab_plane::wider::Traefik;
use homelab_schema::carveout_probe::{Verdict, WallSystem};
use homelab_schema::ingress::Expect;
use serde_json::{Value, json};

use crate::services::{FOREIGN, OURS, app, authentik, gone, nobody, oauth2_proxy, reached};
use crate::support::{PHOTOS, probe, probe_in_every_form, wall};

const SHARE: &str = "Host(`photos.example.net`) && (Path(`/share`) || PathPrefix(`/share/`))";
const ALL: &str = "Host(`photos.example.net`)";

/// Two routers to the app: `gated` with the middleware `gate`, and `public`.
fn routes(app: u16, gated: &str, public: &str, gate: &Value) -> Value {
    json!({ "http": {
        "routers": {
            "gated": { "rule": gated, "service": "app", "middlewares": ["gate"] },
            "public": { "rule": public, "service": "app" },
        },
        "services": { "app": { "loadBalancer": { "servers": [{ "url": format!("http://127.0.0.1:{app}") }] } } },
        "middlewares": { "gate": gate },
    } })
}

fn forward_auth(address: &str) -> Value {
    json!({ "forwardAuth": { "address": address } })
}

fn outpost(port: u16) -> Value {
    forward_auth(&format!("http://127.0.0.1:{port}/outpost.goauthentik.io/auth/traefik"))
}

/// One with these routes and its port, or `None` where there is no Traefik.
fn start(test: &str, routes: &Value) -> Option<(Traefik, u16)> {
    start_with(test, routes, &[])
}

fn start_with(test: &str, routes: &Value, flags: &[&str]) -> Option<(Traefik, u16)> {
    match Traefik::of_file(routes, flags) {
        Err(error) if error.is_missing() => {
            skip(test, &error.to_string());
            None
        }
        started => {
            let traefik = started.unwrap();
            let port = traefik.web().rsplit(':').next().unwrap().parse().unwrap();
            Some((traefik, port))
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_of_the_service_is_the_gate() {
    let (app, service) = (app().await, authentik(OURS, None).await);
    let routes = routes(app.address.port(), ALL, SHARE, &outpost(service.address.port()));
    let Some((_traefik, port)) = start("traefik_forward_auth", &routes) else { return };
    let seen = probe_in_every_form(port, wall(WallSystem::Authentik), &PHOTOS).await;
    assert_eq!(seen.verdict(), Verdict::Ok, "{}", seen.told());
    assert_eq!(seen.of("/"), "ok gated authentik");
    assert_eq!(seen.with("/", "accept json"), "ok gated authentik");
    for form in ["head", "preflight", "websocket", "another user agent"] {
        assert_eq!(seen.with("/", form), "ok gated authentik", "{form}");
        assert_eq!(seen.with("/share", form), "ok public", "{form}");
    }
    assert_eq!(seen.of("/share"), "ok public");
    // It believes no X-Forwarded-* of a client: the service saw its own.
    assert_eq!(seen.with("/", "spoof x-forwarded-uri"), "ok gated authentik");
    let reached = reached(&app);
    assert!(!reached.is_empty() && reached.iter().all(|path| path.contains("share")), "{reached:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_with_403_is_the_gate_of_oauth2_proxy() {
    let (app, service) = (app().await, oauth2_proxy(None).await);
    let gate = forward_auth(&format!("http://127.0.0.1:{}/", service.address.port()));
    let Some((_traefik, port)) = start("traefik_oauth2_proxy", &routes(app.address.port(), ALL, SHARE, &gate)) else {
        return;
    };
    let seen = probe(port, wall(WallSystem::Oauth2Proxy), &PHOTOS).await;
    assert_eq!(seen.verdict(), Verdict::Ok, "{}", seen.told());
    assert_eq!(seen.of("/"), "ok gated oauth2_proxy");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prefix_by_characters_opens_what_begins_alike() {
    let (app, service) = (app().await, authentik(OURS, None).await);
    let by_characters = "Host(`photos.example.net`) && PathPrefix(`/share`)";
    let routes = routes(app.address.port(), ALL, by_characters, &outpost(service.address.port()));
    let Some((_traefik, port)) = start("traefik_prefix", &routes) else { return };
    let seen = probe(port, wall(WallSystem::Authentik), &PHOTOS).await;
    let exposed = seen.all(Verdict::Exposed);
    assert!(exposed.contains(&"/sharex".to_owned()), "{}", seen.told());
    assert_eq!(seen.of("/"), "ok gated authentik");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_of_the_client_that_traefik_is_told_to_trust_opens_the_gate() {
    let (app, service) = (app().await, authentik(OURS, Some("/share")).await);
    let mut gate = outpost(service.address.port());
    gate["forwardAuth"]["trustForwardHeader"] = json!(true);
    let routes = routes(app.address.port(), ALL, SHARE, &gate);
    for (flags, exposed) in
        [(&[][..], &[][..]), (&["--entrypoints.web.forwardedheaders.insecure=true"], &["/ spoof x-forwarded-uri"])]
    {
        let Some((_traefik, port)) = start_with("traefik_trust", &routes, flags) else { return };
        let seen = probe(port, wall(WallSystem::Authentik), &PHOTOS).await;
        assert_eq!(seen.all(Verdict::Exposed), exposed, "{}", seen.told());
        assert_eq!(seen.of("/"), "ok gated authentik");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carve_out_that_was_lost_is_never_ok() {
    for (issuer, verdict, seen_as) in
        [(OURS, Verdict::Walled, "walled gated authentik"), (FOREIGN, Verdict::Unknown, "unknown ambiguous authentik")]
    {
        let (app, service) = (app().await, authentik(issuer, None).await);
        let lost = "Host(`other.example.net`)";
        let routes = routes(app.address.port(), ALL, lost, &outpost(service.address.port()));
        let Some((_traefik, port)) = start("traefik_walled", &routes) else { return };
        let seen = probe(port, wall(WallSystem::Authentik), &PHOTOS).await;
        // A wall of somebody else is no proof of an open door either.
        assert_eq!((seen.verdict(), seen.of("/share").as_str()), (verdict, seen_as), "{}", seen.told());
        assert_eq!(reached(&app), Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_issuer_is_not_the_gate() {
    let (app, service) = (app().await, authentik(FOREIGN, None).await);
    let routes = routes(app.address.port(), ALL, SHARE, &outpost(service.address.port()));
    let Some((_traefik, port)) = start("traefik_issuer", &routes) else { return };
    let seen = probe(port, wall(WallSystem::Authentik), &PHOTOS).await;
    assert_eq!((seen.verdict(), seen.of("/").as_str()), (Verdict::Unknown, "unknown ambiguous authentik"));
    assert!(seen.told().contains("its issuer is auth.example.org"), "{}", seen.told());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_gone_is_an_error_and_not_a_gate() {
    let app = app().await;
    let routes = routes(app.address.port(), ALL, SHARE, &outpost(nobody()));
    let Some((_traefik, port)) = start("traefik_gone", &routes) else { return };
    let seen = probe(port, wall(WallSystem::Authentik), &PHOTOS).await;
    assert_eq!((seen.verdict(), seen.of("/").as_str()), (Verdict::Unknown, "unknown origin_error"));
    assert_eq!(seen.of("/share"), "ok public");
    assert_eq!(reached(&app).iter().filter(|path| !path.contains("share")).count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fallback_in_front_of_the_service_is_the_gate_in_another_form() {
    // The service is asked by way of an nginx that asks for a password itself when the service is gone.
    let (app, service) = (app().await, authentik(OURS, None).await);
    let server = format!(
        "location / {{
             proxy_pass http://127.0.0.1:{};
             proxy_set_header Host $host;
             error_page 502 503 504 = @emergency;
         }}
         location @emergency {{
             add_header X-Auth-Fallback true always;
             auth_basic \"Emergency Access\";
             auth_basic_user_file users;
             empty_gif;
         }}",
        service.address.port()
    );
    let front = match Nginx::start(&server, &[("users", "somebody:{PLAIN}password\n")]) {
        Err(error) if error.is_missing() => return skip("traefik_fallback", &error.to_string()),
        started => started.unwrap(),
    };
    let routes = routes(app.address.port(), ALL, SHARE, &outpost(front.port()));
    let Some((_traefik, port)) = start("traefik_fallback", &routes) else { return };
    let seen = probe(port, wall(WallSystem::Authentik), &PHOTOS).await;
    assert_eq!(seen.verdict(), Verdict::Ok, "{}", seen.told());

    gone(service).await;
    let seen = probe(port, wall(WallSystem::Authentik), &PHOTOS).await;
    assert_eq!((seen.verdict(), seen.of("/").as_str()), (Verdict::Degraded, "degraded gated_degraded basic"));
    assert_eq!(seen.findings(), 1, "{}", seen.told());
    assert_eq!(seen.of("/share"), "ok public");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_the_gate_only_where_it_is_declared() {
    let app = app().await;
    // SHA-1 of "password": nobody signs in here.
    let gate = json!({ "basicAuth": { "users": ["somebody:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="], "realm": "photos" } });
    let Some((_traefik, port)) = start("traefik_basic_auth", &routes(app.address.port(), ALL, SHARE, &gate)) else {
        return;
    };
    let seen = probe(port, wall(WallSystem::Basic), &PHOTOS).await;
    assert_eq!(seen.verdict(), Verdict::Ok, "{}", seen.told());
    assert_eq!(seen.of("/"), "ok gated basic");

    let seen = probe(port, wall(WallSystem::Authentik), &PHOTOS).await;
    assert_eq!((seen.verdict(), seen.of("/").as_str()), (Verdict::Unknown, "unknown ambiguous"));

    let swapped = [("/", Expect::Public)];
    let seen = probe(port, wall(WallSystem::Basic), &swapped).await;
    assert_eq!((seen.verdict(), seen.of("/").as_str()), (Verdict::Walled, "walled gated basic"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_middleware_that_is_not_there_takes_its_router_along_and_opens_what_it_gated() {
    let (app, service) = (app().await, authentik(OURS, None).await);
    let admin = "Host(`photos.example.net`) && (Path(`/admin`) || PathPrefix(`/admin/`))";
    let mut routes = routes(app.address.port(), admin, ALL, &outpost(service.address.port()));
    let doors = [("/", Expect::Public), ("/admin", Expect::Gated)];
    {
        let Some((_traefik, port)) = start("traefik_middleware", &routes) else { return };
        let seen = probe(port, wall(WallSystem::Authentik), &doors).await;
        assert_eq!(seen.of("/admin"), "ok gated authentik", "{}", seen.told());
    }
    routes["http"]["routers"]["gated"]["middlewares"] = json!(["gone"]);
    let Some((_traefik, port)) = start("traefik_middleware", &routes) else { return };
    let seen = probe(port, wall(WallSystem::Authentik), &doors).await;
    assert_eq!((seen.verdict(), seen.of("/admin").as_str()), (Verdict::Exposed, "exposed public"));
    assert_eq!(seen.of("/"), "ok public");
}
