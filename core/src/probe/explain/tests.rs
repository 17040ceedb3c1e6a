use homelab_schema::carveout_probe::WallSystem;

use super::*;

fn url() -> Url {
    Url::parse("https://photos.example.net/share?token=s3cret").unwrap()
}

#[test]
fn every_recorded_answer_is_explained_without_a_secret() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/probe");
    let mut seen = 0;
    for system in std::fs::read_dir(root).unwrap() {
        let system = system.unwrap();
        for file in std::fs::read_dir(system.path()).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            let answer = recorded(&text).unwrap();
            let explained = explain(&url(), &Wall::default(), &answer);
            let own = system.file_name() == "none";
            assert_eq!(explained.forms.is_empty(), own, "{text}");
            let cookies = answer.headers("set-cookie").filter_map(|cookie| cookie.split([';', '=']).nth(1));
            let shown = serde_json::to_string(&explained).unwrap();
            for value in cookies.filter(|value| value.len() > 3) {
                assert!(!shown.contains(value), "{value} in {shown}");
            }
            assert!(!shown.contains("c3RhdGU") && !shown.contains("s3cret"), "{shown}");
            seen += 1;
        }
    }
    assert!(seen > 30);
}

#[test]
fn an_answer_is_explained_for_doors_of_both_kinds() {
    let text = "HTTP/1.1 302 Found\r\nLocation: https://user:pw@auth.example.net/application/o/authorize/?client_id=gate&state=s3cret\
                &redirect_uri=https%3A%2F%2Fphotos.example.net%2Foutpost.goauthentik.io%2Fcallback\r\n\
                Set-Cookie: authentik_proxy_x=s3cret; Path=/\r\n\r\n";
    let wall = Wall { system: Some(WallSystem::Authentik), ..Wall::default() };
    let explained = explain(&url(), &wall, &recorded(text).unwrap());
    assert_eq!(explained.url, "https://photos.example.net/share?…");
    assert_eq!(
        explained.location.as_deref(),
        Some("https://auth.example.net/application/o/authorize/?client_id=gate&state=…&redirect_uri=…")
    );
    assert_eq!(explained.cookies, ["authentik_proxy_x"]);
    assert_eq!((explained.as_public.verdict.as_str(), explained.as_gated.verdict.as_str()), ("walled", "ok"));
    assert!(explained.forms.iter().all(|form| form.system == "authentik" && form.source.contains("goauthentik")));
}

#[test]
fn what_is_no_answer_is_none() {
    for text in ["", "photos", "HTTP/1.1", "HTTP/1.1 x", "HTTP/1.1 200 OK\nno header", "# only: comments"] {
        assert!(recorded(text).is_none(), "{text:?}");
    }
}

#[test]
fn lines_that_match_and_lines_that_miss_are_told_apart() {
    // The form of a gate but for the cookie, and a page under a status that no gate has.
    let text = "HTTP/1.1 302 Found\nLocation: https://auth.example.net/application/o/authorize/?client_id=x&redirect_uri=y\n\n";
    let explained = explain(&url(), &Wall::default(), &recorded(text).unwrap());
    let [form] = explained.forms.as_slice() else { panic!("{explained:#?}") };
    assert_eq!(
        form.has,
        [
            "a redirect",
            "a path of Location that ends in /application/o/authorize",
            "client_id in the query of Location"
        ]
    );
    let near: Vec<(&str, &str)> =
        explained.near.iter().map(|near| (near.form.as_str(), near.lacks[0].as_str())).collect();
    assert_eq!(
        near,
        [
            (
                "sign-in redirect with the outpost's callback",
                "redirect_uri in the query of Location with /outpost.goauthentik.io/callback"
            ),
            ("sign-in redirect with the outpost's cookie", "a cookie named authentik_proxy…"),
        ]
    );
    let page = "HTTP/1.1 503 Service Unavailable\nContent-Type: text/html\n\n<ak-flow-executor>";
    let explained = explain(&url(), &Wall::default(), &recorded(page).unwrap());
    assert!(explained.forms.is_empty());
    assert_eq!(explained.near[0].lacks, ["status 200 or 401 or 403"]);
    // What any answer may have is near nothing.
    let plain = "HTTP/1.1 401 Unauthorized\nContent-Type: text/plain\n\nno";
    assert_eq!(explain(&url(), &Wall::default(), &recorded(plain).unwrap()).near, []);
}

#[test]
fn the_wall_that_counts_is_named() {
    let named = |wall: &Wall| explain(&url(), wall, &recorded("HTTP/1.1 200 OK").unwrap()).wall;
    assert_eq!(named(&Wall::default()), "any system that is known");
    let wall = Wall {
        system: Some(WallSystem::Authentik),
        issuer_host: Some("auth.example.net".to_owned()),
        client_ids: vec!["gate".to_owned(), "other".to_owned()],
        location: Some(regex::Regex::new("/sso").unwrap()),
    };
    assert_eq!(
        named(&wall),
        "authentik at auth.example.net for client gate or other, or a redirect whose Location matches /sso"
    );
}
