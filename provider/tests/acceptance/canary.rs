//! No secret byte where it does not belong: random secrets go through every path that the provider has, and then everything
//! that a run leaves behind is searched for them, in each form in which they could appear.

mod crash;

use std::fs;

use homelab_plane::Vault;
use homelab_plane::canary::{Canary, Sampler, Search};
use homelab_plane::terraform::Output;
use serde_json::json;

use crate::operator::{is_ready, operator, token_of_the_store};
use crate::support::{Case, cases};

/// Every path at once. The cluster is reached by a token of a helper program; the store by the token that lies in a Secret.
const PATHS: &str = r#"
provider "homelab" {
  kubernetes {
    config_path = "helper.kubeconfig"
  }
  vault {}
  site {
    root_domain = "example.net"
  }
}

# From the store into the cluster.
resource "homelab_external_secret" "photos_db" {
  name             = "photos-db"
  namespace        = var.namespace
  refresh_interval = "15m"
  preflight        = "error"
  store {
    name = "vault-kv"
  }
  data "TOKEN" {
    key      = var.namespace
    property = "token"
  }
}

# Into a folder, where the operator of another cluster finds it.
provider "homelab" {
  alias = "folder"
  kubernetes {
    gitops_dir = "manifests"
  }
  vault {}
  site {
    root_domain = "example.net"
  }
  checks {
    references = "off"
  }
}
resource "homelab_external_secret" "elsewhere" {
  provider  = homelab.folder
  name      = "photos-db"
  namespace = var.namespace
  store {
    name = "vault-kv"
  }
  data "TOKEN" {
    key      = var.namespace
    property = "token"
  }
}

# A store of ours that is reached by the same token, named by reference.
resource "homelab_secret_store" "vault" {
  name      = "vault-canary"
  namespace = var.namespace
  vault {
    server  = "VAULT"
    path    = "secret"
    version = "v2"
    auth {
      token_secret_ref {
        name = "vault-token"
        key  = "token"
      }
    }
  }
}

# Out of the cluster, for one run.
ephemeral "homelab_secret" "photos_db" {
  handle = homelab_external_secret.photos_db.handle
}

# Out of one document of Vault and into another; and a value that a person types in.
ephemeral "homelab_kv_secret" "source" {
  mount = "secret"
  path  = var.namespace
}
resource "homelab_kv_key" "copied" {
  mount            = "secret"
  path             = "${var.namespace}-written"
  key              = "copied"
  value_wo         = ephemeral.homelab_kv_secret.source.data["token"]
  value_wo_version = 1
}
variable "typed" {
  type      = string
  ephemeral = true
}
resource "homelab_kv_key" "typed" {
  mount            = "secret"
  path             = "${var.namespace}-written"
  key              = "typed"
  value_wo         = var.typed
  value_wo_version = 1
}
"#;

/// Who uses it: somebody who is refused, whose refusal must not repeat it. One cluster does not know this token, and one Vault.
const REFUSED: &str = r#"
provider "homelab" {
  alias = "refused"
  kubernetes {
    config_path = "plane.kubeconfig"
    token       = ephemeral.homelab_secret.photos_db.data["TOKEN"]
  }
  site {
    root_domain = "example.net"
  }
}
resource "homelab_ingress" "refused" {
  provider  = homelab.refused
  name      = "refused"
  namespace = var.namespace
  host      = "refused.${var.namespace}.example.net"
  auth      = "none"
  reason    = "a test page"
  service {
    name = "photos"
    port = "80"
  }
}
provider "homelab" {
  alias = "stranger"
  vault {
    token = ephemeral.homelab_secret.photos_db.data["TOKEN"]
  }
  site {
    root_domain = "example.net"
  }
}
resource "homelab_external_secret" "stranger" {
  provider  = homelab.stranger
  name      = "stranger"
  namespace = var.namespace
  store {
    name = "vault-kv"
  }
  data "TOKEN" {
    key      = var.namespace
    property = "no-such-property"
  }
  timeouts {
    create = "5s"
  }
}
resource "homelab_kv_key" "stranger" {
  provider         = homelab.stranger
  mount            = "secret"
  path             = "${var.namespace}-written"
  key              = "stranger"
  value_wo         = var.typed
  value_wo_version = 1
}
"#;

/// Where a person keeps what is typed in: outside of what is searched.
const TYPED: &str = "-var-file=../typed.tfvars";

/// A kubeconfig whose token comes from a helper, which notes how it was called.
fn with_helper(case: &Case) {
    let folder = case.path();
    let script = format!(
        "#!/bin/sh\nenv > {0}/helper.env\ntr '\\0' '\\n' < /proc/$PPID/cmdline > {0}/helper.parent\ncat {0}/../credential.json\n",
        folder.display()
    );
    case.write("helper.sh", &script);
    let credential = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
        "status": {"token": case.env.admin_token},
    });
    // Outside of what is searched: here the token belongs.
    case.write("../credential.json", &credential.to_string());
    let mut config: serde_json::Value = serde_json::from_str(&case.env.kubeconfig_for("admin", "none")).unwrap();
    config["users"][0]["user"] = json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "interactiveMode": "Never",
        "args": [folder.join("helper.sh").display().to_string()],
    }});
    case.write("helper.kubeconfig", &config.to_string());
}

