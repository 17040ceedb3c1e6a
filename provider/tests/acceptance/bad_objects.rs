//! Objects that cannot be as declared: a missing namespace, a missing definition, two resources for one object.

use homelab_plane::{Options, Plane};

use crate::ingress::{PHOTOS, with_references};
use crate::operator::operator;
use crate::secret::PHOTOS_DB;
use crate::support::{Case, cases, clis, manifests};

#[test]
fn a_missing_namespace_is_named_at_the_attribute_and_may_come_in_the_same_run() {
    for mut case in cases("nons") {
        operator(&case);
        let missing = format!("{}-missing", case.namespace);
        case.env("TF_VAR_namespace", &missing);
        let open = PHOTOS.replacen("  service {", "  auth = \"none\"\n  reason = \"a test page\"\n  service {", 1);
        case.write("main.tf", &open);
        case.write("secret.tf", PHOTOS_DB);
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("Warning"), "{plan}");
        let failed = case.run(["apply", "p"]);
        assert_ne!(failed.code, 0, "{failed}");
        assert!(failed.says(&missing), "{failed}");
        assert!(case.state()["values"].is_null(), "{:#}", case.state());

        // With references and store out of the way, it is the namespace itself that is named.
        case.write(
            "provider.tf",
            "provider \"homelab\" {\n  site {\n    root_domain = \"example.net\"\n  }\n  checks {\n    \
               references = \"off\"\n  }\n}\n",
        );
        let failed = case.run(["apply", "-auto-approve"]).fails_with("Namespace does not exist");
        assert!(
            failed.says("namespace = var.namespace") && failed.says("make namespace") | failed.says("Make namespace"),
            "{failed}"
        );
        assert!(case.state()["values"].is_null(), "{:#}", case.state());
    }
}

#[test]
fn external_secrets_that_are_not_installed_are_a_warning_for_a_create_and_an_error_in_apply() {
    // The shared plane has the definitions, so this one is of its own.
    let options = Options { without_vault: true, ..Options::default() };
    let plane = Plane::start(&options).unwrap();
    for cli in clis() {
        let case = Case::on(&cli, "nocrd", plane.env());
        case.write("main.tf", PHOTOS_DB);
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("Warning: HL2101"), "{plan}");
        let failed = case.run(["apply", "p"]).fails_with("Error: HL2101");
        assert!(failed.says("Install External Secrets Operator"), "{failed}");
        assert!(case.state()["values"].is_null());

        // No Traefik either: its middlewares are not there, which the gate of an ingress needs.
        case.service("photos");
        case.write("main.tf", PHOTOS);
        let plan = case.ok(["plan", "-out=p"]);
        assert!(plan.says("HL1101"), "{plan}");
        let _ = case.run(["apply", "p"]).fails_with("Error: HL1101");
        assert!(case.live("ingresses/photos").is_null() && case.live("ingresses/photos-share").is_null());
    }
}

#[test]
fn two_resources_for_one_object_are_refused_at_plan() {
    for case in cases("twice") {
        with_references(&case);
        operator(&case);
        case.write("main.tf", PHOTOS);
        case.write("again.tf", &PHOTOS.replace("\"homelab_ingress\" \"photos\"", "\"homelab_ingress\" \"again\""));
        let refused = case.run(["plan"]).fails_with("Two resources for one object");
        assert!(refused.says("remove one of them") && refused.says(&format!("{}/photos", case.namespace)), "{refused}");

        // A carve-out's object counts as well as a resource's own.
        case.write(
            "again.tf",
            &PHOTOS
                .replace("\"homelab_ingress\" \"photos\"", "\"homelab_ingress\" \"again\"")
                .replace("= \"photos\"\n  namespace", "= \"photos-share\"\n  namespace"),
        );
        let _ = case.run(["plan"]).fails_with("Two resources for one object");

        case.remove("main.tf");
        case.write("again.tf", PHOTOS_DB);
        case.write("main.tf", &PHOTOS_DB.replace("\"photos_db\"", "\"other\""));
        let _ = case.run(["plan"]).fails_with("Two resources for one object");
    }
}

#[test]
fn a_second_resource_that_comes_later_is_refused_and_the_first_keeps_its_object() {
    for work in manifests() {
        work.write("main.tf", PHOTOS);
        work.ok(["apply", "-auto-approve"]);
        let written = work.read("manifests/photos/ingress-photos.yaml");
        work.write("again.tf", &PHOTOS.replace("\"homelab_ingress\" \"photos\"", "\"homelab_ingress\" \"again\""));
        let _ = work.run(["apply", "-auto-approve"]).fails_with("Two resources for one object");
        // Neither is a door that would take the object, nor a plan that does not refresh.
        work.write(
            "again.tf",
            &PHOTOS
                .replace("\"homelab_ingress\" \"photos\"", "\"homelab_ingress\" \"again\"")
                .replace("= \"photos\"\n  namespace", "= \"photos-share\"\n  namespace"),
        );
        let _ = work.run(["plan", "-refresh=false"]).fails_with("Two resources for one object");
        // A resource that takes the place of another one is fine: the object stays, whichever is done first.
        work.write("main.tf", &PHOTOS.replace("\"homelab_ingress\" \"photos\"", "\"homelab_ingress\" \"again\""));
        work.remove("again.tf");
        work.ok(["apply", "-auto-approve"]);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
        assert!(work.path().join("manifests/photos/ingress-photos.yaml").exists());
        work.ok(["state", "mv", "homelab_ingress.again", "homelab_ingress.photos"]);
        work.write("main.tf", PHOTOS);
        work.ok(["apply", "-auto-approve"]);
        assert_eq!(work.read("manifests/photos/ingress-photos.yaml").len(), written.len());
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}

#[test]
fn what_is_malformed_is_refused_at_the_attribute_by_validate_alone() {
    for work in manifests() {
        let with = |from: &str, to: &str| PHOTOS.replacen(from, to, 1);
        for (text, words) in [
            (with("\"photos\"\n  namespace", "\"Photos\"\n  namespace"), ["HL1003", "name = \"Photos\""]),
            (with("    reason = \"share links carry their own token\"\n", ""), ["HL1001", "share"]),
            (with("[\"/share\"]", "[\"share\"]"), ["HL1003", "[\"share\"]"]),
            (with("auth   = \"none\"", "auth   = \"open\""), ["auth   = \"open\"", "required"]),
            (PHOTOS_DB.replace("\"15m\"", "\"soon\""), ["HL2002", "refresh_interval = \"soon\""]),
            (PHOTOS_DB.replace("data \"DB_PASSWORD\"", "data \"DB PASSWORD\""), ["HL2003", "DB PASSWORD"]),
        ] {
            work.write("main.tf", &text);
            let refused = work.run(["validate"]).fails_with(words[0]);
            assert!(refused.says(words[1]), "{refused}");
        }
        work.write("main.tf", "resource \"homelab_carveout_probe\" \"p\" {\n  target \"a\" {\n    url = \"ftp://x\"\n    expect = \"public\"\n  }\n}\n");
        let refused = work.run(["validate"]).fails_with("HL3102");
        assert!(refused.says("ftp://x"), "{refused}");
    }
}
