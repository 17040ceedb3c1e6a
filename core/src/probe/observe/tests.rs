use homelab_schema::carveout_probe::WallSystem;

use super::*;
use crate::probe::{Proof, Url, Way};

const AUTHORIZE: &str = "https://auth.example.net/application/o/authorize/?client_id=gate&redirect_uri=https%3A%2F%2F\
                         photos.example.net%2Foutpost.goauthentik.io%2Fcallback";
const OWN: &str = "https://auth.example.net/application/o/authorize/?client_id=app&redirect_uri=https%3A%2F%2Fphotos.example.net%2Fcb";

fn check(outcome: Outcome) -> Check {
    Check {
        label: "door".to_owned(),
        at: homelab_cty::Path::root(),
        url: Url::parse("https://photos.example.net/share").unwrap(),
        method: "GET".to_owned(),
        way: Way::Plain,
        headers: Vec::new(),
        outcome,
        proof: Proof::default(),
    }
}

fn answer(status: u16, headers: &[(&str, &str)]) -> Answer {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Answer { status, headers, ..Answer::default() }
}

fn authentik() -> Wall {
    Wall { system: Some(WallSystem::Authentik), issuer_host: Some("auth.example.net".to_owned()), ..Wall::default() }
}

fn pinned(client: &str) -> Wall {
    Wall { client_ids: vec![client.to_owned()], ..authentik() }
}

fn seen(outcome: Outcome, wall: &Wall, answer: &Answer) -> Observed {
    observe(&check(outcome), wall, answer).observed
}

#[test]
fn a_status_alone_proves_no_wall() {
    use Observed::{Ambiguous, OriginError, Public};
    // status, as a public door, as a gated door
    let table = [
        (200, Public, Public),
        (204, Public, Public),
        (206, Public, Public),
        (301, Public, Ambiguous),
        (302, Public, Ambiguous),
        (304, Public, Public),
        (400, Public, Ambiguous),
        (401, Public, Ambiguous),
        (403, Public, Ambiguous),
        (404, Public, Ambiguous),
        (405, Public, Ambiguous),
        (421, Ambiguous, Ambiguous),
        (426, Public, Ambiguous),
        (429, Ambiguous, Ambiguous),
        (500, OriginError, OriginError),
        (503, OriginError, OriginError),
    ];
    for (status, public, gated) in table {
        let elsewhere = answer(status, &[("location", "https://www.example.org/")]);
        assert_eq!(seen(Outcome::Public, &authentik(), &elsewhere), public, "{status}");
        assert_eq!(seen(Outcome::Gated, &authentik(), &elsewhere), gated, "{status}");
    }
}

#[test]
fn every_redirect_status_of_the_wall_is_the_wall() {
    for status in [301, 302, 303, 307, 308] {
        let wall = answer(status, &[("location", AUTHORIZE)]);
        assert_eq!(seen(Outcome::Public, &authentik(), &wall), Observed::Gated, "{status}");
        assert_eq!(seen(Outcome::Gated, &authentik(), &wall), Observed::Gated, "{status}");
    }
}

#[test]
fn another_issuer_or_client_is_not_the_gate() {
    let wall = answer(302, &[("location", AUTHORIZE)]);
    let elsewhere = Wall { issuer_host: Some("sso.example.net".to_owned()), ..authentik() };
    for outcome in [Outcome::Public, Outcome::Gated] {
        assert_eq!(seen(outcome, &elsewhere, &wall), Observed::Ambiguous);
        assert_eq!(seen(outcome, &pinned("other"), &wall), Observed::Ambiguous);
        assert_eq!(seen(outcome, &pinned("gate"), &wall), Observed::Gated);
    }
    let told = observe(&check(Outcome::Gated), &elsewhere, &wall).told();
    assert!(told.starts_with("answered 302: ") && told.contains("auth.example.net"), "{told}");
}

