//! Origins that are right but for one thing, which a watcher may see or not.

use std::sync::atomic::{AtomicUsize, Ordering};

use homelab_schema::carveout_probe::ProbedDoor;

use crate::origin::{Asked, Reply};
use crate::services::{header, method, path, reply};

/// The door that a case is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// `/share`, declared as public.
    Share,
    /// `/`, declared as gated.
    Root,
}

/// How long the certificate of an origin is valid.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tls {
    /// There is none.
    Plain,
    /// Not any more.
    Ended,
    /// For three days more, of ninety.
    EndsSoon,
}

/// One thing that is wrong, or nothing.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    /// In the words of the table.
    pub(crate) what: &'static str,
    pub(crate) door: Door,
    pub(crate) tls: Tls,
    /// What else is declared of the door.
    pub(crate) declared: fn(&mut ProbedDoor),
    /// What differs from an origin that is right; `None` where it does not.
    pub(crate) wrong: fn(&Request<'_>) -> Option<Reply>,
}

/// A request as an origin sees it.
pub(crate) struct Request<'a> {
    asked: &'a Asked,
    /// `address:port` of the issuer.
    issuer: &'a str,
    /// How many plain requests for the same path came before.
    earlier: usize,
}

impl Request<'_> {
    fn is(&self, path_is: &str) -> bool {
        path(self.asked) == path_is
    }

    fn accepts_json(&self) -> bool {
        header(self.asked, "accept") == Some("application/json")
    }

    fn is_monitor(&self) -> bool {
        header(self.asked, "user-agent").is_some_and(|agent| agent.starts_with("Blackbox Exporter"))
    }

    /// Whether it is of the browser that a watcher seems to be, and nothing more is in it.
    fn is_plain(&self) -> bool {
        let usual = ["host", "user-agent", "accept", "accept-encoding", "connection"];
        let plain = self.asked.headers.iter().all(|(name, _)| usual.contains(&name.to_ascii_lowercase().as_str()));
        let canary = ["Blackbox Exporter/0.27.0", "okhttp/4.12.0"];
        let agent = header(self.asked, "user-agent").unwrap_or_default();
        plain && method(self.asked) == "GET" && !self.accepts_json() && !canary.contains(&agent)
    }

    /// Whether the third of three replicas has this one.
    fn third_replica(&self) -> bool {
        self.is_plain() && self.earlier % 3 == 2
    }

    fn sign_in(&self) -> Reply {
        sign_in(self.issuer, "gate", "%2Foutpost.goauthentik.io%2Fcallback")
    }
}

fn sign_in(issuer: &str, client: &str, callback: &str) -> Reply {
    let location = format!(
        "http://{issuer}/application/o/authorize/?client_id={client}&redirect_uri=https%3A%2F%2Fphotos.example.net{callback}\
         &response_type=code&state=x"
    );
    reply(302, &[("Location", &location)], "")
}

const HTML: (&str, &str) = ("Content-Type", "text/html; charset=utf-8");
const SIGN_IN_PAGE: &str = "<html><form method=\"GET\" action=\"/oauth2/start\"><button>Sign in</button></form></html>";

/// The issuer: a page to sign in, for everybody.
pub(crate) fn issuer(_: usize, _: &Asked) -> Reply {
    reply(200, &[HTML], "<html><form>name and password</form></html>")
}

fn app(asked: &Asked) -> Reply {
    match (method(asked), header(asked, "upgrade")) {
        ("OPTIONS", _) => reply(204, &[("Access-Control-Allow-Origin", "*")], ""),
        (_, Some("websocket")) => reply(426, &[HTML], "Upgrade Required"),
        _ => reply(200, &[HTML], "<html>photos</html>"),
    }
}

fn emergency() -> Reply {
    reply(401, &[("WWW-Authenticate", "Basic realm=\"Emergency Access\""), ("X-Auth-Fallback", "true")], "")
}

/// What is right: `/share` and what is below it to the app, all else to sign in.
fn right(request: &Request<'_>) -> Reply {
    let path = path(request.asked);
    let climbs = path.contains("..") || path.contains('%');
    let shared = path.strip_prefix("/share").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if shared && !climbs { app(request.asked) } else { request.sign_in() }
}

impl Case {
    /// What the origin of this case answers.
    pub(crate) fn answer(self, issuer: &str, counts: &[AtomicUsize; 2], asked: &Asked) -> Reply {
        let mut request = Request { asked, issuer, earlier: 0 };
        if request.is_plain() && (request.is("/") || request.is("/share")) {
            request.earlier = counts[usize::from(request.is("/"))].fetch_add(1, Ordering::SeqCst);
        }
        (self.wrong)(&request).unwrap_or_else(|| right(&request))
    }
}

