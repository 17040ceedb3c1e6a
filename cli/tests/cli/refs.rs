//! `homelab ingress refs` on a real API server: every kind that can name a middleware, and what cannot be seen.

use std::sync::OnceLock;

use homelab_plane::{Api, shared};
use serde_json::{Value, json};

use crate::support::{Homelab, homelab};

/// A namespace with a Middleware `limit` that is named in every way, and one `idle` that nobody names.
fn namespace() -> &'static str {
    static NAMESPACE: OnceLock<String> = OnceLock::new();
    NAMESPACE.get_or_init(|| {
        let api = Api::admin(shared().unwrap()).unwrap();
        for (kind, plural) in
            [("Middleware", "middlewares"), ("IngressRoute", "ingressroutes"), ("IngressRouteTCP", "ingressroutetcps")]
        {
            define(&api, kind, plural);
        }
        let namespace = api.namespace("refs").unwrap();
        populate(&api, &namespace);
        namespace
    })
}

/// The kind, as far as these cases need it: objects with any fields.
fn define(api: &Api, kind: &str, plural: &str) {
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.traefik.io")},
        "spec": {
            "group": "traefik.io", "scope": "Namespaced",
            "names": {
                "kind": kind, "plural": plural, "singular": kind.to_lowercase(), "listKind": format!("{kind}List"),
            },
            "versions": [{
                "name": "v1alpha1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
            }],
        },
    });
    api.define(&definition).unwrap();
}

fn populate(api: &Api, namespace: &str) {
    let traefik = |plural: &str, kind: &str, name: &str, spec: Value| {
        let body = json!({"apiVersion": "traefik.io/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec});
        let path = format!("/apis/traefik.io/v1alpha1/namespaces/{namespace}/{plural}");
        api.create(&path, &body).unwrap().expect(name, &[201]).unwrap();
    };
    traefik("middlewares", "Middleware", "limit", json!({"rateLimit": {"average": 1}}));
    traefik("middlewares", "Middleware", "idle", json!({"rateLimit": {"average": 1}}));
    traefik(
        "middlewares",
        "Middleware",
        "usual",
        json!({"chain": {"middlewares": [{"name": "other"}, {"name": "limit"}]}}),
    );
    let route = json!({"routes": [{"match": "Host(`a.example.net`)", "middlewares": [{"name": "limit"}]}]});
    traefik("ingressroutes", "IngressRoute", "catch-all", route.clone());
    traefik("ingressroutetcps", "IngressRouteTCP", "database", route);
    let ingress = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": "photos", "annotations": {
            "traefik.ingress.kubernetes.io/router.middlewares": format!("x@file,{namespace}-limit@kubernetescrd"),
            "meta.helm.sh/release-name": "gallery", "meta.helm.sh/release-namespace": "apps",
        }},
        "spec": {"defaultBackend": {"service": {"name": "photos", "port": {"number": 80}}}},
    });
    let path = format!("/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses");
    api.create(&path, &ingress).unwrap().expect("ingress", &[201]).unwrap();
}

/// A run as the holder of `token`.
fn refs(middleware: &str, token: &str) -> Homelab {
    let env = shared().unwrap();
    homelab("ingress refs")
        .arg(middleware)
        .env("KUBE_HOST", &env.api_server)
        .env("KUBE_CLUSTER_CA_CERT_DATA", &env.ca_pem)
        .env("KUBE_TOKEN", token)
}

