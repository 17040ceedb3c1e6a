//! The certificates that Ingresses name: without a usable one, Traefik serves its own, which no browser accepts.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use futures::future::join_all;
use homelab_backends::kube::Kube;
use homelab_backends::objects::{Live, ObjectError, Objects, kinds};
use homelab_core::finding::Finding;
use homelab_core::ingress::references::{self, Reference, Target};
use homelab_cty::Path;
use serde_json::Value;

/// Namespace and name of a Secret.
type Place = (String, String);

/// What is wrong with them, and the first error that kept one from being looked at.
pub(super) async fn look(
    cluster: &Kube,
    ingresses: impl Iterator<Item = &Live>,
) -> (Vec<Finding>, Option<ObjectError>) {
    let mut wanted: BTreeMap<Place, BTreeSet<String>> = BTreeMap::new();
    for ingress in ingresses {
        for (place, hosts) in named(ingress) {
            wanted.entry(place).or_default().extend(hosts);
        }
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    let reads = wanted.into_iter().map(|((namespace, name), hosts)| async move {
        // One by one: a LIST would fetch the values of secrets that nobody asked for.
        let secret = cluster.get(&kinds::SECRET.object(&namespace, &name)).await?;
        let reference = Reference { target: Target::TlsSecret { name }, path: Path::root() };
        let object = secret.as_ref().map(|live| &live.object);
        if let Some(finding) = references::judge(&namespace, &reference, object) {
            return Ok(vec![finding]);
        }
        let hosts: Vec<String> = hosts.into_iter().collect();
        let judged = |secret| references::judge_certificate(&namespace, &reference, secret, &hosts, now);
        Ok(object.map(judged).unwrap_or_default())
    });
    let (mut findings, mut unseen) = (Vec::new(), None);
    for read in join_all(reads).await {
        match read {
            Ok(found) => findings.extend(found),
            Err(error) => unseen = unseen.or(Some(error)),
        }
    }
    (findings, unseen)
}

/// The Secrets that an Ingress names, with the hosts that they are for: those that it says, else all of its rules.
fn named(ingress: &Live) -> Vec<(Place, Vec<String>)> {
    let texts = |list: Option<&Value>| -> Vec<String> {
        list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let spec = &ingress.object["spec"];
    let rules = spec["rules"].as_array().into_iter().flatten();
    let of_rules: Vec<String> = rules.filter_map(|rule| rule["host"].as_str()).map(str::to_owned).collect();
    let entries = spec["tls"].as_array().into_iter().flatten();
    entries
        .filter_map(|entry| {
            let name = entry["secretName"].as_str().filter(|name| !name.is_empty())?;
            let hosts = Some(texts(entry.get("hosts"))).filter(|hosts| !hosts.is_empty());
            let place = (ingress.namespace().unwrap_or_default().to_owned(), name.to_owned());
            Some((place, hosts.unwrap_or_else(|| of_rules.clone())))
        })
        .collect()
}
