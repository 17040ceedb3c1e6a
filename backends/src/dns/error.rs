//! What can go wrong with the API of the DNS provider.

use std::fmt;

use crate::objects::{Cause, NotConfigured, Service};

/// What was tried, and why it did not work. Never holds a secret. `Display` is one line that fits "failed to …".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsError {
    /// What was tried, as a fragment: `list the records of zone example.net`.
    pub tried: String,
    /// Why it did not work.
    pub cause: DnsCause,
}

/// Why something did not work. "Absent" is no error: answers have it as a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DnsCause {
    /// No connection, no answer, no configuration, Ctrl-C.
    #[error(transparent)]
    Link(#[from] Cause),
    /// The token is not one, or not any more.
    #[error("the API token is not valid: {words}")]
    BadToken {
        /// The server's words.
        words: String,
    },
    /// The token is valid and may not do this.
    #[error("the API token lacks the permission \"{permission}\" for the zone: {words}")]
    Forbidden {
        /// The permission, as the dashboard calls it.
        permission: &'static str,
        /// The server's words.
        words: String,
    },
    /// There is no such zone, or none that the token may see.
    #[error("there is no zone {zone} that the API token may see")]
    NoZone {
        /// Name or identifier.
        zone: String,
    },
    /// A name that the zone cannot hold.
    #[error("{name} is not in the zone {zone}")]
    OutsideZone {
        /// The name.
        name: String,
        /// The zone.
        zone: String,
    },
    /// A record is there that excludes ours, and no listing shows it.
    #[error("a record is in the way that the zone does not list: {words}")]
    Exists {
        /// The server's words.
        words: String,
    },
    /// A record that was listed is not there.
    #[error("a record that was listed is gone: {words}")]
    Gone {
        /// The server's words.
        words: String,
    },
    /// The zone is full.
    #[error("the zone may have no more records: {words}")]
    Full {
        /// The server's words.
        words: String,
    },
    /// The server does not like the record.
    #[error("refused: {words}")]
    Invalid {
        /// The server's words.
        words: String,
    },
    /// The server asks for less, and did so until our patience ended.
    #[error("the API allows no more requests for now ({tries} tries): {words}")]
    Throttled {
        /// How often it was asked.
        tries: u32,
        /// The server's words.
        words: String,
    },
    /// Any other answer, after which it is open whether the request was done.
    #[error("HTTP {status}: {words}")]
    Server {
        /// The HTTP status.
        status: u16,
        /// The server's words.
        words: String,
    },
}

impl DnsCause {
    /// Whether it is open whether a write was done.
    pub(super) fn is_uncertain(&self) -> bool {
        match self {
            Self::Server { .. } => true,
            Self::Link(cause) => matches!(cause, Cause::TimedOut { .. } | Cause::Unreachable { .. }),
            _ => false,
        }
    }

    /// Whether what we know of the zone is not what it is.
    pub(super) fn is_stale(&self) -> bool {
        matches!(self, Self::Exists { .. } | Self::Gone { .. })
    }
}

impl DnsError {
    /// An error.
    pub fn new(tried: impl Into<String>, cause: impl Into<DnsCause>) -> Self {
        Self { tried: tried.into(), cause: cause.into() }
    }

    /// Whether nothing could be seen, as opposed to an answer that says no: such a check is "not checked".
    pub fn is_blind(&self) -> bool {
        match &self.cause {
            DnsCause::Link(cause) => !matches!(cause, Cause::Configuration { .. }),
            DnsCause::BadToken { .. }
            | DnsCause::Forbidden { .. }
            | DnsCause::NoZone { .. }
            | DnsCause::Throttled { .. }
            | DnsCause::Server { .. } => true,
            _ => false,
        }
    }

    /// One line without the particulars, for the summary of a diagnostic.
    pub fn summary(&self) -> &'static str {
        match &self.cause {
            DnsCause::Link(Cause::NotConfigured(_)) => "Provider not configured for DNS records",
            DnsCause::Link(Cause::Cancelled) => "Cancelled",
            DnsCause::Link(_) => "The DNS provider cannot be reached",
            DnsCause::BadToken { .. } => "The DNS provider does not know the token",
            DnsCause::Forbidden { .. } => "Not allowed in the DNS zone",
            DnsCause::NoZone { .. } => "No such DNS zone",
            DnsCause::OutsideZone { .. } => "Host outside of the DNS zone",
            DnsCause::Exists { .. } | DnsCause::Gone { .. } => "The DNS zone is not as it is listed",
            DnsCause::Full { .. } => "The DNS zone is full",
            DnsCause::Invalid { .. } => "The DNS provider refuses the records",
            DnsCause::Throttled { .. } => "The DNS provider allows no more requests for now",
            DnsCause::Server { .. } => "Unexpected answer of the DNS provider",
        }
    }

    /// What to do about it, as a sentence; may be empty.
    pub fn hint(&self) -> String {
        let text = match &self.cause {
            DnsCause::Link(Cause::NotConfigured(NotConfigured::Absent(Service::Dns))) => {
                "Add a dns block to the provider configuration."
            }
            DnsCause::Link(Cause::NotConfigured(NotConfigured::Unknown(_))) => {
                "Apply first what these values come from, or give values that are known at plan."
            }
            DnsCause::Link(Cause::Configuration { hint, .. }) => hint,
            DnsCause::Link(Cause::Unreachable { .. } | Cause::TimedOut { .. }) => {
                "Is base_url of the dns block right, and may this machine reach it?"
            }
            DnsCause::BadToken { .. } => "Set dns.api_token (CLOUDFLARE_API_TOKEN) to a token that is active.",
            DnsCause::Forbidden { permission: super::ZONE_READ, .. } => {
                "Give the token that permission, or set both zone and zone_id in the dns block: then nothing is looked up."
            }
            DnsCause::Forbidden { .. } => "Give the token that permission. `homelab doctor` says what it may do.",
            DnsCause::NoZone { .. } => "Correct zone or zone_id in the dns block, or let the token see that zone.",
            DnsCause::OutsideZone { .. } => {
                "Choose a host in the zone, or use a provider configuration with the zone of this host."
            }
            DnsCause::Exists { .. } => {
                "Look for records of that name in the dashboard, also such that another service manages; then run again."
            }
            DnsCause::Gone { .. } => "Somebody else changes the zone at this moment. Run again.",
            DnsCause::Full { .. } => "Remove records that nobody needs.",
            DnsCause::Throttled { .. } => {
                "All tools that use this account share one limit. Run again in five minutes; what was written is kept."
            }
            DnsCause::Server { .. } => "What was written before is kept, and the next apply goes on from there.",
            DnsCause::Link(_) | DnsCause::Invalid { .. } => "",
        };
        text.to_owned()
    }

    /// Cause and hint as full sentences, for the detail of a diagnostic.
    pub fn detail(&self) -> String {
        let hint = self.hint();
        let gap = if hint.is_empty() { "" } else { "\n\n" };
        format!("Failed to {self}.{gap}{hint}")
    }
}

impl fmt::Display for DnsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.tried, self.cause)
    }
}

impl std::error::Error for DnsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}
