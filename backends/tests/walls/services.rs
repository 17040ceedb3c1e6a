//! What stands behind a proxy: services that decide whether a request may pass, an issuer, and an app.
//!
//! Each refuses what the real one refuses: a request that a proxy of another kind would send, or one that lost a header on
//! its way. A proxy that is set up wrongly then shows as an error, not as a gate that works by luck.

use crate::origin::{Asked, Origin, Reply, answer};

/// Where people are sent, and as which client.
#[derive(Clone, Copy)]
pub(crate) struct Issuer {
    pub(crate) host: &'static str,
    pub(crate) client: &'static str,
}

/// The declared one.
pub(crate) const OURS: Issuer = Issuer { host: "auth.example.net", client: "gate" };
/// Of somebody else.
pub(crate) const FOREIGN: Issuer = Issuer { host: "auth.example.org", client: "gate" };

const TEXT: (&str, &str) = ("Content-Type", "text/plain; charset=utf-8");
const HTML: (&str, &str) = ("Content-Type", "text/html; charset=utf-8");
const JSON: (&str, &str) = ("Content-Type", "application/json");

/// The first value of a request's header.
pub(crate) fn header<'a>(asked: &'a Asked, name: &str) -> Option<&'a str> {
    asked.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

pub(crate) fn method(asked: &Asked) -> &str {
    asked.line.split(' ').next().unwrap_or_default()
}

/// The path of a request, without its query.
pub(crate) fn path(asked: &Asked) -> &str {
    asked.line.split(' ').nth(1).unwrap_or_default().split('?').next().unwrap_or_default()
}

/// A port of loopback behind which is no service. That of one that is gone may be another test's by now.
pub(crate) fn nobody() -> u16 {
    homelab_plane::NOBODY.rsplit(':').next().unwrap().parse().unwrap()
}

/// Returns once `service` is gone: its listener is closed soon after it was dropped, but not at once.
pub(crate) async fn gone(service: Origin) {
    let address = service.address;
    drop(service);
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

/// An answer after which the connection is closed, and says so: proxies keep connections otherwise.
pub(crate) fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
    let headers: Vec<(&str, &str)> = headers.iter().copied().chain([("Connection", "close")]).collect();
    answer(status, &headers, body)
}

/// The app behind the gate. It knows nothing of the gate.
pub(crate) async fn app() -> Origin {
    Origin::start(|_, asked| match (method(asked), header(asked, "upgrade")) {
        ("OPTIONS", _) => reply(204, &[], ""),
        (_, Some("websocket")) => reply(426, &[TEXT], "Upgrade Required"),
        ("HEAD", _) => reply(200, &[HTML], ""),
        _ => reply(200, &[HTML], "<html>photos</html>"),
    })
    .await
}

/// The paths for which the app was asked.
pub(crate) fn reached(app: &Origin) -> Vec<String> {
    app.asked().iter().map(|asked| path(asked).to_owned()).collect()
}