const fn case(what: &'static str, door: Door, wrong: fn(&Request<'_>) -> Option<Reply>) -> Case {
    Case { what, door, tls: Tls::Plain, declared: |_| {}, wrong }
}

/// All of them.
pub(crate) fn all() -> Vec<Case> {
    use Door::{Root, Share};
    vec![
        case("public, as declared", Share, |_| None),
        case("gated, as declared", Root, |_| None),
        case("public path behind a redirect to sign in", Share, |request| {
            request.is("/share").then(|| request.sign_in())
        }),
        case("gated path open to everybody", Root, |request| request.is("/").then(|| app(request.asked))),
        case("gate in its emergency form: a Basic prompt on the gated path", Root, |request| {
            request.is("/").then(emergency)
        }),
        case("gate gone: 500 on the gated path", Root, |request| request.is("/").then(|| reply(500, &[], ""))),
        case("answer of the public path ends before it is complete", Share, |request| {
            let cut =
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n<html>";
            request.is("/share").then(|| Reply::Send(cut.as_bytes().to_vec()))
        }),
        Case { tls: Tls::Ended, ..case("certificate that has ended", Share, |_| None) },
        Case { tls: Tls::EndsSoon, ..case("certificate that ends in three days, of ninety", Share, |_| None) },
        case("public path answers with a sign-in page, status 200", Share, |request| {
            request.is("/share").then(|| reply(200, &[HTML], SIGN_IN_PAGE))
        }),
        case("public path answers with a sign-in page, status 403", Share, |request| {
            request.is("/share").then(|| reply(403, &[HTML], SIGN_IN_PAGE))
        }),
        case("public path behind the gate's emergency prompt, status 401", Share, |request| {
            request.is("/share").then(emergency)
        }),
        case(
            "public path open to browsers and walled off from programs (`Accept: application/json`)",
            Share,
            |request| (request.is("/share") && request.accepts_json()).then(|| request.sign_in()),
        ),
        case("public path open to the monitor's user agent alone", Share, |request| {
            (request.is("/share") && !request.is_monitor()).then(|| request.sign_in())
        }),
        case("public path walled off by one replica of three", Share, |request| {
            (request.is("/share") && request.third_replica()).then(|| request.sign_in())
        }),
        Case {
            declared: |door| door.websocket = true.into(),
            ..case("public path whose upgrade to WebSocket is walled off", Share, |request| {
                (request.is("/share") && header(request.asked, "upgrade").is_some()).then(|| request.sign_in())
            })
        },
        Case {
            declared: |door| door.cors_origin = "https://app.example.net".to_owned().into(),
            ..case("public path that refuses the preflight of the declared origin", Share, |request| {
                (request.is("/share") && method(request.asked) == "OPTIONS").then(|| reply(405, &[], ""))
            })
        },
        Case {
            declared: |door| door.content_type = "application/json".to_owned().into(),
            ..case("public path answers with an HTML page where JSON is declared", Share, |_| None)
        },
        case("gate that answers with a sign-in page, status 403", Root, |request| {
            (path(request.asked) != "/share" && !path(request.asked).starts_with("/share/"))
                .then(|| reply(403, &[HTML], SIGN_IN_PAGE))
        }),
        case("public path where the app answers 410", Share, |request| {
            request.is("/share").then(|| reply(410, &[HTML], "<html>gone</html>"))
        }),
        case("neighbour of the public path open: `/sharex`", Share, |request| {
            request.is("/sharex").then(|| app(request.asked))
        }),
        case("what is below the gated path open, the path itself gated", Root, |request| {
            let below = path(request.asked).trim_matches('/');
            (!below.is_empty() && !below.starts_with("share") && !below.contains("..")).then(|| app(request.asked))
        }),
        case("gated path sends people to the issuer of somebody else", Root, |request| {
            let elsewhere = request.issuer.replace("127.0.0.1", "localhost");
            request.is("/").then(|| sign_in(&elsewhere, "gate", "%2Foutpost.goauthentik.io%2Fcallback"))
        }),
        case("gated path without the gate, where the app signs people in by itself", Root, |request| {
            request.is("/").then(|| sign_in(request.issuer, "photos", "%2Foauth%2Fcallback"))
        }),
        case("gated path open to who sends `X-Forwarded-Uri: /share`", Root, |request| {
            (header(request.asked, "x-forwarded-uri") == Some("/share")).then(|| app(request.asked))
        }),
        case("gated path open to who sends a cookie that looks like a session", Root, |request| {
            header(request.asked, "cookie").map(|_| app(request.asked))
        }),
        case("gated path open to programs (`Accept: application/json`)", Root, |request| {
            (request.is("/") && request.accepts_json()).then(|| app(request.asked))
        }),
        case("gated path opened by one replica of three", Root, |request| {
            (request.is("/") && request.third_replica()).then(|| app(request.asked))
        }),
    ]
}
