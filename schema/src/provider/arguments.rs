//! Which variable and which default belong to which argument, as data.

use homelab_cty::Path;

/// An argument of the provider block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Where it is, dotted: `vault.kubernetes.role`.
    pub path: &'static str,
    /// Environment variables that give it, the first that is set and not empty counting.
    pub variables: &'static [&'static str],
    /// What it is when neither block nor environment says, in the form of the environment.
    pub default: Option<&'static str>,
}

impl Argument {
    /// Its path, for a diagnostic.
    pub fn as_path(&self) -> Path {
        self.path.split('.').fold(Path::root(), |path, name| path.then_attr(name))
    }
}

const fn from(path: &'static str, variables: &'static [&'static str]) -> Argument {
    Argument { path, variables, default: None }
}

const fn or(path: &'static str, variables: &'static [&'static str], default: &'static str) -> Argument {
    Argument { path, variables, default: Some(default) }
}

/// Every argument of the provider block, in the order of the documentation.
pub const ARGUMENTS: &[Argument] = &[
    from("kubernetes.config_path", &["KUBE_CONFIG_PATH", "KUBECONFIG"]),
    from("kubernetes.config_context", &["KUBE_CTX"]),
    from("kubernetes.host", &["KUBE_HOST"]),
    from("kubernetes.cluster_ca_certificate", &["KUBE_CLUSTER_CA_CERT_DATA"]),
    from("kubernetes.client_certificate", &["KUBE_CLIENT_CERT_DATA"]),
    from("kubernetes.client_key", &["KUBE_CLIENT_KEY_DATA"]),
    from("kubernetes.token", &["KUBE_TOKEN"]),
    from("kubernetes.token_file", &["HOMELAB_KUBE_TOKEN_FILE"]),
    from("kubernetes.tls_server_name", &["KUBE_TLS_SERVER_NAME"]),
    from("kubernetes.proxy_url", &["KUBE_PROXY_URL"]),
    from("kubernetes.insecure", &["KUBE_INSECURE"]),
    from("kubernetes.in_cluster", &["HOMELAB_KUBE_IN_CLUSTER"]),
    from("kubernetes.gitops_dir", &["HOMELAB_GITOPS_DIR"]),
    or("kubernetes.exec.api_version", &["HOMELAB_KUBE_EXEC_API_VERSION"], "client.authentication.k8s.io/v1"),
    from("kubernetes.exec.command", &["HOMELAB_KUBE_EXEC_COMMAND"]),
    from("kubernetes.exec.args", &["HOMELAB_KUBE_EXEC_ARGS"]),
    from("kubernetes.exec.env", &["HOMELAB_KUBE_EXEC_ENV"]),
    from("vault.address", &["VAULT_ADDR"]),
    from("vault.namespace", &["VAULT_NAMESPACE"]),
    from("vault.token", &["VAULT_TOKEN"]),
    from("vault.token_file", &["HOMELAB_VAULT_TOKEN_FILE"]),
    from("vault.ca_cert_file", &["VAULT_CACERT"]),
    or("vault.mount", &["HOMELAB_VAULT_MOUNT"], "secret"),
    or("vault.timeout", &["HOMELAB_VAULT_TIMEOUT"], "30s"),
    from("vault.kubernetes.role", &["HOMELAB_VAULT_KUBERNETES_ROLE"]),
    or("vault.kubernetes.mount", &["HOMELAB_VAULT_KUBERNETES_MOUNT"], "kubernetes"),
    or(
        "vault.kubernetes.jwt_file",
        &["HOMELAB_VAULT_KUBERNETES_JWT_FILE"],
        "/var/run/secrets/kubernetes.io/serviceaccount/token",
    ),
    or("dns.provider", &["HOMELAB_DNS_PROVIDER"], "cloudflare"),
    from("dns.api_token", &["CLOUDFLARE_API_TOKEN"]),
    from("dns.zone_id", &["HOMELAB_DNS_ZONE_ID"]),
    from("dns.zone", &["HOMELAB_DNS_ZONE"]),
    from("dns.tunnel_id", &["HOMELAB_DNS_TUNNEL_ID"]),
    from("dns.proxied_target", &["HOMELAB_DNS_PROXIED_TARGET"]),
    or("dns.overwrite", &["HOMELAB_DNS_OVERWRITE"], "false"),
    or("dns.base_url", &["HOMELAB_DNS_BASE_URL"], "https://api.cloudflare.com/client/v4"),
    from("prometheus.url", &["HOMELAB_PROMETHEUS_URL"]),
    from("prometheus.token", &["HOMELAB_PROMETHEUS_TOKEN"]),
    from("prometheus.token_file", &["HOMELAB_PROMETHEUS_TOKEN_FILE"]),
    from("prometheus.ca_cert_file", &["HOMELAB_PROMETHEUS_CA_CERT_FILE"]),
    or("prometheus.timeout", &["HOMELAB_PROMETHEUS_TIMEOUT"], "30s"),
    from("site.root_domain", &["HOMELAB_ROOT_DOMAIN"]),
    or("site.ingress_class", &["HOMELAB_INGRESS_CLASS"], "traefik"),
    or("site.entrypoint", &["HOMELAB_ENTRYPOINT"], "websecure"),
    from("site.annotation_domain", &["HOMELAB_ANNOTATION_DOMAIN"]),
    from("site.tls_secret_name", &["HOMELAB_TLS_SECRET_NAME"]),
    from("site.groups", &["HOMELAB_GROUPS"]),
    or("site.parity", &["HOMELAB_PARITY"], "false"),
    from("site.public_addresses", &["HOMELAB_PUBLIC_ADDRESSES"]),
    from("site.middlewares.retry", &["HOMELAB_MIDDLEWARE_RETRY"]),
    from("site.middlewares.error_pages", &["HOMELAB_MIDDLEWARE_ERROR_PAGES"]),
    from("site.middlewares.rate_limit", &["HOMELAB_MIDDLEWARE_RATE_LIMIT"]),
    from("site.middlewares.csp", &["HOMELAB_MIDDLEWARE_CSP"]),
    from("site.middlewares.anti_ai", &["HOMELAB_MIDDLEWARE_ANTI_AI"]),
    from("site.middlewares.gate", &["HOMELAB_MIDDLEWARE_GATE"]),
    from("site.middlewares.public_gate", &["HOMELAB_MIDDLEWARE_PUBLIC_GATE"]),
    from("site.middlewares.local_only", &["HOMELAB_MIDDLEWARE_LOCAL_ONLY"]),
    from("site.middlewares.scale_to_zero", &["HOMELAB_MIDDLEWARE_SCALE_TO_ZERO"]),
    from("site.wall.system", &["HOMELAB_WALL_SYSTEM"]),
    from("site.wall.issuer_host", &["HOMELAB_WALL_ISSUER_HOST"]),
    from("site.wall.client_ids", &["HOMELAB_WALL_CLIENT_IDS"]),
    from("site.wall.guest_client_id", &["HOMELAB_WALL_GUEST_CLIENT_ID"]),
    from("checks.references", &["HOMELAB_CHECKS_REFERENCES"]),
    or("checks.routes", &["HOMELAB_CHECKS_ROUTES"], "error"),
    from("checks.dns", &["HOMELAB_CHECKS_DNS"]),
    from("checks.preflight", &["HOMELAB_CHECKS_PREFLIGHT"]),
    or("checks.admission", &["HOMELAB_CHECKS_ADMISSION"], "error"),
    from("probe.resolver", &["HOMELAB_PROBE_RESOLVER"]),
    from("probe.connect_to", &["HOMELAB_PROBE_CONNECT_TO"]),
    from("probe.ca_file", &["HOMELAB_PROBE_CA_FILE"]),
    or("probe.timeout", &["HOMELAB_PROBE_TIMEOUT"], "10s"),
    or("probe.samples", &["HOMELAB_PROBE_SAMPLES"], "3"),
    from("probe.threshold", &["HOMELAB_PROBE_THRESHOLD"]),
    or("probe.allow_private", &["HOMELAB_PROBE_ALLOW_PRIVATE"], "false"),
    or("probe.concurrency", &["HOMELAB_PROBE_CONCURRENCY"], "16"),
];

/// Why a block that nobody wrote is there all the same.
pub(super) enum Presence {
    /// It has defaults that matter.
    Always,
    /// The environment gives one of these.
    IfAny(&'static [&'static str]),
}

/// The blocks, outer ones first.
pub(super) const BLOCKS: &[(&str, Presence)] = &[
    (
        "kubernetes",
        Presence::IfAny(&[
            "kubernetes.gitops_dir",
            "kubernetes.in_cluster",
            "kubernetes.config_path",
            "kubernetes.host",
        ]),
    ),
    ("kubernetes.exec", Presence::IfAny(&["kubernetes.exec.command"])),
    ("vault", Presence::IfAny(&["vault.address"])),
    ("vault.kubernetes", Presence::IfAny(&["vault.kubernetes.role"])),
    ("dns", Presence::IfAny(&["dns.zone", "dns.zone_id"])),
    ("prometheus", Presence::IfAny(&["prometheus.url"])),
    ("site", Presence::Always),
    ("site.middlewares", Presence::Always),
    ("site.wall", Presence::IfAny(&["site.wall.system", "site.wall.issuer_host"])),
    ("checks", Presence::Always),
    ("probe", Presence::Always),
];

/// Ways to say one thing. What the block chose leaves the others no variable; else the first whose first member has a
/// variable wins. What is ours alone comes before what is often set for other tools.
pub(super) const ALTERNATIVES: &[&[&[&str]]] = &[
    &[
        &["kubernetes.gitops_dir"],
        &["kubernetes.in_cluster"],
        &[
            "kubernetes.config_path",
            "kubernetes.host",
            "kubernetes.config_context",
            "kubernetes.cluster_ca_certificate",
            "kubernetes.client_certificate",
            "kubernetes.client_key",
            "kubernetes.token",
            "kubernetes.token_file",
            "kubernetes.tls_server_name",
            "kubernetes.proxy_url",
            "kubernetes.insecure",
            "kubernetes.exec.command",
            "kubernetes.exec.api_version",
            "kubernetes.exec.args",
            "kubernetes.exec.env",
        ],
    ],
    &[
        &["kubernetes.token_file"],
        &["kubernetes.token"],
        &["kubernetes.client_certificate", "kubernetes.client_key"],
        &["kubernetes.exec.command", "kubernetes.exec.api_version", "kubernetes.exec.args", "kubernetes.exec.env"],
    ],
    &[
        &["vault.token_file"],
        &["vault.kubernetes.role", "vault.kubernetes.mount", "vault.kubernetes.jwt_file"],
        &["vault.token"],
    ],
    &[&["dns.tunnel_id"], &["dns.proxied_target"]],
    &[&["prometheus.token_file"], &["prometheus.token"]],
];
