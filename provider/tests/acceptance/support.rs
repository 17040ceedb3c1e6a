//! What every case starts from: a folder, a command line, a namespace.

use std::fs;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::Once;
use std::time::Duration;

use homelab_plane::process::wait_for;
use homelab_plane::terraform::{Cli, Workspace, platform};
use homelab_plane::{Api, Env, shared, skip};
use serde_json::{Value, json};

/// The provider that is tested.
pub(crate) const PROVIDER: &str = env!("CARGO_BIN_EXE_terraform-provider-homelab");

/// What stands at the top of every configuration here. `var.namespace` is the namespace of the case.
pub(crate) const HEADER: &str = r#"
terraform {
  required_providers {
    homelab = { source = "example/homelab" }
  }
}

variable "namespace" {
  type    = string
  default = "photos"
}
"#;

/// A provider block for whoever does not look at it closer. The cluster comes from `KUBECONFIG`, and each case has a
/// domain of its own: hosts are for the whole cluster.
pub(crate) const SITE: &str = r#"
provider "homelab" {
  site {
    root_domain = "${var.namespace}.example.net"
    middlewares {
      gate = "${var.namespace}-gate"
    }
  }
}
"#;

/// One case with one command line: a folder and a namespace of its own.
pub(crate) struct Case {
    work: Workspace,
    /// The plane that it runs on.
    pub(crate) env: Env,
    /// The cluster, as its administrator.
    pub(crate) api: Api,
    /// The namespace of this case alone.
    pub(crate) namespace: String,
}

impl Deref for Case {
    type Target = Workspace;

    fn deref(&self) -> &Workspace {
        &self.work
    }
}

impl DerefMut for Case {
    fn deref_mut(&mut self) -> &mut Workspace {
        &mut self.work
    }
}

impl Case {
    /// A case of `cli` on the shared plane.
    pub(crate) fn new(cli: &Cli, name: &str) -> Self {
        Self::on(cli, name, shared().unwrap())
    }

    /// A case of `cli` on that plane.
    pub(crate) fn on(cli: &Cli, name: &str, env: &Env) -> Self {
        let work = offline(cli);
        work.write("provider.tf", SITE);
        Self::of(work, name, env)
    }

    /// A case in that folder, which is as it is, on that plane.
    pub(crate) fn of(mut work: Workspace, name: &str, env: &Env) -> Self {
        let api = Api::admin(env).unwrap();
        let namespace = api.namespace(name).unwrap();
        work.plane(env).env("TF_VAR_namespace", &namespace);
        Self { work, env: env.clone(), api, namespace }
    }

    /// The live object at `path` below its namespace, as `ingresses/photos`; null where there is none.
    #[track_caller]
    pub(crate) fn live(&self, path: &str) -> Value {
        // Asked again where it is not served for a moment, as in [`Case::middleware`].
        self.api.until(&self.at(path), |_| true).unwrap()
    }

    /// The path in the API of something in its namespace: `services/photos`, `ingresses`.
    pub(crate) fn at(&self, path: &str) -> String {
        let group = match path.split('/').next().unwrap_or_default() {
            "ingresses" => "apis/networking.k8s.io/v1",
            "externalsecrets" | "secretstores" => "apis/external-secrets.io/v1",
            "middlewares" => "apis/traefik.io/v1alpha1",
            _ => "api/v1",
        };
        format!("/{group}/namespaces/{}/{path}", self.namespace)
    }

    /// Makes a Service with port 80, named `http`.
    #[track_caller]
    pub(crate) fn service(&self, name: &str) {
        let body = json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": {"ports": [{"name": "http", "port": 80}]},
        });
        self.api.create(&self.at("services"), &body).unwrap().expect("service", &[201]).unwrap();
    }

    /// Has the cluster refuse Ingresses in the namespace of the case unless `expression` (CEL) is true of them, with that
    /// message; returns when it does.
    #[track_caller]
    pub(crate) fn admit_only(&self, expression: &str, message: &str) {
        let name = format!("{}.example.net", self.namespace);
        let group = "/apis/admissionregistration.k8s.io/v1";
        let policy = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": name},
            "spec": {
                "failurePolicy": "Fail",
                "matchConstraints": {"resourceRules": [{
                    "apiGroups": ["networking.k8s.io"], "apiVersions": ["v1"],
                    "operations": ["CREATE", "UPDATE"], "resources": ["ingresses"],
                }]},
                "validations": [
                    {"expression": expression, "message": message},
                    {"expression": "object.metadata.name != 'canary'", "message": "in force"},
                ],
            },
        });
        let binding = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": name},
            "spec": {
                "policyName": name, "validationActions": ["Deny"],
                "matchResources": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": self.namespace}}},
            },
        });
        for (plural, body) in [("validatingadmissionpolicies", policy), ("validatingadmissionpolicybindings", binding)]
        {
            self.api.create(&format!("{group}/{plural}"), &body).unwrap().expect(plural, &[201]).unwrap();
        }
        self.until_canary(&[403, 422]);
    }

    /// Takes back [`Case::admit_only`], and returns when that is in force.
    #[track_caller]
    pub(crate) fn admit_all(&self) {
        let name = format!("{}.example.net", self.namespace);
        let binding = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings";
        self.api.delete(&format!("{binding}/{name}")).unwrap().expect("binding", &[200]).unwrap();
        self.until_canary(&[201]);
    }

    #[track_caller]
    fn until_canary(&self, wanted: &[u16]) {
        let canary = json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "canary"},
            "spec": {"defaultBackend": {"service": {"name": "none", "port": {"number": 80}}}},
        });
        wait_for("the change of the policy", Duration::from_mins(1), || {
            let path = format!("{}?dryRun=All", self.at("ingresses"));
            let answer = self.api.create(&path, &canary)?;
            Ok(if wanted.contains(&answer.status) { Ok(()) } else { Err(format!("it answered {}", answer.status)) })
        })
        .unwrap();
    }

    /// Makes a Traefik Middleware.
    #[track_caller]
    pub(crate) fn middleware(&self, name: &str) {
        static DEFINED: Once = Once::new();
        DEFINED.call_once(|| define_middlewares(&self.api));
        let body = json!({
            "apiVersion": "traefik.io/v1alpha1", "kind": "Middleware", "metadata": {"name": name},
            "spec": {"forwardAuth": {"address": "http://127.0.0.1:9"}},
        });
        // While a definition is replaced (a Traefik that starts brings its own), its objects are not served for a moment.
        wait_for("the definition of Middlewares", Duration::from_mins(1), || {
            let answer = self.api.create(&self.at("middlewares"), &body)?;
            if [404, 429, 503].contains(&answer.status) {
                return Ok(Err(format!("it answered {}", answer.body)));
            }
            answer.expect("middleware", &[201]).map(|_| Ok(()))
        })
        .unwrap();
    }
}

