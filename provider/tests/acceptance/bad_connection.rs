//! Clusters that cannot be reached, or that want nothing to do with us: the diagnostic says what to repair, the state
//! stays as it is.

use homelab_plane::terraform::{Output, Workspace};

use crate::expired::Expired;
use crate::ingress::{PHOTOS, with_references};
use crate::support::{Case, cases, folders};

/// A configuration whose provider block names a kubeconfig, and what else stands in that block.
fn with_block(work: &Workspace, arguments: &str) {
    work.write(
        "provider.tf",
        &format!(
            "provider \"homelab\" {{\n  kubernetes {{\n{arguments}\n  }}\n  site {{\n    root_domain = \
             \"${{var.namespace}}.example.net\"\n    middlewares {{\n      gate = \"${{var.namespace}}-gate\"\n    }}\n  }}\n}}\n"
        ),
    );
}

#[track_caller]
fn calm(output: &Output) {
    assert!(!output.says("panicked") && !output.says("crashed"), "{output}");
    assert!(!output.says("This is a bug"), "{output}");
}

/// What an existing object meets in a plan, and what a create meets in an apply, with the block that is written now; the
/// state is what it was.
#[track_caller]
fn refused(case: &Case, words: &[&str]) {
    let before = case.read("terraform.tfstate");
    let plan = case.run(["plan", "-detailed-exitcode"]);
    assert_eq!(plan.code, 1, "{plan}");
    calm(&plan);
    for word in words {
        assert!(plan.says(word), "{word}\n{plan}");
    }
    assert_eq!(case.read("terraform.tfstate"), before);
}

#[test]
fn a_kubeconfig_that_is_wrong_is_refused_at_the_argument() {
    for work in folders() {
        work.write("main.tf", PHOTOS);
        work.write("broken.kubeconfig", "clusters: [\n  token: s3cret-in-a-broken-file\n");
        work.write("empty.kubeconfig", "apiVersion: v1\nkind: Config\n");
        for (arguments, words) in [
            ("config_path = \"broken.kubeconfig\"", ["config_path = \"broken.kubeconfig\"", "is not a kubeconfig"]),
            ("config_path = \"empty.kubeconfig\"", ["empty.kubeconfig", "has no current context"]),
            ("host = \"https://\"", ["host = \"https://\"", "Give an address such as"]),
            ("host = \"not an address\"", ["host = \"not an address\"", "Give an address such as"]),
            ("gitops_dir = \"a\"\n    host = \"https://192.0.2.1\"", ["host", "to a cluster or to a folder"]),
            (
                "token = \"x\"\n    token_file = \"y\"\n    host = \"https://192.0.2.1\"",
                ["token_file", "must not be set"],
            ),
            (
                "host = \"https://192.0.2.1\"\n    client_key = \"x\"",
                ["client_certificate", "together with client_key"],
            ),
            ("", ["Invalid value of kubernetes", "must say where objects go"]),
        ] {
            with_block(&work, arguments);
            let plan = work.run(["plan"]).fails_with(words[0]);
            assert!(plan.says(words[1]), "{plan}");
            assert!(!plan.says("s3cret-in-a-broken-file"), "{plan}");
            calm(&plan);
        }
    }
}

#[test]
fn a_kubeconfig_that_is_not_there_may_come_in_this_run_but_not_in_apply() {
    for work in folders() {
        work.write("main.tf", PHOTOS);
        with_block(&work, "config_path = \"missing.kubeconfig\"");
        let plan = work.ok(["plan", "-out=p"]);
        assert!(plan.says("Not checked") && plan.says("missing.kubeconfig cannot be read"), "{plan}");
        let failed = work.run(["apply", "p"]).fails_with("missing.kubeconfig cannot be read");
        assert!(failed.says("config_path") && failed.says("Is the path right?"), "{failed}");
        calm(&failed);
        assert!(work.state()["values"].is_null());
    }
}

