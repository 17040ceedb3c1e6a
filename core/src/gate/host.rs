//! What one machine tells of itself, as a file of its own, and how such files become evidence about a cluster.
//!
//! # Forces
//!
//! - Disks, control groups, the folder of static pods, the flags of the kubelet and most certificates are seen on the machine
//!   alone. Looking there needs neither a cluster nor root: what may not be read is `forbidden`, and the rest still counts.
//! - A machine has secrets and must not tell them: of flags the file has the names, of certificates name and last day, of
//!   manifests what they start.
//! - Files lie around. Each says when it was made, and past a day it is `stale`. A node without one is not a healthy node but
//!   one that nobody looked at.
//! - Here is only what can be decided without a file system; `backends` reads.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod certificate;
mod gathering;
mod kernel;
mod kubelet;
mod manifest;
mod merge;

pub use certificate::{last_day, last_day_of_kubeconfig};
pub use gathering::Gathering;
pub use kernel::newest_kernel;
pub use kubelet::KubeletCommand;
pub use manifest::{is_read, started_by};
pub use merge::{HostFile, merge_hosts};

use super::evidence::{Certificate, Measured, Snapshot};

/// Name and version of the form of a host's file.
const FORM: &str = "homelab/host/v1";

/// What one machine tells of itself. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostEvidence {
    /// `homelab/host/v1`.
    pub form: String,
    /// Name of the node that the machine is.
    pub node: String,
    /// When it was captured, in seconds since 1970.
    pub captured_at: u64,
    /// Version of its control groups: 1 or 2.
    #[serde(default)]
    pub cgroup: Measured<u8>,
    /// Share in use of the fullest file system that an upgrade writes to, in percent.
    #[serde(default)]
    pub disk_used_percent: Measured<u8>,
    /// Whether it waits for a reboot: it says so, or a newer kernel than the running one is installed.
    #[serde(default)]
    pub reboot_pending: Measured<bool>,
    /// The files from which its kubelet starts static pods, by name, with the component that each starts; empty where that
    /// cannot be told. No files at all where the kubelet reads no folder.
    #[serde(default)]
    pub manifests: Measured<BTreeMap<String, String>>,
    /// Names of the kubelet's command line flags.
    #[serde(default)]
    pub kubelet_flags: Measured<Vec<String>>,
    /// Certificates that lie on it.
    #[serde(default)]
    pub certificates: Measured<Vec<Certificate>>,
    /// The newest snapshot of etcd in the folder that was named; absent where none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Measured<Snapshot>>,
}

/// Text that is no host's file.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// It is not of the form at all.
    #[error("is no host evidence: {0}")]
    Malformed(#[from] serde_json::Error),
    /// It is of another form, such as the evidence about a cluster.
    #[error("is of the form {found:?}; host evidence is {FORM:?}")]
    OtherForm {
        /// What it says it is.
        found: String,
    },
    /// It does not say of which node it is.
    #[error("is no host evidence: it names no node")]
    Nameless,
}

impl HostEvidence {
    /// Evidence of `node`, made at `captured_at` (seconds since 1970), in which nothing was measured yet.
    pub fn new(node: impl Into<String>, captured_at: u64) -> Self {
        Self {
            form: FORM.to_owned(),
            node: node.into(),
            captured_at,
            cgroup: Measured::default(),
            disk_used_percent: Measured::default(),
            reboot_pending: Measured::default(),
            manifests: Measured::default(),
            kubelet_flags: Measured::default(),
            certificates: Measured::default(),
            snapshot: None,
        }
    }

    /// Reads a host's file.
    pub fn from_json(text: &str) -> Result<Self, HostError> {
        // The form is looked at first: of another one, any other complaint would mislead.
        let raw: serde_json::Value = serde_json::from_str(text)?;
        match raw.get("form").and_then(serde_json::Value::as_str) {
            Some(FORM) | None => {
                let host: Self = serde_json::from_value(raw)?;
                if host.node.is_empty() { Err(HostError::Nameless) } else { Ok(host) }
            }
            Some(found) => Err(HostError::OtherForm { found: found.to_owned() }),
        }
    }

    /// What could not be seen, or not completely, each as `what: why`.
    pub fn gaps(&self) -> Vec<String> {
        let Self {
            cgroup, disk_used_percent, reboot_pending, manifests, kubelet_flags, certificates, snapshot, ..
        } = self;
        let gap = |what: &str, why: Option<String>| why.map(|why| format!("{what}: {why}"));
        [
            gap("control groups", cgroup.gap()),
            gap("disks", disk_used_percent.gap()),
            gap("a pending reboot", reboot_pending.gap()),
            gap("the folder of static pods", manifests.gap()),
            gap("flags of the kubelet", kubelet_flags.gap()),
            gap("certificates", certificates.gap()),
            gap("the snapshot of etcd", snapshot.as_ref().and_then(Measured::gap)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

#[cfg(test)]
mod tests;
