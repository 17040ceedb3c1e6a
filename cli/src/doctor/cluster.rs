//! The block `kubernetes`: a cluster, or a folder.

use std::path::Path;

use futures::future::join_all;
use homelab_backends::kube::{Kube, Place};
use homelab_backends::objects::{ObjectError, Objects};
use serde_json::{Value, json};

use super::{Service, State};

const NAME: &str = "kubernetes";

/// Something that our resources do.
struct Need {
    /// API group; empty for the core group.
    group: &'static str,
    resource: &'static str,
    verbs: &'static [&'static str],
    /// What needs it.
    purpose: &'static str,
}

const fn need(
    group: &'static str,
    resource: &'static str,
    verbs: &'static [&'static str],
    purpose: &'static str,
) -> Need {
    Need { group, resource, verbs, purpose }
}

/// What the resources do, in all namespaces.
const NEEDS: &[Need] = &[
    need("networking.k8s.io", "ingresses", &["get", "list", "patch", "delete"], "homelab_ingress"),
    need("", "services", &["get", "list"], "the checks of homelab_ingress"),
    need("traefik.io", "middlewares", &["get", "list"], "the checks of homelab_ingress"),
    need("external-secrets.io", "externalsecrets", &["get", "list", "patch", "delete"], "homelab_external_secret"),
    need("", "secrets", &["get"], "the ephemeral homelab_secret"),
    need("", "nodes", &["list"], "homelab_upgrade_gate"),
    need("", "pods", &["list"], "homelab_upgrade_gate"),
    need("", "componentstatuses", &["get"], "homelab_upgrade_gate"),
    need("coordination.k8s.io", "leases", &["list"], "homelab_upgrade_gate"),
];

/// Groups that somebody has to install, and who brings them.
const INSTALLED: [(&str, &str); 2] = [("traefik.io", "Traefik"), ("external-secrets.io", "External Secrets Operator")];

const REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

pub(super) async fn examine(place: Place) -> Service {
    match place {
        Place::Cluster(settings) => {
            let insecure = settings.insecure;
            let kube = Kube::new(*settings);
            let mut service = cluster(&kube).await.unwrap_or_else(|error| {
                Service::new(NAME, State::Unusable, format!("failed to {error}")).hint(error.hint())
            });
            if insecure {
                service.notes.push("HL5004: certificates are not verified, because insecure is true".to_owned());
            }
            service
        }
        Place::Folder(folder) => folder_of(&folder),
        Place::None => Service::new(NAME, State::Unset, "no cluster and no folder is configured")
            .hint("name a cluster with KUBE_CONFIG_PATH, or a folder with HOMELAB_GITOPS_DIR"),
        Place::Unknown(arguments) => {
            let what = format!("{} can only be known in a Terraform run", arguments.join(", "));
            Service::new(NAME, State::Unusable, what)
                .hint("give it by its environment variable, or by a variable (TF_VAR_… or terraform.tfvars)")
        }
    }
}

fn folder_of(folder: &Path) -> Service {
    // A folder that is not there yet is made by the first apply.
    let existing = folder.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    let shown = format!("folder {}", folder.display());
    let wrong = |what: String| Service::new(NAME, State::Unusable, format!("{shown}: {what}"));
    match std::fs::metadata(existing) {
        Ok(data) if data.is_dir() && !data.permissions().readonly() => Service::new(NAME, State::Ok, shown),
        Ok(data) if data.is_dir() => wrong(format!("{} is not writable", existing.display()))
            .hint("let the user of this run write there, or name another folder"),
        Ok(_) => wrong(format!("{} is no folder", existing.display())).hint("name a folder with gitops_dir"),
        Err(error) => wrong(error.to_string()),
    }
}

