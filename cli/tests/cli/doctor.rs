//! `homelab doctor` on a real API server and a real Vault.

use homelab_plane::dns_api::{DnsApi, Permissions};
use homelab_plane::plane::Options;
use homelab_plane::{Env, Plane, Vault, shared};
use serde_json::Value;

use crate::support::{Homelab, homelab};

fn env() -> &'static Env {
    shared().unwrap()
}

/// A run that knows the cluster, as the holder of `token`.
fn in_the_cluster(token: &str) -> Homelab {
    let env = env();
    homelab("doctor --output json")
        .env("KUBE_HOST", &env.api_server)
        .env("KUBE_CLUSTER_CA_CERT_DATA", &env.ca_pem)
        .env("KUBE_TOKEN", token)
}

/// A run that knows the store, as the holder of `token`.
fn at_the_store(token: &str) -> Homelab {
    homelab("doctor --output json").env("VAULT_ADDR", &env().vault_addr).env("VAULT_TOKEN", token)
}

#[track_caller]
fn services(run: Homelab, code: i32) -> (Value, Value) {
    let mut document = run.run().code(code).document("doctor");
    (document["services"][0].take(), document["services"][1].take())
}

fn lines(service: &Value, member: &str) -> Vec<String> {
    let lines = service[member].as_array().into_iter().flatten();
    lines.map(|line| line.as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_administrator_lacks_nothing() {
    let run =
        in_the_cluster(&env().admin_token).env("VAULT_ADDR", &env().vault_addr).env("VAULT_TOKEN", &env().vault_token);
    let (cluster, store) = services(run, 0);
    assert_eq!((&cluster["state"], &store["state"]), (&Value::from("ok"), &Value::from("ok")));
    assert!(cluster["identity"].as_str().unwrap().starts_with("admin (system:masters"), "{cluster}");
    assert!(cluster["version"].as_str().unwrap().starts_with("v1."), "{cluster}");
    assert_eq!(store["identity"], "token (root)");
    assert!(!store["version"].as_str().unwrap().is_empty());
    let notes = lines(&cluster, "notes").join("\n");
    assert!(notes.is_empty() || notes.contains("is not installed"), "{notes}");
}

#[test]
fn a_viewer_is_told_what_it_lacks_and_for_what() {
    let (cluster, store) = services(in_the_cluster(&env().viewer_token), 2);
    assert_eq!(cluster["state"], "limited");
    assert_eq!(store["state"], "unset");
    let lacks = lines(&cluster, "lacks");
    for lack in [
        "patch, delete ingresses.networking.k8s.io in all namespaces, for homelab_ingress",
        "get secrets in all namespaces, for the ephemeral homelab_secret",
        "list nodes in all namespaces, for homelab_upgrade_gate",
        "get /metrics, for homelab_upgrade_gate",
    ] {
        assert!(lacks.iter().any(|found| found == lack), "{lack:?} is not in {lacks:#?}");
    }
    assert!(!lacks.iter().any(|lack| lack.contains("services")), "it may look at services: {lacks:#?}");
    assert!(cluster["hint"].as_str().unwrap().contains("grant"), "{cluster}");
}

#[test]
fn nobody_is_known_and_may_nothing() {
    let (cluster, _) = services(in_the_cluster(&env().nobody_token), 2);
    assert!(cluster["identity"].as_str().unwrap().starts_with("nobody ("), "{cluster}");
    let lacks = lines(&cluster, "lacks");
    assert!(
        lacks.contains(
            &"get, list, patch, delete ingresses.networking.k8s.io in all namespaces, for homelab_ingress".to_owned()
        ),
        "{lacks:#?}"
    );
}

#[test]
fn who_is_not_known_and_who_does_not_answer_are_a_gap_with_their_words() {
    let (cluster, _) = services(in_the_cluster("wrong-s3cret"), 3);
    let detail = cluster["detail"].as_str().unwrap();
    assert!(
        detail.starts_with("failed to read /version at https://127.0.0.1:") && detail.contains("not authenticated"),
        "{detail}"
    );
    assert!(cluster["hint"].as_str().unwrap().contains("renew the credentials"), "{cluster}");
    assert!(!cluster.to_string().contains("s3cret"), "{cluster}");

    let unreachable =
        homelab("doctor --output json").env("KUBE_HOST", "https://127.0.0.1:1").env("VAULT_ADDR", "http://127.0.0.1:1");
    let (cluster, store) = services(unreachable.env("VAULT_TOKEN", "s3cret"), 3);
    for service in [cluster, store] {
        assert_eq!(service["state"], "unusable");
        assert!(service["detail"].as_str().unwrap().contains("no connection to http"), "{service}");
        assert!(service["hint"].as_str().unwrap().contains("Is the address right"), "{service}");
    }

    let strange =
        homelab("doctor --output json").env("KUBE_HOST", &env().api_server).env("KUBE_TOKEN", &env().admin_token);
    let (cluster, _) = services(strange, 3);
    assert!(cluster["detail"].as_str().unwrap().contains("authority that is not trusted"), "{cluster}");
}

#[test]
fn a_kubeconfig_that_does_not_fit_is_named() {
    let run =
        |context: &str| homelab("doctor --output json").env("KUBECONFIG", &env().kubeconfig).env("KUBE_CTX", context);
    let (cluster, _) = services(run("production"), 3);
    let detail = cluster["detail"].as_str().unwrap();
    assert!(detail.contains("kubernetes.config_context") && detail.contains("production"), "{detail}");
    let (cluster, _) = services(homelab("doctor --output json").env("KUBECONFIG", &env().kubeconfig), 0);
    assert_eq!(cluster["state"], "ok", "its current context");
    let (cluster, _) = services(homelab("doctor --output json").env("KUBECONFIG", "/no/such/file"), 3);
    assert!(cluster["detail"].as_str().unwrap().contains("/no/such/file"), "{cluster}");
}

#[test]
fn a_token_of_the_store_may_read_or_is_told_so() {
    let root = Vault::root(env()).unwrap();
    let reader = root.token("cli-doctor-reader", "path \"secret/data/*\" { capabilities = [\"read\"] }").unwrap();
    let (_, store) = services(at_the_store(&reader), 0);
    assert_eq!(store["identity"], "token (cli-doctor-reader, default)");

    let blind = root.token("cli-doctor-blind", "path \"other/*\" { capabilities = [\"read\"] }").unwrap();
    let (_, store) = services(at_the_store(&blind), 2);
    assert_eq!(lines(&store, "lacks"), ["read secret/data/any, for the preflight of homelab_external_secret"]);
    assert!(store["hint"].as_str().unwrap().contains("secret/data/*"), "{store}");

    let (_, store) = services(at_the_store("wrong-s3cret"), 3);
    assert!(store["detail"].as_str().unwrap().contains("the token is not valid"), "{store}");
    assert!(!store.to_string().contains("s3cret"), "{store}");
    let (_, store) = services(homelab("doctor --output json").env("VAULT_ADDR", &env().vault_addr), 3);
    assert!(store["detail"].as_str().unwrap().contains("there is no token"), "{store}");
    assert!(store["hint"].as_str().unwrap().contains("VAULT_TOKEN"), "{store}");
}

#[test]
fn a_sealed_store_is_a_gap_and_says_so() {
    // One of our own: nobody else could work with it any more.
    let plane = Plane::start(&Options::default()).unwrap();
    let env = plane.env();
    Vault::root(env).unwrap().write("sys/seal", &Value::Null).unwrap().expect("seal", &[200, 204]).unwrap();
    let run = homelab("doctor --output json").env("VAULT_ADDR", &env.vault_addr).env("VAULT_TOKEN", &env.vault_token);
    let (_, store) = services(run, 3);
    assert_eq!(store["detail"], format!("{} is sealed", env.vault_addr));
    assert!(!store["version"].as_str().unwrap().is_empty(), "that much it says: {store}");
}

#[test]
fn a_folder_gives_the_block_and_the_environment_completes_it() {
    let env = env();
    let main = format!(
        "variable \"cluster\" {{ default = \"https://127.0.0.1:1\" }}\n\
         provider \"homelab\" {{\n  kubernetes {{\n    host = var.cluster\n    \
         cluster_ca_certificate = <<-PEM\n{}\n    PEM\n  }}\n}}\n",
        env.ca_pem.trim_end()
    );
    let run = |main: &str| homelab("doctor --output json --dir .").file("main.tf", main);
    let (cluster, _) = services(run(&main).env("KUBE_TOKEN", &env.admin_token), 3);
    assert!(cluster["detail"].as_str().unwrap().contains("https://127.0.0.1:1"), "the variable's default: {cluster}");
    let given = run(&main).file("terraform.tfvars", &format!("cluster = \"{}\"\n", env.api_server));
    let (cluster, store) = services(given.env("KUBE_TOKEN", &env.admin_token), 0);
    assert_eq!((&cluster["state"], &store["state"]), (&Value::from("ok"), &Value::from("unset")));

    let unknown = "provider \"homelab\" {\n  kubernetes { host = module.cluster.address }\n}\n";
    let (cluster, _) = services(run(unknown), 3);
    assert_eq!(cluster["detail"], "kubernetes.host can only be known in a Terraform run");
    let folder = "provider \"homelab\" {\n  kubernetes { gitops_dir = \"manifests\" }\n}\n";
    let (cluster, _) = services(run(folder), 0);
    assert_eq!(cluster["detail"], "folder manifests");
}

#[test]
fn nothing_configured_is_nothing_measured() {
    let (cluster, store) = services(homelab("doctor --output json"), 3);
    assert_eq!((&cluster["state"], &store["state"]), (&Value::from("unset"), &Value::from("unset")));
    let ran = homelab("doctor").run().code(3);
    assert!(ran.out.contains("unset    kubernetes: no cluster and no folder is configured"), "{}", ran.out);
    assert!(ran.out.contains("hint: name one with VAULT_ADDR"), "{}", ran.out);
    assert!(ran.err.contains("--dir"), "{}", ran.err);
}

/// A run that knows the zone of that API, as the holder of `token`.
fn at_the_zone(api: &DnsApi, token: &str) -> Homelab {
    homelab("doctor --output json")
        .env("HOMELAB_DNS_ZONE", "example.net")
        .env("HOMELAB_DNS_BASE_URL", api.url())
        .env("HOMELAB_DNS_TUNNEL_ID", "6ff42ae2-765d-4adf-8112-31c55c1551ef")
        .env("CLOUDFLARE_API_TOKEN", token)
}

#[track_caller]
fn zone(run: Homelab, code: i32) -> Value {
    let mut document = run.run().code(code).document("doctor");
    document["services"][2].take()
}

#[test]
fn a_token_of_the_zone_may_edit_or_is_told_what_it_lacks() {
    let api = DnsApi::start("example.net", "wary-s3cret").unwrap();
    let all = Permissions { zone_read: true, dns_read: true, dns_edit: true };
    let found = zone(at_the_zone(&api, "wary-s3cret"), 0);
    assert_eq!((&found["name"], &found["state"]), (&Value::from("dns"), &Value::from("ok")));
    let detail = found["detail"].as_str().unwrap();
    assert!(detail.contains("zone example.net at http://127.0.0.1:") && detail.contains(&api.zone_id()), "{detail}");
    assert!(found["identity"].as_str().unwrap().ends_with("(active)"), "{found}");
    assert!(api.records().is_empty(), "looking makes nothing");

    api.permit(Permissions { dns_edit: false, ..all });
    let found = zone(at_the_zone(&api, "wary-s3cret"), 2);
    assert_eq!(lines(&found, "lacks"), ["\"DNS edit\", for the records of homelab_ingress"]);
    assert!(found["hint"].as_str().unwrap().contains("zone example.net"), "{found}");

    api.permit(Permissions { zone_read: false, ..all });
    let found = zone(at_the_zone(&api, "wary-s3cret"), 3);
    assert!(found["detail"].as_str().unwrap().contains("\"Zone read\""), "{found}");
    assert!(found["hint"].as_str().unwrap().contains("both zone and zone_id"), "{found}");
    let both = at_the_zone(&api, "wary-s3cret").env("HOMELAB_DNS_ZONE_ID", api.zone_id());
    assert_eq!(zone(both, 0)["state"], "ok", "nothing has to be looked up");
}

#[test]
fn a_zone_that_cannot_be_used_is_a_gap_and_the_token_is_not_shown() {
    let api = DnsApi::start("example.net", "another").unwrap();
    let found = zone(at_the_zone(&api, "wary-s3cret"), 3);
    assert_eq!(found["state"], "unusable");
    assert!(found["detail"].as_str().unwrap().contains("Invalid access token (9109)"), "{found}");
    assert!(found["hint"].as_str().unwrap().contains("CLOUDFLARE_API_TOKEN"), "{found}");
    assert!(!found.to_string().contains("s3cret"), "{found}");

    let found = zone(at_the_zone(&api, "another").env("HOMELAB_DNS_ZONE", "example.org"), 3);
    assert!(found["detail"].as_str().unwrap().contains("no zone example.org"), "{found}");
    let away = at_the_zone(&api, "another").env("HOMELAB_DNS_BASE_URL", "http://127.0.0.1:9");
    assert!(zone(away, 3)["detail"].as_str().unwrap().contains("no connection to http://127.0.0.1:9"));
    let bare = at_the_zone(&api, "another").env("HOMELAB_DNS_TUNNEL_ID", "");
    assert!(lines(&zone(bare, 0), "notes").join("").contains("neither tunnel_id nor proxied_target"));
}