#[test]
fn an_unknown_context_is_refused_with_those_that_there_are() {
    for work in folders() {
        work.write("main.tf", PHOTOS);
        let context = |name: &str| format!("{{name: {name}, context: {{cluster: c, user: u}}}}");
        work.write(
            "two.kubeconfig",
            &format!(
                "apiVersion: v1\nkind: Config\nclusters: [{{name: c, cluster: {{server: \"https://127.0.0.1:9\"}}}}]\n\
                 users: [{{name: u, user: {{}}}}]\ncontexts: [{}, {}]\n",
                context("homelab"),
                context("spare")
            ),
        );
        with_block(&work, "config_path = \"two.kubeconfig\"\n    config_context = \"homelob\"");
        let plan = work.run(["plan"]).fails_with("no context \"homelob\"");
        assert!(plan.says("config_context = \"homelob\"") && plan.says("homelab, spare"), "{plan}");
        calm(&plan);
    }
}

#[test]
fn a_server_that_refuses_or_is_away_is_an_error_for_what_is_in_state() {
    for mut case in cases("refusing") {
        with_references(&case);
        case.write("main.tf", PHOTOS);
        case.ok(["apply", "-auto-approve"]);
        case.write("ca.pem", &case.env.ca_pem);
        let host = format!("host = \"{}\"\n    cluster_ca_certificate = file(\"ca.pem\")", case.env.api_server);
        // The environment would complete the block.
        case.env("KUBECONFIG", "");
        let expired = Expired::serve();
        case.write("expired.pem", expired.authority());

        with_block(&case, "host = \"https://127.0.0.1:9\"");
        refused(&case, &["No connection", "https://127.0.0.1:9", "Is the address right"]);

        with_block(&case, &format!("{host}\n    token = \"nobody-knows-this-token\""));
        refused(&case, &["Not authenticated", "renew the credentials"]);

        with_block(&case, &format!("{host}\n    token = \"{}\"", case.env.nobody_token));
        refused(&case, &["Not allowed", "User \"nobody\" cannot", "Give the identity that verb"]);

        with_block(&case, &format!("host = \"{}\"\n    token = \"x\"", case.env.api_server));
        refused(&case, &["unknown authority", "cluster_ca_certificate"]);

        with_block(
            &case,
            &format!("host = \"{}\"\n    cluster_ca_certificate = file(\"expired.pem\")", expired.address()),
        );
        refused(&case, &["Certificate not valid now", "kubeadm certs check-expiration"]);

        // The cluster is there again: nothing was lost, nothing has to be done.
        with_block(&case, &format!("{host}\n    token = \"{}\"", case.env.admin_token));
        assert_eq!(case.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}

#[test]
fn a_read_only_identity_may_plan_and_is_refused_in_apply() {
    for case in cases("readonly") {
        with_references(&case);
        case.write("main.tf", PHOTOS);
        case.write("ca.pem", &case.env.ca_pem);
        with_block(
            &case,
            &format!(
                "host = \"{}\"\n    cluster_ca_certificate = file(\"ca.pem\")\n    token = \"{}\"",
                case.env.api_server, case.env.viewer_token
            ),
        );
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("Not checked"), "{plan}");
        let failed = case.run(["apply", "p"]).fails_with("Not allowed");
        assert!(failed.says("User \"viewer\" cannot"), "{failed}");
        assert!(case.state()["values"].is_null());
    }
}

#[test]
fn insecure_warns_on_every_plan() {
    for case in cases("insecure") {
        case.service("app");
        case.write(
            "main.tf",
            &PHOTOS.replacen(
                "  service {",
                "  auth = \"none\"\n  reason = \"a test page\"\n  service {\n    name = \"app\"",
                1,
            ),
        );
        with_block(
            &case,
            &format!(
                "host = \"{}\"\n    token = \"{}\"\n    insecure = true",
                case.env.api_server, case.env.admin_token
            ),
        );
        case.ok(["apply", "-auto-approve"]);
        let plan = case.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 0, "{plan}");
        assert!(plan.says("not verified") && plan.says("insecure"), "{plan}");
    }
}