#[test]
fn everybody_who_names_a_middleware_is_listed_and_exits_with_two() {
    let (namespace, admin) = (namespace(), &shared().unwrap().admin_token);
    for spelling in
        [format!("{namespace}/limit"), format!("{namespace}-limit"), format!("{namespace}-limit@kubernetescrd")]
    {
        let document = refs(&spelling, admin).arg("--output").arg("json").run().code(2).document("ingress refs");
        let found: Vec<(&str, &str, &str, &str)> = document["referrers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                assert_eq!(one["namespace"], namespace);
                let text = |name: &str| one[name].as_str().unwrap();
                (text("kind"), text("name"), text("place"), text("means"))
            })
            .collect();
        let annotation = "metadata.annotations[\"traefik.ingress.kubernetes.io/router.middlewares\"]";
        assert_eq!(
            found,
            [
                ("Ingress", "photos", annotation, "Middleware"),
                ("IngressRoute", "catch-all", "spec.routes[0].middlewares[0]", "Middleware"),
                ("IngressRouteTCP", "database", "spec.routes[0].middlewares[0]", "MiddlewareTCP"),
                ("Middleware", "usual", "spec.chain.middlewares[1]", "Middleware"),
            ]
        );
        assert_eq!(document["referrers"][0]["owner"], "Helm release apps/gallery");
        assert_eq!(document["objects"], json!([{"namespace": namespace, "name": "limit"}]));
        assert_eq!(document["unseen"], json!([]));
    }
    let text = refs(&format!("{namespace}/limit"), admin).run().code(2).out;
    assert!(text.starts_with(&format!("{namespace}-limit: 4 references\n")), "{text}");
    for line in [
        format!("  stands for Middleware {namespace}/limit\n"),
        format!("  Middleware: IngressRoute {namespace}/catch-all (spec.routes[0].middlewares[0])\n"),
        format!("  MiddlewareTCP: IngressRouteTCP {namespace}/database (spec.routes[0].middlewares[0])\n"),
        "router.middlewares\"]), which belongs to Helm release apps/gallery\n".to_owned(),
        "HTTPRoute.gateway.networking.k8s.io".to_owned(),
        "never seen here: ".to_owned(),
    ] {
        assert!(text.contains(&line), "{line:?} is not in {text}");
    }
}

#[test]
fn nobody_is_said_only_where_everything_was_seen() {
    let (namespace, env) = (namespace(), shared().unwrap());
    let idle = refs(&format!("{namespace}/idle"), &env.admin_token).run().code(0).out;
    assert!(idle.starts_with(&format!("{namespace}-idle: nothing refers to it\n")), "{idle}");
    let gone = refs(&format!("{namespace}/gone"), &env.admin_token).run().code(0).out;
    assert!(gone.contains("there is no Middleware of that name"), "{gone}");

    // Whoever may see Ingresses alone: what is seen is said, and so is what is not.
    let some = refs(&format!("{namespace}/limit"), &env.viewer_token).run().code(2).out;
    assert!(some.contains("1 reference\n") && some.contains("not looked at: IngressRoute.traefik.io: "), "{some}");
    let none = refs(&format!("{namespace}/idle"), &env.viewer_token).run().code(3).out;
    assert!(none.contains("not everything could be looked at"), "{none}");
    let blind = refs(&format!("{namespace}/limit"), &env.nobody_token).run().code(3);
    assert!(blind.out.contains("no reference was seen, and not everything could be looked at"), "{}", blind.out);
    assert!(blind.out.contains("not looked at: Ingress: failed to list all Ingress at https://"), "{}", blind.out);
    assert!(!blind.out.contains("there is no Middleware"), "{}", blind.out);
    let json = refs(&format!("{namespace}/limit"), &env.nobody_token).arg("--output").arg("json").run().code(3);
    let document = json.document("ingress refs");
    assert!(document["unseen"].as_array().unwrap().len() >= 4, "{document:#}");
    assert!(document["unseen"][0]["why"].as_str().unwrap().contains("User \"nobody\" cannot list"), "{document:#}");
}

#[test]
fn what_is_no_object_of_the_cluster_is_refused() {
    for (name, said) in [
        ("limit", "is no name of a middleware"),
        ("a/b/c", "is no name of a middleware"),
        ("errors@file", "provider \"file\""),
    ] {
        let message = refs(name, &shared().unwrap().viewer_token).run().error(true);
        assert!(message.contains(said), "{message}");
    }
    let message = homelab("ingress refs traefik/limit").run().error(true);
    assert!(message.contains("no cluster is configured"), "{message}");
    let help = homelab("ingress refs --help").run().code(0).out;
    assert!(help.contains("homelab ingress refs traefik/rate-limit") && help.contains("2 somebody"), "{help}");
}
