//! How the controller logs in: one method, complete, with references that it may follow.

use homelab_cty::Path;
use homelab_schema::Attr;
use homelab_schema::external_secret::StoreKind;
use homelab_schema::secret_store::{
    SecretKeyRef, ServiceAccountRef, StoreAppRole, StoreAuth, StoreJwt, StoreKubernetes,
};

use super::Judge;
use crate::finding::secret as codes;
use crate::names;

impl Judge {
    pub(super) fn login(&mut self, auth: &StoreAuth, path: &Path) {
        let methods = [
            ("token_secret_ref", state(&auth.token_secret_ref)),
            ("kubernetes", state(&auth.kubernetes)),
            ("app_role", state(&auth.app_role)),
            ("jwt", state(&auth.jwt)),
            ("user_pass", state(&auth.user_pass)),
            ("ldap", state(&auth.ldap)),
            ("cert", state(&auth.cert)),
        ];
        let given: Vec<&str> =
            methods.iter().filter(|(_, state)| *state == Some(true)).map(|(name, _)| *name).collect();
        let is_settled = methods.iter().all(|(_, state)| state.is_some());
        if given.len() > 1 {
            let observed = format!("{} are given.", given.join(" and "));
            self.say(codes::STORE_LOGIN, path, observed, "");
        } else if given.is_empty() && is_settled {
            let names: Vec<&str> = methods.iter().map(|(name, _)| *name).collect();
            let observed = format!("None of {} is given.", names.join(", "));
            self.say(codes::STORE_LOGIN, path, observed, "Add one block to `auth`.");
        }
        self.key_ref(&auth.token_secret_ref, &path.then_attr("token_secret_ref"));
        if let Some(kubernetes) = auth.kubernetes.known() {
            self.kubernetes(kubernetes, &path.then_attr("kubernetes"));
        }
        if let Some(role) = auth.app_role.known() {
            self.app_role(role, &path.then_attr("app_role"));
        }
        if let Some(jwt) = auth.jwt.known() {
            self.jwt(jwt, &path.then_attr("jwt"));
        }
        for (name, reference) in [
            ("user_pass", auth.user_pass.known().map(|user| &user.secret_ref)),
            ("ldap", auth.ldap.known().map(|user| &user.secret_ref)),
            ("cert", auth.cert.known().map(|cert| &cert.secret_ref)),
        ] {
            if let Some(reference) = reference {
                self.key_ref(reference, &path.then_attr(name).then_attr("secret_ref"));
            }
        }
        if let Some(cert) = auth.cert.known() {
            self.key_ref(&cert.client_cert, &path.then_attr("cert").then_attr("client_cert"));
        }
    }

    fn kubernetes(&mut self, kubernetes: &StoreKubernetes, path: &Path) {
        if kubernetes.service_account_ref.known().is_some() && kubernetes.secret_ref.known().is_some() {
            self.contradiction(path, "Both `service_account_ref` and `secret_ref` are given.", "Keep one of them.");
        }
        if kubernetes.role.known().is_some_and(String::is_empty) {
            self.say(codes::MALFORMED, &path.then_attr("role"), "The role is empty.", "Name the role of the method.");
        }
        self.account(&kubernetes.service_account_ref, &path.then_attr("service_account_ref"));
        self.key_ref(&kubernetes.secret_ref, &path.then_attr("secret_ref"));
    }

    fn app_role(&mut self, role: &StoreAppRole, path: &Path) {
        match (&role.role_id, &role.role_ref) {
            (Attr::Known(_), Attr::Known(_)) => {
                self.contradiction(path, "Both `role_id` and `role_ref` are given.", "Keep one of them.");
            }
            (Attr::Null, Attr::Null) => {
                self.contradiction(path, "Neither `role_id` nor `role_ref` is given.", "Add one of them.");
            }
            _ => {}
        }
        self.key_ref(&role.role_ref, &path.then_attr("role_ref"));
        self.key_ref(&role.secret_ref, &path.then_attr("secret_ref"));
    }

    fn jwt(&mut self, jwt: &StoreJwt, path: &Path) {
        let token = &jwt.kubernetes_service_account_token;
        match (&jwt.secret_ref, token) {
            (Attr::Known(_), Attr::Known(_)) => {
                let observed = "Both `secret_ref` and `kubernetes_service_account_token` are given.";
                self.contradiction(path, observed, "Keep one of them.");
            }
            (Attr::Null, Attr::Null) => {
                let observed = "Neither `secret_ref` nor `kubernetes_service_account_token` is given.";
                self.contradiction(path, observed, "Add one of them.");
            }
            _ => {}
        }
        self.key_ref(&jwt.secret_ref, &path.then_attr("secret_ref"));
        if let Some(token) = token.known() {
            let path = path.then_attr("kubernetes_service_account_token");
            self.account(&token.service_account_ref, &path.then_attr("service_account_ref"));
        }
    }

    pub(super) fn key_ref(&mut self, reference: &Attr<SecretKeyRef>, path: &Path) {
        let Some(reference) = reference.known() else { return };
        self.name(&reference.name, &path.then_attr("name"), names::is_object, names::OBJECT);
        self.name(&reference.key, &path.then_attr("key"), names::is_secret_key, names::SECRET_KEY);
        self.namespace(&reference.namespace, &path.then_attr("namespace"));
    }

    fn account(&mut self, reference: &Attr<ServiceAccountRef>, path: &Path) {
        let Some(reference) = reference.known() else { return };
        self.name(&reference.name, &path.then_attr("name"), names::is_object, names::OBJECT);
        self.namespace(&reference.namespace, &path.then_attr("namespace"));
    }

    fn namespace(&mut self, namespace: &Attr<String>, path: &Path) {
        self.name(namespace, path, names::is_label, names::LABEL);
        let (Some(StoreKind::SecretStore), Some(theirs)) = (self.kind, namespace.known()) else { return };
        match self.home.as_ref() {
            Some(own) if own != theirs => self.contradiction(
                path,
                format!("A SecretStore of {own} may not refer to namespace {theirs}; the operator refuses it."),
                "Remove it, or use a ClusterSecretStore.",
            ),
            _ => {}
        }
    }
}

/// Whether a method is given; `None` while it is unknown.
fn state<T>(method: &Attr<T>) -> Option<bool> {
    match method {
        Attr::Null => Some(false),
        Attr::Unknown => None,
        Attr::Known(_) => Some(true),
    }
}
