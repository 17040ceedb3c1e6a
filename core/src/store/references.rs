//! What a store refers to, and what refers to a store.

use homelab_cty::Path;
use homelab_schema::Attr;
use homelab_schema::external_secret::StoreKind;
use homelab_schema::secret_store::{CaKind, SecretKeyRef, SecretStore, ServiceAccountRef};
use serde_json::Value;

use super::{kind_of, subject};
use crate::finding::{Finding, secret as codes};

/// Kind of an object that a store refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WantedKind {
    /// A Secret.
    Secret,
    /// A `ConfigMap`.
    ConfigMap,
    /// A service account.
    ServiceAccount,
}

impl WantedKind {
    /// The kind as Kubernetes names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "Secret",
            Self::ConfigMap => "ConfigMap",
            Self::ServiceAccount => "ServiceAccount",
        }
    }
}

/// An object that the controller needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its kind.
    pub kind: WantedKind,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// A key that it must have, where one is named.
    pub key: Option<String>,
    /// The attribute that names it.
    pub path: Path,
}

impl Wanted {
    /// What is missing, `live` being the object as it is, `None` where it is not there.
    pub fn missing(&self, live: Option<&Value>) -> Option<Finding> {
        let object = format!("{} {}/{}", self.kind.as_str(), self.namespace, self.name);
        let finding = |observed: String, at: &str| {
            let finding = Finding::new(codes::STORE_DANGLING, &object, observed);
            Some(finding.at(self.path.then_attr(at)))
        };
        let Some(live) = live else {
            return finding("It is not there.".to_owned(), "name")
                .map(|finding| finding.summary(format!("{object} does not exist")));
        };
        let key = self.key.as_ref()?;
        let has = ["data", "stringData", "binaryData"]
            .iter()
            .any(|map| live.get(map).is_some_and(|map| map.get(key).is_some()));
        if has {
            return None;
        }
        finding(format!("It is there, but has no key {key:?}."), "key")
            .map(|finding| finding.summary(format!("{object} has no key {key:?}")))
    }
}

