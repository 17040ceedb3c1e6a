//! Without a cluster: `gitops_dir` for the same resources.

use homelab_plane::terraform::Workspace;

use crate::ingress::PHOTOS;
use crate::ingress_objects::ALL;
use crate::support::manifests;

/// A secret beside the ingress.
const SECRET: &str = r#"
resource "homelab_external_secret" "photos_db" {
  name             = "photos-db"
  namespace        = var.namespace
  refresh_interval = "15m"
  store {
    name = "vault-kv"
    kind = "ClusterSecretStore"
  }
  data "DB_PASSWORD" {
    key      = "photos"
    property = "db_password"
  }
}
"#;

fn exists(work: &Workspace, file: &str) -> bool {
    work.path().join(file).exists()
}

#[test]
fn objects_live_as_files_from_plan_to_destroy() {
    for work in manifests() {
        work.write("main.tf", PHOTOS);
        work.write("secret.tf", SECRET);
        work.ok(["plan", "-out=p"]);
        assert!(!exists(&work, "manifests"), "a plan writes nothing");
        work.ok(["apply", "p"]);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
        assert!(work.read("manifests/photos/ingress-photos.yaml").contains("traefik-gate@kubernetescrd"));
        assert!(work.read("manifests/photos/ingress-photos-share.yaml").contains("path: /share/"));
        assert!(work.read("manifests/photos/externalsecret-photos-db.yaml").contains("refreshInterval: \"15m0s\""));

        work.write("main.tf", &PHOTOS.replace("\"share\" {", "\"links\" {"));
        let plan = work.ok(["plan", "-out=p"]);
        assert!(plan.says("0 to add, 1 to change, 0 to destroy"), "{plan}");
        work.ok(["apply", "p"]);
        assert!(exists(&work, "manifests/photos/ingress-photos-links.yaml"));
        assert!(!exists(&work, "manifests/photos/ingress-photos-share.yaml"));
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);

        work.ok(["destroy", "-auto-approve"]);
        for file in ["ingress-photos", "ingress-photos-links", "externalsecret-photos-db"] {
            assert!(!exists(&work, &format!("manifests/photos/{file}.yaml")), "{file}");
        }
    }
}

/// Every kind of object that an ingress can make: each is a file, each file drifts, and none outlives its declaration.
#[test]
fn every_kind_of_object_is_a_file_of_its_own() {
    /// With something in it that somebody might edit.
    const FILES: [(&str, &str, &str); 7] = [
        ("ingress-photos-share", "path: /share/", "path: /"),
        ("ingress-photos", "number: 8443", "number: 9443"),
        ("middleware-buffering-photos", "5368709120", "1"),
        ("middleware-custom-csp-photos", "default-src 'self'", "default-src *"),
        ("middleware-rate-limit-photos-share", "average: 5", "average: 500"),
        ("middleware-rate-limit-photos", "average: 100", "average: 1000"),
        ("service-photos", "photos.home.example.net", "elsewhere.example.net"),
    ];
    let path = |name: &str| format!("manifests/photos/{name}.yaml");
    for work in manifests() {
        work.write("main.tf", ALL);
        work.ok(["apply", "-auto-approve"]);
        let settled = || assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
        settled();
        assert_eq!(work.files("manifests/photos"), FILES.map(|(name, ..)| format!("{name}.yaml")));
        for (name, from, to) in FILES {
            let written = work.read(&path(name));
            assert!(written.contains(from), "{name}:\n{written}");
            let edited = written.replace(from, to);
            work.write(&path(name), &edited);
            let plan = work.run(["plan", "-detailed-exitcode"]);
            assert_eq!(plan.code, 2, "{name} was edited: {plan}");
            work.remove(&path(name));
            let plan = work.run(["plan", "-detailed-exitcode"]);
            assert_eq!(plan.code, 2, "{name} was removed: {plan}");
            work.ok(["apply", "-auto-approve"]);
            assert_eq!(work.read(&path(name)), written, "{name}");
        }
        settled();

        work.write("main.tf", &ALL.replace("  max_body_size           = \"5g\"\n", ""));
        work.ok(["apply", "-auto-approve"]);
        assert!(!exists(&work, &path("middleware-buffering-photos")));
        assert!(!work.read(&path("ingress-photos")).contains("buffering"));
        settled();
        work.ok(["destroy", "-auto-approve"]);
        assert_eq!(work.files("manifests/photos"), Vec::<String>::new());
    }
}

#[test]
fn a_file_that_was_edited_or_removed_is_drift_and_is_written_again() {
    for work in manifests() {
        work.write("main.tf", PHOTOS);
        work.write("secret.tf", SECRET);
        work.ok(["apply", "-auto-approve"]);
        let file = "manifests/photos/ingress-photos.yaml";
        let written = work.read(file);

        work.write(file, &written.replace("traefik-gate@kubernetescrd", "traefik-open@kubernetescrd"));
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 2);
        work.ok(["apply", "-auto-approve"]);
        assert_eq!(work.read(file), written);

        work.remove(file);
        work.remove("manifests/photos/externalsecret-photos-db.yaml");
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 2);
        work.ok(["apply", "-auto-approve"]);
        assert!(exists(&work, file) && exists(&work, "manifests/photos/externalsecret-photos-db.yaml"));
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}

#[test]
fn files_are_imported_by_command_and_by_block() {
    for work in manifests() {
        work.write("main.tf", PHOTOS);
        work.write("secret.tf", SECRET);
        work.ok(["apply", "-auto-approve"]);
        work.ok(["state", "rm", "homelab_ingress.photos", "homelab_external_secret.photos_db"]);
        work.ok(["import", "homelab_ingress.photos", "photos/photos"]);
        work.write("import.tf", "import {\n  to = homelab_external_secret.photos_db\n  id = \"photos/photos-db\"\n}\n");
        work.ok(["plan", "-out=p"]);
        work.ok(["apply", "p"]);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}

#[test]
fn terraform_test_runs_a_module_of_ours() {
    for work in manifests() {
        work.write("main.tf", PHOTOS);
        work.write(
            "photos.tftest.hcl",
            r#"
            run "plans" {
              command = plan
              assert {
                condition     = homelab_ingress.photos.url == "https://photos.example.net"
                error_message = "the address is not known at plan"
              }
            }
            run "applies" {
              assert {
                condition     = homelab_ingress.photos.carve_out_urls["share"][0] == "https://photos.example.net/share"
                error_message = "the door is not where it should be"
              }
              assert {
                condition     = length(homelab_ingress.photos.middlewares) == 1
                error_message = "there is no gate"
              }
            }
            run "refuses_a_door_without_a_reason" {
              command = plan
              module {
                source = "./open"
              }
              expect_failures = [var.reason]
            }
            "#,
        );
        work.write(
            "open/main.tf",
            r#"
            variable "reason" {
              type    = string
              default = ""
              validation {
                condition     = var.reason != ""
                error_message = "say why"
              }
            }
            "#,
        );
        work.ok(["init"]);
        let tested = work.ok(["test"]);
        assert!(tested.says("3 passed, 0 failed"), "{tested}");
        assert!(!exists(&work, "manifests/photos/ingress-photos.yaml"), "a test removes what it made");
    }
}