#[test]
fn an_apps_own_sign_in_at_the_same_issuer_is_told_apart_by_the_client() {
    let own = answer(302, &[("location", OWN)]);
    assert_eq!(seen(Outcome::Public, &authentik(), &own), Observed::Ambiguous);
    assert_eq!(seen(Outcome::Gated, &authentik(), &own), Observed::Ambiguous);
    assert!(observe(&check(Outcome::Public), &authentik(), &own).told().contains("`client_id`"));
    assert_eq!(seen(Outcome::Public, &pinned("gate"), &own), Observed::Public);
    assert_eq!(seen(Outcome::Gated, &pinned("gate"), &own), Observed::Ambiguous);
    assert_eq!(seen(Outcome::Gated, &pinned("app"), &own), Observed::Gated);
}

#[test]
fn a_wall_of_another_system_is_open_to_none_and_proves_no_gate() {
    let pomerium = answer(302, &[("location", "https://login.example.org/.pomerium/sign_in?x")]);
    let observation = observe(&check(Outcome::Public), &authentik(), &pomerium);
    assert_eq!(observation.observed, Observed::Public);
    assert_eq!(observation.wall.and_then(|wall| wall.system), Some(WallSystem::Pomerium));
    assert_eq!(seen(Outcome::Gated, &authentik(), &pomerium), Observed::Ambiguous);
    // Nothing declared: whatever is known counts.
    assert_eq!(seen(Outcome::Public, &Wall::default(), &pomerium), Observed::Gated);
    assert_eq!(seen(Outcome::Gated, &Wall::default(), &pomerium), Observed::Gated);
}

#[test]
fn an_emergency_prompt_is_never_the_gate() {
    let emergency = answer(401, &[("www-authenticate", "Basic realm=\"x\""), ("x-auth-fallback", "true")]);
    let basic = Wall { system: Some(WallSystem::Basic), ..Wall::default() };
    for wall in [authentik(), Wall::default(), basic] {
        for outcome in [Outcome::Public, Outcome::Gated] {
            assert_eq!(seen(outcome, &wall, &emergency), Observed::GatedDegraded);
        }
    }
}

#[test]
fn a_basic_prompt_is_the_wall_only_where_it_is_declared() {
    let prompt = answer(401, &[("www-authenticate", "Basic realm=\"x\"")]);
    let basic = Wall { system: Some(WallSystem::Basic), ..Wall::default() };
    assert_eq!(seen(Outcome::Gated, &basic, &prompt), Observed::Gated);
    for wall in [authentik(), Wall::default()] {
        assert_eq!(seen(Outcome::Public, &wall, &prompt), Observed::Ambiguous);
        assert_eq!(seen(Outcome::Gated, &wall, &prompt), Observed::Ambiguous);
    }
}

#[test]
fn a_redirect_inside_the_host_was_written_by_the_app() {
    let table = [
        ("/login?next=%2Fshare", Observed::Public),
        ("https://photos.example.net/login", Observed::Public),
        ("/share/", Observed::Ambiguous),
        ("https://photos.example.net/share", Observed::Ambiguous),
        ("//www.example.org/login", Observed::Ambiguous),
        ("login", Observed::Ambiguous),
    ];
    for (location, gated) in table {
        let redirect = answer(302, &[("location", location)]);
        assert_eq!(seen(Outcome::Gated, &authentik(), &redirect), gated, "{location}");
        assert_eq!(seen(Outcome::Gated, &Wall::default(), &redirect), Observed::Ambiguous, "{location}");
    }
}

#[test]
fn a_location_pattern_is_the_gate_whatever_the_system() {
    let wall = Wall { location: regex::Regex::new("^https://login\\.example\\.org/").ok(), ..Wall::default() };
    let redirect = answer(303, &[("location", "https://login.example.org/start?client_id=c")]);
    for outcome in [Outcome::Public, Outcome::Gated] {
        assert_eq!(seen(outcome, &wall, &redirect), Observed::Gated);
    }
    // A pattern is about redirects: the same text in another answer is nothing.
    assert_eq!(
        seen(Outcome::Public, &wall, &answer(201, &[("location", "https://login.example.org/")])),
        Observed::Public
    );
}

