//! The signatures.

use homelab_schema::carveout_probe::WallSystem;

use super::Mark::{
    Body, BodyIs, Challenge, Cookie, CookieEnd, Header, HeaderHolds, HeaderIs, Located, LocationHostEnd, LocationPath,
    LocationPathEnd, LocationQuery, LocationQueryHolds, Redirect, Status,
};
use super::{Mark, Proves, Rule, Signature};

const fn rule(name: &'static str, proves: Proves, leads_to_issuer: bool, all: &'static [Mark]) -> Rule {
    Rule { name, proves, leads_to_issuer, all }
}

/// All of them. Order does not matter: every rule that fits is weighed.
pub const SIGNATURES: &[Signature] = &[
    Signature {
        system: WallSystem::Authentik,
        revision: 2,
        source: "goauthentik/authentik: internal/outpost/proxyv2/application (oauth.go, application.go, mode_forward.go), \
                 web/src/flow/FlowExecutor.ts",
        rules: &[
            // The callback belongs to the outpost: an app that signs in at the same Authentik has a callback of its own.
            rule(
                "sign-in redirect with the outpost's callback",
                Proves::Gate,
                true,
                &[
                    Redirect,
                    LocationPathEnd("/application/o/authorize"),
                    LocationQueryHolds("redirect_uri", "/outpost.goauthentik.io/callback"),
                ],
            ),
            rule(
                "sign-in redirect with the outpost's cookie",
                Proves::Gate,
                true,
                &[Redirect, LocationPathEnd("/application/o/authorize"), Cookie("authentik_proxy")],
            ),
            rule(
                "redirect to the outpost's start page",
                Proves::Gate,
                false,
                &[Redirect, LocationPathEnd("/outpost.goauthentik.io/start")],
            ),
            rule(
                "redirect to the start page of outposts before 2022.8",
                Proves::Gate,
                false,
                &[Redirect, LocationPathEnd("/akprox/start")],
            ),
            rule(
                "sign-in redirect",
                Proves::SignIn,
                true,
                &[Redirect, LocationPathEnd("/application/o/authorize"), LocationQuery("client_id")],
            ),
            rule("sign-in page", Proves::Gate, false, &[Status(&[200, 401, 403]), Body("<ak-flow-executor")]),
            // For nginx, which has no use for a redirect in the answer of an authentication request.
            rule(
                "refusal of the outpost",
                Proves::Refusal,
                false,
                &[Status(&[401]), HeaderHolds("content-type", "text/plain"), BodyIs("unauthorized request")],
            ),
        ],
    },
    Signature {
        system: WallSystem::Oauth2Proxy,
        revision: 2,
        source: "oauth2-proxy/oauth2-proxy 14af295: oauthproxy.go, pkg/cookies/csrf.go, pkg/apis/options/cookie.go, \
                 pkg/app/pagewriter/sign_in.html",
        rules: &[
            // `_oauth2_proxy_csrf`, or `_oauth2_proxy_<state>_csrf`.
            rule(
                "sign-in redirect with the proxy's cookie",
                Proves::Gate,
                true,
                &[Redirect, Cookie("_oauth2_proxy"), CookieEnd("_csrf")],
            ),
            rule("redirect to the start page", Proves::Gate, false, &[Redirect, LocationPathEnd("/oauth2/start")]),
            rule("redirect to the sign-in page", Proves::Gate, false, &[Redirect, LocationPathEnd("/oauth2/sign_in")]),
            rule(
                "sign-in page",
                Proves::Gate,
                false,
                &[Status(&[200, 401, 403]), Body("<form method=\"GET\" action=\"/oauth2/start\">")],
            ),
            // Neither names the proxy, and an app may well answer the same.
            rule(
                "refusal to a program",
                Proves::Refusal,
                false,
                &[Status(&[401]), HeaderHolds("content-type", "application/json"), BodyIs("{}")],
            ),
            rule(
                "refusal of an authentication request",
                Proves::Refusal,
                false,
                &[Status(&[401]), HeaderHolds("content-type", "text/plain"), BodyIs("Unauthorized")],
            ),
        ],
    },
    Signature {
        system: WallSystem::Authelia,
        revision: 2,
        source: "authelia/authelia 2357203: internal/handlers (handler_authz.go, handler_authz_util.go, \
                 handler_authz_authn.go, const.go)",
        rules: &[
            rule(
                "redirect to the portal with target and method",
                Proves::Gate,
                true,
                &[Redirect, LocationQuery("rd"), LocationQuery("rm")],
            ),
            rule(
                "refusal that names the portal",
                Proves::Gate,
                true,
                &[Status(&[401]), Located, LocationQuery("rd"), LocationQuery("rm")],
            ),
            rule("redirect to the portal", Proves::Portal, true, &[Redirect, LocationQuery("rd")]),
            rule(
                "Basic prompt",
                Proves::Refusal,
                false,
                &[Status(&[401]), Challenge("basic"), HeaderHolds("www-authenticate", "\"Authorization Required\"")],
            ),
        ],
    },
    Signature {
        system: WallSystem::Pomerium,
        revision: 2,
        source: "pomerium/pomerium c8ace10: pkg/endpoints/paths.go, internal/httputil/headers.go, authorize/check_response.go",
        rules: &[
            rule("sign-in redirect", Proves::Gate, true, &[Redirect, LocationPathEnd("/.pomerium/sign_in")]),
            rule(
                "refusal by the proxy itself",
                Proves::Gate,
                false,
                &[Status(&[401, 403]), HeaderIs("x-pomerium-intercepted-response", "true")],
            ),
            rule("redirect to the device check", Proves::Gate, false, &[Redirect, LocationPath("/.pomerium/webauthn")]),
            rule(
                "refusal to a program",
                Proves::Gate,
                false,
                &[Status(&[401]), Body("\"error\":\"Unauthenticated\""), Body("\"request_id\":")],
            ),
        ],
    },
    Signature {
        system: WallSystem::CloudflareAccess,
        revision: 2,
        source: "answers of protected applications, as quoted in public runbooks; there is no public source",
        rules: &[
            rule(
                "redirect to the team's sign-in",
                Proves::Gate,
                true,
                &[Redirect, LocationHostEnd(".cloudflareaccess.com"), LocationPath("/cdn-cgi/access/login")],
            ),
            rule(
                "redirect to the sign-in on the host itself",
                Proves::Gate,
                false,
                &[Redirect, LocationPath("/cdn-cgi/access/login")],
            ),
            // Of an application that admits service tokens alone, and of one that is asked by a script.
            rule(
                "refusal that names the application",
                Proves::Gate,
                false,
                &[Status(&[401, 403]), Header("cf-access-domain"), Header("cf-access-aud")],
            ),
            rule("challenge", Proves::Gate, false, &[Status(&[401]), Challenge("cloudflare-access")]),
            rule(
                "sign-in page",
                Proves::Gate,
                false,
                &[Status(&[200]), Header("cf-access-domain"), Body(".cloudflareaccess.com")],
            ),
        ],
    },
    Signature {
        system: WallSystem::Keycloak,
        revision: 2,
        source: "keycloak/keycloak: the openid-connect endpoints of a realm, themes/base/login/login.ftl; \
                 OpenIDC/mod_auth_openidc: the prefix of its state cookie",
        rules: &[
            rule(
                "sign-in redirect",
                Proves::SignIn,
                true,
                &[Redirect, LocationPathEnd("/protocol/openid-connect/auth"), LocationQuery("client_id")],
            ),
            rule(
                "sign-in redirect with the cookie of mod_auth_openidc",
                Proves::SignIn,
                true,
                &[Redirect, LocationPathEnd("/protocol/openid-connect/auth"), Cookie("mod_auth_openidc_state_")],
            ),
            rule("sign-in page", Proves::Gate, false, &[Status(&[200, 401, 403]), Body("id=\"kc-form-login\"")]),
        ],
    },
    Signature {
        system: WallSystem::Basic,
        revision: 1,
        source: "RFC 7617; Traefik 3.5 basicAuth middleware",
        rules: &[
            // A front that answers for a gate which is down marks itself: its prompt must not pass for the gate.
            rule(
                "emergency prompt",
                Proves::Emergency,
                false,
                &[Status(&[401]), Challenge("basic"), Header("x-auth-fallback")],
            ),
            rule("prompt", Proves::Gate, false, &[Status(&[401]), Challenge("basic")]),
        ],
    },
];
