//! What `homelab_ingress` asks the cluster: every refusal with its attribute and its fix, at plan where it can be, else
//! before the first write.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use homelab_plane::terraform::Output;
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};

use crate::ingress_objects::listed_again;
use crate::proxy::traefik_object;
use crate::support::{Case, cases, define_routes};

/// One command line is enough: what is asked of the cluster does not depend on it.
fn case(name: &str) -> Case {
    cases(name).next().unwrap()
}

/// A diagnostic: severity, address, code and the line of the configuration that it blames.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Said {
    severity: String,
    address: String,
    code: String,
    line: String,
}

/// The diagnostics of a command with `-json` that have a code of ours.
fn said(output: &Output) -> Vec<Said> {
    let text = |value: &Value| value.as_str().unwrap_or_default().trim().to_owned();
    let mut all: Vec<Said> = output
        .json_lines()
        .into_iter()
        .filter(|line| line["type"] == "diagnostic")
        .map(|line| line["diagnostic"].clone())
        .filter(|diagnostic| text(&diagnostic["summary"]).starts_with("HL"))
        .map(|diagnostic| Said {
            severity: text(&diagnostic["severity"]),
            address: text(&diagnostic["address"]).trim_start_matches("homelab_ingress.").to_owned(),
            code: text(&diagnostic["summary"]).chars().take(6).collect(),
            line: text(&diagnostic["snippet"]["code"]),
        })
        .collect();
    all.sort();
    all.dedup();
    all
}

fn expected(severity: &str, table: &[(&str, &str, &str)]) -> Vec<Said> {
    let mut all: Vec<Said> = table
        .iter()
        .map(|(address, code, line)| Said {
            severity: severity.to_owned(),
            address: (*address).to_owned(),
            code: (*code).to_owned(),
            line: (*line).to_owned(),
        })
        .collect();
    all.sort();
    all
}

/// A certificate for a host, from and until so many days from now.
fn certificate(host: &str, from: i64, until: i64) -> (String, String) {
    const DAY: u64 = 24 * 60 * 60;
    let at = |days: i64| {
        let away = Duration::from_secs(days.unsigned_abs() * DAY);
        let now = SystemTime::now();
        if days < 0 { now - away } else { now + away }
    };
    let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    params.not_before = at(from).into();
    params.not_after = at(until).into();
    let key = KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

fn tls_secret(case: &Case, name: &str, kind: &str, certificate: &str, key: &str) {
    let body = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": kind,
        "stringData": {"tls.crt": certificate, "tls.key": key},
    });
    case.api.create(&case.at("secrets"), &body).unwrap().expect("secret", &[201]).unwrap();
}

/// An ingress with one line of its own; `label` is written to have something that changes.
fn ingress(name: &str, lines: &str, label: &str) -> String {
    let service = if lines.contains("service {") { "" } else { "  service {\n    name = \"web\"\n  }\n" };
    format!(
        "resource \"homelab_ingress\" \"{name}\" {{\n  name = \"{name}\"\n  namespace = var.namespace\n{service}  \
         labels = {{ round = \"{label}\" }}\n{lines}\n}}\n"
    )
}

/// What each of them refers to that is not there or not fit, by the name of the resource.
const BROKEN: [(&str, &str, &str, &str); 9] = [
    (
        "chain",
        "  extra_middlewares = [\"${var.namespace}-outer\"]",
        "HL1108",
        "extra_middlewares = [\"${var.namespace}-outer\"]",
    ),
    (
        "extra",
        "  extra_middlewares = [\"${var.namespace}-gone\"]",
        "HL1101",
        "extra_middlewares = [\"${var.namespace}-gone\"]",
    ),
    ("service", "  service {\n    name = \"gone\"\n  }", "HL1102", "name = \"gone\""),
    ("port", "  service {\n    name = \"web\"\n    port = \"metrics\"\n  }", "HL1103", "port = \"metrics\""),
    ("secret", "  tls_secret_name = \"gone\"", "HL1104", "tls_secret_name = \"gone\""),
    ("opaque", "  tls_secret_name = \"opaque\"", "HL1104", "tls_secret_name = \"opaque\""),
    ("other", "  tls_secret_name = \"other\"", "HL1105", "tls_secret_name = \"other\""),
    ("expired", "  tls_secret_name = \"expired\"", "HL1106", "tls_secret_name = \"expired\""),
    ("expiring", "  tls_secret_name = \"expiring\"", "HL1107", "tls_secret_name = \"expiring\""),
];

fn all_broken(label: &str) -> String {
    BROKEN.iter().map(|(name, lines, ..)| ingress(name, lines, label)).collect()
}

fn table() -> Vec<(&'static str, &'static str, &'static str)> {
    BROKEN.iter().map(|(name, _, code, line)| (*name, *code, *line)).collect()
}

