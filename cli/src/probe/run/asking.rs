//! Asking groups of doors, until all are asked or somebody has had enough.

use std::sync::atomic::AtomicUsize;

use homelab_backends::http::Prober;
use homelab_core::finding::Finding;
use homelab_core::probe::{Check, Report, Settings, judge};
use tokio_util::sync::CancellationToken;

use crate::configuration;
use crate::output::{Failure, Printer};

/// Probes that look in the same way.
pub(super) struct Group {
    /// How.
    pub(super) settings: Settings,
    /// What all of them ask, probe by probe.
    pub(super) checks: Vec<Check>,
    /// The probes.
    pub(super) parts: Vec<Part>,
}

/// One probe of a group.
pub(super) struct Part {
    /// Its place among all probes.
    pub(super) index: usize,
    /// What it is called.
    pub(super) name: String,
    /// Doors that it should have and that nobody can ask.
    pub(super) gaps: Vec<Finding>,
    /// How many of the group's checks are its own.
    pub(super) checks: usize,
}

/// What came of it.
pub(super) struct Asked {
    /// Each group, without its checks, which are in its report.
    pub(super) groups: Vec<(Group, Report)>,
    /// Whether it was ended early: what was not asked has no samples.
    pub(super) interrupted: bool,
}

/// Asks one group after the other.
pub(super) fn ask(groups: Vec<Group>, printer: &Printer) -> Result<Asked, Failure> {
    let (done, all) = (AtomicUsize::new(0), groups.iter().map(|group| group.checks.len()).sum());
    let work = async {
        let (network, cancel) = (Prober::new(), CancellationToken::new());
        tokio::spawn(cancel_on_signal(cancel.clone()));
        let mut asked = Asked { groups: Vec::new(), interrupted: false };
        for mut group in groups {
            let checks = std::mem::take(&mut group.checks);
            let taken = network
                .observe_until(&checks, &group.settings, &cancel, &done)
                .await
                .map_err(|error| Failure::new(format!("failed to probe: {error}")))?;
            asked.interrupted |= !taken.complete;
            let report = judge(checks, taken.samples, group.settings.threshold);
            asked.groups.push((group, Report { ending: taken.ending, ..report }));
        }
        Ok(asked)
    };
    configuration::runtime()?.block_on(printer.counting("asking", &done, all, work))
}

/// Ctrl-C, and how a service manager or a CI ends a job.
async fn cancel_on_signal(cancel: CancellationToken) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            return;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_err() {
        return;
    }
    cancel.cancel();
}
