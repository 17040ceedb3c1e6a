//! The block, its table and its documentation belong together; the order of precedence holds.

use std::collections::{BTreeMap, BTreeSet};

use homelab_cty::{Block, ModelError};

use super::environment::block_at;
use super::*;

fn effective(config: &ProviderConfig, variables: &[(&str, &str)]) -> Result<ProviderConfig, Vec<EnvironmentError>> {
    let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
    with_environment(config, |name| variables.get(name).map(|text| (*text).to_owned()))
}

fn with_kubernetes(kubernetes: Kubernetes) -> ProviderConfig {
    ProviderConfig { kubernetes: Attr::Known(kubernetes), ..ProviderConfig::default() }
}

fn text(text: &str) -> Attr<String> {
    Attr::Known(text.to_owned())
}

/// Dotted paths of all attributes.
fn paths(block: &Block, above: &str, found: &mut BTreeSet<String>) {
    found.extend(block.attributes.keys().map(|name| format!("{above}{name}")));
    for (name, nested) in &block.blocks {
        paths(&nested.block, &format!("{above}{name}."), found);
    }
}

#[test]
fn the_table_holds_exactly_the_arguments_of_the_block() {
    let mut of_block = BTreeSet::new();
    paths(&ProviderConfig::block(), "", &mut of_block);
    let of_table: BTreeSet<String> = ARGUMENTS.iter().map(|argument| argument.path.to_owned()).collect();
    assert_eq!(of_table, of_block);
    assert_eq!(of_table.len(), ARGUMENTS.len(), "one row an argument");
    let variables: BTreeSet<_> = ARGUMENTS.iter().flat_map(|argument| argument.variables).collect();
    assert_eq!(variables.len(), ARGUMENTS.iter().map(|argument| argument.variables.len()).sum::<usize>());
}

#[test]
fn descriptions_name_variable_and_default() {
    let schema = ProviderConfig::block();
    for argument in ARGUMENTS {
        let (parent, name) = argument.path.rsplit_once('.').unwrap_or(("", argument.path));
        let description = &block_at(&schema, parent).unwrap().attributes[name].description;
        for variable in argument.variables {
            assert!(description.contains(&format!("`{variable}`")), "{}: {description}", argument.path);
        }
        match argument.default {
            Some(default) => {
                assert!(description.contains(&format!("Default: `{default}`.")), "{}: {description}", argument.path);
            }
            None => assert!(!description.contains("Default:"), "{}: {description}", argument.path),
        }
    }
}

#[test]
fn every_variable_reaches_its_argument() {
    for argument in ARGUMENTS {
        for variable in argument.variables {
            // What makes the block of the argument, then the argument itself.
            let mut variables = match argument.path.split('.').next() {
                Some("vault") => vec![("VAULT_ADDR", "https://vault.example.net")],
                Some("prometheus") => vec![("HOMELAB_PROMETHEUS_URL", "https://prometheus.example.net")],
                Some("dns") => vec![("HOMELAB_DNS_ZONE", "example.net")],
                Some("kubernetes")
                    if !["gitops_dir", "in_cluster"].iter().any(|name| argument.path.ends_with(name)) =>
                {
                    vec![("KUBE_HOST", "https://192.0.2.10:6443")]
                }
                _ => Vec::new(),
            };
            match argument.path.rsplit_once('.').map(|(parent, _)| parent) {
                Some("kubernetes.exec") => variables.push(("HOMELAB_KUBE_EXEC_COMMAND", "login")),
                Some("vault.kubernetes") => variables.push(("HOMELAB_VAULT_KUBERNETES_ROLE", "terraform")),
                Some("site.wall") => variables.push(("HOMELAB_WALL_ISSUER_HOST", "auth.example.net")),
                _ => {}
            }
            let given = match argument.path {
                "site.wall.system" => "keycloak",
                "dns.provider" => "cloudflare",
                "kubernetes.insecure"
                | "kubernetes.in_cluster"
                | "probe.allow_private"
                | "site.parity"
                | "dns.overwrite" => "true",
                path if path.starts_with("checks.") => "warn",
                path if path.starts_with("probe.") => "7",
                _ => "a=b",
            };
            variables.retain(|(name, _)| name != variable);
            variables.push((variable, given));
            let value = effective(&ProviderConfig::default(), &variables).unwrap().to_value();
            let at = argument.path.split('.').fold(&value, |value, name| value.member(name));
            let expected = match at {
                Value::Bool(_) => Value::Bool(true),
                Value::Number(_) => Value::from(7),
                Value::List(_) => Value::List(vec![Value::from(given)]),
                Value::Map(_) => Value::map([("a", Value::from("b"))]),
                _ => Value::from(given),
            };
            assert_eq!(at, &expected, "{variable} for {}", argument.path);
        }
    }
}