/// Authentik's outpost, which lets everybody pass to `skip` and what is below it, element by element, as a well-written
/// pattern of its setting for unauthenticated paths does.
pub(crate) async fn authentik(issuer: Issuer, skip: Option<&'static str>) -> Origin {
    Origin::start(move |_, asked| {
        let skipped = |path: &str| {
            let rest = skip.and_then(|skip| path.strip_prefix(skip));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        match (method(asked), path(asked)) {
            ("GET", "/outpost.goauthentik.io/auth/traefik") => match forwarded(asked) {
                Some((host, uri)) if !skipped(uri) => to_authorize(issuer, host),
                Some(_) => reply(200, &[], ""),
                None => reply(500, &[TEXT], "failed to detect a forward URL from the proxy"),
            },
            ("GET", "/outpost.goauthentik.io/auth/nginx") => match header(asked, "x-original-url").map(path_of) {
                Some(uri) if !skipped(uri) => reply(401, &[TEXT], "unauthorized request"),
                Some(_) => reply(200, &[], ""),
                None => reply(500, &[TEXT], "no original URL"),
            },
            ("GET", "/outpost.goauthentik.io/start") => to_authorize(issuer, "photos.example.net"),
            _ => reply(404, &[TEXT], "not here"),
        }
    })
    .await
}

fn to_authorize(issuer: Issuer, host: &str) -> Reply {
    let location = format!(
        "https://{}/application/o/authorize/?client_id={}&redirect_uri=https%3A%2F%2F{host}%2Foutpost.goauthentik.io\
         %2Fcallback%3FX-authentik-auth-callback%3Dtrue&response_type=code&state=x",
        issuer.host, issuer.client
    );
    reply(302, &[("Location", &location), ("Set-Cookie", "authentik_proxy_5f0b8a8c=x; Path=/; HttpOnly")], "")
}

/// What Traefik tells the service of the request: its host and URI. All of it must be there.
fn forwarded(asked: &Asked) -> Option<(&str, &str)> {
    header(asked, "x-forwarded-method")?;
    header(asked, "x-forwarded-proto")?;
    Some((header(asked, "x-forwarded-host")?, header(asked, "x-forwarded-uri")?))
}

fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("/", |slash| &rest[slash..])
}

/// oauth2-proxy. It lets everybody pass to paths that begin with `skip`, and takes the path from whoever says it in a header when it
/// runs behind a proxy.
pub(crate) async fn oauth2_proxy(skip: Option<&'static str>) -> Origin {
    const PAGE: &str = "<html><form method=\"GET\" action=\"/oauth2/start\"><button>Sign in</button></form></html>";
    Origin::start(move |_, asked| {
        let uri = header(asked, "x-forwarded-uri").unwrap_or_else(|| path(asked));
        let skipped = skip.is_some_and(|skip| uri.starts_with(skip));
        match (method(asked), path(asked)) {
            (_, "/oauth2/auth") if skipped => reply(202, &[], ""),
            ("GET", "/oauth2/auth") => reply(401, &[TEXT], "Unauthorized\n"),
            ("GET", "/oauth2/sign_in") => reply(200, &[HTML], PAGE),
            ("GET", "/oauth2/start") => {
                let location = "https://auth.example.net/o/authorize?client_id=gate&response_type=code";
                reply(302, &[("Location", location), ("Set-Cookie", "_oauth2_proxy_csrf=x; Path=/")], "")
            }
            _ if skipped => reply(202, &[], ""),
            _ if header(asked, "accept").is_some_and(|accept| accept.contains("application/json")) => {
                reply(401, &[JSON], "{}")
            }
            _ => reply(403, &[HTML, ("Cache-Control", "no-cache")], PAGE),
        }
    })
    .await
}

/// The path at which an issuer describes itself.
pub(crate) const DISCOVERY: &str = "/realms/home/.well-known/openid-configuration";

/// An issuer that describes itself, and does nothing else: people are sent to `authorize`.
pub(crate) async fn issuer(authorize: &'static str) -> Origin {
    Origin::start(move |_, asked| match (method(asked), path(asked), header(asked, "host")) {
        ("GET", DISCOVERY, Some(_)) => {
            let realm = "https://auth.example.net/realms/home";
            let document = format!(
                "{{\"issuer\":\"{realm}\",\"authorization_endpoint\":\"{authorize}\",\
                 \"token_endpoint\":\"{realm}/protocol/openid-connect/token\",\
                 \"userinfo_endpoint\":\"{realm}/protocol/openid-connect/userinfo\",\
                 \"jwks_uri\":\"{realm}/protocol/openid-connect/certs\",\
                 \"response_types_supported\":[\"code\"],\"subject_types_supported\":[\"public\"],\
                 \"id_token_signing_alg_values_supported\":[\"RS256\"]}}"
            );
            reply(200, &[JSON], &document)
        }
        _ => reply(400, &[TEXT], "only the discovery document is here"),
    })
    .await
}
