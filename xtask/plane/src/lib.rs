//! Real servers on loopback, and a real Terraform driven against them.
//!
//! A fake API server agrees with whoever wrote it. What this project promises (server-side apply,
//! ownership, garbage collection, a second plan that is empty) is decided by programs that others
//! wrote, so the tests start those programs: etcd, kube-apiserver, kube-controller-manager and Vault
//! as a [`Plane`], terraform and `OpenTofu` as a [`terraform::Cli`]. No container engine is needed.
//!
//! # Usage
//!
//! ```no_run
//! use homelab_plane::{Api, shared, terraform::{Cli, Workspace}};
//!
//! # fn main() -> Result<(), homelab_plane::Error> {
//! let env = shared()?; // one plane per process; an already running one is used
//! let api = Api::admin(env)?;
//! let namespace = api.namespace("ingress")?; // a name of its own for each test
//!
//! let work = Workspace::new(&Cli::terraform()?, std::path::Path::new("provider-binary"))?;
//! work.write("main.tf", "resource \"homelab_ingress\" \"app\" {}");
//! work.ok(["init"]);
//! work.ok(["plan", "-out=p"]);
//! # let _ = namespace;
//! # Ok(())
//! # }
//! ```
//!
//! # Forces
//!
//! - Everything ends with the process that started it: on return, on a panic, on Ctrl-C, on SIGKILL.
//!   Only the operating system can promise the last one, so each server holds one end of a pipe and
//!   leaves when the other end closes. See [`process`].
//! - Two planes at once: ports are picked free, folders are temporary, nothing has a fixed name.
//! - Blocking code and few dependencies: the crate is built before every test run, also in the
//!   quick start, and a test that waits for a process gains nothing from an async runtime.

pub mod apache;
pub mod blackbox;
pub mod canary;
pub mod debian;
pub mod dns_api;
pub mod error;
pub mod http;
pub mod kube;
pub mod kubeadm;
pub mod machine;
pub mod nginx;
pub mod plane;
pub mod postgres;
pub mod process;
pub mod programs;
pub mod prometheus;
pub mod pushgateway;
pub mod relay;
pub mod resident;
pub mod skips;
pub mod terraform;
pub mod vault;
pub mod wider;

pub use error::Error;
pub use kube::Api;
pub use plane::{Env, Options, Plane, shared};
pub use skips::skip;
pub use vault::Vault;

/// An address of loopback where nobody listens, and where no test is ever given a port: one that was free a moment
/// ago may be another test's by now.
pub const NOBODY: &str = "127.0.0.1:1";

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;
