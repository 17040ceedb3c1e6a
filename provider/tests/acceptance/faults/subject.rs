//! What is put to the test: a kind of resource, what it makes, and what must be true of that at every moment.

use homelab_plane::{Api, Env, Vault};

use super::operation::{self, Operation, Shape};
use super::world::{self, Objects};
use super::{kv, secret, store};
use crate::support::define_middlewares;

/// The servers that are worked on.
pub(super) struct Servers {
    pub(super) env: Env,
    /// The cluster, as its administrator.
    pub(super) api: Api,
    /// The store of secrets, where there is one.
    pub(super) vault: Option<Vault>,
}

/// A kind of resource.
pub(super) struct Subject {
    /// Its type.
    pub(super) resource: &'static str,
    /// Whether it needs a store of secrets.
    pub(super) has_vault: bool,
    /// Further blocks of the provider; `PROXY` is where everything goes through, and `CASE` the case.
    pub(super) provider: &'static str,
    /// Kinds of objects that it makes, and where they are listed.
    pub(super) kinds: &'static [(&'static str, &'static str)],
    /// Objects that are not the operation's: what declarations refer to.
    pub(super) references: &'static [&'static str],
    /// What is declared.
    pub(super) body: fn(Shape) -> Option<String>,
    /// Makes a namespace with what declarations refer to.
    pub(super) make_namespace: fn(&Servers, &str),
    /// Makes the object that is to be adopted.
    pub(super) make_by_hand: fn(&Servers, &str),
    /// Removes what operations leave to somebody on purpose.
    pub(super) tidy: fn(&Servers, &str),
    /// What is wrong with the objects of a namespace, whatever the moment.
    pub(super) dangers: fn(&Objects, &str) -> Vec<String>,
    /// Defines the kinds that a cluster does not have by itself; false, and a skip, where they are not to be had.
    pub(super) define: fn(&Servers) -> bool,
    /// Whether the plan of another name is asked of the cluster in the second of its two plans alone: of that Terraform drops the
    /// warnings.
    pub(super) asks_late: bool,
    /// Whether an apply looks again and again until somebody else is done: how often depends on him.
    pub(super) waits: bool,
    /// All operations, each beginning where the one before it ends.
    pub(super) operations: &'static [Operation],
}

/// `homelab_ingress`.
pub(super) const INGRESS: Subject = Subject {
    resource: "homelab_ingress",
    has_vault: false,
    provider: "",
    kinds: &[
        ("Ingress", "/apis/networking.k8s.io/v1/ingresses"),
        ("Middleware", "/apis/traefik.io/v1alpha1/middlewares"),
        ("Service", "/api/v1/services"),
    ],
    references: &["Service/photos", "Middleware/gate"],
    body: Shape::ingress,
    make_namespace: operation::make_namespace,
    make_by_hand: operation::make_by_hand,
    tidy: |_, _| (),
    dangers: world::dangers,
    define: |servers| {
        define_middlewares(&servers.api);
        true
    },
    asks_late: false,
    waits: false,
    operations: &Operation::ALL,
};

/// `homelab_external_secret`, without a controller: what counts is who writes and deletes what.
pub(super) const EXTERNAL_SECRET: Subject = Subject {
    resource: "homelab_external_secret",
    has_vault: false,
    provider: "",
    kinds: &[("ExternalSecret", "/apis/external-secrets.io/v1/externalsecrets"), ("Secret", "/api/v1/secrets")],
    references: &[],
    body: secret::body,
    make_namespace: secret::make_namespace,
    make_by_hand: secret::make_by_hand,
    tidy: |_, _| (),
    dangers: secret::dangers,
    define: secret::define,
    asks_late: true,
    waits: false,
    operations: &Operation::ALL,
};

/// The same with a controller that makes the Secrets, and applies that wait for it.
pub(super) const AWAITED_SECRET: Subject = Subject {
    body: secret::awaited,
    tidy: secret::remove_kept,
    dangers: secret::dangers_of_awaited,
    define: secret::define_wholly,
    waits: true,
    operations: &Operation::WITHOUT_ADOPTION,
    ..EXTERNAL_SECRET
};

/// `homelab_secret_store`, without a controller.
pub(super) const SECRET_STORE: Subject = Subject {
    resource: "homelab_secret_store",
    kinds: &[("SecretStore", "/apis/external-secrets.io/v1/secretstores")],
    body: store::body,
    make_namespace: store::make_namespace,
    make_by_hand: store::make_by_hand,
    dangers: store::dangers,
    ..EXTERNAL_SECRET
};

/// The same with a controller that finds every store valid, and applies that wait for its word.
pub(super) const AWAITED_STORE: Subject = Subject {
    body: store::awaited,
    define: secret::define_wholly,
    waits: true,
    operations: &Operation::WITHOUT_ADOPTION,
    ..SECRET_STORE
};

/// `homelab_kv_key`: its calls are those to the store of secrets.
pub(super) const KV_KEY: Subject = Subject {
    resource: "homelab_kv_key",
    has_vault: true,
    provider: kv::PROVIDER,
    kinds: &[],
    references: &[],
    body: kv::body,
    make_namespace: kv::make_document,
    make_by_hand: kv::make_by_hand,
    tidy: |_, _| (),
    dangers: kv::dangers,
    define: |_| true,
    asks_late: false,
    waits: false,
    operations: &Operation::ALL,
};
