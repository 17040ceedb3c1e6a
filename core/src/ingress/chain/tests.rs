use std::collections::BTreeMap;

use super::*;
use crate::ingress::tests::full_middlewares;

fn full_site() -> Site {
    let groups = [("admins", "gates-admins"), ("admins+family", "gates-house")];
    let groups = groups.map(|(key, middleware)| (key.to_owned(), middleware.to_owned()));
    Site {
        middlewares: Attr::Known(full_middlewares()),
        groups: Attr::Known(BTreeMap::from(groups)),
        ..Site::default()
    }
}

fn with(change: impl FnOnce(&mut Middlewares)) -> Site {
    let mut named = full_middlewares();
    change(&mut named);
    Site { middlewares: Attr::Known(named), ..full_site() }
}

/// What a door has that says nothing but its `auth`.
fn plain(auth: Auth) -> Parts {
    Parts {
        auth: Attr::Known(auth),
        limiter: Attr::Known(Limiter::Site),
        anti_ai: Attr::Known(auth.is_open()),
        groups: Attr::Null,
        local_only: Attr::Known(false),
        csp: Attr::Null,
        body: Attr::Null,
        wake: None,
        extras: Attr::Null,
    }
}

/// What a door has that says everything.
fn rich(auth: Auth) -> Parts {
    let own = |middleware: &str| Attr::Known(format!("photos-{middleware}@kubernetescrd"));
    Parts {
        limiter: own("rate-limit-g").map(Limiter::Own),
        anti_ai: Attr::Known(true),
        groups: Attr::Known(vec!["family".to_owned(), "admins".to_owned()]),
        local_only: Attr::Known(true),
        csp: own("custom-csp-g"),
        body: own("buffering-g"),
        wake: Some(Attr::Known("traefik-wake".to_owned())),
        extras: Attr::Known(vec!["photos-strip".to_owned(), "errors@file".to_owned()]),
        ..plain(auth)
    }
}

fn members(site: &Site, parts: &Parts) -> Vec<String> {
    let links = chain(site, parts).unwrap().into_known().unwrap();
    links.into_iter().map(|link| link.reference).collect()
}

fn texts(chain: &str) -> Vec<String> {
    chain.split_whitespace().map(reference).collect()
}

fn own() -> Own {
    let reference = |middleware: &str| format!("photos-{middleware}@kubernetescrd");
    Own { limiters: vec![reference("rate-limit-g")], csp: reference("custom-csp-g"), body: reference("buffering-g") }
}

fn says(auth: Auth) -> Hints {
    Hints { auth: Some(auth), ..Hints::default() }
}

#[test]
fn the_order_is_that_of_the_house() {
    let wrap = "traefik-retry traefik-error-pages traefik-rate-limit traefik-csp-headers";
    let ai = "traefik-ai-bot-block traefik-anti-ai-headers";
    let table = [
        (plain(Auth::Required), format!("{wrap} traefik-forward-auth")),
        (plain(Auth::Public), format!("{wrap} traefik-guests")),
        (plain(Auth::App), format!("{wrap} {ai}")),
        (plain(Auth::None), format!("{wrap} {ai}")),
        (
            rich(Auth::Required),
            format!(
                "traefik-retry traefik-error-pages photos-rate-limit-g {ai} traefik-forward-auth gates-house \
                 traefik-local-only photos-custom-csp-g photos-buffering-g traefik-wake photos-strip errors@file"
            ),
        ),
        (
            Parts { limiter: Attr::Known(Limiter::Off), anti_ai: Attr::Known(false), ..rich(Auth::None) },
            "traefik-retry traefik-error-pages traefik-local-only photos-custom-csp-g photos-buffering-g traefik-wake \
             photos-strip errors@file"
                .to_owned(),
        ),
    ];
    for (parts, expected) in table {
        assert_eq!(members(&full_site(), &parts), texts(&expected), "{:?}", parts.auth);
    }
}

#[test]
fn a_member_knows_the_argument_that_put_it_there() {
    let links = chain(&full_site(), &rich(Auth::Required)).unwrap().into_known().unwrap();
    let of = |name: &str| {
        let link = links.iter().find(|link| link.reference == reference(name)).unwrap();
        (link.argument, link.index)
    };
    assert_eq!(of("traefik-forward-auth"), ("auth", None));
    assert_eq!(of("gates-house"), ("allowed_groups", None));
    assert_eq!(of("photos-rate-limit-g"), ("rate_limit", None));
    assert_eq!(of("errors@file"), ("extra_middlewares", Some(1)));
}

#[test]
fn what_is_needed_and_not_named_is_an_error_and_never_an_open_chain() {
    let site = Site::default();
    let needs = |argument, setting| Missing::Middleware { argument, setting };
    assert_eq!(chain(&site, &plain(Auth::Required)), Err(needs("auth", "site.middlewares.gate")));
    assert_eq!(chain(&site, &plain(Auth::Public)), Err(needs("auth", "site.middlewares.public_gate")));
    assert_eq!(chain(&site, &plain(Auth::None)), Ok(Attr::Known(Vec::new())));
    let group = |groups: &[&str]| Parts {
        groups: Attr::Known(groups.iter().map(|group| (*group).to_owned()).collect()),
        ..plain(Auth::Required)
    };
    assert_eq!(chain(&full_site(), &group(&["family"])), Err(Missing::Group { key: "family".to_owned() }));
    assert_eq!(missing(&full_site(), &group(&["family", "admins"])), []);
    let parts = Parts {
        local_only: Attr::Known(true),
        wake: Some(Attr::Null),
        anti_ai: Attr::Known(true),
        ..plain(Auth::Required)
    };
    let bare = with(|named| *named = Middlewares { gate: named.gate.clone(), ..Middlewares::default() });
    let expected = [
        needs("anti_ai_scraping", "site.middlewares.anti_ai"),
        needs("local_only", "site.middlewares.local_only"),
        needs("scale_to_zero", "site.middlewares.scale_to_zero"),
    ];
    assert_eq!(missing(&bare, &parts), expected);
}

