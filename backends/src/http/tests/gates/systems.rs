//! What each gate system answers to somebody without a session, decided as its source does.

use homelab_schema::carveout_probe::WallSystem;

use super::super::origin::{Asked, Reply, answer};

/// One gate system.
pub(super) struct Gate {
    pub(super) name: &'static str,
    pub(super) system: WallSystem,
    /// The host and the client that a browser's answer names.
    pub(super) issuer: Option<&'static str>,
    pub(super) client: Option<&'static str>,
    /// What a browser and a program are seen to get: the form of the wall.
    pub(super) browser: &'static str,
    pub(super) program: &'static str,
    pub(super) answers: fn(&Request<'_>) -> Reply,
}

/// A request as a gate sees it.
pub(super) struct Request<'a>(pub(super) &'a Asked);

impl Request<'_> {
    pub(super) fn method(&self) -> &str {
        self.0.line.split(' ').next().unwrap()
    }

    pub(super) fn path(&self) -> &str {
        self.0.line.split(' ').nth(1).unwrap().split('?').next().unwrap()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        let found = self.0.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    pub(super) fn wants(&self, media: &str) -> bool {
        self.header("accept").contains(media)
    }

    pub(super) fn is_sound(&self) -> bool {
        let hosts = self.0.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("host")).count();
        hosts == 1 && self.0.line.ends_with(" HTTP/1.1")
    }
}

pub(super) const TO_AUTHORIZE: &str = "https://auth.example.net/application/o/authorize/?client_id=gate&redirect_uri=https%3A%2F%2F\
                            photos.example.net%2Foutpost.goauthentik.io%2Fcallback&response_type=code&state=x";
const TO_ISSUER: &str = "https://auth.example.net/o/authorize?client_id=gate&redirect_uri=https%3A%2F%2Fphotos.example.net%2F\
                         oauth2%2Fcallback&response_type=code";
pub(super) const TO_KEYCLOAK: &str =
    "https://auth.example.net/realms/home/protocol/openid-connect/auth?client_id=gate&response_type=code";
const SIGN_IN_FORM: &str = "<html><form method=\"GET\" action=\"/oauth2/start\"><button>Sign in</button></form></html>";
pub(super) const HTML: (&str, &str) = ("Content-Type", "text/html; charset=utf-8");
const JSON: (&str, &str) = ("Content-Type", "application/json");
pub(super) const TEXT: (&str, &str) = ("Content-Type", "text/plain; charset=utf-8");

fn head_or(request: &Request<'_>, status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
    answer(status, headers, if request.method() == "HEAD" { "" } else { body })
}

/// Traefik's ForwardAuth asks with GET whatever came, and passes the answer on as it is.
pub(super) fn authentik(_: &Request<'_>) -> Reply {
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

pub(super) fn basic(request: &Request<'_>) -> Reply {
    head_or(request, 401, &[("WWW-Authenticate", "Basic realm=\"photos\""), TEXT], "401 Unauthorized")
}

fn authelia_for_nginx(request: &Request<'_>) -> Reply {
    // nginx' error_page turns the 401 of the authentication request into this, whatever asked.
    let location = "https://auth.example.net/?rd=https%3A%2F%2Fphotos.example.net%2F&rm=GET";
    head_or(request, 302, &[("Location", location), HTML], "<html>302 Found</html>")
}

fn keycloak_page(request: &Request<'_>) -> Reply {
    // A gatekeeper that shows the realm's form in place of a redirect.
    head_or(request, 200, &[HTML], "<html><form id=\"kc-form-login\" method=\"post\"></form></html>")
}

fn authentik_page(request: &Request<'_>) -> Reply {
    head_or(request, 200, &[HTML], "<html><ak-flow-executor slug=\"authentication\"></ak-flow-executor></html>")
}

const AUTH: Option<&str> = Some("auth.example.net");
const CLIENT: Option<&str> = Some("gate");
const OUTPOST: &str = "sign-in redirect with the outpost's callback";
const OAUTH2_PAGE: &str = "sign-in page";
const OAUTH2_PROGRAM: &str = "refusal to a program";
const REALM: &str = "sign-in redirect";

pub(super) const GATES: [Gate; 14] = [
    gate("authentik", WallSystem::Authentik, (AUTH, CLIENT), (OUTPOST, OUTPOST), authentik),
    gate(
        "authentik before 2022.8",
        WallSystem::Authentik,
        (None, None),
        (
            "redirect to the start page of outposts before 2022.8",
            "redirect to the start page of outposts before 2022.8",
        ),
        authentik_before_2022_8,
    ),
    gate(
        "oauth2-proxy with its page",
        WallSystem::Oauth2Proxy,
        (None, None),
        (OAUTH2_PAGE, OAUTH2_PROGRAM),
        oauth2_proxy_page,
    ),
    gate(
        "oauth2-proxy without its page",
        WallSystem::Oauth2Proxy,
        (AUTH, CLIENT),
        ("sign-in redirect with the proxy's cookie", OAUTH2_PROGRAM),
        oauth2_proxy_redirect,
    ),
    gate(
        "oauth2-proxy as a service",
        WallSystem::Oauth2Proxy,
        (None, None),
        (OAUTH2_PAGE, OAUTH2_PAGE),
        oauth2_proxy_service,
    ),
    gate(
        "authelia",
        WallSystem::Authelia,
        (AUTH, None),
        ("redirect to the portal with target and method", "refusal that names the portal"),
        authelia,
    ),
    gate("pomerium", WallSystem::Pomerium, (AUTH, None), ("sign-in redirect", "refusal to a program"), pomerium),
    gate(
        "cloudflare access",
        WallSystem::CloudflareAccess,
        (Some("example.cloudflareaccess.com"), None),
        ("redirect to the team's sign-in", "redirect to the team's sign-in"),
        cloudflare_access,
    ),
    gate(
        "cloudflare, tokens",
        WallSystem::CloudflareAccess,
        (None, None),
        ("refusal that names the application", "refusal that names the application"),
        cloudflare_access_for_tokens,
    ),
    gate("keycloak behind Apache", WallSystem::Keycloak, (AUTH, CLIENT), (REALM, REALM), keycloak),
    gate("basic", WallSystem::Basic, (None, None), ("prompt", "prompt"), basic),
    gate(
        "authelia behind nginx",
        WallSystem::Authelia,
        (AUTH, None),
        ("redirect to the portal with target and method", "redirect to the portal with target and method"),
        authelia_for_nginx,
    ),
    gate("keycloak with its page", WallSystem::Keycloak, (None, None), ("sign-in page", "sign-in page"), keycloak_page),
    gate(
        "authentik with its page",
        WallSystem::Authentik,
        (None, None),
        ("sign-in page", "sign-in page"),
        authentik_page,
    ),
];

const fn gate(
    name: &'static str,
    system: WallSystem,
    (issuer, client): (Option<&'static str>, Option<&'static str>),
    (browser, program): (&'static str, &'static str),
    answers: fn(&Request<'_>) -> Reply,
) -> Gate {
    Gate { name, system, issuer, client, browser, program, answers }
}

pub(super) fn app(request: &Request<'_>) -> Reply {
    match (request.method(), request.header("upgrade")) {
        ("OPTIONS", _) => answer(204, &[("Access-Control-Allow-Origin", "*")], ""),
        (_, "websocket") => answer(426, &[TEXT], "Upgrade Required"),
        _ => head_or(request, 200, &[HTML], "<html>photos</html>"),
    }
}
