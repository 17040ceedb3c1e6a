//! What is wrong with a provider block, as far as the block itself tells.

use homelab_cty::{Attr, ModelError, Path};

use super::{Dns, Kubernetes, ProviderConfig, Vault};

/// What a block contradicts itself in, each at the argument that should go. Unknown values contradict nothing. Fit for
/// validation: it needs no environment.
pub fn contradictions(config: &ProviderConfig) -> Vec<ModelError> {
    let mut found = Vec::new();
    if let Attr::Known(kubernetes) = &config.kubernetes {
        kubernetes_contradictions(kubernetes, &mut found);
    }
    if let Attr::Known(vault) = &config.vault {
        let ways = [
            ("token", is_set(&vault.token)),
            ("token_file", is_set(&vault.token_file)),
            ("kubernetes", is_set(&vault.kubernetes)),
        ];
        one_of("vault", "the identity is given", &ways, &mut found);
    }
    if let Attr::Known(dns) = &config.dns {
        dns_contradictions(dns, &mut found);
    }
    if let Attr::Known(prometheus) = &config.prometheus {
        let ways = [("token", is_set(&prometheus.token)), ("token_file", is_set(&prometheus.token_file))];
        one_of("prometheus", "the identity is given", &ways, &mut found);
        if let Some(words) = prometheus.url.known().and_then(|url| crate::upgrade_gate::url_problem(url)) {
            found.push(wrong(&["prometheus", "url"], words));
        }
    }
    if let Attr::Known(probe) = &config.probe {
        for (name, value) in
            [("samples", &probe.samples), ("threshold", &probe.threshold), ("concurrency", &probe.concurrency)]
        {
            if value.known() == Some(&0) {
                found.push(wrong(&["probe", name], "must be at least 1"));
            }
        }
        if let (Attr::Known(samples), Attr::Known(threshold)) = (&probe.samples, &probe.threshold)
            && threshold > samples
        {
            found.push(wrong(&["probe", "threshold"], "must not be more than samples"));
        }
    }
    found
}

/// What is missing in a configuration to which the environment was applied (see
/// [`with_environment`](super::with_environment)). Unknown values count as given.
pub fn gaps(effective: &ProviderConfig) -> Vec<ModelError> {
    let mut found = Vec::new();
    if let Attr::Known(kubernetes) = &effective.kubernetes {
        let Kubernetes { config_path, host, in_cluster, gitops_dir, .. } = kubernetes;
        let named = !config_path.is_null()
            || !host.is_null()
            || !gitops_dir.is_null()
            || matches!(in_cluster, Attr::Unknown | Attr::Known(true));
        if !named {
            found.push(wrong(
                &["kubernetes"],
                "must say where objects go: config_path, host, in_cluster = true, or gitops_dir",
            ));
        }
        pair(kubernetes, &mut found);
        if let Attr::Known(exec) = &kubernetes.exec
            && exec.command.is_null()
        {
            found.push(wrong(&["kubernetes", "exec", "command"], "must name a program"));
        }
    }
    if let Attr::Known(Vault { address, kubernetes, .. }) = &effective.vault {
        if address.is_null() {
            found.push(wrong(&["vault", "address"], "must be set, here or by VAULT_ADDR"));
        }
        if let Attr::Known(login) = kubernetes
            && login.role.is_null()
        {
            found.push(wrong(&["vault", "kubernetes", "role"], "must name a role of the auth method"));
        }
    }
    if let Attr::Known(prometheus) = &effective.prometheus
        && prometheus.url.is_null()
    {
        found.push(wrong(&["prometheus", "url"], "must be set, here or by HOMELAB_PROMETHEUS_URL"));
    }
    if let Attr::Known(dns) = &effective.dns {
        if dns.zone.is_null() && dns.zone_id.is_null() {
            found.push(wrong(&["dns", "zone"], "must be set (or zone_id), here or by HOMELAB_DNS_ZONE"));
        }
        if dns.api_token.is_null() {
            found.push(wrong(&["dns", "api_token"], "must be set, here or by CLOUDFLARE_API_TOKEN"));
        }
    }
    found
}