#[test]
fn block_wins_over_environment_and_environment_over_default() {
    let in_block = ProviderConfig {
        probe: Attr::Known(Probe { timeout: text("1s"), ..Probe::default() }),
        ..ProviderConfig::default()
    };
    let timeout = |config: &ProviderConfig, variables: &[(&str, &str)]| {
        effective(config, variables).unwrap().probe.into_known().unwrap().timeout
    };
    let variables = [("HOMELAB_PROBE_TIMEOUT", "2s")];
    assert_eq!(timeout(&in_block, &variables), text("1s"));
    assert_eq!(timeout(&ProviderConfig::default(), &variables), text("2s"));
    assert_eq!(timeout(&ProviderConfig::default(), &[("HOMELAB_PROBE_TIMEOUT", "")]), text("10s"));
}

#[test]
fn without_anything_there_is_no_cluster_and_no_vault_but_there_are_conventions() {
    let config = effective(&ProviderConfig::default(), &[]).unwrap();
    assert_eq!((&config.kubernetes, &config.vault), (&Attr::Null, &Attr::Null));
    let site = config.site.into_known().unwrap();
    assert_eq!((site.ingress_class, site.entrypoint, site.wall), (text("traefik"), text("websecure"), Attr::Null));
    let checks = config.checks.into_known().unwrap();
    assert_eq!((checks.routes, checks.references), (Attr::Known(CheckLevel::Error), Attr::Null));
}

#[test]
fn a_credential_alone_makes_no_block() {
    let config = effective(&ProviderConfig::default(), &[("VAULT_TOKEN", "t"), ("KUBE_TOKEN", "t")]).unwrap();
    assert_eq!((config.kubernetes, config.vault), (Attr::Null, Attr::Null));
}

#[test]
fn a_folder_in_the_block_is_not_joined_by_a_cluster_of_the_environment() {
    let folder = with_kubernetes(Kubernetes { gitops_dir: text("manifests"), ..Kubernetes::default() });
    let variables = [("KUBE_CONFIG_PATH", "/k"), ("KUBE_TOKEN", "t"), ("HOMELAB_KUBE_IN_CLUSTER", "true")];
    assert_eq!(effective(&folder, &variables).unwrap().kubernetes, folder.kubernetes);

    let cluster = with_kubernetes(Kubernetes { config_path: text("/mine"), ..Kubernetes::default() });
    let config = effective(&cluster, &[("HOMELAB_GITOPS_DIR", "manifests"), ("KUBE_CTX", "lab")]).unwrap();
    let kubernetes = config.kubernetes.into_known().unwrap();
    assert_eq!((kubernetes.gitops_dir, kubernetes.config_context), (Attr::Null, text("lab")));
}

#[test]
fn in_the_environment_ours_wins_over_what_is_set_for_others() {
    let variables = [("HOMELAB_GITOPS_DIR", "manifests"), ("KUBE_CONFIG_PATH", "/k"), ("KUBE_TOKEN", "t")];
    let config = effective(&ProviderConfig::default(), &variables).unwrap();
    let expected = with_kubernetes(Kubernetes { gitops_dir: text("manifests"), ..Kubernetes::default() });
    assert_eq!(config.kubernetes, expected.kubernetes);

    // "false" chooses nothing.
    let variables = [("HOMELAB_KUBE_IN_CLUSTER", "false"), ("KUBECONFIG", "/k")];
    let kubernetes = effective(&ProviderConfig::default(), &variables).unwrap().kubernetes.into_known().unwrap();
    assert_eq!(kubernetes.config_path, text("/k"));
}

