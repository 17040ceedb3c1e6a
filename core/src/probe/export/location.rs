//! What the `Location` of a wall matches, in the syntax of RE2.

use homelab_schema::carveout_probe::WallSystem;

use super::super::Wall;

/// Where a system's wall redirects to.
struct Redirects {
    system: WallSystem,
    /// To the issuer: what its URL holds after the host, and whether it names the client.
    remote: Option<(&'static str, bool)>,
    /// On the host itself.
    local: Option<&'static str>,
}

/// `oauth2_proxy` goes to whatever issuer it has, by whatever path.
const REDIRECTS: [Redirects; 6] = [
    Redirects {
        system: WallSystem::Authentik,
        remote: Some(("/application/o/authorize", true)),
        local: Some("/outpost\\.goauthentik\\.io/start"),
    },
    Redirects { system: WallSystem::Oauth2Proxy, remote: None, local: Some("/oauth2/(start|sign_in)") },
    Redirects { system: WallSystem::Authelia, remote: Some(("[?&]rd=", false)), local: None },
    Redirects {
        system: WallSystem::Pomerium,
        remote: Some(("/\\.pomerium/sign_in", false)),
        local: Some("/\\.pomerium/webauthn"),
    },
    Redirects {
        system: WallSystem::CloudflareAccess,
        remote: Some(("/cdn-cgi/access/login", false)),
        local: Some("^/cdn-cgi/access/login"),
    },
    Redirects { system: WallSystem::Keycloak, remote: Some(("/protocol/openid-connect/auth", true)), local: None },
];

/// What a public path must not redirect to: the wall, also where it is not certain that it is the declared one.
pub(super) fn of_walls(wall: &Wall) -> String {
    patterns(wall, false)
}

/// What a gated path must redirect to: the declared wall.
pub(super) fn of_gate(wall: &Wall) -> String {
    patterns(wall, true)
}

fn patterns(wall: &Wall, ours: bool) -> String {
    let host = wall.issuer_host.as_ref().map(|host| format!("^https?://{}(:[0-9]+)?", regex::escape(host)));
    let client = (!wall.client_ids.is_empty()).then(|| {
        let ids: Vec<String> = wall.client_ids.iter().map(|id| regex::escape(id)).collect();
        format!(".*[?&]client_id=({})(&|$)", ids.join("|"))
    });
    let mut all: Vec<String> = wall.location.iter().map(|pattern| pattern.as_str().to_owned()).collect();
    for redirects in REDIRECTS.iter().filter(|redirects| wall.system.is_none_or(|system| system == redirects.system)) {
        if let Some((part, names_client)) = redirects.remote {
            let client = client.as_deref().filter(|_| names_client).unwrap_or_default();
            let at = host.as_ref().filter(|_| ours).map(|host| format!("{host}(/.*)?")).unwrap_or_default();
            all.push(format!("{at}{part}{client}"));
        }
        all.extend(redirects.local.map(str::to_owned));
    }
    // An issuer that no form is known of, and on public paths whatever leads there.
    let any_path = !ours || matches!(wall.system, None | Some(WallSystem::Oauth2Proxy));
    if let Some(host) = host.filter(|_| any_path) {
        all.push(client.map_or_else(|| format!("{host}([/?]|$)"), |client| format!("{host}(/{client}|\\?{client})")));
    }
    all.join("|")
}
