//! `homelab_external_secrets`: the fleet, as `core` judges it.
//!
//! A cluster that is not there is no error here: a stack that makes the cluster plans before there is one. It is a gap, which is
//! in the outputs and in a warning, and never an empty fleet that is complete.

use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use homelab_backends::fleet::{self, Look, Values};
use homelab_backends::objects::MANAGER;
use homelab_core::exit::Class;
use homelab_core::finding::{Finding, secret as codes};
use homelab_core::fleet::{Member, Report, Unseen, judge};
use homelab_core::names;
use homelab_cty::{Attr, Path};
use homelab_plugin::{Context, DataSource, Diagnostics};
use homelab_schema::external_secrets::{ExternalSecrets as Declared, FleetFinding, FleetMember, FleetReaction};

use crate::Runtime;
use crate::report::coded;

/// The data source.
pub struct ExternalSecretsData {
    runtime: Runtime,
}

impl ExternalSecretsData {
    /// The data source on that runtime.
    pub fn new(runtime: Runtime) -> Self {
        Self { runtime }
    }

    async fn look(&self, declared: &Declared) -> Report {
        let unseen = |why: String| Report {
            secrets: Vec::new(),
            findings: Vec::new(),
            seen: Vec::new(),
            unseen: vec![Unseen { kind: "ExternalSecret".to_owned(), why }],
        };
        let cluster = match self.runtime.cluster() {
            Ok(Some(cluster)) => cluster,
            Ok(None) => {
                return unseen("the provider writes to a folder, where there is no cluster to look at".to_owned());
            }
            Err(error) => return unseen(format!("failed to {error}")),
        };
        let vault = self.runtime.vault().map_err(|error| format!("failed to {error}"));
        let values = match &vault {
            _ if declared.preflight.known() == Some(&false) => Values::Unwanted,
            Ok(vault) => Values::Names(vault),
            Err(why) => Values::Unseen(why),
        };
        let namespaces = declared.namespaces.known().cloned().unwrap_or_default();
        let evidence = fleet::look(&cluster, Look { namespaces: &namespaces, values }).await;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        judge(&evidence, i64::try_from(now).unwrap_or(i64::MAX), MANAGER)
    }
}

#[async_trait]
impl DataSource for ExternalSecretsData {
    type Model = Declared;

    fn name(&self) -> &'static str {
        "homelab_external_secrets"
    }

    async fn validate(&self, _cx: &Context, config: &Declared, diagnostics: &mut Diagnostics) {
        for (index, namespace) in config.namespaces.known().into_iter().flatten().enumerate() {
            if !names::is_label(namespace) {
                let path = Path::attr("namespaces").then_index(index);
                let detail = format!("{namespace:?} was given. It must be {}.", names::LABEL);
                diagnostics.error(path, coded(Some(codes::MALFORMED), "Not a namespace"), detail);
            }
        }
    }

    async fn read(&self, cx: &Context, mut declared: Declared, diagnostics: &mut Diagnostics) -> Option<Declared> {
        if declared.preflight.known().is_none() {
            declared.preflight = Attr::Known(true);
        }
        if declared.on_findings.known().is_none() {
            declared.on_findings = Attr::Known(FleetReaction::Record);
        }
        let report = tokio::select! {
            biased;
            () = cx.cancelled.cancelled() => {
                diagnostics.error(Path::root(), "Stopped", "The run was stopped before the cluster was looked at.");
                return None;
            }
            report = self.look(&declared) => report,
        };
        say(&declared, &report, diagnostics);
        let is_error = declared.on_findings == Attr::Known(FleetReaction::Error);
        (!is_error || !diagnostics.has_errors()).then(|| with_report(declared, report))
    }
}

/// One diagnostic for all that is to be acted on, and one for all that could not be looked at: a fleet is large.
fn say(declared: &Declared, report: &Report, diagnostics: &mut Diagnostics) {
    let line = |finding: &Finding| format!("{} {}: {}", finding.code, finding.object, finding.observed);
    let of_class = |class: Class| report.findings.iter().filter(move |finding| finding.code.class == class);
    let to_act: Vec<String> = of_class(Class::Act).map(line).collect();
    if !to_act.is_empty() {
        let worst = of_class(Class::Act).next().map(|finding| finding.code);
        let summary = coded(worst, "ExternalSecrets need somebody to act");
        let path = Path::attr("on_findings");
        match declared.on_findings.known() {
            Some(FleetReaction::Error) => diagnostics.error(path, summary, to_act.join("\n")),
            Some(FleetReaction::Warn) => diagnostics.warning(path, summary, to_act.join("\n")),
            Some(FleetReaction::Record) | None => {}
        }
    }
    let blind = report.unseen.iter().map(|unseen| format!("{}: {}", unseen.kind, unseen.why));
    let blind: Vec<String> = blind.chain(of_class(Class::Unmeasured).map(line)).collect();
    if !blind.is_empty() {
        let summary = coded(Some(codes::NOT_CHECKED), "not all of the fleet could be looked at");
        diagnostics.warning(Path::root(), summary, blind.join("\n"));
    }
}

