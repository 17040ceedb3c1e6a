//! A server for Terraform's plugin protocol, version 5.
//!
//! It turns the RPCs of Terraform and OpenTofu into calls of small typed traits: [`Resource`], [`DataSource`],
//! [`Ephemeral`], [`Function`] and [`Provider`]. The server decodes values, applies defaults, keeps the rules that
//! core enforces on plans, puts attribute paths on diagnostics, and carries private state, identity and
//! cancellation; an author sees Rust types only. It knows nothing of homelabs.

mod context;
mod data_source;
mod diagnostics;
mod ephemeral;
mod function;
pub mod oracle;
mod private;
pub mod proto;
mod provider;
mod resource;
pub mod serve;
mod server;

pub use context::Context;
pub use data_source::DataSource;
pub use diagnostics::{Diagnostic, Diagnostics, Severity};
pub use ephemeral::{Ephemeral, Opened, Renewed};
pub use function::{Function, FunctionError, Parameter, Signature};
pub use private::Private;
pub use provider::{ConfigureRequest, Provider};
pub use resource::{
    Create, Delete, Import, MoveFrom, NoIdentity, Plan, PlanRequest, Read, ReadRequest, Resource, State, Update,
};
pub use server::{Server, erased};