#[test]
fn the_identity_of_the_store_follows_the_documented_order() {
    let vault = |vault: Vault, variables: &[(&str, &str)]| {
        let config = ProviderConfig { vault: Attr::Known(vault), ..ProviderConfig::default() };
        effective(&config, variables).unwrap().vault.into_known().unwrap()
    };
    let all = [
        ("VAULT_ADDR", "https://vault.example.net"),
        ("VAULT_TOKEN", "t"),
        ("HOMELAB_VAULT_TOKEN_FILE", "/t"),
        ("HOMELAB_VAULT_KUBERNETES_ROLE", "terraform"),
    ];
    let by_file = vault(Vault::default(), &all);
    assert_eq!((by_file.token_file, by_file.token, by_file.kubernetes), (text("/t"), Attr::Null, Attr::Null));
    let by_role = vault(Vault::default(), &[all[0], all[1], all[3]]);
    assert_eq!((by_role.token, by_role.kubernetes.known().unwrap().role.clone()), (Attr::Null, text("terraform")));
    let by_block = vault(Vault { token_file: text("/mine"), ..Vault::default() }, &all);
    assert_eq!((by_block.token_file, by_block.token), (text("/mine"), Attr::Null));
    let by_variable = vault(Vault::default(), &all[..2]);
    assert_eq!(by_variable.token, Attr::Known("t".to_owned().into()));
}

#[test]
fn unknown_values_stay_unknown() {
    let config = with_kubernetes(Kubernetes { host: Attr::Unknown, ..Kubernetes::default() });
    let kubernetes = effective(&config, &[("KUBE_HOST", "https://192.0.2.10:6443"), ("HOMELAB_GITOPS_DIR", "x")]);
    let kubernetes = kubernetes.unwrap().kubernetes.into_known().unwrap();
    assert_eq!((kubernetes.host, kubernetes.gitops_dir), (Attr::Unknown, Attr::Null));
    let dynamic = ProviderConfig { kubernetes: Attr::Unknown, ..ProviderConfig::default() };
    assert_eq!(effective(&dynamic, &[("KUBE_HOST", "h")]).unwrap().kubernetes, Attr::Unknown);
}

#[test]
fn all_texts_that_do_not_fit_are_named_at_once_and_none_is_shown() {
    let variables = [
        ("HOMELAB_PROBE_SAMPLES", "-5"),
        ("HOMELAB_PROBE_ALLOW_PRIVATE", "maybe"),
        ("HOMELAB_CHECKS_DNS", "loud"),
        ("HOMELAB_GROUPS", "admins"),
        ("HOMELAB_PUBLIC_ADDRESSES", "[1]"),
    ];
    let errors = effective(&ProviderConfig::default(), &variables).unwrap_err();
    let named: BTreeSet<_> = errors.iter().map(|error| error.variable).collect();
    assert_eq!(named, variables.iter().map(|(name, _)| *name).collect());
    for error in &errors {
        assert!(variables.iter().all(|(_, text)| !error.message.contains(text)), "{error}");
    }
    let said = errors.iter().find(|error| error.variable == "HOMELAB_PROBE_ALLOW_PRIVATE").unwrap().to_string();
    assert_eq!(
        said,
        "the environment variable HOMELAB_PROBE_ALLOW_PRIVATE (for probe.allow_private) must be true or false"
    );
}

