//! Who uses a Secret: pods that would miss it, and workloads that would not notice a change.

use homelab_cty::Path;
use homelab_schema::external_secret::ExternalSecret;
use serde_json::Value;

use super::checks::subject;
use super::references::is_owner;
use crate::finding::{Finding, secret as codes};
use crate::fleet::readers::Reader;
use crate::fleet::reloader::Marks;

/// How many names a message has.
const MOST: usize = 5;

/// Why the Secret is about to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Going {
    /// With its ExternalSecret.
    Destroyed,
    /// The operator deletes it, since the target has another name now.
    Renamed,
}

/// Whether the Secret goes with the ExternalSecret.
pub fn goes_with(model: &ExternalSecret) -> bool {
    use homelab_schema::external_secret::OnDestroy;
    is_owner(model) && model.on_destroy.known() == Some(&OnDestroy::DeleteSecret)
}

/// Whether a Pod is there to stay: started or about to, and not on its way out.
pub fn is_running(pod: &Value) -> bool {
    let is_leaving = pod["metadata"].get("deletionTimestamp").is_some_and(|time| !time.is_null());
    !is_leaving && !matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"))
}

/// The Secret must not go while these pods run; `None` where none of them uses it.
pub fn in_use(model: &ExternalSecret, secret: &str, pods: &[Reader], going: Going) -> Option<Finding> {
    let users: Vec<&str> = pods.iter().filter(|pod| pod.reads(secret)).map(|pod| pod.name.as_str()).collect();
    if users.is_empty() {
        return None;
    }
    let why = match going {
        Going::Destroyed => "goes with the ExternalSecret (`on_destroy = \"delete_secret\"`)",
        Going::Renamed => "is deleted by the operator, since the target has another name",
    };
    let observed = format!("The Secret {secret} {why}, and running pods use it: {}.", named(&users));
    let path = match going {
        Going::Destroyed => Path::attr("on_destroy"),
        Going::Renamed => Path::attr("target").then_attr("name"),
    };
    Some(Finding::new(codes::SECRET_IN_USE, subject(model), observed).at(path))
}

/// Workloads that read the Secret at start alone and that nothing restarts; `None` where there are none. The Secret carries
/// Reloader's own annotation.
pub fn unnoticed(model: &ExternalSecret, secret: &str, workloads: &[Reader]) -> Option<Finding> {
    let marks = Marks { matched: true, ignored: false };
    let deaf = workloads.iter().filter(|one| {
        one.lives_on && !one.reads_only_at_start(secret).is_empty() && !one.reloading.asks_for(secret, marks)
    });
    let deaf: Vec<String> = deaf.map(|one| format!("{} {}", one.kind, one.name)).collect();
    if deaf.is_empty() {
        return None;
    }
    let names: Vec<&str> = deaf.iter().map(String::as_str).collect();
    let observed = format!(
        "The Secret {secret} says that it may restart workloads, and these do not ask for it: {}.",
        named(&names)
    );
    Some(
        Finding::new(codes::NO_RELOAD, subject(model), observed)
            .expected("They read it only at start: a rotated value reaches them when somebody restarts them.")
            .at(Path::attr("reload")),
    )
}

fn named(names: &[&str]) -> String {
    let more = names.len().saturating_sub(MOST);
    let first = names[..names.len() - more].join(", ");
    if more == 0 { first } else { format!("{first} and {more} more") }
}

#[cfg(test)]
mod tests {
    use homelab_schema::external_secret::{CreationPolicy, OnDestroy, Target};
    use serde_json::json;

    use super::*;

    fn reader(kind: &str, name: &str, annotations: &Value, secret: &str) -> Reader {
        let spec = json!({"containers": [{"name": "app", "envFrom": [{"secretRef": {"name": secret}}]}]});
        let metadata = json!({"name": name, "namespace": "photos", "annotations": annotations});
        let object = if kind == "Pod" {
            json!({"kind": kind, "metadata": metadata, "spec": spec})
        } else {
            json!({"kind": kind, "metadata": metadata, "spec": {"template": {"spec": spec}}})
        };
        Reader::of(&object).expect("a reader")
    }

    #[test]
    fn pods_that_are_done_or_leaving_do_not_run() {
        assert!(is_running(&json!({"metadata": {}, "status": {"phase": "Running"}})));
        assert!(is_running(&json!({"metadata": {"deletionTimestamp": null}, "status": {"phase": "Pending"}})));
        let leaving =
            json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}, "status": {"phase": "Running"}});
        assert!(!is_running(&leaving));
        assert!(!is_running(&json!({"metadata": {}, "status": {"phase": "Succeeded"}})));
    }

    #[test]
    fn a_secret_in_use_is_named_with_who_uses_it() {
        let model = ExternalSecret::default();
        let pods: Vec<Reader> =
            (0..7).map(|number| reader("Pod", &format!("web-{number}"), &Value::Null, "db")).collect();
        let found = in_use(&model, "db", &pods, Going::Destroyed).expect("a finding");
        assert!(found.observed.ends_with("web-0, web-1, web-2, web-3, web-4 and 2 more."), "{}", found.observed);
        assert_eq!(in_use(&model, "other", &pods, Going::Renamed), None);
    }

    #[test]
    fn only_an_owned_secret_goes() {
        let policy = |policy: CreationPolicy| ExternalSecret {
            on_destroy: OnDestroy::DeleteSecret.into(),
            target: Target { creation_policy: policy.into(), ..Target::default() }.into(),
            ..ExternalSecret::default()
        };
        assert!(goes_with(&policy(CreationPolicy::Owner)) && !goes_with(&policy(CreationPolicy::Merge)));
        assert!(!goes_with(&ExternalSecret::default()));
    }

    #[test]
    fn a_workload_that_does_not_ask_for_a_restart_is_named() {
        let model = ExternalSecret::default();
        let by_name = json!({"secret.reloader.stakater.com/reload": "other,db"});
        let search = json!({"reloader.stakater.com/search": "true"});
        let listening = [reader("Deployment", "a", &by_name, "db"), reader("StatefulSet", "b", &search, "db")];
        assert_eq!(unnoticed(&model, "db", &listening), None);
        let deaf = reader("Deployment", "c", &json!({}), "db");
        let found = unnoticed(&model, "db", std::slice::from_ref(&deaf)).expect("a finding");
        assert!(found.observed.contains("Deployment c"), "{}", found.observed);
        assert_eq!(unnoticed(&model, "other", &[deaf]), None);
    }
}
