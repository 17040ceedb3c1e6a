//! What is put to the test: a kind of resource, what it makes, and what must be true of that at every moment.

use homelab_plane::Api;

use super::operation::{self, Operation, Shape};
use super::secret;
use super::world::{self, Objects};
use crate::support::define_middlewares;

/// A kind of resource.
pub(super) struct Subject {
    /// Its type.
    pub(super) resource: &'static str,
    /// Kinds of objects that it makes, and where they are listed.
    pub(super) kinds: &'static [(&'static str, &'static str)],
    /// Objects that are not the operation's: what declarations refer to.
    pub(super) references: &'static [&'static str],
    /// What is declared.
    pub(super) body: fn(Shape) -> Option<String>,
    /// Makes a namespace with what declarations refer to.
    pub(super) make_namespace: fn(&Api, &str),
    /// Makes the object that is to be adopted.
    pub(super) make_by_hand: fn(&Api, &str),
    /// What is wrong with the objects of a namespace, whatever the moment.
    pub(super) dangers: fn(&Objects, &str) -> Vec<String>,
    /// Defines the kinds that a cluster does not have by itself.
    pub(super) define: fn(&Api),
    /// Whether the plan of another name is asked of the cluster in the second of its two plans alone: of that Terraform drops the
    /// warnings.
    pub(super) asks_late: bool,
    /// All operations, each beginning where the one before it ends.
    pub(super) operations: &'static [Operation],
}

/// `homelab_ingress`.
pub(super) const INGRESS: Subject = Subject {
    resource: "homelab_ingress",
    kinds: &[
        ("Ingress", "/apis/networking.k8s.io/v1/ingresses"),
        ("Middleware", "/apis/traefik.io/v1alpha1/middlewares"),
        ("Service", "/api/v1/services"),
    ],
    references: &["Service/photos", "Middleware/gate"],
    body: Shape::ingress,
    make_namespace: operation::make_namespace,
    make_by_hand: operation::make_by_hand,
    dangers: world::dangers,
    define: define_middlewares,
    asks_late: false,
    operations: &Operation::ALL,
};

/// `homelab_external_secret`, without a controller: what counts is who writes and deletes what.
pub(super) const EXTERNAL_SECRET: Subject = Subject {
    resource: "homelab_external_secret",
    kinds: &[("ExternalSecret", "/apis/external-secrets.io/v1/externalsecrets"), ("Secret", "/api/v1/secrets")],
    references: &["Secret/kept"],
    body: secret::body,
    make_namespace: secret::make_namespace,
    make_by_hand: secret::make_by_hand,
    dangers: secret::dangers,
    define: secret::define,
    asks_late: true,
    operations: &Operation::ALL,
};
