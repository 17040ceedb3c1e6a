//! Everything that can be wrong between us and a cluster, against a real one where it takes one.

use std::io::Write as _;

use crate::support::{admin, ingress, kube, kube_as, namespace, plane, settings};
use homelab_backends::kube::{Kube, Settings};
use homelab_backends::objects::{Cause, Checked, Kind, ObjectError, Objects as _, Scope, kinds};
use secrecy::SecretString;

/// A kind that no cluster serves, in two versions, so that it is looked up.
const UNINSTALLED: Kind =
    Kind { group: "nobody.example.net", kind: "Thing", plural: "things", versions: &["v2", "v1"], namespaced: true };

async fn cause(settings: Settings) -> ObjectError {
    let namespace = kinds::NAMESPACE.object("", "default");
    Kube::new(settings).get(&namespace).await.expect_err("an error")
}

#[tokio::test]
async fn a_crd_that_is_not_installed_is_an_error_and_not_absent() {
    let (kube, namespace) = (kube(), namespace("crd"));
    for kind in [UNINSTALLED, Kind { versions: &["v1"], ..UNINSTALLED }] {
        let id = kind.object(&namespace, "x");
        let error = kube.get(&id).await.expect_err("no such kind");
        assert!(matches!(error.cause, Cause::NoSuchKind { .. }), "{error}");
        assert!(error.hint().contains("CRD"), "{}", error.hint());
        assert!(matches!(kube.list(kind, Scope::All).await.expect_err("no such kind").cause, Cause::NoSuchKind { .. }));
        assert!(matches!(kube.served_version(kind).await.expect_err("none").cause, Cause::NoSuchKind { .. }));
    }
    let mut request = ingress(&namespace, "x.example.net");
    request.id = UNINSTALLED.object(&namespace, "x");
    assert!(matches!(kube.check(&request).await, Ok(Checked::Not { .. })));
}

#[tokio::test]
async fn a_missing_namespace_is_named_at_apply_and_not_checked_at_plan() {
    let kube = kube();
    let request = ingress("nowhere-to-be-found", "photos.example.net");
    let Ok(Checked::Not { reason }) = kube.check(&request).await else { panic!("checked") };
    assert!(reason.contains("nowhere-to-be-found"), "{reason}");
    let error = kube.apply(&request).await.expect_err("no namespace");
    assert_eq!(error.cause, Cause::NamespaceMissing { namespace: "nowhere-to-be-found".to_owned() });
    assert_eq!(kube.get(&request.id).await, Ok(None));
}

#[tokio::test]
async fn a_forbidden_identity_is_told_so_in_the_words_of_the_server() {
    let namespace = namespace("forbidden");
    let request = ingress(&namespace, "photos.example.net");
    let nobody = kube_as(&plane().nobody_token);
    let error = nobody.get(&request.id).await.expect_err("forbidden");
    let Cause::Forbidden { words } = &error.cause else { panic!("{error}") };
    assert!(words.contains("nobody") && words.contains("get"), "{words}");
    assert!(error.is_blind());

    let viewer = kube_as(&plane().viewer_token);
    assert_eq!(viewer.get(&request.id).await, Ok(None));
    let Ok(Checked::Not { reason }) = viewer.check(&request).await else { panic!("checked") };
    assert!(reason.contains("viewer") && reason.contains("patch"), "{reason}");
    assert!(matches!(viewer.apply(&request).await.expect_err("forbidden").cause, Cause::Forbidden { .. }));
}

/// The wrapper that hid the server's answer for 25 days: every message here holds the server's own words.
#[tokio::test]
async fn incident_23_the_words_of_the_server_reach_the_user() {
    let namespace = namespace("words");
    let id = kinds::INGRESS.object(&namespace, "photos");
    let nobody = homelab_plane::Api::nobody(plane()).expect("nobody");
    let said = nobody.get(&crate::support::path(&id)).expect("request");
    let sentence = said.body["message"].as_str().expect("a sentence").to_owned();
    let error = kube_as(&plane().nobody_token).get(&id).await.expect_err("forbidden");
    assert!(error.detail().contains(&sentence), "{}\nlacks\n{sentence}", error.detail());
}

#[tokio::test]
async fn a_wrong_token_is_not_authenticated_and_not_shown() {
    let error = cause(settings("not-a-token")).await;
    assert!(matches!(error.cause, Cause::Unauthorized { .. }), "{error}");
    assert!(!format!("{error} {error:?} {}", error.detail()).contains("not-a-token"));
}

#[tokio::test]
async fn a_refused_connection_says_where_and_what() {
    let host = format!("https://{}", homelab_plane::NOBODY);
    let error = cause(Settings { host: Some(host.clone()), insecure: true, ..Settings::default() }).await;
    let Cause::Unreachable { address, words } = &error.cause else { panic!("{error:?}") };
    assert_eq!(*address, host);
    assert!(words.to_lowercase().contains("refused"), "{words}");
}

#[tokio::test]
async fn a_cluster_with_another_authority_is_not_trusted() {
    let stranger = rcgen::generate_simple_self_signed(["stranger".to_owned()]).expect("certificate");
    let mut settings = settings(&plane().admin_token);
    settings.cluster_ca_certificate = Some(stranger.cert.pem());
    let error = cause(settings).await;
    assert!(matches!(error.cause, Cause::UnknownAuthority { .. }), "{error:?}");
    assert!(error.hint().contains("cluster_ca_certificate"));
}

