//! Spellings and shapes at the edges of what can be written, each with an empty second plan.

use crate::ingress::{PHOTOS, with_references};
use crate::support::{cases, manifests};

#[test]
fn empty_values_unicode_numbers_and_long_texts_have_an_empty_second_plan() {
    for case in cases("edges") {
        with_references(&case);
        let rich = PHOTOS
            .replace("port = \"http\"", "port = 80")
            .replace("\"share links carry their own token\"", "<<-EOT\n      Teilen über Links: 共有\n      \"quoted\", with a tab\tand a colon: x\n    EOT")
            .replacen(
                "  service {",
                "  host              = \"bilder\"\n  annotations       = {}\n  labels            = {}\n  extra_middlewares = []\n  \
                 paths             = [\"/\"]\n  service {",
                1,
            );
        case.write("main.tf", &rich);
        case.ok(["apply", "-auto-approve"]);
        let plan = case.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 0, "{plan}");
        let live = case.live("ingresses/photos");
        assert_eq!(live["spec"]["rules"][0]["host"], format!("bilder.{}.example.net", case.namespace));
        let door = case.live("ingresses/photos-share").to_string();
        assert!(door.contains("共有") && door.contains("\\tand a colon: x"), "{door}");

        // From the empty spelling to none, and to a value and back: in place, and empty again.
        for change in
            [rich.replace("labels            = {}", ""), rich.replace("= {}", "= { a = \"1\" }"), rich.clone()]
        {
            case.write("main.tf", &change);
            let plan = case.ok(["plan", "-out=p"]);
            assert!(!plan.says("must be replaced"), "{plan}");
            case.ok(["apply", "p"]);
            let plan = case.run(["plan", "-detailed-exitcode"]);
            assert_eq!(plan.code, 0, "{plan}");
        }
    }
}

#[test]
fn the_same_at_the_edges_of_a_folder() {
    for work in manifests() {
        work.write(
            "main.tf",
            &PHOTOS
                .replace("\"share links carry their own token\"", "\"# no: comment\\n- 'x' \\u00e4 共有 \"")
                .replacen(
                    "  service {",
                    "  annotations = { \"example.net/a\" = \"yes\", \"example.net/b\" = \"1e3\" }\n  service {",
                    1,
                ),
        );
        work.ok(["apply", "-auto-approve"]);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
        work.ok(["state", "rm", "homelab_ingress.photos"]);
        work.ok(["import", "homelab_ingress.photos", "photos/photos"]);
        let plan = work.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 0, "{plan}");
    }
}

#[test]
fn dynamic_blocks_over_what_is_not_known_yet() {
    for work in manifests() {
        // Labels have to be known, says Terraform; what is in a block, and how many blocks of a list there are, need not.
        work.write(
            "main.tf",
            r#"
            resource "terraform_data" "later" {
              input = { paths = ["/share", "/s"], keys = ["photos", "shared"] }
            }
            resource "homelab_ingress" "photos" {
              name      = "photos"
              namespace = var.namespace
              service {
                port = "http"
              }
              dynamic "carve_out" {
                for_each = toset(["share", "api"])
                labels   = [carve_out.key]
                content {
                  paths  = carve_out.key == "api" ? ["/api"] : terraform_data.later.output.paths
                  auth   = "none"
                  reason = "a test page"
                }
              }
            }
            resource "homelab_external_secret" "photos" {
              name      = "photos"
              namespace = var.namespace
              store {
                name = "vault-kv"
              }
              dynamic "data_from" {
                for_each = terraform_data.later.output.keys
                content {
                  extract {
                    key = data_from.value
                  }
                }
              }
            }
            "#,
        );
        let plan = work.ok(["plan", "-out=p"]);
        assert!(plan.says("3 to add"), "{plan}");
        work.ok(["apply", "p"]);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
        assert!(work.read("manifests/photos/ingress-photos-share.yaml").contains("path: /s/"));
        let secret = work.read("manifests/photos/externalsecret-photos.yaml");
        assert!(secret.contains("key: photos") && secret.contains("key: shared"), "{secret}");
    }
}

#[test]
fn resources_for_each_of_many_apps_in_a_module() {
    for work in manifests() {
        work.write(
            "app/main.tf",
            &format!(
                "terraform {{\n  required_providers {{\n    homelab = {{ source = \"example/homelab\" }}\n  }}\n}}\n\
             variable \"name\" {{\n  type = string\n}}\nvariable \"namespace\" {{\n  type = string\n}}\n{}\
             output \"url\" {{\n  value = homelab_ingress.photos.url\n}}\n",
                PHOTOS.replacen("\"photos\"\n  namespace", "var.name\n  namespace", 1)
            ),
        );
        work.write(
            "main.tf",
            r#"
            module "app" {
              source    = "./app"
              for_each  = toset(["photos", "books", "music"])
              name      = each.key
              namespace = each.key
            }
            output "urls" {
              value = { for name, app in module.app : name => app.url }
            }
            "#,
        );
        work.ok(["init"]);
        work.ok(["apply", "-auto-approve"]);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
        assert_eq!(work.json(["output", "-json"])["urls"]["value"]["books"], "https://books.example.net");
    }
}
