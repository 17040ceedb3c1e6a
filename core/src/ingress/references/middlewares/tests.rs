//! Each place that can name a middleware, as Traefik 3.5.4 reads it.

use serde_json::json;

use super::*;

fn referrers_in(object: &Value, wanted: &str) -> Vec<Referrer> {
    let named = named_in(object).into_iter().filter(|(joined, _)| joined == wanted);
    named.map(|(_, referrer)| referrer).collect()
}

fn places(object: &Value, wanted: &str) -> Vec<String> {
    referrers_in(object, wanted).into_iter().map(|referrer| referrer.place).collect()
}

#[test]
fn names_are_joined_as_traefik_joins_them() {
    assert_eq!(joined("traefik", "rate-limit"), "traefik-rate-limit");
    assert_eq!(joined("traefik", "rate.limit"), "traefik-rate-limit");
    assert_eq!(joined("a-b", "c"), joined("a", "b-c"));
}

#[test]
fn an_annotation_lists_them() {
    let object = |name: &str, list: &str| {
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": {"name": "photos", "namespace": "photos", "annotations": {name: list, "other": "traefik-x@kubernetescrd"}},
        })
    };
    let usual = "traefik.ingress.kubernetes.io/router.middlewares";
    let one = object(usual, "traefik-a@kubernetescrd, traefik-x@kubernetescrd,traefik-y@file");
    assert_eq!(places(&one, "traefik-x"), [format!("metadata.annotations[{usual:?}]")]);
    assert_eq!(places(&one, "traefik-y"), Vec::<String>::new(), "a middleware of a file is no object");
    assert_eq!(places(&one, "traefik"), Vec::<String>::new(), "a part of a name is no name");
    assert_eq!(places(&one, "x"), Vec::<String>::new());
    assert_eq!(places(&object(&usual.to_uppercase(), "traefik-x@kubernetescrd"), "traefik-x").len(), 1);
    let unqualified = object(usual, "traefik-x");
    assert_eq!(
        places(&unqualified, "traefik-x"),
        Vec::<String>::new(),
        "without a provider it is the Ingress provider's"
    );
}

#[test]
fn routes_and_chains_name_them_by_namespace_and_name() {
    let members = json!([
        {"name": "x", "namespace": "traefik"},
        {"name": "x"},
        {"name": "traefik-x@kubernetescrd", "namespace": "ignored"},
        {"name": "traefik-x@file"},
        {"name": "x", "namespace": ""},
        {"namespace": "traefik"},
    ]);
    let metadata = json!({"name": "route", "namespace": "apps"});
    let route = json!({
        "apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "metadata": metadata,
        "spec": {"routes": [{"match": "Host(`a`)"}, {"middlewares": members}]},
    });
    assert_eq!(places(&route, "traefik-x"), ["spec.routes[1].middlewares[0]", "spec.routes[1].middlewares[2]"]);
    assert_eq!(places(&route, "apps-x"), ["spec.routes[1].middlewares[1]", "spec.routes[1].middlewares[4]"]);
    let chain = json!({
        "apiVersion": "traefik.io/v1alpha1", "kind": "Middleware", "metadata": metadata,
        "spec": {"chain": {"middlewares": members}},
    });
    assert_eq!(places(&chain, "traefik-x"), ["spec.chain.middlewares[0]", "spec.chain.middlewares[2]"]);
    assert_eq!(referrers_in(&chain, "traefik-x")[0].to_string(), "Middleware apps/route (spec.chain.middlewares[0])");
}

#[test]
fn a_tcp_route_means_a_tcp_middleware() {
    let route = json!({
        "apiVersion": "traefik.io/v1alpha1", "kind": "IngressRouteTCP",
        "metadata": {"name": "db", "namespace": "apps"},
        "spec": {"routes": [{"middlewares": [{"name": "allow"}]}]},
    });
    let found = referrers_in(&route, "apps-allow");
    assert_eq!((found.len(), found[0].means), (1, MiddlewareKind::Tcp));
}

#[test]
fn filters_of_the_gateway_api_name_them_in_rules_and_backends() {
    let filter = |group: &str, name: &str| json!({"type": "ExtensionRef", "extensionRef": {"group": group, "kind": "Middleware", "name": name}});
    let route = json!({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": "photos", "namespace": "apps"},
        "spec": {"rules": [
            {"filters": [filter("example.net", "x"), filter("traefik.io", "x")]},
            {"backendRefs": [{"name": "a", "filters": [filter("traefik.io", "x")]}]},
        ]},
    });
    assert_eq!(places(&route, "apps-x"), ["spec.rules[0].filters[1]", "spec.rules[1].backendRefs[0].filters[0]"]);
}

#[test]
fn the_same_words_in_other_kinds_name_nothing() {
    let other = json!({
        "apiVersion": "example.net/v1", "kind": "IngressRoute", "metadata": {"name": "a", "namespace": "b"},
        "spec": {"routes": [{"middlewares": [{"name": "x"}]}]},
    });
    assert_eq!(mentions(&other), []);
    assert_eq!(mentions(&json!({})), []);
    assert_eq!(mentions(&json!({"kind": "Ingress", "apiVersion": "networking.k8s.io/v1", "metadata": null})), []);
}

fn middleware(name: &str, members: &[&str]) -> Value {
    let members: Vec<Value> = members.iter().map(|name| json!({ "name": name })).collect();
    json!({
        "apiVersion": "traefik.io/v1alpha1", "kind": "Middleware", "metadata": {"name": name, "namespace": "t"},
        "spec": {"chain": {"middlewares": members}},
    })
}

#[test]
fn a_chain_is_only_as_whole_as_its_members() {
    let objects = [
        middleware("whole", &["leaf", "elsewhere@file"]),
        middleware("leaf", &[]),
        middleware("outer", &["leaf", "broken"]),
        middleware("broken", &["leaf", "gone"]),
        middleware("loop", &["loop", "leaf"]),
    ];
    let all = Middlewares::of(&objects);
    assert_eq!(all.missing("t-whole"), None);
    assert_eq!(all.missing("t-loop"), None);
    assert_eq!(all.missing("t-gone"), Some(Missing { joined: "t-gone".to_owned(), through: Vec::new() }));
    let through = vec!["t-outer".to_owned(), "t-broken".to_owned()];
    assert_eq!(all.missing("t-outer"), Some(Missing { joined: "t-gone".to_owned(), through }));
    assert!(all.contains("t-leaf") && !all.contains("t-gone"));
}