/// Everything that [`BROKEN`] refers to, each with its fault.
fn break_all(case: &Case) {
    case.service("web");
    case.middleware("gate");
    chain(case, "outer", "inner");
    let (good, key) = certificate(&format!("opaque.{}.example.net", case.namespace), -30, 60);
    tls_secret(case, "opaque", "Opaque", &good, &key);
    let (other, key) = certificate("*.elsewhere.example.net", -30, 60);
    tls_secret(case, "other", "kubernetes.io/tls", &other, &key);
    let (expired, key) = certificate(&format!("*.{}.example.net", case.namespace), -30, -1);
    tls_secret(case, "expired", "kubernetes.io/tls", &expired, &key);
    let (expiring, key) = certificate(&format!("*.{}.example.net", case.namespace), -85, 5);
    tls_secret(case, "expiring", "kubernetes.io/tls", &expiring, &key);
}

/// A Middleware of type chain.
fn chain(case: &Case, name: &str, member: &str) {
    let spec = json!({"chain": {"middlewares": [{"name": member}]}});
    traefik_object(case, "middlewares", "Middleware", name, &spec);
}

#[test]
fn a_reference_that_is_missing_or_unfit_is_a_warning_of_a_create_and_an_error_before_its_first_write() {
    let mut case = case("dangling");
    break_all(&case);
    case.write("main.tf", &all_broken("first"));
    let plan = case.run(["plan", "-json", "-out=p"]);
    assert_eq!((plan.code, said(&plan)), (0, expected("warning", &table())), "{plan}");
    for fix in [
        "Create the middleware first, or correct its name.",
        "Create the missing middleware, or remove it from the chain.",
        "Create the Service first, or correct its name.",
        "It has port 80 (http).",
        "It must be of type kubernetes.io/tls.",
        "It is for *.elsewhere.example.net.",
        "Renew the certificate",
    ] {
        assert!(plan.says(fix), "{fix:?} is not in {plan}");
    }
    let refused = case.run(["apply", "-json", "p"]);
    let errors: Vec<Said> = said(&refused).into_iter().filter(|said| said.severity == "error").collect();
    assert_eq!((refused.code, errors), (1, expected("error", &table())), "{refused}");
    assert_eq!(case.api.list(&case.at("ingresses")).unwrap(), Vec::<Value>::new(), "nothing was written");

    // As strict at plan, where that is asked for.
    case.env("HOMELAB_CHECKS_REFERENCES", "error");
    let strict = case.run(["plan", "-json"]);
    assert_eq!((strict.code, said(&strict)), (1, expected("error", &table())), "{strict}");
    // Not looked for; but a missing middleware opens doors, and is never silent.
    case.env("HOMELAB_CHECKS_REFERENCES", "off");
    let off = case.run(["plan", "-json"]);
    assert_eq!((off.code, said(&off)), (0, expected("warning", &table()[..2])), "{off}");
    // Known and accepted.
    case.env("HOMELAB_CHECKS_REFERENCES", "warn");
    case.ok(["apply", "-auto-approve"]);
    case.env("HOMELAB_CHECKS_REFERENCES", "");

    // What stays as it is must not block the plan that repairs it; what is changed is refused at plan.
    let same = case.run(["plan", "-json", "-detailed-exitcode"]);
    assert_eq!((same.code, said(&same)), (0, expected("warning", &table())), "{same}");
    case.write("main.tf", &all_broken("second"));
    let changed = case.run(["plan", "-json"]);
    assert_eq!((changed.code, said(&changed)), (1, expected("error", &table())), "{changed}");
}

#[test]
fn a_gate_that_is_missing_is_blamed_on_auth_and_what_the_same_run_makes_is_not_refused() {
    let case = case("gateless");
    case.service("web");
    case.write("main.tf", &ingress("photos", "  auth = \"required\"", "first"));
    define_routes(&case.api);
    let plan = case.run(["plan", "-json"]);
    assert_eq!(said(&plan), expected("warning", &[("photos", "HL1101", "auth = \"required\"")]), "{plan}");
    let refused = case.run(["apply", "-json", "-auto-approve"]);
    assert!(
        said(&refused).contains(&expected("error", &[("photos", "HL1101", "auth = \"required\"")])[0]),
        "{refused}"
    );
    case.middleware("gate");
    case.ok(["apply", "-auto-approve"]);
    assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
}

