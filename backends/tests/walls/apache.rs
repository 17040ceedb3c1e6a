//! Apache with `mod_auth_openidc`, which asks a discovery document where people are sent.

use homelab_plane::apache::Apache;
use homelab_plane::skip;
use homelab_schema::carveout_probe::{Verdict, WallSystem};

use crate::origin::Origin;
use crate::services::{DISCOVERY, app, header, issuer, path, reached};
use crate::support::{PHOTOS, Seen, probe, probe_in_every_form, wall};

const KEYCLOAK: &str = "https://auth.example.net/realms/home/protocol/openid-connect/auth";
const AUTHENTIK: &str = "https://auth.example.net/application/o/authorize/";
const ELSEWHERE: &str = "https://auth.example.org/realms/home/protocol/openid-connect/auth";
const PUBLIC: &str = "<LocationMatch \"^/share(/|$)\">\nAuthType None\nRequire all granted\n</LocationMatch>\n";

/// Everything is gated but what `more` says.
fn site(app: &Origin, issuer: &Origin, more: &str) -> String {
    format!(
        "OIDCProviderMetadataURL http://127.0.0.1:{1}{DISCOVERY}
         OIDCClientID gate
         OIDCClientSecret not-a-secret
         OIDCCryptoPassphrase not-a-secret-either
         OIDCRedirectURI /oidc/callback
         ProxyPass /oidc/ !
         ProxyPass / http://127.0.0.1:{0}/
         <Location />
         AuthType openid-connect
         Require valid-user
         </Location>
         {more}",
        app.address.port(),
        issuer.address.port()
    )
}

fn start(test: &str, site: &str) -> Option<Apache> {
    match Apache::start(site) {
        Err(error) if error.is_missing() => {
            skip(test, &error.to_string());
            None
        }
        started => Some(started.unwrap()),
    }
}

async fn probed(apache: &Apache, system: WallSystem) -> Seen {
    probe(apache.port(), wall(system), &PHOTOS).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_to_the_discovered_issuer_is_the_gate() {
    for (endpoint, system, name) in
        [(KEYCLOAK, WallSystem::Keycloak, "keycloak"), (AUTHENTIK, WallSystem::Authentik, "authentik")]
    {
        let (app, issuer) = (app().await, issuer(endpoint).await);
        let Some(apache) = start("apache_openidc", &site(&app, &issuer, PUBLIC)) else { return };
        let seen = probe_in_every_form(apache.port(), wall(system), &PHOTOS).await;
        assert_eq!(seen.verdict(), Verdict::Ok, "{}", seen.told());
        assert_eq!(seen.of("/"), format!("ok gated {name}"));
        // It answers programs with a bare 401: no gate is proven, but nobody gets in.
        assert_eq!(seen.with("/", "accept json"), "ok ambiguous");
        for form in ["head", "preflight", "websocket", "another user agent"] {
            assert_eq!(seen.with("/", form), format!("ok gated {name}"), "{form}");
            assert_eq!(seen.with("/share", form), "ok public", "{form}");
        }
        assert_eq!(seen.of("/share"), "ok public");
        // Escaped slashes are refused by Apache itself.
        assert_eq!(seen.of("/share%2f.."), "ok ambiguous");
        let reached = reached(&app);
        assert!(!reached.is_empty() && reached.iter().all(|path| path.contains("share")), "{reached:?}");
        // Everything that it knows of the issuer came from one document.
        let asked = issuer.asked();
        assert!(asked.iter().all(|asked| path(asked) == DISCOVERY), "{asked:?}");
        assert_eq!(asked.first().and_then(|asked| header(asked, "user-agent")), Some("mod_auth_openidc"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bare_401_instead_of_a_redirect_proves_no_gate() {
    let (app, issuer) = (app().await, issuer(KEYCLOAK).await);
    let refusing = format!("<Location />\nOIDCUnAuthAction 401\n</Location>\n{PUBLIC}");
    let Some(apache) = start("apache_401", &site(&app, &issuer, &refusing)) else { return };
    let seen = probed(&apache, WallSystem::Keycloak).await;
    assert_eq!((seen.verdict(), seen.of("/").as_str()), (Verdict::Unknown, "unknown ambiguous"));
    assert_eq!(seen.all(Verdict::Exposed), Vec::<String>::new());
    assert_eq!(seen.of("/share"), "ok public");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_issuer_or_client_is_not_the_gate() {
    let (app, ours, elsewhere) = (app().await, issuer(KEYCLOAK).await, issuer(ELSEWHERE).await);
    let wrong_client = site(&app, &ours, PUBLIC).replace("OIDCClientID gate", "OIDCClientID photos");
    for site in [site(&app, &elsewhere, PUBLIC), wrong_client] {
        let Some(apache) = start("apache_issuer", &site) else { return };
        let seen = probed(&apache, WallSystem::Keycloak).await;
        assert_eq!((seen.verdict(), seen.of("/").as_str()), (Verdict::Unknown, "unknown ambiguous"), "{site}");
        assert_eq!(seen.of("/share"), "ok public");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_is_gone_is_an_error_and_not_a_gate() {
    let (app, issuer) = (app().await, issuer(KEYCLOAK).await);
    let site = site(&app, &issuer, PUBLIC).replace(&issuer.address.to_string(), homelab_plane::NOBODY);
    let Some(apache) = start("apache_gone", &site) else { return };
    let seen = probed(&apache, WallSystem::Keycloak).await;
    assert_eq!((seen.verdict(), seen.of("/").as_str()), (Verdict::Unknown, "unknown origin_error"), "{}", seen.told());
    assert_eq!(seen.of("/share"), "ok public");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carve_out_that_was_lost_is_walled_and_one_too_many_is_exposed() {
    let (app, issuer) = (app().await, issuer(KEYCLOAK).await);
    let Some(apache) = start("apache_walled", &site(&app, &issuer, "")) else { return };
    let seen = probed(&apache, WallSystem::Keycloak).await;
    assert_eq!((seen.verdict(), seen.of("/share").as_str()), (Verdict::Walled, "walled gated keycloak"));
    drop(apache);
    // A pattern without an end.
    let open = PUBLIC.replace("^/share(/|$)", "^/share");
    let Some(apache) = start("apache_exposed", &site(&app, &issuer, &open)) else { return };
    let seen = probed(&apache, WallSystem::Keycloak).await;
    assert_eq!(seen.all(Verdict::Exposed), ["/sharex"], "{}", seen.told());
}
