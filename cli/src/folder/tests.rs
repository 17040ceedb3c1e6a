use homelab_schema::Attr;
use homelab_schema::provider::{Middlewares, ProviderConfig};

use super::*;

/// How the folders of these tests are called.
const FOLDER: &str = "homelab-folder-of-a-test-";

fn folder_with(files: &[(&str, &str)], environment: &[(&str, &str)]) -> Result<Folder, Failure> {
    let dir = tempfile::Builder::new().prefix(FOLDER).tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let lookup = |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    Folder::read_with(dir.path(), &lookup)
}

fn folder(text: &str) -> Folder {
    folder_with(&[("main.tf", text)], &[]).unwrap()
}

fn site() -> Site {
    let known = |text: &str| Attr::Known(text.to_owned());
    Site {
        root_domain: known("example.net"),
        middlewares: Attr::Known(Middlewares { gate: known("traefik-forward-auth"), ..Middlewares::default() }),
        ..Site::default()
    }
}

/// The message, without the folder before the names of files.
fn message(result: Result<impl std::fmt::Debug, Failure>) -> String {
    let text = result.expect_err("an error").to_string();
    let mut parts = text.split(FOLDER);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let before = shown.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        shown.truncate(before);
        shown.push_str(part.split_once('/').map_or("", |(_, rest)| rest));
    }
    shown
}

const INGRESS: &str = r#"
resource "homelab_ingress" "photos" {
  name      = "photos"
  namespace = "photos"
  service { port = 80 }
  carve_out "share" {
    paths  = ["/share"]
    auth   = "none"
    reason = "links carry their own token"
  }
}
"#;

const PROBE: &str = r#"
resource "homelab_carveout_probe" "doors" {
  targets = concat(homelab_ingress.photos.probe_targets, [])
}
"#;

#[test]
fn the_provider_block_is_read_with_literals_variables_and_unknowns() {
    let folder = folder(
        r#"
        variable "root" { default = "example.net" }
        locals {
          whole = "apps.${local.domain}"
          domain = var.root
        }
        provider "homelab" {
          alias = "other"
          site { root_domain = "other.example.net" }
        }
        provider "homelab" {
          kubernetes { config_path = module.cluster.kubeconfig }
          site {
            root_domain = local.whole
            entrypoint  = upper("web")
          }
        }"#,
    );
    let config: ProviderConfig = folder.provider().unwrap().unwrap();
    assert!(config.kubernetes.known().unwrap().config_path.is_unknown());
    let site = config.site.known().unwrap();
    assert_eq!(site.root_domain, Attr::Known("apps.example.net".to_owned()));
    assert!(site.entrypoint.is_unknown(), "functions belong to Terraform");
}

