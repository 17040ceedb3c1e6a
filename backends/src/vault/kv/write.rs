//! Writing one key of a document that others write too.
//!
//! Read, decide ([`homelab_core::kv::merge`]), write for the version that was read alone. Whoever was faster is read again.
//! An answer that did not come, or that says that the store failed, leaves open whether the document was written: it is read
//! again as well, and either the key is as wanted by now, or the store's own check makes the second write as safe as the first.

use std::time::Duration;

use homelab_core::kv::document::Document;
use homelab_core::kv::merge::{self, Refusal, Seen, Step};
use homelab_schema::Sensitive;
use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::found::{Found, read};
use crate::objects::Cause;
use crate::vault::error::VaultCause;
use crate::vault::link::Answer;
use crate::vault::mounts::is_versioned;
use crate::vault::{Vault, encoded, parse};

/// How often a document is read and written. Of several writers one gets through in each round.
const TRIES: u32 = 12;
/// How often a write may stay open.
const OPEN: u32 = 2;

/// What was done to a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merged {
    /// Number of the version that has the key as wanted; `None` where there is no document.
    pub version: Option<u64>,
    /// Whether that version is ours; else it was so already.
    pub written: bool,
}

pub(in crate::vault) async fn merge(
    vault: &Vault,
    mount: &str,
    path: &str,
    key: &str,
    value: &Sensitive<String>,
) -> Result<Merged, VaultCause> {
    change(vault, mount, path, |seen| merge::set(seen, key, value)).await
}

pub(in crate::vault) async fn remove(vault: &Vault, mount: &str, path: &str, key: &str) -> Result<Merged, VaultCause> {
    change(vault, mount, path, |seen| merge::remove(seen, key)).await
}

async fn change(vault: &Vault, mount: &str, path: &str, decide: impl Fn(&Seen) -> Step) -> Result<Merged, VaultCause> {
    if !is_versioned(vault, mount).await? {
        return Err(VaultCause::NotVersioned { mount: mount.to_owned() });
    }
    let mut open: Option<VaultCause> = None;
    let mut left_open = 0;
    for tries in 0..TRIES {
        tokio::time::sleep(pause(tries)).await;
        let seen = match see(vault, mount, path).await {
            Ok(seen) => seen,
            // Of the two the write is what the user has to know of.
            Err(cause) => return Err(open.unwrap_or(cause)),
        };
        let before = version(&seen);
        let (cas, document) = match decide(&seen) {
            Step::Nothing => return Ok(Merged { version: before, written: open.is_some() }),
            Step::Refuse(Refusal::Deleted { version }) => return Err(VaultCause::Deleted { version }),
            Step::Refuse(Refusal::Fragile { key }) => return Err(VaultCause::Fragile { key }),
            Step::Write { cas, document } => (cas, document),
        };
        match write(vault, mount, path, cas, &document).await {
            Ok(Written::Version(version)) => return Ok(Merged { version: Some(version), written: true }),
            Ok(Written::TooLate) => {}
            Err(cause) if is_open(&cause) && left_open < OPEN => {
                left_open += 1;
                open = Some(cause);
            }
            Err(cause) => return Err(cause),
        }
    }
    Err(open.unwrap_or(VaultCause::Contended { tries: TRIES }))
}

fn version(seen: &Seen) -> Option<u64> {
    match seen {
        Seen::Document { version, .. } | Seen::Deleted { version } | Seen::Destroyed { version } => Some(*version),
        Seen::Absent => None,
    }
}

async fn see(vault: &Vault, mount: &str, path: &str) -> Result<Seen, VaultCause> {
    Ok(match read::<Document>(vault, mount, path, None).await? {
        Found::Document(document, Some(version)) => Seen::Document { version, document },
        Found::Document(_, None) => return Err(VaultCause::NotVersioned { mount: mount.to_owned() }),
        Found::Absent => Seen::Absent,
        Found::Deleted(version) => Seen::Deleted { version },
        Found::Destroyed(version) => Seen::Destroyed { version },
    })
}

enum Written {
    Version(u64),
    /// The newest version is another by now.
    TooLate,
}

async fn write(vault: &Vault, mount: &str, path: &str, cas: u64, document: &Document) -> Result<Written, VaultCause> {
    #[derive(Serialize)]
    struct Body<'a> {
        options: Options,
        data: &'a Document,
    }
    #[derive(Serialize)]
    struct Options {
        cas: u64,
    }
    #[derive(Deserialize)]
    struct Outer {
        data: Metadata,
    }
    #[derive(Deserialize)]
    struct Metadata {
        version: u64,
    }
    let body = serde_json::to_string(&Body { options: Options { cas }, data: document }).unwrap_or_default();
    let full = encoded(&format!("{mount}/data/{path}"));
    let answer = vault.call(Method::POST, &full, Some(&Sensitive::from(body))).await?;
    if is_too_late(&answer) {
        return Ok(Written::TooLate);
    }
    if answer.status == 404 {
        return Err(VaultCause::NoMount { mount: mount.to_owned(), words: answer.words() });
    }
    parse::<Outer>(&answer).map(|outer| Written::Version(outer.data.version))
}

fn is_too_late(answer: &Answer) -> bool {
    answer.status == 400 && answer.words().contains("did not match the current version")
}

/// Whether the store may have done it all the same.
fn is_open(cause: &VaultCause) -> bool {
    match cause {
        VaultCause::Link(cause) => matches!(cause, Cause::TimedOut { .. } | Cause::Unreachable { .. }),
        VaultCause::Server { status, .. } => *status >= 500,
        _ => false,
    }
}

/// Longer with each try, and not the same for two writers that began together.
fn pause(tries: u32) -> Duration {
    if tries == 0 {
        return Duration::ZERO;
    }
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let most = 20 * tries.min(8);
    Duration::from_millis(u64::from(5 + now.subsec_micros() % most))
}
