//! `homelab probe explain`: a screen for each system, from recorded answers and from a live one.

use super::origin::Origin;
use crate::support::{homelab, repository};

/// One recorded answer of each system, the system that is declared, and the screen that it gives.
const SCREENS: [(&str, &str, &str); 10] = [
    ("authentik/redirect.http", "authentik", include_str!("screens/authentik.txt")),
    ("authentik/own-sign-in.http", "authentik", include_str!("screens/authentik-own-sign-in.txt")),
    ("oauth2_proxy/page-403.http", "oauth2_proxy", include_str!("screens/oauth2_proxy.txt")),
    ("authelia/redirect.http", "authelia", include_str!("screens/authelia.txt")),
    ("pomerium/redirect.http", "pomerium", include_str!("screens/pomerium.txt")),
    ("cloudflare_access/service-token-only.http", "cloudflare_access", include_str!("screens/cloudflare_access.txt")),
    (
        "cloudflare_access/redirect.http",
        "cloudflare_access",
        include_str!("screens/cloudflare_access-another-team.txt"),
    ),
    ("keycloak/redirect.http", "keycloak", include_str!("screens/keycloak.txt")),
    ("basic/emergency.http", "basic", include_str!("screens/basic-emergency.txt")),
    ("none/app.http", "authentik", include_str!("screens/none.txt")),
];

/// The lines of a terminal of the usual size.
const SCREEN: usize = 24;

fn explain(file: &str, system: &str, form: &str) -> crate::support::Ran {
    homelab(
        "probe explain https://photos.example.net/share?token=s3cret --issuer auth.example.net --client-id gate-client",
    )
    .args(&format!("--output {form} --wall {system} --answer"))
    .arg(repository("testdata/probe").join(file))
    .run()
    .code(0)
}

#[test]
fn every_system_has_its_screen() {
    for (file, system, screen) in SCREENS {
        let text = explain(file, system, "text").out;
        // A signature may be raised without that anything here reads otherwise.
        let plain = |text: &str| {
            let lines = text.lines().map(|line| line.split(" (revision ").next().unwrap_or_default().to_owned());
            lines.collect::<Vec<_>>()
        };
        assert_eq!(plain(&text), plain(screen), "{file}:\n{text}");
        assert!(text.lines().count() <= SCREEN, "{file} needs more than a screen:\n{text}");
        assert!(!text.contains("s3cret") && !text.contains("c3RhdGU"), "{file}:\n{text}");
    }
}

#[test]
fn every_recorded_answer_is_explained_in_both_forms() {
    let mut count = 0;
    for system in std::fs::read_dir(repository("testdata/probe")).unwrap() {
        let system = system.unwrap();
        let name = system.file_name().into_string().unwrap();
        let declared = if name == "none" { "authentik" } else { name.as_str() };
        for file in std::fs::read_dir(system.path()).unwrap() {
            let file = format!("{name}/{}", file.unwrap().file_name().into_string().unwrap());
            let document = explain(&file, declared, "json").document("probe explain");
            let seen = &document["explained"];
            let forms = seen["forms"].as_array().unwrap();
            assert_eq!(forms.iter().any(|form| form["system"] == declared), name != "none", "{file}: {document:#}");
            assert!(forms.iter().all(|form| !form["has"].as_array().unwrap().is_empty()), "{file}: {document:#}");
            let near = seen["near"].as_array().unwrap();
            assert!(near.iter().all(|near| near["lacks"].as_array().unwrap().len() == 1), "{file}: {document:#}");
            assert!(!document.to_string().contains("s3cret"), "{file}: {document:#}");
            count += 1;
        }
    }
    assert!(count > 30, "{count}");
}

#[test]
fn an_address_is_explained_without_the_secrets_of_its_answer() {
    let origin = Origin::start(&["/share"]);
    let explain = |path: &str| {
        homelab(&format!("probe explain http://photos.example.net{path} --wall authentik --allow-private --connect-to"))
            .arg(origin.address.to_string())
            .run()
            .code(0)
    };
    let gated = explain("/?token=s3cret");
    assert!(!gated.out.contains("s3cret"), "{}", gated.out);
    assert!(gated.out.contains("  cookies: authentik_proxy_5f0b8a8c\n"), "{}", gated.out);
    assert!(gated.out.contains("client_id=gate&redirect_uri=…"), "{}", gated.out);
    let public = explain("/share");
    assert!(public.out.contains("It has no form of a wall that is known."), "{}", public.out);
    assert!(public.out.contains("declared gated: exposed, since it is public: no wall"), "{}", public.out);
    let refused = homelab("probe explain http://photos.example.net/ --connect-to").arg(origin.address.to_string());
    assert!(refused.run().error(true).contains("HL3101"));
    let gone = homelab("probe explain http://photos.example.net/ --output json --allow-private --connect-to");
    let document = gone.arg(homelab_plane::NOBODY).run().code(3).document("probe explain");
    assert!(document["failure"].as_str().unwrap().contains("the connection was refused"), "{document:#}");
}

#[test]
fn the_wall_of_a_folder_counts_and_an_answer_may_come_from_stdin() {
    let main = "provider \"homelab\" {\n  site {\n    wall {\n      system = \"keycloak\"\n      client_ids = [\"gate\"]\n    }\n  }\n}\n";
    let recorded =
        "HTTP/1.1 302 Found\nLocation: https://sso.example.net/realms/a/protocol/openid-connect/auth?client_id=gate\n";
    let mut run = homelab("probe explain https://photos.example.net/ --dir . --answer -").file("main.tf", main);
    let file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut &file, recorded.as_bytes()).unwrap();
    std::io::Seek::rewind(&mut &file).unwrap();
    run.command.stdin(file);
    let text = run.run().code(0).out;
    assert!(text.contains("The wall that counts: keycloak for client gate\n"), "{text}");
    assert!(text.contains("declared gated: ok, since it is gated"), "{text}");
    let message =
        homelab("probe explain https://photos.example.net/ --answer main.tf").file("main.tf", main).run().error(true);
    assert!(message.contains("main.tf holds no answer") && message.contains("curl -i"), "{message}");
}
