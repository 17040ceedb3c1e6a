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
    /// An argument asks for a middleware that `site` does not name, so that nothing would do what it says.
    NO_MIDDLEWARE = "HL1006", Error, Act,
        "no middleware is known for this argument",
        "Name it in `middlewares` of the provider's `site` block, or remove the argument.";
    /// `allowed_groups` names groups for which `site.groups` has no middleware. A list that nothing enforces is worse than none.
    NO_GROUP = "HL1007", Error, Act,
        "nothing enforces these groups",
        "Name their middleware in `groups` of the provider's `site` block, or remove `allowed_groups`.";
    /// Traefik makes a pattern of a host with a wildcard, whose precedence, certificate and records are another matter than those of one host.
    WILDCARD_HOST = "HL1009", Error, Act,
        "wildcard hosts cannot be declared yet",
        "List the hosts: the first as `host`, the others as `host_aliases`.";
    /// Two arguments exclude each other, or one is of no use without the other.
    CONTRADICTION = "HL1010", Error, Act,
        "arguments contradict each other",
        "Remove one of them.";
    /// In parity mode a prefix stays Traefik's own, which is by characters. Of an open door that is a leak: `/public` also opens `/publicadmin`.
    LOOSE_PREFIX = "HL1011", Warning, Act,
        "a prefix opens more than it says",
        "Turn `parity` off for this resource once it is adopted.";
    /// Monitoring annotations are below a domain that neither `annotation_domain` nor `root_domain` of `site` names.
    NO_ANNOTATION_DOMAIN = "HL1012", Error, Act,
        "the domain of annotations is not known",
        "Set `annotation_domain` in the provider's `site` block, or remove the block.";
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
    /// The certificate is for other names than the host. Traefik would serve its own default certificate, and visitors would get a warning.
    CERTIFICATE_NAME = "HL1105", Error, Act,
        "the certificate does not cover the host",
        "Use a certificate with the host among its alternative names, or another `tls_secret_name`.";
    /// The certificate is not valid now: browsers refuse the site.
    CERTIFICATE_EXPIRED = "HL1106", Error, Act,
        "the certificate is not valid now",
        "Renew the certificate; where cert-manager does it, see the conditions of its Certificate.";
    /// The certificate is in its last days, which a working renewal never lets happen. Of a certificate that lives for less than four weeks it is the last quarter.
    CERTIFICATE_EXPIRING = "HL1107", Error, Act,
        "the certificate is about to expire",
        "Renew the certificate; where cert-manager does it, see the conditions of its Certificate.";
    /// A Middleware of type chain names one that does not exist: Traefik drops every router that uses the chain, as if that one were named itself.
    BROKEN_CHAIN = "HL1108", Error, Act,
        "a chain of middlewares names one that does not exist",
        "Create the missing middleware, or remove it from the chain.";
    /// Two routers on one host match the same request with the same priority. Traefik picks one of them at random, and another after a reload.
    AMBIGUOUS = "HL1201", Error, Act,
        "two routers would match the same request",
        "Give them different priorities or different paths.";
    /// Traefik names a router by namespace, name, host and path, with everything but letters and digits made a dash. Two routes whose names come out the same are one router: the other is not there, and which one it is may change with a reload.
    SAME_NAME = "HL1202", Error, Act,
        "two routes make routers of one name",
        "Rename one of the objects.";
    /// Another router on the host matches the same requests with a higher priority, so that this one would never see them.
    SHADOWED = "HL1203", Error, Act,
        "a router would be shadowed",
        "Leave `priority` out, or set it above the other router's.";
    /// Two objects serve the same requests, one behind a gate and one without. Whatever their priorities are, the gate holds only until the gated router is dropped, or on its own entry points.
    WEAKER_DUPLICATE = "HL1204", Error, Act,
        "the same requests are served elsewhere without the gate",
        "Remove the object without the gate, or give it the same middleware.";
    /// Traefik's prefixes match by characters: an open prefix `/public` also opens `/publicadmin`, which a gate would have got.
    LEAKING_PREFIX = "HL1205", Error, Act,
        "an open prefix opens more than its path",
        "Serve the exact path and the prefix with a slash at its end instead, as a carve-out of `homelab_ingress` does.";
    /// Traefik does not serve the router: its rule cannot be read, its priority is too high, or none of its entry points exists. Its requests go to whatever router is weaker, or nowhere.
    DROPPED = "HL1206", Error, Act,
        "Traefik drops a router",
        "Correct the rule, the priority or the entry points.";
    /// Something still names the Middleware that would be removed: its routers would be dropped with the gate that they have.
    STILL_REFERENCED = "HL1301", Error, Act,
        "the middleware is still referenced",
        "Remove the references first and apply that, then remove the middleware.";
    /// Another manager wrote an annotation onto our object that Traefik reads and that the declaration does not have: a gate in front of a declared open door, another priority. An apply of ours cannot remove what another manager owns.
    FOREIGN_ANNOTATION = "HL1302", Error, Act,
        "an annotation of another manager decides about the route",
        "Let the other manager give the annotation up, or remove it by hand; where it is meant, declare it here.";
    /// A record of that name exists in the zone, and it is not this resource's: it belongs to another one, or somebody made it by hand for something else. Overwriting it could take a service off the air that nobody here knows of.
    DNS_CLASH = "HL1401", Error, Act,
        "a DNS record of that name is not ours",
        "Remove the record where it is kept, choose another host, or set `dns_overwrite` where taking it over is meant.";
    /// Records are wanted, and the provider block does not say what they point to.
    DNS_NO_TARGET = "HL1402", Error, Act,
        "the provider does not say what DNS records point to",
        "Complete the provider block, or set `dns` to `none`.";
    /// The zone of the provider's `dns` block does not hold the host: its provider would make the record below the zone, under a name that nobody asked for.
    DNS_OUTSIDE_ZONE = "HL1403", Error, Act,
        "the host is not in the DNS zone",
        "Choose a host in the zone, or use a provider configuration with the zone of this host.";
    /// `dns = "internal"` is for a provider of internal names, and none can be declared yet.
    DNS_INTERNAL = "HL1404", Error, Act,
        "there is no internal DNS provider",
        "Set `dns` to `none`, and let what serves the internal names follow the Ingress.";
    /// The reference could not be looked up: it counts neither as found nor as missing.
    NOT_CHECKED = "HL1901", Warning, Unmeasured,
        "references were not checked",
        "Let the provider reach the cluster at plan.";
}