/// Somebody else's Ingress on a host.
fn foreign(case: &Case, name: &str, host: &str, path: &str, annotations: &[(&str, &str)]) {
    let annotations: BTreeMap<String, &str> = annotations
        .iter()
        .map(|(name, value)| (format!("traefik.ingress.kubernetes.io/router.{name}"), *value))
        .collect();
    let body = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name, "annotations": annotations},
        "spec": {"ingressClassName": "traefik", "rules": [{"host": host, "http": {"paths": [{
            "path": path, "pathType": "Prefix",
            "backend": {"service": {"name": "theirs", "port": {"number": 80}}},
        }]}}]},
    });
    case.api.create(&case.at("ingresses"), &body).unwrap().expect("ingress", &[201]).unwrap();
}

fn codes(output: &Output, severity: &str) -> Vec<String> {
    let mut codes: Vec<String> =
        said(output).into_iter().filter(|said| said.severity == severity).map(|said| said.code).collect();
    codes.sort();
    codes.dedup();
    codes
}

#[test]
fn routers_of_others_on_the_host_are_refused_whoever_owns_them() {
    let mut case = case("routers");
    case.service("web");
    case.middleware("gate");
    let host = |name: &str| format!("{name}.{}.example.net", case.namespace);
    let gate = format!("{}-gate@kubernetescrd", case.namespace);
    let hosts = ["tie", "shadow", "weak", "free"].map(host);
    foreign(&case, "tie", &hosts[0], "/", &[("middlewares", &gate)]);
    let first = [("middlewares", gate.as_str()), ("priority", "1000"), ("entrypoints", "websecure")];
    foreign(&case, "shadow", &hosts[1], "/", &first);
    foreign(&case, "weak", &hosts[2], "/", &[("priority", "1")]);
    foreign(&case, "elsewhere", &hosts[3].replace("free", "other"), "/", &[]);
    let config = |label: &str| -> String {
        ["tie", "shadow", "weak", "free"]
            .iter()
            .map(|name| ingress(&format!("x{name}"), &format!("  host = {name:?}"), label))
            .collect()
    };
    case.write("main.tf", &config("first"));
    let wanted = [
        ("xtie", "HL1201", "host = \"tie\""),
        ("xshadow", "HL1203", "host = \"shadow\""),
        ("xweak", "HL1204", "host = \"weak\""),
    ];
    let plan = case.run(["plan", "-json"]);
    assert_eq!((plan.code, said(&plan)), (1, expected("error", &wanted)), "{plan}");
    for name in ["tie", "shadow", "weak"] {
        assert!(plan.says(&format!("Ingress {}/{name}", case.namespace)), "{name} is not named in {plan}");
    }
    // Exposure is never below a warning.
    for level in ["warn", "off"] {
        case.env("HOMELAB_CHECKS_ROUTES", level);
        let plan = case.run(["plan", "-json"]);
        assert_eq!((plan.code, said(&plan)), (0, expected("warning", &wanted)), "{plan}");
    }
    case.ok(["apply", "-auto-approve"]);
    case.env("HOMELAB_CHECKS_ROUTES", "");
    // It is there now: a warning as long as nothing changes, so that the plan that repairs it can run.
    let same = case.run(["plan", "-json", "-detailed-exitcode"]);
    assert_eq!((same.code, said(&same)), (0, expected("warning", &wanted)), "{same}");
    case.write("main.tf", &config("second"));
    let changed = case.run(["plan", "-json"]);
    assert_eq!((changed.code, codes(&changed, "error")), (1, vec!["HL1201".into(), "HL1203".into(), "HL1204".into()]));
}

#[test]
fn an_ingress_route_of_somebody_else_counts_as_well() {
    let case = case("crdroute");
    case.service("web");
    case.middleware("gate");
    define_routes(&case.api);
    let rule = format!("Host(`photos.{}.example.net`) && PathPrefix(`/`)", case.namespace);
    let spec = json!({"entryPoints": ["websecure"], "routes": [{
        "kind": "Rule", "match": rule, "priority": 5000, "services": [{"name": "web", "port": 80}],
        "middlewares": [{"name": "gate"}],
    }]});
    traefik_object(&case, "ingressroutes", "IngressRoute", "catch", &spec);
    case.write("main.tf", &ingress("photos", "", "first"));
    let plan = case.run(["plan", "-json"]);
    assert_eq!((plan.code, codes(&plan, "error").contains(&"HL1203".to_owned())), (1, true), "{plan}");
    assert!(plan.says(&format!("IngressRoute {}/catch", case.namespace)), "{plan}");
    let path = format!("/apis/traefik.io/v1alpha1/namespaces/{}/ingressroutes/catch", case.namespace);
    case.api.delete(&path).unwrap().expect("delete", &[200]).unwrap();
    case.ok(["apply", "-auto-approve"]);
}

