//! `HL1xxx`: exposing an app.

codes! {
    /// A door without the gate in front must say why. Without a reason nobody can later tell a decision from an oversight.
    NO_REASON = "HL1001", Error, Act,
        "an ungated door has no reason",
        "Say in `reason` what gates the app instead, or why it is public.";
    /// The host is neither given nor does `site.root_domain` say below which domain names are made.
    NO_HOST = "HL1002", Error, Act,
        "the host is not known",
        "Set `host` to a full host name, or `root_domain` in the provider's `site` block.";
    /// A name, host or path is no valid one for the objects that it ends up in.
    MALFORMED = "HL1003", Error, Act,
        "not a valid name, host or path",
        "Correct the value.";
    /// `auth` asks for a middleware that `site` does not name, so that nothing would be in front of the app.
    NO_GATE = "HL1004", Error, Act,
        "no middleware is known for this kind of auth",
        "Name it in `middlewares` of the provider's `site` block, or choose another `auth`.";
    /// A user's annotation or middleware would override what the resource itself decides.
    RESERVED = "HL1005", Error, Act,
        "set by the resource itself",
        "Use the argument for it.";
    /// Traefik drops a router that names a missing middleware: 404 at a root, and at a gated path below a public root an open door.
    DANGLING_MIDDLEWARE = "HL1101", Error, Act,
        "a middleware does not exist",
        "Create the middleware first, or correct its name.";
    /// The Service behind the route does not exist: every request would be answered with an error of the proxy.
    DANGLING_SERVICE = "HL1102", Error, Act,
        "the service does not exist",
        "Create the Service first, or correct its name.";
    /// The Service has no port of that number or name.
    DANGLING_PORT = "HL1103", Error, Act,
        "the service has no such port",
        "Use a port that the Service has.";
    /// The TLS Secret does not exist or is of another type: the proxy would serve its own default certificate.
    DANGLING_TLS = "HL1104", Error, Act,
        "the TLS secret is not usable",
        "Create a Secret of type kubernetes.io/tls of that name, or correct the name.";
    /// Two routers on one host match the same request with the same priority. Traefik picks one of them at random, and another after a reload.
    AMBIGUOUS = "HL1201", Error, Act,
        "two routers would match the same request",
        "Give them different priorities or different paths.";
    /// Another router on the host matches the same requests with a higher priority, so that this one would never see them.
    SHADOWED = "HL1203", Error, Act,
        "a router would be shadowed",
        "Leave `priority` out, or set it above the other router's.";
    /// The reference could not be looked up: it counts neither as found nor as missing.
    NOT_CHECKED = "HL1901", Warning, Unmeasured,
        "references were not checked",
        "Let the provider reach the cluster at plan.";
}
