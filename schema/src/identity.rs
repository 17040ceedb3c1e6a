//! What names an object of the cluster for ever.

use crate::prelude::*;

/// The identity of a namespaced object: kind, namespace and name, without a version, since a version changes while the
/// object stays the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
pub struct ObjectIdentity {
    /// Kind of the object. May be left out in an import: the resource type says it.
    #[model(optional)]
    pub kind: Attr<String>,
    /// Namespace of the object.
    #[model(required)]
    pub namespace: Attr<String>,
    /// Name of the object.
    #[model(required)]
    pub name: Attr<String>,
}

/// One object of the cluster, as an element of a computed list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Leaf, JsonSchema)]
pub struct ObjectName {
    /// Kind of the object.
    pub kind: String,
    /// Namespace of the object.
    pub namespace: String,
    /// Name of the object.
    pub name: String,
}