#[test]
fn what_is_declared_of_a_public_answer_must_be_true() {
    let json = |status| Answer {
        body: b"{\"pong\":true}".to_vec(),
        ..answer(status, &[("content-type", "Application/JSON; charset=utf-8")])
    };
    let html = answer(200, &[("content-type", "text/html")]);
    let with = |proof: Proof, answer: &Answer| {
        let observation = observe(&Check { proof, ..check(Outcome::Public) }, &authentik(), answer);
        (observation.observed, observation.unmet)
    };
    let status = |statuses: &[u16]| Proof { statuses: statuses.to_vec(), ..Proof::default() };
    let media = || Proof { content_type: Some("application/json".to_owned()), ..Proof::default() };
    let text = |text: &str| Proof { body_contains: Some(text.to_owned()), ..Proof::default() };
    let fine = (Observed::Public, false);
    let unmet = (Observed::Ambiguous, true);
    assert_eq!(with(status(&[200, 204]), &html), fine);
    assert_eq!(with(status(&[204]), &html), unmet);
    assert_eq!(with(status(&[401]), &answer(401, &[("www-authenticate", "Basic")])), fine);
    assert_eq!(with(status(&[503]), &answer(503, &[])), fine);
    assert_eq!(with(status(&[503]), &answer(502, &[])), (Observed::OriginError, false));
    assert_eq!(with(media(), &json(200)), fine);
    assert_eq!(with(media(), &html), unmet);
    assert_eq!(with(media(), &answer(200, &[])), unmet);
    assert_eq!(with(text("pong"), &json(200)), fine);
    assert_eq!(with(text("ping"), &json(200)), unmet);
    let compressed = Answer { headers: vec![("content-encoding".to_owned(), "br".to_owned())], ..json(200) };
    assert_eq!(with(text("pong"), &compressed), (Observed::Ambiguous, false));
    // The wall comes first: no proof makes a sign-in redirect public.
    assert_eq!(with(status(&[302]), &answer(302, &[("location", AUTHORIZE)])).0, Observed::Gated);
}

#[test]
fn a_cut_answer_is_no_proof_of_an_open_door() {
    let cut = Answer { complete: Body::Cut, ..answer(200, &[]) };
    assert_eq!(seen(Outcome::Public, &authentik(), &cut), Observed::OriginError);
    // Whoever got a 200 was let in, even if not all of it came.
    assert_eq!(seen(Outcome::Gated, &authentik(), &cut), Observed::Public);
    assert_eq!(
        seen(Outcome::Public, &authentik(), &Answer { complete: Body::Capped, ..answer(200, &[]) }),
        Observed::Public
    );
}

#[test]
fn a_refusal_needs_a_declared_wall_to_be_told_apart_from() {
    for status in [401, 403] {
        assert_eq!(seen(Outcome::Public, &authentik(), &answer(status, &[])), Observed::Public);
        assert_eq!(seen(Outcome::Public, &Wall::default(), &answer(status, &[])), Observed::Ambiguous);
    }
}

#[test]
fn a_redirect_to_https_says_nothing_of_the_door() {
    let plain = Check { url: Url::parse("http://photos.example.net/share").unwrap(), ..check(Outcome::Public) };
    let to = |location| observe(&plain, &authentik(), &answer(308, &[("location", location)])).observed;
    assert_eq!(to("https://photos.example.net/share"), Observed::Ambiguous);
    assert_eq!(to("https://photos.example.net/other"), Observed::Public);
}

#[test]
fn debug_shows_no_value() {
    let answer = Answer { body: b"s3cret".to_vec(), ..answer(200, &[("set-cookie", "session=s3cret")]) };
    assert!(!format!("{answer:?}").contains("s3cret"));
}