#[test]
fn a_route_moves_between_resources_of_one_run_and_two_that_claim_it_are_refused() {
    let case = case("moving");
    for name in ["web", "first", "second"] {
        case.service(name);
    }
    case.middleware("gate");
    let pair = |first: &str, second: &str| -> String {
        [("first", first), ("second", second)]
            .iter()
            .map(|(name, host)| {
                ingress(name, &format!("  host = {host:?}\n  service {{\n    name = {name:?}\n  }}"), "same")
            })
            .collect()
    };
    case.write("main.tf", &pair("a", "a"));
    let both = case.run(["plan", "-json"]);
    assert_eq!((both.code, codes(&both, "error")), (1, vec!["HL1201".to_owned()]), "{both}");
    assert!((1..=2).contains(&said(&both).len()), "by the one that is planned last, or by both at once: {both}");

    case.write("main.tf", &pair("a", "b"));
    case.ok(["apply", "-auto-approve"]);
    assert_eq!(said(&case.run(["plan", "-json", "-detailed-exitcode"])), []);
    // Each takes the host of the other: what the cluster has is not what there will be.
    case.write("main.tf", &pair("b", "a"));
    case.ok(["apply", "-auto-approve"]);
    assert_eq!(said(&case.run(["plan", "-json", "-detailed-exitcode"])), []);
    // One goes, another takes its place.
    case.write("main.tf", &ingress("third", "  host = \"a\"", "same"));
    case.ok(["apply", "-auto-approve"]);
    let after = case.run(["plan", "-json", "-detailed-exitcode"]);
    assert_eq!((after.code, said(&after)), (0, vec![]), "{after}");
}

#[test]
fn what_cannot_be_asked_is_not_checked_and_said() {
    let mut case = case("blind");
    case.service("web");
    case.middleware("gate");
    let (good, key) = certificate(&format!("photos.{}.example.net", case.namespace), -30, 60);
    tls_secret(&case, "tls", "kubernetes.io/tls", &good, &key);
    case.write("main.tf", &ingress("photos", "  tls_secret_name = \"tls\"", "first"));
    let admin = case.env.kubeconfig.clone();

    // Whoever may only look cannot try a write, nor see a certificate.
    case.write("viewer.kubeconfig", &case.env.kubeconfig_for("viewer", &case.env.viewer_token));
    case.env("KUBECONFIG", "viewer.kubeconfig");
    let plan = case.ok(["plan"]);
    assert!(plan.says("Not checked: admission") && plan.says("User \"viewer\" cannot patch"), "{plan}");
    assert!(plan.says("Not checked: references") && plan.says("User \"viewer\" cannot get resource"), "{plan}");

    case.write("nobody.kubeconfig", &case.env.kubeconfig_for("nobody", &case.env.nobody_token));
    case.env("KUBECONFIG", "nobody.kubeconfig");
    let plan = case.ok(["plan"]);
    for what in ["references", "routers of others on the host", "admission"] {
        assert!(plan.says(&format!("Not checked: {what}")), "{what}: {plan}");
    }

    case.env("KUBECONFIG", admin);
    let elsewhere = ingress("photos", "", "first").replace("var.namespace", "\"no-such-namespace\"");
    case.write("main.tf", &elsewhere);
    let plan = case.ok(["plan"]);
    assert!(plan.says("namespace no-such-namespace does not exist"), "{plan}");
    assert!(plan.says("Not checked: admission"), "{plan}");
}

#[test]
fn a_thousand_that_stay_as_they_are_ask_what_one_asks() {
    let mut case = case("shared");
    case.service("web");
    case.middleware("gate");
    define_routes(&case.api);
    let many = ingress("photos", "  count = 40", "same")
        .replace("\"photos\"\n  namespace", "\"photos-${count.index}\"\n  namespace");
    case.write("main.tf", &many);
    case.ok(["apply", "-auto-approve"]);
    let log = case.path().join("requests");
    case.env("HOMELAB_REQUEST_LOG", &log);
    let same = case.run(["plan", "-detailed-exitcode"]);
    assert_eq!(same.code, 0, "{same}");
    let text = std::fs::read_to_string(&log).unwrap();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for line in text.lines() {
        *counts.entry(line.split_whitespace().nth(2).unwrap()).or_default() += 1;
    }
    for everywhere in [
        "/api/v1/services",
        "/apis/networking.k8s.io/v1/ingresses",
        "/apis/networking.k8s.io/v1/ingressclasses",
        "/apis/traefik.io/v1alpha1/middlewares",
        "/apis/traefik.io/v1alpha1/ingressroutes",
    ] {
        let most = 2 + listed_again(&same) / 6;
        assert!(counts.get(everywhere).is_some_and(|count| (1..=most).contains(count)), "{everywhere}: {counts:#?}");
    }
    let total: usize = counts.values().sum();
    assert!(total <= 20 + listed_again(&same), "{total} requests for 40 ingresses: {counts:#?}");
}
