//! nginx with `auth_request`.

use homelab_plane::nginx::Nginx;
use homelab_plane::skip;
use homelab_schema::carveout_probe::{Verdict, WallSystem};

use crate::services::{FOREIGN, OURS, app, authentik, nobody, oauth2_proxy, reached};
use crate::support::{PHOTOS, probe, probe_in_every_form, wall};

/// One with this server, or `None` where there is no nginx.
fn start(test: &str, server: &str, files: &[(&str, &str)]) -> Option<Nginx> {
    match Nginx::start(server, files) {
        Err(error) if error.is_missing() => {
            skip(test, &error.to_string());
            None
        }
        started => Some(started.unwrap()),
    }
}

/// As Authentik's documentation puts an outpost behind nginx: `share` is the public location.
fn with_authentik(app: u16, outpost: u16, share: &str) -> String {
    format!(
        "{share} {{ proxy_pass http://127.0.0.1:{app}; }}
         location / {{
             auth_request /outpost.goauthentik.io/auth/nginx;
             error_page 401 = @sign_in;
             proxy_pass http://127.0.0.1:{app};
         }}
         location /outpost.goauthentik.io {{
             proxy_pass http://127.0.0.1:{outpost}/outpost.goauthentik.io;
             proxy_set_header Host $host;
             proxy_set_header X-Original-URL $scheme://$http_host$request_uri;
             proxy_pass_request_body off;
             proxy_set_header Content-Length \"\";
         }}
         location @sign_in {{
             internal;
             return 302 /outpost.goauthentik.io/start?rd=$scheme://$http_host$request_uri;
         }}"
    )
}

