//! The provider block, from Terraform to the runtime.

use async_trait::async_trait;
use homelab_backends::kube::Place;
use homelab_backends::objects::Cause;
use homelab_core::finding::provider as codes;
use homelab_cty::{Attr, ModelError, Path};
use homelab_plugin::{ConfigureRequest, Context, Diagnostic, Diagnostics, Provider};
use homelab_schema::provider::{ProviderConfig, contradictions, gaps, with_environment};

use crate::Runtime;

/// The `homelab` provider: takes its block and hands it to the [`Runtime`].
pub struct Homelab {
    runtime: Runtime,
    variable: fn(&str) -> Option<String>,
}

impl Homelab {
    /// The provider that configures `runtime`.
    pub fn new(runtime: Runtime) -> Self {
        Self { runtime, variable: |name| std::env::var(name).ok() }
    }
}

#[async_trait]
impl Provider for Homelab {
    type Config = ProviderConfig;

    async fn validate(&self, _cx: &Context, config: &ProviderConfig, diagnostics: &mut Diagnostics) {
        refuse(contradictions(config), diagnostics);
    }

    async fn configure(&self, _cx: &Context, request: ConfigureRequest<ProviderConfig>, diagnostics: &mut Diagnostics) {
        let effective = match with_environment(&request.config, self.variable) {
            Ok(effective) => effective,
            Err(errors) => {
                for error in errors {
                    let detail = format!("{error}.");
                    diagnostics.error(error.path, "Invalid environment variable", detail);
                }
                return;
            }
        };
        refuse(contradictions(&effective), diagnostics);
        refuse(gaps(&effective), diagnostics);
        if let Ok(Place::Cluster(settings)) = Place::of(&effective.kubernetes)
            && let Some(Cause::Configuration { argument, words, hint }) = settings.problem()
        {
            let path = argument.split('.').fold(Path::root(), |path, name| path.then_attr(name));
            diagnostics.error(path, "The cluster is not usable as configured", format!("{argument}: {words}. {hint}"));
        }
        if let Attr::Known(kubernetes) = &effective.kubernetes
            && kubernetes.insecure == Attr::Known(true)
        {
            diagnostics.warning(
                Path::attr("kubernetes").then_attr("insecure"),
                crate::report::coded(Some(codes::INSECURE), "The API server is not verified"),
                "kubernetes.insecure is true: whoever stands between here and the cluster can read the credentials and \
                 change what is applied. Set cluster_ca_certificate instead.",
            );
        }
        if !diagnostics.has_errors() {
            self.runtime.configure(effective);
        }
    }
}

fn refuse(problems: Vec<ModelError>, diagnostics: &mut Diagnostics) {
    for problem in problems {
        diagnostics.push(Diagnostic::from(problem));
    }
}

#[cfg(test)]
mod tests {
    use homelab_backends::objects::NotConfigured;
    use homelab_plugin::Severity;
    use homelab_schema::provider::Kubernetes;

    use super::*;

    async fn configured(kubernetes: Kubernetes, variable: fn(&str) -> Option<String>) -> (Runtime, Diagnostics) {
        let runtime = Runtime::new();
        let provider = Homelab { runtime: runtime.clone(), variable };
        let config = ProviderConfig { kubernetes: Attr::Known(kubernetes), ..ProviderConfig::default() };
        let mut diagnostics = Diagnostics::new();
        let request = ConfigureRequest { config, terraform_version: "1.11.4".to_owned() };
        provider.configure(&Context::default(), request, &mut diagnostics).await;
        (runtime, diagnostics)
    }

    fn text(text: &str) -> Attr<String> {
        Attr::Known(text.to_owned())
    }

    #[tokio::test]
    async fn a_cluster_and_a_folder_are_refused_at_the_block() {
        let both = Kubernetes { gitops_dir: text("out"), host: text("https://192.0.2.1"), ..Kubernetes::default() };
        let (runtime, diagnostics) = configured(both, |_| None).await;
        let error = diagnostics.iter().find(|one| one.severity == Severity::Error).expect("an error");
        assert!(error.path.to_string().starts_with("kubernetes"), "{error:?}");
        assert!(runtime.objects(&Context::default()).is_err());
    }

    #[tokio::test]
    async fn insecure_warns_each_time() {
        let insecure =
            Kubernetes { host: text("https://192.0.2.1"), insecure: Attr::Known(true), ..Kubernetes::default() };
        for _ in 0..2 {
            let (runtime, diagnostics) = configured(insecure.clone(), |_| None).await;
            let warning = diagnostics.iter().next().expect("a warning");
            assert_eq!(
                (warning.severity, warning.path.to_string().as_str()),
                (Severity::Warning, "kubernetes.insecure")
            );
            assert!(runtime.objects(&Context::default()).is_ok());
        }
    }

    #[tokio::test]
    async fn unknown_values_are_no_error_of_configure() {
        let later = Kubernetes { host: Attr::Unknown, ..Kubernetes::default() };
        let (runtime, diagnostics) = configured(later, |_| None).await;
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let error = runtime.objects(&Context::default()).err().expect("nothing to reach");
        assert_eq!(error.cause, Cause::NotConfigured(NotConfigured::Unknown(vec!["kubernetes.host".to_owned()])));
    }

    #[tokio::test]
    async fn an_unknown_context_is_refused_at_its_argument_and_a_missing_file_is_not_yet() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("kubeconfig").display().to_string();
        let block = Kubernetes { config_path: text(&path), config_context: text("nope"), ..Kubernetes::default() };
        let (_, diagnostics) = configured(block.clone(), |_| None).await;
        assert!(diagnostics.is_empty(), "{diagnostics:?}");

        let kubeconfig = r#"{"clusters": [{"name": "c", "cluster": {"server": "https://192.0.2.1"}}],
            "contexts": [{"name": "home", "context": {"cluster": "c"}}]}"#;
        std::fs::write(&path, kubeconfig).expect("write");
        let (_, diagnostics) = configured(block, |_| None).await;
        let error = diagnostics.iter().next().expect("an error");
        assert_eq!(error.path.to_string(), "kubernetes.config_context");
        assert!(error.detail.contains("\"nope\"") && error.detail.contains("home"), "{}", error.detail);
    }

    #[tokio::test]
    async fn the_environment_fills_what_the_block_leaves_out() {
        let environment = |name: &str| (name == "HOMELAB_GITOPS_DIR").then(|| "from-the-environment".to_owned());
        let (runtime, diagnostics) = configured(Kubernetes::default(), environment).await;
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let objects = runtime.objects(&Context::default()).expect("a folder");
        assert_eq!(objects.place(), "folder from-the-environment");
    }
}