#[tokio::test]
async fn a_certificate_for_another_name_is_a_matter_of_tls_server_name() {
    let mut settings = settings(&plane().admin_token);
    settings.tls_server_name = Some("elsewhere.example.net".to_owned());
    let error = cause(settings).await;
    assert!(matches!(error.cause, Cause::Tls { .. }), "{error:?}");
    assert!(error.hint().contains("tls_server_name"));
}

#[tokio::test]
async fn an_expired_certificate_is_told_from_an_unknown_one() {
    let (address, ca) = crate::support::tls::expired_server();
    let error = cause(Settings {
        host: Some(format!("https://{address}")),
        cluster_ca_certificate: Some(ca),
        token: Some(SecretString::from("x")),
        ..Settings::default()
    })
    .await;
    assert!(matches!(error.cause, Cause::CertificateExpired { .. }), "{error:?}");
    assert!(error.hint().contains("Renew"));
}

#[tokio::test]
async fn an_unknown_context_is_refused_with_those_that_exist() {
    let config_path = Some(plane().kubeconfig.display().to_string());
    let error = cause(Settings { config_path, config_context: Some("nope".to_owned()), ..Settings::default() }).await;
    let Cause::Configuration { argument, words, hint } = &error.cause else { panic!("{error:?}") };
    assert_eq!(argument, "kubernetes.config_context");
    assert!(words.contains("\"nope\""), "{words}");
    assert!(hint.contains("plane"), "{hint}");
}

#[tokio::test]
async fn a_kubeconfig_that_is_missing_or_broken_is_named_and_not_quoted() {
    let error = cause(Settings { config_path: Some("no/such/file".to_owned()), ..Settings::default() }).await;
    assert!(error.to_string().contains("no/such/file"), "{error}");

    let mut file = tempfile::NamedTempFile::new().expect("file");
    file.write_all(b"users:\n- name: a\n  user: {token: hunter2\n").expect("write");
    let config_path = Some(file.path().display().to_string());
    let error = cause(Settings { config_path, ..Settings::default() }).await;
    let Cause::Configuration { argument, .. } = &error.cause else { panic!("{error:?}") };
    assert_eq!(argument, "kubernetes.config_path");
    assert!(!format!("{error:?} {}", error.detail()).contains("hunter2"));
}

#[tokio::test]
async fn a_kubeconfig_with_its_own_context_works() {
    let config_path = Some(plane().kubeconfig.display().to_string());
    let kube = Kube::new(Settings { config_path, ..Settings::default() });
    let found = kube.get(&kinds::NAMESPACE.object("", "default")).await.expect("get");
    assert_eq!(found.expect("there").name(), "default");
}

#[tokio::test]
async fn a_token_file_may_end_in_a_newline() {
    let mut file = tempfile::NamedTempFile::new().expect("file");
    writeln!(file, "{}", plane().admin_token).expect("write");
    let mut settings = settings("");
    settings.token = None;
    settings.token_file = Some(file.path().display().to_string());
    let found = Kube::new(settings).get(&kinds::NAMESPACE.object("", "default")).await.expect("get");
    assert!(found.is_some());
}

#[tokio::test]
async fn the_output_of_a_failing_credential_program_is_not_shown() {
    use homelab_backends::kube::ExecSettings;
    let mut settings = settings("");
    settings.token = None;
    settings.exec = Some(ExecSettings {
        api_version: "client.authentication.k8s.io/v1".to_owned(),
        command: "sh".to_owned(),
        args: vec!["-c".to_owned(), "echo hunter2; echo the session is over >&2; exit 3".to_owned()],
        env: Vec::new(),
    });
    let error = cause(settings).await;
    assert!(error.to_string().contains("the session is over"), "{error}");
    assert!(!format!("{error:?} {}", error.detail()).contains("hunter2"), "{error:?}");
}

#[tokio::test]
async fn a_server_that_is_no_cluster_is_said_to_be_none() {
    let vault = plane().vault_addr.clone();
    let error =
        cause(Settings { host: Some(vault), token: Some(SecretString::from("x")), ..Settings::default() }).await;
    assert!(error.to_string().contains("this is no Kubernetes API"), "{error}");
}

#[tokio::test]
async fn an_object_that_is_being_deleted_is_waited_for_and_not_written_to() {
    let (kube, namespace) = (kube(), namespace("terminating"));
    let request = ingress(&namespace, "photos.example.net");
    kube.apply(&request).await.expect("apply");
    let path = crate::support::path(&request.id);
    let finalizer = serde_json::json!({"metadata": {"finalizers": ["example.net/hold"]}});
    admin().merge(&path, &finalizer).expect("merge").expect("merge", &[200]).expect("held");
    admin().delete(&path).expect("delete").expect("delete", &[200]).expect("deleting");
    assert!(matches!(kube.check(&request).await, Ok(Checked::Not { .. })));

    let before = kube.get(&request.id).await.expect("get").expect("held").uid().map(str::to_owned);
    let (applied, ()) = tokio::join!(kube.apply(&request), async {
        let free = serde_json::json!({"metadata": {"finalizers": null}});
        admin().merge(&path, &free).expect("merge").expect("merge", &[200]).expect("let go");
    });
    let applied = applied.expect("made anew");
    assert_ne!(applied.live.uid().map(str::to_owned), before);
    assert!(!applied.live.is_terminating());
}