fn with_report(mut declared: Declared, report: Report) -> Declared {
    let complete = report.is_complete();
    let not_ready = report.secrets.iter().filter(|member| member.state != "ready");
    declared.not_ready = Attr::Known(not_ready.map(|one| format!("{}/{}", one.namespace, one.name)).collect());
    declared.complete = Attr::Known(complete);
    declared.unseen = Attr::Known(report.unseen.into_iter().map(|one| format!("{}: {}", one.kind, one.why)).collect());
    declared.findings = Attr::Known(report.findings.into_iter().map(finding).collect());
    declared.external_secrets = Attr::Known(report.secrets.into_iter().map(member).collect());
    declared
}

fn member(member: Member) -> FleetMember {
    FleetMember {
        namespace: member.namespace,
        name: member.name,
        secret_name: member.secret,
        stores: member.stores,
        state: member.state.to_owned(),
        reason: member.reason,
        message: member.message,
        since: member.since,
        rotates: member.rotates,
        readers: member.readers,
    }
}

fn finding(finding: Finding) -> FleetFinding {
    let class = match finding.code.class {
        Class::Note => "note",
        Class::Act | Class::Held => "act",
        Class::Unmeasured => "unmeasured",
    };
    FleetFinding {
        code: finding.code.id.to_owned(),
        class: class.to_owned(),
        object: finding.object,
        summary: finding.summary,
        observed: finding.observed,
        clears: finding.clears,
    }
}

#[cfg(test)]
mod tests {
    use homelab_plugin::Severity;
    use homelab_schema::provider::{Kubernetes, ProviderConfig};

    use super::*;

    async fn read(config: ProviderConfig, declared: Declared) -> (Option<Declared>, Diagnostics) {
        let runtime = Runtime::new();
        runtime.configure(config);
        let mut diagnostics = Diagnostics::new();
        let source = ExternalSecretsData::new(runtime);
        let read = source.read(&Context::default(), declared, &mut diagnostics).await;
        (read, diagnostics)
    }

    #[tokio::test]
    async fn a_cluster_that_is_not_there_is_a_gap_and_never_an_empty_fleet() {
        let folder = Kubernetes { gitops_dir: "out".to_owned().into(), ..Kubernetes::default() };
        let later = Kubernetes { host: Attr::Unknown, ..Kubernetes::default() };
        for kubernetes in [Attr::Null, Attr::Known(folder), Attr::Known(later)] {
            let config = ProviderConfig { kubernetes, ..ProviderConfig::default() };
            let (read, diagnostics) = read(config, Declared::default()).await;
            let read = read.expect("outputs");
            assert_eq!(read.complete, Attr::Known(false));
            assert_eq!(read.external_secrets, Attr::Known(Vec::new()));
            assert_eq!(read.unseen.known().map(Vec::len), Some(1));
            assert_eq!((read.preflight, read.on_findings), (Attr::Known(true), Attr::Known(FleetReaction::Record)));
            let only = diagnostics.iter().next().expect("a warning");
            assert_eq!(only.severity, Severity::Warning);
            assert!(only.summary.starts_with("HL2901"), "{}", only.summary);
        }
    }

    #[tokio::test]
    async fn a_namespace_that_is_none_is_refused_at_its_place() {
        let source = ExternalSecretsData::new(Runtime::new());
        let config =
            Declared { namespaces: Attr::Known(vec!["apps".to_owned(), "Apps".to_owned()]), ..Declared::default() };
        let mut diagnostics = Diagnostics::new();
        source.validate(&Context::default(), &config, &mut diagnostics).await;
        let only: Vec<String> = diagnostics.iter().map(|one| one.path.to_string()).collect();
        assert_eq!(only, ["namespaces[1]"]);
    }

    #[test]
    fn what_is_to_be_acted_on_is_said_as_loudly_as_it_was_asked_for() {
        let found = Finding::new(codes::NOT_READY, "ExternalSecret apps/a", "x");
        let note = Finding::new(codes::UNUSED, "ExternalSecret apps/b", "y");
        let report = Report { secrets: Vec::new(), findings: vec![found, note], seen: Vec::new(), unseen: Vec::new() };
        for (reaction, expected) in [
            (FleetReaction::Record, None),
            (FleetReaction::Warn, Some(Severity::Warning)),
            (FleetReaction::Error, Some(Severity::Error)),
        ] {
            let declared = Declared { on_findings: Attr::Known(reaction), ..Declared::default() };
            let mut diagnostics = Diagnostics::new();
            say(&declared, &report, &mut diagnostics);
            assert_eq!(diagnostics.iter().next().map(|one| one.severity), expected);
            assert!(diagnostics.iter().all(|one| !one.detail.contains("apps/b")), "a note is no reason to act");
        }
    }
}
