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