fn dns_contradictions(dns: &Dns, found: &mut Vec<ModelError>) {
    let targets = [("tunnel_id", is_set(&dns.tunnel_id)), ("proxied_target", is_set(&dns.proxied_target))];
    one_of("dns", "what proxied records lead to is given", &targets, found);
    // It becomes a part of a path: anything else there could name another resource of the API.
    if dns.zone_id.known().is_some_and(|id| id.len() != 32 || !id.chars().all(|c| c.is_ascii_hexdigit())) {
        found.push(wrong(&["dns", "zone_id"], "must be 32 hexadecimal digits, as the dashboard shows them"));
    }
    if let Attr::Known(url) = &dns.base_url
        && !is_private_enough(url)
    {
        found.push(wrong(
            &["dns", "base_url"],
            "must begin with https://, or with http:// and an address of this machine, since the token goes there",
        ));
    }
}

/// Whether a token may be sent there.
fn is_private_enough(url: &str) -> bool {
    if let Some(rest) = url.strip_prefix("https://") {
        return !rest.is_empty() && !rest.contains(['@', '?', '#']);
    }
    let Some(rest) = url.strip_prefix("http://") else { return false };
    let authority = rest.split('/').next().unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    matches!(host, "127.0.0.1" | "[::1]" | "localhost") && !rest.contains(['@', '?', '#'])
}

fn kubernetes_contradictions(kubernetes: &Kubernetes, found: &mut Vec<ModelError>) {
    let Kubernetes {
        config_path,
        config_context,
        host,
        cluster_ca_certificate,
        client_certificate,
        client_key,
        token,
        token_file,
        tls_server_name,
        proxy_url,
        insecure,
        in_cluster,
        gitops_dir,
        exec,
    } = kubernetes;
    let of_a_cluster = [
        ("config_path", is_set(config_path)),
        ("config_context", is_set(config_context)),
        ("host", is_set(host)),
        ("cluster_ca_certificate", is_set(cluster_ca_certificate)),
        ("client_certificate", is_set(client_certificate)),
        ("client_key", is_set(client_key)),
        ("token", is_set(token)),
        ("token_file", is_set(token_file)),
        ("tls_server_name", is_set(tls_server_name)),
        ("proxy_url", is_set(proxy_url)),
        ("insecure", insecure.known() == Some(&true)),
        ("exec", is_set(exec)),
    ];
    let in_cluster = in_cluster.known() == Some(&true);
    for (name, _) in of_a_cluster.iter().filter(|(_, set)| *set) {
        if is_set(gitops_dir) {
            found.push(wrong(
                &["kubernetes", name],
                "must not be set together with gitops_dir: objects go to a cluster or to a folder",
            ));
        } else if in_cluster {
            found.push(wrong(
                &["kubernetes", name],
                "must not be set together with in_cluster, which takes address and identity from the pod",
            ));
        }
    }
    if is_set(gitops_dir) && in_cluster {
        found.push(wrong(
            &["kubernetes", "in_cluster"],
            "must not be set together with gitops_dir: objects go to a cluster or to a folder",
        ));
    }
    let identities = [
        ("token", is_set(token)),
        ("token_file", is_set(token_file)),
        ("client_certificate", is_set(client_certificate)),
        ("exec", is_set(exec)),
    ];
    one_of("kubernetes", "the identity is given", &identities, found);
    if insecure.known() == Some(&true) && is_set(cluster_ca_certificate) {
        found.push(wrong(
            &["kubernetes", "insecure"],
            "must not be true together with cluster_ca_certificate, which nothing would be verified against",
        ));
    }
}

/// A certificate and its key come together.
fn pair(kubernetes: &Kubernetes, found: &mut Vec<ModelError>) {
    match (kubernetes.client_certificate.is_null(), kubernetes.client_key.is_null()) {
        (false, true) => {
            found.push(wrong(&["kubernetes", "client_key"], "must be set together with client_certificate"));
        }
        (true, false) => {
            found.push(wrong(&["kubernetes", "client_certificate"], "must be set together with client_key"));
        }
        _ => {}
    }
}

/// All but the first of several ways that exclude each other.
fn one_of(block: &str, what: &str, ways: &[(&str, bool)], found: &mut Vec<ModelError>) {
    let mut set = ways.iter().filter(|(_, set)| *set);
    if let Some((first, _)) = set.next() {
        found
            .extend(set.map(|(name, _)| wrong(&[block, name], &format!("must not be set: {what} by {first} already"))));
    }
}

/// Whether a user wrote a value that is known.
fn is_set<T>(attribute: &Attr<T>) -> bool {
    attribute.known().is_some()
}

fn wrong(path: &[&str], message: &str) -> ModelError {
    ModelError { path: path.iter().fold(Path::root(), |path, name| path.then_attr(name)), message: message.to_owned() }
}