/// Runs a command with its processes watched; everything that it said goes into the search.
fn watched(case: &Case, search: &mut Search, args: &[&str]) -> Output {
    let running = case.spawn(args.iter().copied()).unwrap();
    let sampler = Sampler::start(running.id());
    let output = running.wait().unwrap();
    let seen = sampler.stop();
    search.text("output", &output.command, &format!("{}\n{}", output.stdout, output.stderr));
    for command_line in &seen.command_lines {
        search.text("argv", "a command line", command_line);
    }
    for environment in &seen.environments {
        search.text("environment", "an environment", environment);
    }
    output
}

#[test]
fn a_secret_of_any_path_appears_nowhere() {
    for mut case in cases("canary") {
        let value = Canary::new("the value in the store").unwrap();
        Vault::root(&case.env).unwrap().put(&case.namespace, &json!({"token": value.plain()})).unwrap();
        if !operator(&case) {
            return;
        }
        case.service("photos");
        let typed = Canary::new("the value that is typed in").unwrap();
        case.write("../typed.tfvars", &format!("typed = {:?}\n", typed.plain()));
        let canaries = [
            value,
            typed,
            Canary::of("the token of the store", &token_of_the_store(&case)),
            Canary::of("the token of the helper", &case.env.admin_token),
        ];
        let mut search = Search::new(&canaries);
        with_helper(&case);
        case.write("plane.kubeconfig", &case.env.kubeconfig_for("admin", "another-token"));
        case.write("provider.tf", "");
        case.write("main.tf", &PATHS.replace("VAULT", &case.env.vault_addr));
        let log = case.path().join("trace.log");
        case.env("TF_LOG", "TRACE").env("TF_LOG_PATH", log);

        for args in [&["plan", TYPED, "-out=p"][..], &["show", "-json", "p"], &["apply", TYPED, "p"]] {
            let output = watched(&case, &mut search, args);
            assert_eq!(output.code, 0, "{output}");
        }
        case.api.until(&case.at("externalsecrets/photos-db"), is_ready).unwrap();
        // The value went all the way: what is searched for was really there.
        assert!(search.would_find(&case.live("secrets/photos-db").to_string()));
        let written = Vault::root(&case.env).unwrap().get(&format!("{}-written", case.namespace)).unwrap();
        assert_eq!((&written["copied"], &written["typed"]), (&json!(canaries[0].plain()), &json!(canaries[1].plain())));
        case.write("refused.tf", REFUSED);
        for args in
            [&["plan", TYPED, "-out=q"][..], &["apply", TYPED, "q"], &["state", "pull"], &["plan", TYPED, "-json"]]
        {
            let _ = watched(&case, &mut search, args);
        }
        // Without a file, the log is on stderr.
        case.env("TF_LOG_PATH", "");
        let logged = watched(&case, &mut search, &["apply", TYPED, "-auto-approve"]).fails_with("Not authenticated");
        assert!(logged.stderr.contains("TRACE"), "there was no log");
        case.env("TF_LOG", "");
        // A plan is a zip: its members are looked at, not its bytes.
        for plan in ["p", "q"].iter().filter(|plan| case.path().join(plan).exists()) {
            let file = fs::File::open(case.path().join(plan)).unwrap();
            zip::ZipArchive::new(file).unwrap().extract(case.path().join(format!("unzipped-{plan}"))).unwrap();
        }
        search.folder(&case.path()).unwrap();
        assert!(case.read("trace.log").contains("homelab_secret"), "the log is that of the run");
        assert!(case.read("helper.env").contains("KUBERNETES_EXEC_INFO"), "the helper was asked");
        assert!(!case.files("manifests").is_empty(), "the folder was written to");
        let gone = watched(&case, &mut search, &["destroy", TYPED, "-auto-approve"]);
        assert_eq!(gone.code, 0, "{gone}");
        search.folder(&case.path()).unwrap();
        assert_eq!(search.hits(), Vec::<String>::new());
        eprintln!("canary with {}: {}", case.cli().name(), search.report());
        search.assert_saw(&["output", "argv", "environment", "state", "plan", "log", "manifest", "file"]);
    }
}

#[test]
fn the_search_finds_what_is_planted() {
    for case in cases("planted").take(1) {
        let canaries = [Canary::new("a secret").unwrap()];
        let forms: Vec<String> = canaries[0].forms().map(str::to_owned).collect();
        // In every form, in files of every kind.
        for (index, form) in forms.iter().enumerate() {
            let mut search = Search::new(&canaries);
            case.write(&format!("leak-{index}/terraform.tfstate"), &format!("{{\"a\": \"x{form}y\"}}"));
            search.folder(&case.path().join(format!("leak-{index}"))).unwrap();
            assert!(!search.hits().is_empty(), "{form}");
        }
        // In an argument and in a variable of a child.
        for script in ["read wait", "SECRET=\"$1\" sh -c 'read wait'"] {
            let mut child = std::process::Command::new("sh")
                .args(["-c", &format!("{script}; :"), "sh", canaries[0].plain()])
                .stdin(std::process::Stdio::piped())
                .spawn()
                .unwrap();
            let sampler = Sampler::start(std::process::id());
            sampler.until_seen(child.id()).unwrap();
            let seen = sampler.stop();
            drop(child.stdin.take());
            child.wait().unwrap();
            let mut search = Search::new(&canaries);
            seen.command_lines.iter().for_each(|text| search.text("argv", "a command line", text));
            seen.environments.iter().for_each(|text| search.text("environment", "an environment", text));
            assert!(!search.hits().is_empty(), "{script}");
        }
    }
}