#[test]
fn a_guest_is_sent_to_the_issuer_as_the_guests_client() {
    let guest = |wall: &Wall, answer: &Answer| {
        let proof = Proof { guest: Some("guests".to_owned()), ..Proof::default() };
        let seen = observe(&Check { proof, ..check(Outcome::Public) }, wall, answer);
        (seen.observed, seen.unmet)
    };
    let to = |location: &str| answer(302, &[("location", location)]);
    let as_guest = to(&AUTHORIZE.replace("client_id=gate", "client_id=guests"));
    for wall in [authentik(), pinned("gate")] {
        assert_eq!(guest(&wall, &as_guest), (Observed::Public, false));
        assert_eq!(guest(&wall, &to(AUTHORIZE)), (Observed::Gated, false), "the gate itself is a wall");
        assert_eq!(guest(&wall, &answer(200, &[])), (Observed::Ambiguous, true), "no session is opened");
        assert_eq!(guest(&wall, &answer(502, &[])), (Observed::OriginError, false));
        let start = to("https://photos.example.net/outpost.goauthentik.io/start?rd=x");
        assert_eq!(guest(&wall, &start), (Observed::Ambiguous, false), "for whom is not said yet");
        let emergency = answer(401, &[("www-authenticate", "Basic realm=\"x\""), ("x-auth-fallback", "true")]);
        assert_eq!(guest(&wall, &emergency), (Observed::GatedDegraded, false));
    }
    let third = to(&AUTHORIZE.replace("client_id=gate", "client_id=third"));
    assert_eq!(guest(&pinned("gate"), &third), (Observed::Ambiguous, false));
    let elsewhere =
        to(&AUTHORIZE.replace("client_id=gate", "client_id=guests").replace("auth.example.net", "sso.example.org"));
    assert_eq!(guest(&pinned("gate"), &elsewhere), (Observed::Ambiguous, false), "another issuer");
}

#[test]
fn a_guests_client_that_nobody_named_is_any_but_the_gates() {
    let guest = |wall: &Wall, answer: &Answer| {
        let proof = Proof { guest: Some(String::new()), ..Proof::default() };
        let seen = observe(&Check { proof, ..check(Outcome::Public) }, wall, answer);
        (seen.observed, seen.unmet)
    };
    let to = |location: &str| answer(302, &[("location", location)]);
    let another = to(&AUTHORIZE.replace("client_id=gate", "client_id=guests"));
    assert_eq!(guest(&pinned("gate"), &another), (Observed::Public, false));
    assert_eq!(guest(&pinned("gate"), &to(AUTHORIZE)), (Observed::Gated, false), "the gate itself is a wall");
    for location in [AUTHORIZE, &AUTHORIZE.replace("client_id=gate", "client_id=guests")] {
        assert_eq!(guest(&authentik(), &to(location)), (Observed::Ambiguous, false), "nothing tells them apart");
    }
    for wall in [authentik(), pinned("gate")] {
        assert_eq!(guest(&wall, &answer(200, &[])), (Observed::Ambiguous, true), "no session is opened");
    }
}

#[test]
fn a_refusal_in_the_words_of_the_gate_proves_neither() {
    let wall = Wall { system: Some(WallSystem::Oauth2Proxy), ..Wall::default() };
    let refusal = Answer { body: b"{}".to_vec(), ..answer(401, &[("content-type", "application/json")]) };
    assert_eq!(seen(Outcome::Public, &wall, &refusal), Observed::Ambiguous);
    assert_eq!(
        seen(Outcome::Public, &authentik(), &refusal),
        Observed::Public,
        "of a system that does not stand there"
    );
    let gated = observe(&check(Outcome::Gated), &wall, &refusal);
    assert!(gated.observed == Observed::Ambiguous && gated.refused);
    let proof = Proof { statuses: vec![401], ..Proof::default() };
    assert_eq!(observe(&Check { proof, ..check(Outcome::Public) }, &wall, &refusal).observed, Observed::Public);
}

