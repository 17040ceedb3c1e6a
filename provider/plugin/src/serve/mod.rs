//! From `main` to the last answer: the process that Terraform starts.
//!
//! [`main`] is all that a provider's binary calls. The forces: one `terraform plan` starts the process three times, so
//! nothing is made before it is needed; standard output belongs to the handshake line alone; every other process of the
//! machine must be kept out, which mutual TLS and the socket's mode do; and whatever happens, Terraform must neither hang
//! nor find a file left over.

mod companions;
mod ending;
mod handshake;
mod health;
mod listening;
mod log_line;
mod logging;
mod panic;
mod reattach;
mod socket;
mod tls;
#[cfg(unix)]
mod unix_socket;

use std::fmt::Display;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use tokio::runtime;
use tokio_util::sync::CancellationToken;

pub use self::handshake::{Handshake, HandshakeError};
pub use self::listening::{ListenError, Listening};
pub use self::socket::{Address, SocketError, Transport};
pub use self::tls::TlsError;
use crate::proto::tfplugin5::provider_server::Provider;

/// Threads that answer calls. Calls mostly wait for a network, and each thread costs time at the start.
const WORKERS: usize = 2;

/// How the process is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServeOptions {
    /// The provider's name, such as `homelab`: `TF_LOG_PROVIDER_HOMELAB` is its own log level.
    pub name: &'static str,
    /// Its address in configurations, such as `registry.terraform.io/example/homelab`, for `TF_REATTACH_PROVIDERS`.
    pub address: &'static str,
    /// Prefixes of the log targets of its own crates, such as `homelab`; all others are silenced below `info`.
    pub log_targets: &'static [&'static str],
    /// The kind of socket.
    pub transport: Transport,
    /// Serve without TLS until interrupted, and print the value of `TF_REATTACH_PROVIDERS`, instead of waiting for a
    /// handshake.
    pub debug: bool,
}

/// Why the process ended early.
#[derive(Debug, thiserror::Error)]
enum ServeError {
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error("failed to {0}: {1}")]
    System(&'static str, io::Error),
}

/// Serves the provider that `service` makes until the client ends it, and gives the exit code of the process: 0 after an
/// orderly end, 1 with a line on standard error when there was nothing to serve. `service` runs after the handshake, on
/// a thread of the runtime.
///
/// It takes over the process: panics end it with a report that Terraform understands, and events of `tracing` go to
/// standard error.
pub fn main<S: Provider>(options: ServeOptions, service: impl FnOnce() -> S) -> ExitCode {
    match try_main(options, service) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(options.name, &error);
            ExitCode::FAILURE
        }
    }
}

fn try_main<S: Provider>(options: ServeOptions, service: impl FnOnce() -> S) -> Result<(), ServeError> {
    let variable = |name: &str| std::env::var(name).ok();
    let handshake = if options.debug { Handshake::plain() } else { Handshake::from_env(variable)? };
    let socket = Arc::new(OnceLock::new());
    panic::install(Arc::clone(&socket));
    logging::install(logging::level(options.name, variable), options.log_targets);
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .map_err(|error| ServeError::System("start the runtime", error))?;
    let served = runtime.block_on(run(options, handshake, &socket, service));
    // Work that outlived the grace is not waited for.
    runtime.shutdown_background();
    served
}

async fn run<S: Provider>(
    options: ServeOptions,
    handshake: Handshake,
    socket: &OnceLock<PathBuf>,
    service: impl FnOnce() -> S,
) -> Result<(), ServeError> {
    let terminated = CancellationToken::new();
    ending::watch_signals(terminated.clone(), options.debug)
        .map_err(|error| ServeError::System("watch for signals", error))?;
    let listening = Listening::bind(options.transport, handshake).await?;
    if let Address::Unix(path) = listening.address() {
        let _ = socket.set(PathBuf::from(path));
    }
    let greeting = if options.debug {
        reattach::message(options.address, std::process::id(), listening.address())
    } else {
        ending::watch_parent(terminated.clone());
        format!("{}\n", listening.line())
    };
    greet(&greeting).map_err(|error| ServeError::System("write the handshake line", error))?;
    listening.serve(service(), terminated).await;
    Ok(())
}

/// Prints what the client or the user waits for. Nothing else ever goes to standard output.
fn greet(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Tells whoever started the process why it ends.
fn complain(name: &str, error: &dyn Display) {
    // A closed standard error leaves nobody to tell.
    let _ = writeln!(io::stderr(), "terraform-provider-{name}: {error}");
}