async fn cluster(kube: &Kube) -> Result<Service, ObjectError> {
    let version = kube.get_json("/version").await?.unwrap_or_default();
    let who = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let who = kube.review("/apis/authentication.k8s.io/v1/selfsubjectreviews", &who).await?;
    let groups = kube.get_json("/apis").await?.unwrap_or_default();
    let absent: Vec<(&str, &str)> = INSTALLED.into_iter().filter(|(group, _)| !serves(&groups, group)).collect();
    let lacks = lacks(kube, |group| !absent.iter().any(|(missing, _)| *missing == group)).await?;

    let state = if lacks.is_empty() { State::Ok } else { State::Limited };
    let mut service = Service::new(NAME, state, kube.place());
    if state == State::Limited {
        service = service.hint("grant these verbs to the identity, or leave out what needs them");
    }
    service.version = version["gitVersion"].as_str().map(str::to_owned);
    service.identity = who.as_ref().and_then(user);
    service.lacks = lacks;
    service.notes =
        absent.iter().map(|(group, who)| format!("{who} is not installed ({group} is not served)")).collect();
    Ok(service)
}

fn serves(groups: &Value, name: &str) -> bool {
    groups["groups"].as_array().into_iter().flatten().any(|group| group["name"] == name)
}

fn user(review: &Value) -> Option<String> {
    let info = &review["status"]["userInfo"];
    let name = info["username"].as_str()?;
    let groups = info["groups"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let groups: Vec<&str> = groups.filter(|group| !group.is_empty()).collect();
    Some(if groups.is_empty() { name.to_owned() } else { format!("{name} ({})", groups.join(", ")) })
}

/// What is refused of [`NEEDS`] in groups that are there, and of the metrics: one line for each kind of object.
async fn lacks(kube: &Kube, is_there: impl Fn(&str) -> bool) -> Result<Vec<String>, ObjectError> {
    let of_resource = |need: &Need, verb: &str| json!({"resourceAttributes": {"group": need.group, "resource": need.resource, "verb": verb}});
    let needs: Vec<&Need> = NEEDS.iter().filter(|need| is_there(need.group)).collect();
    let verbs = needs.iter().flat_map(|need| need.verbs.iter().map(|verb| (*need, *verb)));
    let (asked, questions): (Vec<_>, Vec<_>) =
        verbs.map(|(need, verb)| ((need, verb), of_resource(need, verb))).unzip();
    let answers = join_all(questions.into_iter().map(|spec| allowed(kube, spec))).await;
    let mut refused: Vec<(&Need, Vec<&str>)> = Vec::new();
    for ((need, verb), answer) in asked.into_iter().zip(answers) {
        if answer? {
            continue;
        }
        match refused.last_mut().filter(|(last, _)| std::ptr::eq(*last, need)) {
            Some((_, verbs)) => verbs.push(verb),
            None => refused.push((need, vec![verb])),
        }
    }
    let mut lines: Vec<String> = refused
        .into_iter()
        .map(|(need, verbs)| {
            let dot = if need.group.is_empty() { "" } else { "." };
            let object = format!("{}{dot}{}", need.resource, need.group);
            format!("{} {object} in all namespaces, for {}", verbs.join(", "), need.purpose)
        })
        .collect();
    if !allowed(kube, json!({"nonResourceAttributes": {"path": "/metrics", "verb": "get"}})).await? {
        lines.push("get /metrics, for homelab_upgrade_gate".to_owned());
    }
    Ok(lines)
}

async fn allowed(kube: &Kube, spec: Value) -> Result<bool, ObjectError> {
    let question = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": spec});
    let answer = kube.review(REVIEWS, &question).await?;
    Ok(answer.is_some_and(|answer| answer["status"]["allowed"] == true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_named_with_its_groups() {
        let review =
            json!({"status": {"userInfo": {"username": "ci", "groups": ["", "bots", "system:authenticated"]}}});
        assert_eq!(user(&review).as_deref(), Some("ci (bots, system:authenticated)"));
        assert_eq!(user(&json!({"status": {"userInfo": {"username": "ci"}}})).as_deref(), Some("ci"));
        assert_eq!(user(&json!({})), None);
    }

    #[test]
    fn a_folder_that_is_not_there_yet_is_fine_and_a_file_is_not() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(folder_of(&dir.path().join("new/objects")).state, State::Ok);
        assert!(!dir.path().join("new").exists(), "looking makes nothing");
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        let service = folder_of(&file);
        assert_eq!(service.state, State::Unusable);
        assert!(service.detail.ends_with("is no folder"), "{}", service.detail);
    }
}