/// The objects that the controller needs to log in, as far as they are known. A ClusterSecretStore that leaves a namespace out
/// means that of each ExternalSecret, so there is no one object to look for.
pub fn wanted(model: &SecretStore) -> Vec<Wanted> {
    let (Some(kind), Some(vault)) = (kind_of(model), model.vault.known()) else { return Vec::new() };
    let home = match kind {
        StoreKind::SecretStore => model.namespace.known().cloned(),
        StoreKind::ClusterSecretStore => None,
    };
    let mut all = All { home, found: Vec::new() };
    let path = Path::attr("vault");
    if let Some(provider) = vault.ca_provider.known()
        && let (Some(kind), Some(name)) = (provider.r#type.known(), provider.name.known())
    {
        let kind = match kind {
            CaKind::ConfigMap => WantedKind::ConfigMap,
            CaKind::Secret => WantedKind::Secret,
        };
        all.add(kind, &provider.namespace, name, provider.key.known(), path.then_attr("ca_provider"));
    }
    if let Some(tls) = vault.tls.known() {
        let path = path.then_attr("tls");
        all.key(&tls.cert_secret_ref, &path.then_attr("cert_secret_ref"));
        all.key(&tls.key_secret_ref, &path.then_attr("key_secret_ref"));
    }
    let Some(auth) = vault.auth.known() else { return all.found };
    let path = path.then_attr("auth");
    all.key(&auth.token_secret_ref, &path.then_attr("token_secret_ref"));
    if let Some(method) = auth.kubernetes.known() {
        let path = path.then_attr("kubernetes");
        all.account(&method.service_account_ref, &path.then_attr("service_account_ref"));
        all.key(&method.secret_ref, &path.then_attr("secret_ref"));
    }
    if let Some(method) = auth.app_role.known() {
        let path = path.then_attr("app_role");
        all.key(&method.role_ref, &path.then_attr("role_ref"));
        all.key(&method.secret_ref, &path.then_attr("secret_ref"));
    }
    if let Some(method) = auth.jwt.known() {
        let path = path.then_attr("jwt");
        all.key(&method.secret_ref, &path.then_attr("secret_ref"));
        if let Some(token) = method.kubernetes_service_account_token.known() {
            let path = path.then_attr("kubernetes_service_account_token");
            all.account(&token.service_account_ref, &path.then_attr("service_account_ref"));
        }
    }
    if let Some(method) = auth.user_pass.known() {
        all.key(&method.secret_ref, &path.then_attr("user_pass").then_attr("secret_ref"));
    }
    if let Some(method) = auth.ldap.known() {
        all.key(&method.secret_ref, &path.then_attr("ldap").then_attr("secret_ref"));
    }
    if let Some(method) = auth.cert.known() {
        let path = path.then_attr("cert");
        all.key(&method.client_cert, &path.then_attr("client_cert"));
        all.key(&method.secret_ref, &path.then_attr("secret_ref"));
    }
    all.found
}

struct All {
    home: Option<String>,
    found: Vec<Wanted>,
}

impl All {
    fn add(&mut self, kind: WantedKind, namespace: &Attr<String>, name: &str, key: Option<&String>, path: Path) {
        let namespace = match namespace {
            Attr::Known(namespace) => Some(namespace.clone()),
            Attr::Null => self.home.clone(),
            Attr::Unknown => None,
        };
        if let Some(namespace) = namespace {
            self.found.push(Wanted { kind, namespace, name: name.to_owned(), key: key.cloned(), path });
        }
    }

    fn key(&mut self, reference: &Attr<SecretKeyRef>, path: &Path) {
        if let Some(reference) = reference.known()
            && let Some(name) = reference.name.known()
        {
            self.add(WantedKind::Secret, &reference.namespace, name, reference.key.known(), path.clone());
        }
    }

    fn account(&mut self, reference: &Attr<ServiceAccountRef>, path: &Path) {
        if let Some(reference) = reference.known()
            && let Some(name) = reference.name.known()
        {
            self.add(WantedKind::ServiceAccount, &reference.namespace, name, None, path.clone());
        }
    }
}

/// Where an ExternalSecret, a `ClusterExternalSecret` or a `PushSecret` names the store, as `spec.secretStoreRef`; `None` where it
/// does not. For a SecretStore the caller asks only objects of its namespace; what a `ClusterExternalSecret` makes may be there
/// too.
pub fn named_at(object: &Value, kind: StoreKind, name: &str) -> Option<String> {
    let is_it = |reference: &Value| {
        // Left out, the operator takes it for a SecretStore.
        let theirs = reference.get("kind").and_then(Value::as_str).filter(|kind| !kind.is_empty());
        reference.get("name").and_then(Value::as_str) == Some(name)
            && theirs.unwrap_or(StoreKind::SecretStore.as_str()) == kind.as_str()
    };
    let spec = object.get("spec")?;
    let (spec, at) = match spec.get("externalSecretSpec") {
        Some(inner) => (inner, "spec.externalSecretSpec"),
        None => (spec, "spec"),
    };
    if spec.get("secretStoreRef").is_some_and(is_it) {
        return Some(format!("{at}.secretStoreRef"));
    }
    let elements = |list: &'static str| spec.get(list).and_then(Value::as_array).into_iter().flatten().enumerate();
    for list in ["data", "dataFrom"] {
        for (index, element) in elements(list) {
            if element.pointer("/sourceRef/storeRef").is_some_and(is_it) {
                return Some(format!("{at}.{list}[{index}].sourceRef.storeRef"));
            }
        }
    }
    let mut pushed = elements("secretStoreRefs");
    pushed.find(|(_, reference)| is_it(reference)).map(|(index, _)| format!("{at}.secretStoreRefs[{index}]"))
}

/// Something names the store that shall be destroyed; `who` are objects with the place in each, as
/// `ExternalSecret photos/photos-db (spec.secretStoreRef)`.
pub fn in_use(model: &SecretStore, who: &[String]) -> Finding {
    const SHOWN: usize = 10;
    let mut names = who.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if who.len() > SHOWN {
        names = format!("{names} and {} more", who.len() - SHOWN);
    }
    let store = subject(model);
    Finding::new(codes::STORE_IN_USE, &store, format!("It is named by {names}."))
        .summary(format!("{store} is still in use"))
        .expected("None of them would be synced any more.")
}

/// The cluster does not serve the kind of the store in a version that we write; `served` are the versions of its group.
pub fn no_crd(model: &SecretStore, served: &[String]) -> Finding {
    let kind = kind_of(model).unwrap_or(StoreKind::SecretStore).as_str();
    let observed = if served.is_empty() {
        format!("The cluster serves no {kind} of {}.", super::GROUP)
    } else {
        format!("The cluster serves {kind} of {} in {} alone.", super::GROUP, served.join(", "))
    };
    Finding::new(codes::NO_CRD, subject(model), observed).summary(format!("{kind} is not installed in the cluster"))
}