/// The cases of a test on the shared plane, one for each command line. `name` starts their namespaces.
pub(crate) fn cases(name: &str) -> impl Iterator<Item = Case> {
    clis().into_iter().map(move |cli| Case::new(&cli, name))
}

/// The cases of a test that needs no cluster: a folder for each command line.
pub(crate) fn folders() -> impl Iterator<Item = Workspace> {
    clis().into_iter().map(|cli| offline(&cli))
}

/// Every command line that is there. Terraform has to be; `OpenTofu` is named as skipped where it is not built.
pub(crate) fn clis() -> Vec<Cli> {
    static SAID: Once = Once::new();
    let tofu = Cli::tofu_if_built();
    if let Err(error) = &tofu {
        SAID.call_once(|| skip("acceptance cases with OpenTofu", &error.to_string()));
    }
    vec![Cli::terraform().unwrap_or_else(|error| panic!("{error}"))].into_iter().chain(tofu.ok()).collect()
}

/// As [`folders`], with objects going to the folder `manifests` and a gate that is named.
pub(crate) fn manifests() -> impl Iterator<Item = Workspace> {
    folders().inspect(|work| {
        work.write(
            "provider.tf",
            r#"
            provider "homelab" {
              kubernetes {
                gitops_dir = "manifests"
              }
              site {
                root_domain = "example.net"
                middlewares {
                  gate = "traefik-gate"
                }
              }
              checks {
                references = "off"
              }
            }
            "#,
        );
    })
}

/// A folder in which the program of the mirror is used as it is, as somebody who works on a provider has it: no `init`, and
/// no checksum of a large debug build at each of a thousand commands. What is left out is done by [`installed`].
pub(crate) fn offline(cli: &Cli) -> Workspace {
    let mut work = Workspace::new(cli, Path::new(PROVIDER)).unwrap();
    let root = work.path().join("..");
    let program = format!("mirror/{}/example/homelab/0.1.0/{}", cli.registry(), platform());
    let overrides =
        format!("  dev_overrides {{\n    \"example/homelab\" = {:?}\n  }}\n", root.join(program).display().to_string());
    let text = fs::read_to_string(work.cli_config()).unwrap();
    work.write(
        "../overrides.tfrc",
        &text.replacen("provider_installation {\n", &format!("provider_installation {{\n{overrides}"), 1),
    );
    work.env("TF_CLI_CONFIG_FILE", root.join("overrides.tfrc"));
    work.write("header.tf", HEADER);
    work
}

/// A folder for each command line, in which the provider is installed from a mirror and locked by `init`, as users have it.
pub(crate) fn installed() -> impl Iterator<Item = Workspace> {
    clis().into_iter().map(|cli| Workspace::new(&cli, Path::new(PROVIDER)).unwrap())
}

/// Traefik's Middleware, as far as these cases need it: objects that have a name.
pub(crate) fn define_middlewares(api: &Api) {
    define_loosely(api, "Middleware");
}

/// Traefik's IngressRoute, as far as these cases need it.
pub(crate) fn define_routes(api: &Api) {
    define_loosely(api, "IngressRoute");
}

/// A kind of Traefik's that takes whatever it is given. Where a Traefik runs, its own definition stays.
fn define_loosely(api: &Api, kind: &str) {
    let singular = kind.to_lowercase();
    let plural = format!("{singular}s");
    let name = format!("{plural}.traefik.io");
    if api.get(&format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}")).unwrap().status != 404 {
        return;
    }
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": name},
        "spec": {
            "group": "traefik.io", "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": singular, "listKind": format!("{kind}List")},
            "versions": [{
                "name": "v1alpha1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
            }],
        },
    });
    api.define(&definition).unwrap();
}
