//! What objects amount to.

use homelab_schema::Attr;
use homelab_schema::ingress::{Auth, PathType, Service};
use serde_json::{Value, json};

use super::super::read_back::{Found, read_back};
use super::super::render::{self, Rendered, RenderedKind};
use super::*;

fn ingress(name: &str, object: Value) -> Found {
    Found { kind: RenderedKind::Ingress, name: name.to_owned(), object, owned: None }
}

/// The objects as they would be found once they are written.
pub(super) fn found(objects: &[Rendered]) -> Vec<Found> {
    objects
        .iter()
        .map(|object| Found {
            kind: object.kind,
            name: object.name.clone(),
            object: object.body.clone(),
            owned: Some(object.body.clone()),
        })
        .collect()
}

#[test]
fn drift_reads_as_what_the_objects_amount_to_now() {
    let config = with(&[("share", open(&["/share"])), ("api", open(&["/api"]))]);
    let state = planned(&config, &site());
    let mut objects = render::render_all(&spec(&config));
    let gate = "traefik.ingress.kubernetes.io/router.middlewares";
    objects[0].body["metadata"]["annotations"][gate] = json!("traefik-rate-limit@kubernetescrd");
    objects[0].body["spec"]["rules"][0]["host"] = json!("other.example.net");
    objects[2].body["spec"]["rules"][0]["http"]["paths"][0]["path"] = json!("/stolen");
    objects.remove(1);
    let mut read = read_back("photos", "g", Some(&state), &found(&objects), &site());
    assert_eq!(read.auth, Attr::Known(Auth::None), "the open door shows as what it is");
    assert_eq!(read.host, known("other.example.net"));
    let labels: Vec<_> = carve_outs(&mut read).keys().cloned().collect();
    assert_eq!(labels, ["share"]);
}

#[test]
fn a_foreign_ingress_reads_as_far_as_it_can_be_said() {
    let chain = ["traefik-rate-limit", "traefik-forward-auth", "photos-strip"];
    let object = json!({
        "metadata": {"annotations": {gate_key(): chain.join("@kubernetescrd,") + "@kubernetescrd", "x": "theirs"}},
        "spec": {"ingressClassName": "traefik", "rules": [{"host": "g.example.net", "http": {"paths": [
            {"path": "/app", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}]}}]},
    });
    let read = read_back("photos", "g", None, &[ingress("g", object)], &site());
    assert_eq!(read.auth, Attr::Known(Auth::Required));
    assert_eq!(read.extra_middlewares, Attr::Known(vec!["photos-strip".to_owned()]));
    assert_eq!((read.paths, read.path_type), (Attr::Known(vec!["/app".to_owned()]), Attr::Known(PathType::Prefix)));
    assert_eq!(read.annotations, Attr::Null);
    assert_eq!(read.service, Attr::Known(Service { name: known("web"), port: known("80"), scheme: Attr::Null }));
}
