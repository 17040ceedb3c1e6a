//! What the tests against the plane share.

use homelab_backends::kube::{Kube, Settings};
use homelab_backends::objects::{ApplyRequest, Kind, Mark, ObjectId, kinds};
use homelab_plane::{Api, Env};
use secrecy::SecretString;
use serde_json::{Value, json};

/// The owner in the marks of these tests.
pub(crate) const OWNER: &str = "homelab_ingress test/photos";

/// The plane, or the reason in the panic.
pub(crate) fn plane() -> &'static Env {
    homelab_plane::shared().unwrap_or_else(|error| panic!("the test plane: {error}"))
}

pub(crate) fn admin() -> Api {
    Api::admin(plane()).expect("administrator")
}

/// A client of ours, as the holder of `token`.
pub(crate) fn kube_as(token: &str) -> Kube {
    Kube::new(settings(token))
}

pub(crate) fn settings(token: &str) -> Settings {
    Settings {
        host: Some(plane().api_server.clone()),
        cluster_ca_certificate: Some(plane().ca_pem.clone()),
        token: Some(SecretString::from(token)),
        ..Settings::default()
    }
}

pub(crate) fn kube() -> Kube {
    kube_as(&plane().admin_token)
}

/// A namespace for one test.
pub(crate) fn namespace(prefix: &str) -> String {
    admin().namespace(prefix).expect("namespace")
}

/// An Ingress below that domain, of a host that is the namespace's own: hosts are for the whole plane, and stay there.
pub(crate) fn ingress(namespace: &str, domain: &str) -> ApplyRequest {
    let id = kinds::INGRESS.object(namespace, "photos");
    ApplyRequest::new(id, ingress_body(&format!("{namespace}.{domain}")), Mark::new(OWNER))
}

pub(crate) fn ingress_body(host: &str) -> Value {
    json!({
        "spec": {"ingressClassName": "traefik", "rules": [{"host": host, "http": {"paths": [
            {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "photos", "port": {"number": 80}}}},
        ]}}]},
    })
}

/// Path of an object, for [`Api`].
pub(crate) fn path(id: &ObjectId) -> String {
    let base = collection(id.kind, id.namespace.as_deref());
    format!("{base}/{}", id.name)
}

/// Path of a collection, for [`Api`].
pub(crate) fn collection(kind: Kind, namespace: Option<&str>) -> String {
    let version = kind.preferred_version();
    let group =
        if kind.group.is_empty() { format!("/api/{version}") } else { format!("/apis/{}/{version}", kind.group) };
    match namespace {
        Some(namespace) => format!("{group}/namespaces/{namespace}/{}", kind.plural),
        None => format!("{group}/{}", kind.plural),
    }
}

/// The same object with name and types, as a foreign tool would send it.
pub(crate) fn whole(request: &ApplyRequest) -> Value {
    let mut object = request.object.clone();
    object["apiVersion"] = json!(request.id.kind.api_version(request.id.kind.preferred_version()));
    object["kind"] = json!(request.id.kind.kind);
    object["metadata"]["name"] = json!(request.id.name);
    object["metadata"]["namespace"] = json!(request.id.namespace);
    object
}

/// The managers of the fields of an object, with their operations, sorted.
pub(crate) fn managers(object: &Value) -> Vec<String> {
    let entries = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let mut managers: Vec<String> =
        entries.iter().map(|entry| format!("{} {}", text(entry, "manager"), text(entry, "operation"))).collect();
    managers.sort();
    managers
}

/// TLS servers that are wrong in one way.
pub(crate) mod tls {
    use std::net::{SocketAddr, TcpListener};
    use std::sync::Arc;

    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

    /// A server on loopback whose certificate ended in 2001, and its authority as PEM. It takes one connection.
    pub(crate) fn expired_server() -> (SocketAddr, String) {
        let authority_key = rcgen::KeyPair::generate().expect("key");
        let mut authority = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
        authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let authority_pem = authority.self_signed(&authority_key).expect("authority").pem();
        let issuer = rcgen::Issuer::new(authority, authority_key);

        let key = rcgen::KeyPair::generate().expect("key");
        let mut server = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("parameters");
        server.not_before = rcgen::date_time_ymd(2000, 1, 1);
        server.not_after = rcgen::date_time_ymd(2001, 1, 1);
        let certificate = server.signed_by(&key, &issuer).expect("certificate");

        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("server");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("address");
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept()?;
            let mut session = rustls::ServerConnection::new(Arc::new(config)).map_err(std::io::Error::other)?;
            session.complete_io(&mut stream).map(|_| ())
        });
        (address, authority_pem)
    }
}
