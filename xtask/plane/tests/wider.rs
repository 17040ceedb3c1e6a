//! The controllers of the wider tier do what tests rely on; each is skipped where it is not built.

use std::net::TcpStream;

use homelab_plane::apache::Apache;
use homelab_plane::blackbox::Blackbox;
use homelab_plane::nginx::Nginx;
use homelab_plane::prometheus::{Past, Prometheus};
use homelab_plane::pushgateway::Pushgateway;
use homelab_plane::wider::{Eso, Traefik};
use homelab_plane::{Api, Error, Vault, shared, skip};
use serde_json::json;

#[test]
fn external_secrets_syncs_from_vault() {
    let env = shared().unwrap();
    let _eso = match Eso::start(env) {
        Err(error) if error.is_missing() => return skip("external_secrets_syncs_from_vault", &error.to_string()),
        result => result.unwrap(),
    };
    let (api, vault) = (Api::admin(env).unwrap(), Vault::root(env).unwrap());
    let namespace = api.namespace("eso").unwrap();
    vault.put(&namespace, &json!({"password": "from-vault"})).unwrap();
    let rules = format!("path \"secret/data/{namespace}\" {{ capabilities = [\"read\"] }}");
    let token = vault.token(&namespace, &rules).unwrap();

    let core = format!("/api/v1/namespaces/{namespace}");
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "vault-token"},
        "stringData": {"token": token},
    });
    api.create(&format!("{core}/secrets"), &secret).unwrap().expect("secret", &[201]).unwrap();
    let group = format!("/apis/external-secrets.io/v1/namespaces/{namespace}");
    let store = json!({
        "apiVersion": "external-secrets.io/v1", "kind": "SecretStore", "metadata": {"name": "vault"},
        "spec": {"provider": {"vault": {
            "server": env.vault_addr, "path": "secret", "version": "v2",
            "auth": {"tokenSecretRef": {"name": "vault-token", "key": "token"}},
        }}},
    });
    api.create(&format!("{group}/secretstores"), &store).unwrap().expect("store", &[201]).unwrap();
    let wish = json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": "app"},
        "spec": {
            "refreshInterval": "1h", "secretStoreRef": {"name": "vault", "kind": "SecretStore"},
            "data": [{"secretKey": "password", "remoteRef": {"key": namespace, "property": "password"}}],
        },
    });
    api.create(&format!("{group}/externalsecrets"), &wish).unwrap().expect("wish", &[201]).unwrap();
    let synced = api.until(&format!("{core}/secrets/app"), |seen| !seen["data"]["password"].is_null()).unwrap();
    assert_eq!(synced["data"]["password"], "ZnJvbS12YXVsdA==");
}

#[test]
fn traefik_takes_its_routes_from_the_plane() {
    let env = shared().unwrap();
    let mut traefik = match Traefik::start(env, &[]) {
        Err(error) if error.is_missing() => return skip("traefik_takes_its_routes", &error.to_string()),
        result => result.unwrap(),
    };
    let api = Api::admin(env).unwrap();
    let namespace = api.namespace("traefik").unwrap();
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "app"},
        "spec": {"type": "ExternalName", "externalName": "127.0.0.1", "ports": [{"port": 80}]},
    });
    let path = format!("/api/v1/namespaces/{namespace}/services");
    api.create(&path, &service).unwrap().expect("service", &[201]).unwrap();
    let host = format!("{namespace}.example.net");
    let ingress = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "app"},
        "spec": {"rules": [{"host": host, "http": {"paths": [{
            "path": "/", "pathType": "Prefix",
            "backend": {"service": {"name": "app", "port": {"number": 80}}},
        }]}}]},
    });
    let path = format!("/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses");
    api.create(&path, &ingress).unwrap().expect("ingress", &[201]).unwrap();
    let wanted = std::time::Duration::from_mins(1);
    homelab_plane::process::wait_for("the route", wanted, || {
        traefik.alive()?;
        // All of them: a page has 100, and the plane holds what every test before this one left.
        let routers = traefik.api("/api/http/routers?per_page=10000")?.body;
        Ok(if routers.to_string().contains(&host) { Ok(()) } else { Err(routers.to_string()) })
    })
    .unwrap();
}

/// Starts it, and sees it answer and be gone.
fn comes_and_goes<T>(test: &str, start: impl Fn() -> Result<T, Error>, port: impl Fn(&T) -> u16) {
    let server = match start() {
        Err(error) if error.is_missing() => return skip(test, &error.to_string()),
        started => started.unwrap(),
    };
    let port = port(&server);
    TcpStream::connect(("127.0.0.1", port)).unwrap();
    drop(server);
    // A process of its own that stayed behind would still take connections.
    TcpStream::connect(("127.0.0.1", port)).unwrap_err();
}

#[test]
fn servers_out_of_packages_come_and_go() {
    comes_and_goes("nginx_comes_and_goes", || Nginx::start("return 204;", &[]), Nginx::port);
    comes_and_goes("apache_comes_and_goes", || Apache::start(""), Apache::port);
    let modules = json!({ "modules": { "http_2xx": { "prober": "http" } } });
    comes_and_goes("prometheus_comes_and_goes", || Prometheus::start(&Past::default()), Prometheus::port);
    comes_and_goes("pushgateway_comes_and_goes", Pushgateway::start, Pushgateway::port);
    comes_and_goes("blackbox_comes_and_goes", || Blackbox::start(&modules), Blackbox::port);
}

#[test]
fn a_configuration_that_is_refused_is_told_in_the_servers_own_words() {
    match Nginx::start("no_such_directive;", &[]) {
        Err(error) if error.is_missing() => skip("nginx_refuses", &error.to_string()),
        refused => {
            let error = refused.unwrap_err().to_string();
            assert!(error.contains("unknown directive \"no_such_directive\""), "{error}");
        }
    }
    match Apache::start("NoSuchDirective on\n") {
        Err(error) if error.is_missing() => skip("apache_refuses", &error.to_string()),
        refused => {
            let error = refused.unwrap_err().to_string();
            assert!(error.contains("Invalid command 'NoSuchDirective'"), "{error}");
        }
    }
}