const BY_ELEMENTS: &str = "location ~ ^/share(/|$)";

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_of_authentik_is_its_gate_and_the_carve_out_is_public() {
    let (app, outpost) = (app().await, authentik(OURS, None).await);
    let server = with_authentik(app.address.port(), outpost.address.port(), BY_ELEMENTS);
    let Some(nginx) = start("nginx_authentik", &server, &[]) else { return };
    let seen = probe_in_every_form(nginx.port(), wall(WallSystem::Authentik), &PHOTOS).await;
    assert_eq!(seen.verdict(), Verdict::Ok, "{}", seen.told());
    assert_eq!(seen.of("/"), "ok gated authentik");
    assert_eq!(seen.with("/", "accept json"), "ok gated authentik");
    for form in ["head", "preflight", "websocket", "another user agent"] {
        assert_eq!(seen.with("/", form), "ok gated authentik", "{form}");
        assert_eq!(seen.with("/share", form), "ok public", "{form}");
    }
    assert_eq!(seen.of("/share"), "ok public");
    // nginx resolves both before it chooses the location.
    assert_eq!(seen.of("/share%2f.."), "ok gated authentik");
    assert_eq!(seen.of("/share/../"), "ok gated authentik");
    assert_eq!(seen.of("//share"), "ok public");
    let reached = reached(&app);
    assert!(!reached.is_empty() && reached.iter().all(|path| path.contains("share")), "{reached:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_location_by_characters_opens_what_begins_alike() {
    let (app, outpost) = (app().await, authentik(OURS, None).await);
    let server = with_authentik(app.address.port(), outpost.address.port(), "location /share");
    let Some(nginx) = start("nginx_prefix", &server, &[]) else { return };
    let seen = probe(nginx.port(), wall(WallSystem::Authentik), &PHOTOS).await;
    assert_eq!(seen.all(Verdict::Exposed), ["/sharex"], "{}", seen.told());
    assert_eq!(seen.of("/"), "ok gated authentik");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wall_across_the_carve_out_is_seen() {
    let (app, outpost) = (app().await, authentik(OURS, None).await);
    let server = with_authentik(app.address.port(), outpost.address.port(), "location /elsewhere");
    let Some(nginx) = start("nginx_walled", &server, &[]) else { return };
    let seen = probe(nginx.port(), wall(WallSystem::Authentik), &PHOTOS).await;
    assert_eq!((seen.verdict(), seen.of("/share").as_str()), (Verdict::Walled, "walled gated authentik"));
    assert_eq!(reached(&app), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_sign_in_its_401_proves_nothing() {
    let (app, outpost) = (app().await, authentik(OURS, None).await);
    let server = with_authentik(app.address.port(), outpost.address.port(), BY_ELEMENTS)
        .replace("error_page 401 = @sign_in;", "");
    let Some(nginx) = start("nginx_401", &server, &[]) else { return };
    let seen = probe(nginx.port(), wall(WallSystem::Authentik), &PHOTOS).await;
    // Any app may answer 401 with a page of nginx. It is no open door either.
    assert_eq!((seen.verdict(), seen.of("/").as_str()), (Verdict::Unknown, "unknown ambiguous"));
    assert_eq!(seen.all(Verdict::Exposed), Vec::<String>::new());
    assert_eq!(seen.of("/share"), "ok public");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_at_another_issuer_is_not_the_gate() {
    let app = app().await;
    let server = format!(
        "{BY_ELEMENTS} {{ proxy_pass http://127.0.0.1:{0}; }}
         location / {{ auth_request /auth; error_page 401 = @sign_in; proxy_pass http://127.0.0.1:{0}; }}
         location = /auth {{ internal; return 401; }}
         location @sign_in {{
             return 302 https://{1}/application/o/authorize/?client_id=gate&redirect_uri=https%3A%2F%2F$host%2F\
             outpost.goauthentik.io%2Fcallback;
         }}",
        app.address.port(),
        FOREIGN.host
    );
    let Some(nginx) = start("nginx_issuer", &server, &[]) else { return };
    let seen = probe(nginx.port(), wall(WallSystem::Authentik), &PHOTOS).await;
    assert_eq!((seen.verdict(), seen.of("/").as_str()), (Verdict::Unknown, "unknown ambiguous authentik"));
    assert!(seen.told().contains("its issuer is auth.example.org"), "{}", seen.told());
    assert_eq!(seen.of("/share"), "ok public");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_gone_is_an_error_and_not_a_gate() {
    let app = app().await;
    let server = with_authentik(app.address.port(), nobody(), BY_ELEMENTS);
    let Some(nginx) = start("nginx_gone", &server, &[]) else { return };
    let seen = probe(nginx.port(), wall(WallSystem::Authentik), &PHOTOS).await;
    assert_eq!((seen.verdict(), seen.of("/").as_str()), (Verdict::Unknown, "unknown origin_error"));
    assert!(seen.told().starts_with("HL3005"), "{}", seen.told());
    assert_eq!(seen.of("/share"), "ok public");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_nginx_does_not_hand_over_is_an_error_of_the_gate() {
    let (app, outpost) = (app().await, authentik(OURS, None).await);
    let server = with_authentik(app.address.port(), outpost.address.port(), BY_ELEMENTS)
        .replace("proxy_set_header X-Original-URL $scheme://$http_host$request_uri;", "");
    let Some(nginx) = start("nginx_header", &server, &[]) else { return };
    let seen = probe(nginx.port(), wall(WallSystem::Authentik), &PHOTOS).await;
    assert_eq!((seen.verdict(), seen.of("/").as_str()), (Verdict::Unknown, "unknown origin_error"), "{}", seen.told());
    assert_eq!(seen.of("/share"), "ok public");
}

#[tokio::test(flavor = "multi_thread")]
async fn its_emergency_prompt_is_the_gate_in_another_form() {
    let app = app().await;
    let emergency = "location @emergency {
             add_header X-Auth-Fallback true always;
             auth_basic \"Emergency Access\";
             auth_basic_user_file users;
             empty_gif;
         }";
    let server = with_authentik(app.address.port(), nobody(), BY_ELEMENTS)
        .replace("error_page 401 = @sign_in;", "error_page 401 = @sign_in; error_page 500 = @emergency;");
    let files = [("users", "somebody:{PLAIN}password\n")];
    let Some(nginx) = start("nginx_emergency", &format!("{server}\n{emergency}"), &files) else { return };
    let seen = probe(nginx.port(), wall(WallSystem::Authentik), &PHOTOS).await;
    assert_eq!((seen.verdict(), seen.of("/").as_str()), (Verdict::Degraded, "degraded gated_degraded basic"));
    assert_eq!(seen.findings(), 1, "{}", seen.told());
    assert_eq!(seen.of("/share"), "ok public");
}

/// As oauth2-proxy's documentation puts it behind nginx. What nginx does not set, it passes on.
fn with_oauth2_proxy(app: u16, proxy: u16, more: &str) -> String {
    format!(
        "{BY_ELEMENTS} {{ proxy_pass http://127.0.0.1:{app}; }}
         location /oauth2/ {{ proxy_pass http://127.0.0.1:{proxy}; proxy_set_header Host $host; }}
         location = /oauth2/auth {{
             proxy_pass http://127.0.0.1:{proxy};
             proxy_set_header Host $host;
             proxy_set_header Content-Length \"\";
             proxy_pass_request_body off;
             {more}
         }}
         location / {{
             auth_request /oauth2/auth;
             error_page 401 = /oauth2/sign_in;
             proxy_pass http://127.0.0.1:{app};
         }}"
    )
}

const OWN_URI: &str = "proxy_set_header X-Forwarded-Uri $request_uri;";

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_page_with_200_is_the_gate_of_oauth2_proxy() {
    let (app, proxy) = (app().await, oauth2_proxy(None).await);
    let server = with_oauth2_proxy(app.address.port(), proxy.address.port(), OWN_URI);
    let Some(nginx) = start("nginx_oauth2_proxy", &server, &[]) else { return };
    let seen = probe(nginx.port(), wall(WallSystem::Oauth2Proxy), &PHOTOS).await;
    assert_eq!(seen.verdict(), Verdict::Ok, "{}", seen.told());
    assert_eq!(seen.of("/"), "ok gated oauth2_proxy");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_of_the_service_that_reads_the_raw_path_opens_its_parent() {
    // A rule like `skip_auth_regex = ["^/share"]`: nginx hands over the path as it was sent, and asks the app for what it
    // resolved that to.
    let (app, proxy) = (app().await, oauth2_proxy(Some("/share")).await);
    let server = with_oauth2_proxy(app.address.port(), proxy.address.port(), OWN_URI);
    let Some(nginx) = start("nginx_raw_path", &server, &[]) else { return };
    let seen = probe(nginx.port(), wall(WallSystem::Oauth2Proxy), &PHOTOS).await;
    let mut exposed = seen.all(Verdict::Exposed);
    exposed.sort();
    assert_eq!(exposed, ["/share%2f..", "/share/%2e%2e/", "/share/../", "/sharex"], "{}", seen.told());
    assert_eq!(seen.of("/"), "ok gated oauth2_proxy");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_of_the_client_that_opens_the_gate_is_found() {
    let (app, proxy) = (app().await, oauth2_proxy(Some("/share")).await);
    // One line less than above: nginx passes the client's own header on to the service, which believes it.
    let server = with_oauth2_proxy(app.address.port(), proxy.address.port(), "");
    let Some(nginx) = start("nginx_spoof", &server, &[]) else { return };
    let seen = probe(nginx.port(), wall(WallSystem::Oauth2Proxy), &PHOTOS).await;
    assert_eq!(seen.all(Verdict::Exposed), ["/ spoof x-forwarded-uri"], "{}", seen.told());
    assert_eq!(seen.of("/"), "ok gated oauth2_proxy");
}