#[test]
fn preflights_and_upgrades_must_do_what_was_declared() {
    let with = |proof: Proof, answer: &Answer| {
        let seen = observe(&Check { proof, ..check(Outcome::Public) }, &authentik(), answer);
        (seen.observed, seen.unmet)
    };
    let fine = (Observed::Public, false);
    let unmet = (Observed::Ambiguous, true);
    let cors = || Proof { allow_origin: Some("https://app.example.net".to_owned()), ..Proof::default() };
    let allows = |origin: &str| answer(204, &[("access-control-allow-origin", origin)]);
    assert_eq!(with(cors(), &allows("https://app.example.net")), fine);
    assert_eq!(with(cors(), &allows("*")), fine);
    assert_eq!(with(cors(), &allows("https://app.example.org")), unmet);
    assert_eq!(with(cors(), &answer(204, &[])), unmet);
    assert_eq!(with(cors(), &answer(302, &[("location", AUTHORIZE)])).0, Observed::Gated);
    let socket = || Proof { upgrades: true, ..Proof::default() };
    for status in [101, 400, 426] {
        assert_eq!(with(socket(), &answer(status, &[])), fine, "{status}");
    }
    assert_eq!(with(socket(), &answer(200, &[])), unmet);
    assert_eq!(with(socket(), &answer(302, &[("location", AUTHORIZE)])).0, Observed::Gated);
    assert_eq!(seen(Outcome::GatedOrRefused, &authentik(), &answer(101, &[])), Observed::Public);
    // What was declared of a plain answer is allowed of another form, and not asked of it.
    let lenient = || Proof { statuses: vec![401], lenient: true, ..Proof::default() };
    assert_eq!(with(lenient(), &answer(200, &[])), fine);
    assert_eq!(with(lenient(), &answer(401, &[("www-authenticate", "Basic")])), fine);
}

#[test]
fn a_page_without_its_body_may_be_one_to_sign_in() {
    let head = Check { method: "HEAD".to_owned(), ..check(Outcome::Gated) };
    let html = answer(200, &[("content-type", "text/html; charset=utf-8")]);
    assert_eq!(observe(&head, &authentik(), &html).observed, Observed::Ambiguous);
    let image = answer(200, &[("content-type", "image/png")]);
    assert_eq!(observe(&head, &authentik(), &image).observed, Observed::Public);
    assert_eq!(seen(Outcome::Gated, &authentik(), &html), Observed::Public);
}

#[test]
fn a_wall_of_another_house_is_not_the_gate_whichever_form_it_has() {
    use Observed::{Ambiguous, Gated};
    let cloudflare = Wall {
        system: Some(WallSystem::CloudflareAccess),
        issuer_host: Some("home.cloudflareaccess.com".to_owned()),
        ..Wall::default()
    };
    let proxy = Wall {
        system: Some(WallSystem::Oauth2Proxy),
        issuer_host: Some("auth.example.net".to_owned()),
        ..Wall::default()
    };
    let table = [
        (&cloudflare, "https://home.cloudflareaccess.com/cdn-cgi/access/login/photos.example.net", Gated),
        (&cloudflare, "https://other.cloudflareaccess.com/cdn-cgi/access/login/photos.example.net", Ambiguous),
        (&cloudflare, "/cdn-cgi/access/login?x", Gated),
        (&proxy, "/oauth2/start?rd=x", Gated),
        (&proxy, "https://login.example.net/oauth2/start?rd=x", Gated),
        (&proxy, "https://login.example.org/oauth2/start?rd=x", Ambiguous),
        (&authentik(), "https://photos.example.net/outpost.goauthentik.io/start?rd=x", Gated),
        (&authentik(), "https://photos.example.org/outpost.goauthentik.io/start?rd=x", Ambiguous),
    ];
    for (wall, location, expected) in table {
        for outcome in [Outcome::Gated, Outcome::Public] {
            assert_eq!(
                seen(outcome, wall, &answer(302, &[("location", location)])),
                expected,
                "{outcome:?} {location}"
            );
        }
    }
}