#[test]
fn only_what_is_in_the_chain_makes_it_unknown() {
    let site = with(|named| named.gate = Attr::Unknown);
    assert_eq!(chain(&site, &plain(Auth::Required)), Ok(Attr::Unknown));
    assert!(matches!(chain(&site, &plain(Auth::None)), Ok(Attr::Known(_))));
    let site = Site { middlewares: Attr::Unknown, ..full_site() };
    assert_eq!(chain(&site, &plain(Auth::None)), Ok(Attr::Unknown));
    let site = Site { groups: Attr::Unknown, ..full_site() };
    assert_eq!(chain(&site, &rich(Auth::Required)), Ok(Attr::Unknown));
    assert!(matches!(chain(&site, &rich(Auth::None)), Ok(Attr::Known(_))));
    let unknown: [fn(&mut Parts); 9] = [
        |parts| parts.auth = Attr::Unknown,
        |parts| parts.limiter = Attr::Unknown,
        |parts| parts.anti_ai = Attr::Unknown,
        |parts| parts.groups = Attr::Unknown,
        |parts| parts.local_only = Attr::Unknown,
        |parts| parts.csp = Attr::Unknown,
        |parts| parts.body = Attr::Unknown,
        |parts| parts.wake = Some(Attr::Unknown),
        |parts| parts.extras = Attr::Unknown,
    ];
    for change in unknown {
        let mut parts = plain(Auth::Required);
        change(&mut parts);
        assert_eq!(chain(&full_site(), &parts), Ok(Attr::Unknown), "{parts:?}");
    }
}

#[test]
fn a_chain_reads_back_as_what_it_is_and_not_as_what_it_says() {
    let site = full_site();
    for auth in Auth::ALL {
        let reading = read(&site, &own(), &members(&site, &rich(*auth)), &says(*auth)).unwrap();
        assert_eq!((reading.auth, reading.limiter), (*auth, ReadLimiter::Own(0)));
        assert_eq!(reading.anti_ai, Some(true));
        assert!(reading.local_only && reading.csp && reading.body);
        assert_eq!(reading.wake.as_deref(), Some("traefik-wake"));
        assert_eq!(reading.extras, ["photos-strip", "errors@file"]);
        let groups = (*auth == Auth::Required).then(|| vec!["admins".to_owned(), "family".to_owned()]);
        assert_eq!(reading.groups, groups);
    }
    let open = members(&site, &plain(Auth::None));
    let auth = |members: &[String], hints: &Hints| read(&site, &own(), members, hints).map(|reading| reading.auth);
    assert_eq!(auth(&open, &says(Auth::Required)), Some(Auth::None), "it is open, whatever it claims");
    assert_eq!(auth(&open, &Hints::default()), Some(Auth::None));
    assert_eq!(auth(&open, &says(Auth::App)), Some(Auth::App));
    assert_eq!(auth(&texts("traefik-retry"), &says(Auth::None)), None, "no chain of this site");
    let both = "traefik-retry traefik-error-pages traefik-rate-limit traefik-csp-headers photos-custom-csp-g";
    assert_eq!(auth(&texts(both), &says(Auth::None)), None, "two policies");
    let neither = "traefik-retry traefik-error-pages traefik-rate-limit traefik-forward-auth";
    assert_eq!(auth(&texts(neither), &says(Auth::Required)), None, "and no policy is none of ours either");
}

#[test]
fn what_is_missing_from_a_chain_shows() {
    let site = full_site();
    let without = |gone: &str, auth: Auth| {
        let members: Vec<String> =
            members(&site, &plain(auth)).into_iter().filter(|member| *member != reference(gone)).collect();
        read(&site, &own(), &members, &says(auth))
    };
    assert_eq!(without("traefik-rate-limit", Auth::Required).unwrap().limiter, ReadLimiter::Off);
    assert_eq!(without("traefik-forward-auth", Auth::Required).unwrap().auth, Auth::None);
    // One of the two that keep scrapers away is an addition, and both are wanted.
    let reading = without("traefik-ai-bot-block", Auth::None).unwrap();
    assert_eq!((reading.anti_ai, reading.extras), (Some(false), vec!["traefik-anti-ai-headers".to_owned()]));
    assert_eq!(without("traefik-retry", Auth::None), None);
}

#[test]
fn a_gate_among_the_additions_is_no_addition() {
    let site = with(|named| named.anti_ai = Attr::Null);
    let wrap = "traefik-retry traefik-error-pages traefik-rate-limit traefik-csp-headers";
    let late = texts(&format!("{wrap} photos-strip traefik-forward-auth"));
    assert_eq!(read(&site, &own(), &late, &says(Auth::None)), None);
}

#[test]
fn groups_are_a_set_and_their_key_has_one_spelling() {
    let key = |groups: &[&str]| key_of(&groups.iter().map(|group| (*group).to_owned()).collect::<Vec<_>>());
    assert_eq!(key(&["family", "admins", "family"]), "admins+family");
    assert_eq!(key(&["family"]), "family");
}