#[test]
fn lists_and_maps_have_two_forms() {
    let site = |variable: &str, text: &str| {
        effective(&ProviderConfig::default(), &[(variable, text)]).unwrap().site.into_known().unwrap()
    };
    let addresses = Attr::Known(vec!["192.0.2.1".to_owned(), "2001:db8::1".to_owned()]);
    assert_eq!(site("HOMELAB_PUBLIC_ADDRESSES", "192.0.2.1, 2001:db8::1").public_addresses, addresses);
    assert_eq!(site("HOMELAB_PUBLIC_ADDRESSES", r#"["192.0.2.1","2001:db8::1"]"#).public_addresses, addresses);
    let groups = Attr::Known(BTreeMap::from([("admins".to_owned(), "auth-admins".to_owned())]));
    assert_eq!(site("HOMELAB_GROUPS", "admins=auth-admins").groups, groups);
    assert_eq!(site("HOMELAB_GROUPS", r#"{"admins":"auth-admins"}"#).groups, groups);
}

#[test]
fn contradictions_are_found_at_the_argument_that_should_go() {
    let at = |config: &ProviderConfig| -> Vec<String> {
        contradictions(config).iter().map(|problem| problem.path.to_string()).collect()
    };
    let both =
        Kubernetes { gitops_dir: text("m"), host: text("h"), in_cluster: Attr::Known(true), ..Kubernetes::default() };
    assert_eq!(at(&with_kubernetes(both)), ["kubernetes.host", "kubernetes.in_cluster"]);
    let identities = Kubernetes {
        host: text("h"),
        token: Attr::Known("t".to_owned().into()),
        token_file: text("/t"),
        ..Kubernetes::default()
    };
    assert_eq!(at(&with_kubernetes(identities)), ["kubernetes.token_file"]);
    let unknown = Kubernetes { gitops_dir: text("m"), host: Attr::Unknown, ..Kubernetes::default() };
    assert_eq!(at(&with_kubernetes(unknown)), Vec::<String>::new());
    let probe = Probe { samples: Attr::Known(2), threshold: Attr::Known(3), ..Probe::default() };
    let probe = ProviderConfig { probe: Attr::Known(probe), ..ProviderConfig::default() };
    assert_eq!(at(&probe), ["probe.threshold"]);
    assert_eq!(at(&effective(&ProviderConfig::default(), &[]).unwrap()), Vec::<String>::new());
}

#[test]
fn gaps_are_found_after_the_environment() {
    let at = |config: &ProviderConfig, variables: &[(&str, &str)]| -> Vec<String> {
        gaps(&effective(config, variables).unwrap()).iter().map(|problem| problem.path.to_string()).collect()
    };
    let empty = ProviderConfig {
        kubernetes: Attr::Known(Kubernetes::default()),
        vault: Attr::Known(Vault::default()),
        ..ProviderConfig::default()
    };
    assert_eq!(at(&empty, &[]), ["kubernetes", "vault.address"]);
    assert_eq!(at(&empty, &[("KUBECONFIG", "/k"), ("VAULT_ADDR", "https://vault.example.net")]), Vec::<String>::new());
    let half = Kubernetes { host: text("h"), client_certificate: text("PEM"), ..Kubernetes::default() };
    assert_eq!(at(&with_kubernetes(half), &[]), ["kubernetes.client_key"]);
    let unknown = with_kubernetes(Kubernetes { in_cluster: Attr::Unknown, ..Kubernetes::default() });
    assert_eq!(at(&unknown, &[]), Vec::<String>::new());
}

#[test]
fn secrets_are_sensitive_and_not_in_debug_output() {
    let variables = [("KUBE_HOST", "h"), ("KUBE_TOKEN", "hunter2"), ("VAULT_ADDR", "a"), ("VAULT_TOKEN", "hunter2")];
    let config = effective(&ProviderConfig::default(), &variables).unwrap();
    assert_eq!(config.vault.known().unwrap().token.known().unwrap().expose(), "hunter2");
    assert!(!format!("{config:?}").contains("hunter2"));
    let schema = ProviderConfig::block();
    for (block, name) in [
        ("kubernetes", "token"),
        ("kubernetes", "client_key"),
        ("kubernetes.exec", "env"),
        ("vault", "token"),
        ("dns", "api_token"),
        ("prometheus", "token"),
    ] {
        assert!(block_at(&schema, block).unwrap().attributes[name].sensitive, "{block}.{name}");
    }
}

#[test]
fn the_zone_makes_the_block_of_records_and_the_token_alone_does_not() {
    let token = ("CLOUDFLARE_API_TOKEN", "hunter2");
    assert_eq!(effective(&ProviderConfig::default(), &[token]).unwrap().dns, Attr::Null);
    let variables = [token, ("HOMELAB_DNS_ZONE", "example.net"), ("HOMELAB_DNS_TUNNEL_ID", "t")];
    let config = effective(&ProviderConfig::default(), &variables).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
    let dns = config.dns.into_known().unwrap();
    assert_eq!((dns.provider, dns.overwrite), (Attr::Known(DnsProvider::Cloudflare), Attr::Known(false)));
    assert_eq!((dns.zone, dns.tunnel_id), (text("example.net"), text("t")));

    // What the block says of the target is not joined by the other way to say it.
    let by_host = ProviderConfig {
        dns: Attr::Known(Dns { proxied_target: text("edge.example.net"), ..Dns::default() }),
        ..ProviderConfig::default()
    };
    let dns = effective(&by_host, &variables).unwrap().dns.into_known().unwrap();
    assert_eq!((dns.tunnel_id, dns.proxied_target), (Attr::Null, text("edge.example.net")));
}

#[test]
fn a_block_of_records_needs_a_zone_and_a_token_and_keeps_the_token_private() {
    let problems = |dns: Dns, judge: fn(&ProviderConfig) -> Vec<homelab_cty::ModelError>| -> Vec<String> {
        let config = ProviderConfig { dns: Attr::Known(dns), ..ProviderConfig::default() };
        judge(&config).iter().map(|problem| problem.path.to_string()).collect()
    };
    assert_eq!(problems(Dns::default(), gaps), ["dns.zone", "dns.api_token"]);
    let token = || Attr::Known("t".to_owned().into());
    assert!(problems(Dns { zone_id: text("x"), api_token: token(), ..Dns::default() }, gaps).is_empty());
    assert!(problems(Dns { zone: Attr::Unknown, api_token: Attr::Unknown, ..Dns::default() }, gaps).is_empty());

    let both = Dns { tunnel_id: text("t"), proxied_target: text("a.example.net"), ..Dns::default() };
    assert_eq!(problems(both, contradictions), ["dns.proxied_target"]);
    for id in ["", "short", "../../../../user/tokens/0123456789", "0123456789abcdef0123456789abcdeg"] {
        let dns = Dns { zone_id: text(id), ..Dns::default() };
        assert_eq!(problems(dns, contradictions), ["dns.zone_id"], "{id:?}");
    }
    for url in ["http://api.example.net", "ftp://127.0.0.1", "http://127.0.0.1@evil.example.net", "https://"] {
        let dns = Dns { base_url: text(url), ..Dns::default() };
        assert_eq!(problems(dns, contradictions), ["dns.base_url"], "{url}");
    }
    for url in ["https://api.example.net/v4", "http://127.0.0.1:8080/v4", "http://[::1]:80", "http://localhost"] {
        assert!(problems(Dns { base_url: text(url), ..Dns::default() }, contradictions).is_empty(), "{url}");
    }
}

#[test]
fn an_address_makes_the_block_of_prometheus_and_a_token_alone_does_not() {
    let token = ("HOMELAB_PROMETHEUS_TOKEN", "hunter2");
    assert_eq!(effective(&ProviderConfig::default(), &[token]).unwrap().prometheus, Attr::Null);
    let named = |variables: &[(&str, &str)]| {
        let config = effective(&ProviderConfig::default(), variables).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
        config.prometheus.into_known().unwrap()
    };
    let url = ("HOMELAB_PROMETHEUS_URL", "https://prometheus.example.net");
    let block = named(&[url, token]);
    assert_eq!((block.token.known().unwrap().expose().as_str(), block.timeout), ("hunter2", text("30s")));
    let block = named(&[url, token, ("HOMELAB_PROMETHEUS_TOKEN_FILE", "/t")]);
    assert_eq!((block.token.is_null(), block.token_file), (true, text("/t")), "a file wins, as for the store");
}

#[test]
fn what_is_wrong_with_the_block_of_prometheus_is_said_at_its_argument() {
    let of = |block: Prometheus| ProviderConfig { prometheus: Attr::Known(block), ..ProviderConfig::default() };
    let at = |problems: Vec<ModelError>| problems.iter().map(|one| one.path.to_string()).collect::<Vec<_>>();
    assert_eq!(at(gaps(&of(Prometheus::default()))), ["prometheus.url"]);
    let two = Prometheus {
        url: text("prometheus:9090"),
        token: Attr::Known("hunter2".to_owned().into()),
        token_file: text("/t"),
        ..Prometheus::default()
    };
    assert_eq!(at(contradictions(&of(two))), ["prometheus.token_file", "prometheus.url"]);
    let later = Prometheus { url: Attr::Unknown, ..Prometheus::default() };
    assert_eq!(at(contradictions(&of(later.clone()))), Vec::<String>::new());
    assert_eq!(at(gaps(&of(later))), Vec::<String>::new());
}