#[test]
fn values_of_variables_come_from_where_terraform_takes_them() {
    let main = r#"
        variable "a" {}
        variable "b" { default = "from the default" }
        variable "c" { default = "from the default" }
        variable "d" { type = list(string) }
        variable "e" { type = map(string) }
        variable "nowhere" {}
        provider "homelab" {
          site {
            root_domain     = var.a
            ingress_class   = var.b
            entrypoint      = var.c
            tls_secret_name = var.nowhere
            groups          = var.e
            middlewares { anti_ai = var.d }
          }
        }"#;
    let files = [
        ("main.tf", main),
        ("terraform.tfvars", "a = \"from the file\"\nb = \"from the file\"\n"),
        ("z.auto.tfvars", "b = \"from the last file\""),
        ("a.auto.tfvars.json", r#"{"b": "from the first file", "e": {"admins": "x", "size": 3}}"#),
    ];
    let environment =
        [("TF_VAR_a", "from the environment"), ("TF_VAR_c", "from the environment"), ("TF_VAR_d", "[\"x\"]")];
    let config: ProviderConfig = folder_with(&files, &environment).unwrap().provider().unwrap().unwrap();
    let site = config.site.known().unwrap();
    let text = |value: &Attr<String>| value.known().cloned().unwrap_or_default();
    assert_eq!(text(&site.root_domain), "from the file", "files win over the environment, as in Terraform");
    assert_eq!(text(&site.ingress_class), "from the last file");
    assert_eq!(text(&site.entrypoint), "from the environment");
    assert!(site.tls_secret_name.is_unknown());
    assert_eq!(site.middlewares.known().unwrap().anti_ai, Attr::Known(vec!["x".to_owned()]));
    assert_eq!(site.groups.known().unwrap().get("size").map(String::as_str), Some("3"));
}

#[test]
fn targets_of_an_ingress_are_what_a_plan_computes() {
    let probes = folder(&format!("{INGRESS}{PROBE}")).probes(&site()).unwrap();
    assert_eq!(probes[0].0, "homelab_carveout_probe.doors");
    let targets = probes[0].1.targets.known().unwrap();
    let urls: Vec<&str> = targets.iter().map(|target| target.url.as_str()).collect();
    assert_eq!(urls, ["https://photos.example.net/", "https://photos.example.net/share"]);
}

#[test]
fn an_ingress_that_a_plan_refuses_has_no_targets_and_says_why() {
    let failure = message(folder(&format!("{INGRESS}{PROBE}")).probes(&Site::default()));
    assert!(failure.starts_with("main.tf:2: homelab_ingress.photos would be refused by a plan"), "{failure}");
    assert!(failure.contains("HL1002") && failure.contains("HL1004"), "no host and no gate: {failure}");
    let silent = INGRESS.replace("reason = \"links carry their own token\"", "");
    let failure = message(folder(&format!("{silent}{PROBE}")).probes(&site()));
    assert!(failure.starts_with("main.tf:6: ") && failure.contains("HL1001"), "{failure}");
}

#[test]
fn what_only_a_run_knows_is_refused_with_a_way_out() {
    let text = "\n\nresource \"homelab_carveout_probe\" \"x\" {\n  targets = module.y.z\n}\n";
    let failure = message(folder(text).probes(&site()));
    assert!(failure.starts_with("main.tf:4: the targets of homelab_carveout_probe.x"), "{failure}");
    assert!(failure.contains("\n\nhint: refer to homelab_ingress"), "{failure}");

    let open = INGRESS.replace("\"/share\"", "module.app.path");
    let failure = message(folder(&format!("{open}{PROBE}")).probes(&site()));
    assert!(failure.contains("depend on carve_out.share.paths"), "{failure}");

    let failure = folder(PROBE).probes(&site()).unwrap_err().to_string();
    assert!(failure.starts_with("homelab_ingress.photos is not declared in "), "{failure}");
}

#[test]
fn a_resource_that_is_switched_off_is_not_there() {
    let off = PROBE.replace("targets =", "count = 0\n  targets =");
    assert!(folder(&off).probes(&site()).unwrap().is_empty());
}

#[test]
fn wrong_files_are_named_with_their_line() {
    let failure =
        message(folder_with(&[("main.tf", "a = 1\nprovider \"homelab\" {\n  site { root_domain = }\n}\n")], &[]));
    assert!(failure.starts_with("main.tf:3:24: failed to parse the file"), "{failure}");

    let provider = |text: &str| message(folder(text).provider::<ProviderConfig>());
    let failure = provider("provider \"homelab\" {\n  site {\n    root_domian = \"example.net\"\n  }\n}\n");
    assert!(
        failure.starts_with("main.tf:3: provider \"homelab\" has no argument or block \"root_domian\""),
        "{failure}"
    );
    assert!(failure.contains("hint: there are: annotation_domain, ") || failure.contains("root_domain"), "{failure}");
    let failure = provider("provider \"homelab\" {\n\n  wall {}\n}\n");
    assert!(failure.starts_with("main.tf:3: provider \"homelab\" has no argument or block \"wall\""), "{failure}");
    let failure = provider("provider \"homelab\" {\n  checks {\n    references = \"perhaps\"\n  }\n}\n");
    assert!(failure.starts_with("main.tf:3: provider \"homelab\": checks.references"), "{failure}");
    let failure = provider("provider \"homelab\" {\n  alias = \"a\"\n}\nprovider \"homelab\" {\n  alias = \"b\"\n}\n");
    assert!(failure.contains("has an alias") && failure.contains("main.tf:4"), "{failure}");
}

#[test]
fn a_folder_without_files_says_so() {
    assert!(folder_with(&[], &[]).unwrap_err().to_string().contains("holds no .tf file"));
    let failure = Folder::read(Path::new("no/such/folder")).unwrap_err().to_string();
    assert!(failure.starts_with("failed to read the folder no/such/folder: "), "{failure}");
    assert_eq!(folder("").provider::<ProviderConfig>().unwrap(), None);
}
