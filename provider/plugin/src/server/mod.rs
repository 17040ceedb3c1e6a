//! The provider service: RPCs in, calls of an author's traits, legal answers out.
//!
//! Core holds a provider to many rules and shows every breach to the user as a bug of the provider. So an author's answer
//! is never passed on: the values of a plan are built from the configuration ([`planned`]), of an apply from the plan
//! ([`filled`]), of a read in the spelling of the state, and what is left for an author to get wrong becomes a diagnostic
//! that names it.
//!
//! - [`erased`]: the authors' traits over raw values; [`typed`], [`typed_others`]: every typed author as one of those.
//! - [`planning`], [`apply`], [`read`], [`adopt`], [`upgrade`]: the life of a managed resource, over values.
//! - [`planned`], [`settle`], [`replace`], [`filled`], [`pairing`], [`walk`]: the pure rules that these are made of.
//! - [`schema`], [`lint`]: what the provider is, and whether core will accept it.
//! - [`judge`]: the oracle's word on every answer, in debug builds.
//! - [`service`], [`wire`]: the protocol.

mod adopt;
mod apply;
pub mod erased;
mod filled;
mod judge;
mod lint;
mod managed;
mod pairing;
mod planned;
mod planning;
mod read;
mod replace;
mod schema;
mod service;
mod settle;
#[cfg(test)]
mod tests;
mod typed;
mod typed_others;
mod upgrade;
mod walk;
mod wire;

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

use homelab_cty::{Schema, Type};
use tokio_util::sync::CancellationToken;

use self::erased::{DynDataSource, DynEphemeral, DynProvider, DynResource};
use self::managed::Managed;
use self::typed::Typed;
use crate::{Context, DataSource, Ephemeral, Function, Provider, Resource, Signature};

/// A provider as a service: hand it to [`crate::serve::main`].
///
/// The example `notes` of this crate shows one with everything.
///
/// Schemas are derived at the first call that needs them. One server is one run of Terraform: after `Stop` the token of
/// every [`Context`] is and stays cancelled.
pub struct Server {
    provider: WithSchema<dyn DynProvider>,
    resources: BTreeMap<String, Managed>,
    data_sources: BTreeMap<String, WithSchema<dyn DynDataSource>>,
    ephemerals: BTreeMap<String, WithSchema<dyn DynEphemeral>>,
    functions: BTreeMap<String, Callable>,
    stopped: CancellationToken,
    /// Whether the client said that it keeps write-only values out of state; it does not say so in every call.
    write_only_allowed: AtomicBool,
}

/// An author and the schema that it was asked for once.
struct WithSchema<A: ?Sized> {
    schema: OnceLock<(Schema, Type)>,
    author: Box<A>,
}

impl<A: ?Sized> WithSchema<A> {
    fn new(author: Box<A>) -> Self {
        Self { author, schema: OnceLock::new() }
    }
}

/// A function and its signature.
struct Callable {
    author: Box<dyn Function>,
    signature: OnceLock<Signature>,
}

impl Callable {
    fn signature(&self) -> &Signature {
        self.signature.get_or_init(|| self.author.signature())
    }
}

impl Server {
    /// A server of this provider block.
    pub fn new<P: Provider>(provider: P) -> Self {
        Self::of_dyn(Box::new(Typed(provider)))
    }

    /// A server of a provider block whose schema is known at run time.
    pub fn of_dyn(provider: Box<dyn DynProvider>) -> Self {
        Self {
            provider: WithSchema::new(provider),
            resources: BTreeMap::new(),
            data_sources: BTreeMap::new(),
            ephemerals: BTreeMap::new(),
            functions: BTreeMap::new(),
            stopped: CancellationToken::new(),
            write_only_allowed: AtomicBool::new(false),
        }
    }

    /// Adds a managed resource. A second one of the same name replaces the first, as everywhere here.
    #[must_use]
    pub fn resource<R: Resource>(self, resource: R) -> Self {
        self.dyn_resource(Box::new(Typed(resource)))
    }

    /// Adds a managed resource whose schema is known at run time.
    #[must_use]
    pub fn dyn_resource(mut self, resource: Box<dyn DynResource>) -> Self {
        self.resources.insert(resource.name().to_owned(), Managed::new(resource));
        self
    }

    /// Adds a data source.
    #[must_use]
    pub fn data_source<D: DataSource>(self, data_source: D) -> Self {
        self.dyn_data_source(Box::new(Typed(data_source)))
    }

    /// Adds a data source whose schema is known at run time.
    #[must_use]
    pub fn dyn_data_source(mut self, data_source: Box<dyn DynDataSource>) -> Self {
        self.data_sources.insert(data_source.name().to_owned(), WithSchema::new(data_source));
        self
    }

    /// Adds an ephemeral resource.
    #[must_use]
    pub fn ephemeral<E: Ephemeral>(self, ephemeral: E) -> Self {
        self.dyn_ephemeral(Box::new(Typed(ephemeral)))
    }

    /// Adds an ephemeral resource whose schema is known at run time.
    #[must_use]
    pub fn dyn_ephemeral(mut self, ephemeral: Box<dyn DynEphemeral>) -> Self {
        self.ephemerals.insert(ephemeral.name().to_owned(), WithSchema::new(ephemeral));
        self
    }

    /// Adds a function.
    #[must_use]
    pub fn function<F: Function>(mut self, function: F) -> Self {
        let callable = Callable { author: Box::new(function), signature: OnceLock::new() };
        self.functions.insert(callable.author.name().to_owned(), callable);
        self
    }

    fn context(&self) -> Context {
        Context {
            cancelled: self.stopped.clone(),
            write_only_allowed: self.write_only_allowed.load(std::sync::atomic::Ordering::Relaxed),
            replacement: false,
        }
    }
}

/// The schemas of the kinds that have nothing else to derive.
macro_rules! with_schema {
    ($($author:ident),*) => {$(
        impl WithSchema<dyn $author> {
            fn schema(&self) -> &Schema {
                &self.derived().0
            }

            fn ty(&self) -> &Type {
                &self.derived().1
            }

            fn derived(&self) -> &(Schema, Type) {
                self.schema.get_or_init(|| {
                    let schema = self.author.schema();
                    let ty = schema.block.ty();
                    (schema, ty)
                })
            }
        }
    )*};
}

with_schema!(DynProvider, DynDataSource, DynEphemeral);
