//! What ends the process beside the client's goodbye.

use std::io;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How often a child looks whether its parent is still there.
const PARENT_CHECK: Duration = Duration::from_secs(2);

/// Cancels `terminated` on a termination signal. An interrupt does so only when `interruptible`: Ctrl-C goes to every
/// process of a terminal, and Terraform wants its providers to go on until it says `Stop`.
///
/// The signals are caught when this returns, so call it before telling the client that the process is ready. Must run
/// inside a tokio runtime.
#[cfg(unix)]
pub(super) fn watch_signals(terminated: CancellationToken, interruptible: bool) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => if interruptible { break } else { tracing::debug!("interrupt ignored") },
                _ = terminate.recv() => break,
            }
        }
        terminated.cancel();
    });
    Ok(())
}

/// As on Unix, where only the interrupt exists.
#[cfg(not(unix))]
pub(super) fn watch_signals(terminated: CancellationToken, interruptible: bool) -> io::Result<()> {
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if interruptible {
                return terminated.cancel();
            }
        }
    });
    Ok(())
}

/// Cancels `terminated` when the parent process is gone: a killed Terraform says no goodbye, and nobody else would end
/// its providers. Must run inside a tokio runtime.
#[cfg(unix)]
pub(super) fn watch_parent(terminated: CancellationToken) {
    use std::os::unix::process::parent_id;

    // The system gives an orphan another parent.
    let parent = parent_id();
    tokio::spawn(async move {
        let mut ticks = interval(PARENT_CHECK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while parent_id() == parent {
            ticks.tick().await;
        }
        terminated.cancel();
    });
}

/// Elsewhere a parent's end cannot be seen this simply.
#[cfg(not(unix))]
pub(super) fn watch_parent(_terminated: CancellationToken) {}
