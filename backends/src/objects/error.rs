//! Everything that can go wrong with objects.
//!
//! Each cause keeps the words of whoever refused: a wrapper that replaces them by its own hid an incident for weeks.

use std::fmt;
use std::time::Duration;

use super::{Kind, ObjectId, Owner};

/// What was tried, and why it did not work. `Display` is one line that fits "failed to …"; [`ObjectError::hint`] says
/// what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectError {
    /// What was tried, as a fragment after "failed to": `apply Ingress photos/photos to https://192.0.2.1:6443`.
    pub tried: String,
    /// Why it did not work.
    pub cause: Cause,
}

/// A service that an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// The Kubernetes API: block `kubernetes`.
    Kubernetes,
    /// Vault or `OpenBao`: block `vault`.
    Vault,
    /// The provider of DNS records: block `dns`.
    Dns,
}

impl Service {
    /// The name of its block in the provider configuration.
    pub fn block(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Vault => "vault",
            Self::Dns => "dns",
        }
    }
}

/// A field of ours that another manager owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldConflict {
    /// Who owns it: a field manager, such as `kubectl-edit` or `external-secrets`.
    pub manager: String,
    /// The field, as the server writes it: `.spec.rules[0].host`.
    pub field: String,
}

/// Why something did not work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// The object is not there although it had to be.
    #[error("{0} is not there")]
    NotFound(Box<ObjectId>),
    /// The API server does not know the kind.
    #[error("the API server does not serve {kind} in {}", wanted(kind))]
    NoSuchKind {
        /// The kind.
        kind: Kind,
        /// The versions of its group that are served, where that was seen.
        served: Vec<String>,
    },
    /// The namespace is not there.
    #[error("namespace {namespace} does not exist")]
    NamespaceMissing {
        /// Its name.
        namespace: String,
    },
    /// The identity may not do that.
    #[error("forbidden: {words}")]
    Forbidden {
        /// The server's words, which name the user and the verb.
        words: String,
    },
    /// The server does not know who we are.
    #[error("not authenticated: {words}")]
    Unauthorized {
        /// The server's words.
        words: String,
    },
    /// Fields that we declare are owned by managers that we do not overrule.
    #[error("{}", list_conflicts(.0))]
    Conflict(Vec<FieldConflict>),
    /// The whole object belongs to somebody else.
    #[error("it belongs to {0}")]
    OwnedBy(Owner),
    /// The object is being deleted and has not gone in time.
    #[error("it is being deleted and waits for finalizers {}", .finalizers.join(", "))]
    Terminating {
        /// Names of the finalizers.
        finalizers: Vec<String>,
    },
    /// An admission webhook, a policy or a quota refuses it.
    #[error("refused by admission: {words}")]
    Admission {
        /// The server's words, which name the webhook or policy.
        words: String,
    },
    /// The object does not fit the schema of its kind.
    #[error("not valid: {words}")]
    Invalid {
        /// The server's words.
        words: String,
        /// The fields that it names: `spec.rules[0].host`.
        fields: Vec<String>,
    },
    /// No connection.
    #[error("no connection to {address}: {words}")]
    Unreachable {
        /// Scheme, host and port.
        address: String,
        /// The system's words.
        words: String,
    },
    /// No answer in time.
    #[error("no answer from {address} within {} s", .after.as_secs())]
    TimedOut {
        /// Scheme, host and port.
        address: String,
        /// The limit.
        after: Duration,
    },
    /// The server's certificate is not valid now.
    #[error("the certificate of {address} is not valid now: {words}")]
    CertificateExpired {
        /// Scheme, host and port.
        address: String,
        /// What the TLS library says.
        words: String,
    },
    /// The server's certificate is signed by someone that we do not know.
    #[error("the certificate of {address} is signed by an authority that is not trusted here: {words}")]
    UnknownAuthority {
        /// Scheme, host and port.
        address: String,
        /// What the TLS library says.
        words: String,
    },
    /// Anything else about TLS: a certificate for another name, no common version, no TLS at all.
    #[error("no TLS connection to {address}: {words}")]
    Tls {
        /// Scheme, host and port.
        address: String,
        /// What the TLS library says.
        words: String,
    },
    /// The server asks for less, and did so until our patience ended.
    #[error("the server is overloaded (HTTP {status}, {tries} tries): {words}")]
    Throttled {
        /// 429, 503 or 504.
        status: u16,
        /// How often it was asked.
        tries: u32,
        /// The server's words.
        words: String,
    },
    /// Any other answer of the server.
    #[error("HTTP {status}: {words}")]
    Server {
        /// The HTTP status.
        status: u16,
        /// The server's words.
        words: String,
    },
    /// A file of that name exists that we did not write.
    #[error("{file} exists and was not written by this provider")]
    ForeignFile {
        /// The file, relative to the folder.
        file: String,
    },
    /// A file or folder cannot be read or written.
    #[error("{path}: {words}")]
    File {
        /// Its path.
        path: String,
        /// The system's words.
        words: String,
    },
    /// The configuration does not say which cluster, or not yet.
    #[error("{0}")]
    NotConfigured(NotConfigured),
    /// A part of the provider block is wrong: a file that is not there, an unknown context, a malformed address.
    #[error("{argument}: {words}")]
    Configuration {
        /// The argument, from the root of the provider block: `kubernetes.config_context`.
        argument: String,
        /// What is wrong with it.
        words: String,
        /// What would be right; may be empty.
        hint: String,
    },
    /// The process is asked to stop.
    #[error("cancelled")]
    Cancelled,
}

/// Why there is nothing to talk to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotConfigured {
    /// The provider block says nothing of this service.
    #[error("the provider has no {} block", .0.block())]
    Absent(Service),
    /// It does, but arguments are known only after apply.
    #[error("{} not known yet", known_later(.0))]
    Unknown(
        /// The arguments, from the root of the provider block.
        Vec<String>,
    ),
}

impl ObjectError {
    /// An error.
    pub fn new(tried: impl Into<String>, cause: Cause) -> Self {
        Self { tried: tried.into(), cause }
    }

    /// Whether nothing could be seen at all, as opposed to an answer that says no. Planning a create goes on then: also
    /// where the configuration is not usable yet, since a kubeconfig may be written by the same run.
    pub fn is_blind(&self) -> bool {
        matches!(
            self.cause,
            Cause::Unreachable { .. }
                | Cause::TimedOut { .. }
                | Cause::CertificateExpired { .. }
                | Cause::UnknownAuthority { .. }
                | Cause::Tls { .. }
                | Cause::Throttled { .. }
                | Cause::Unauthorized { .. }
                | Cause::Forbidden { .. }
                | Cause::NotConfigured(_)
                | Cause::Configuration { .. }
        )
    }

    /// Whether the same question may be answered in a moment, as while an API server is restarted: whoever waits for
    /// something goes on waiting. A server that asks for patience has had ours already.
    pub fn may_pass(&self) -> bool {
        match self.cause {
            Cause::Unreachable { .. } | Cause::TimedOut { .. } => true,
            Cause::Server { status, .. } => status >= 500,
            _ => false,
        }
    }

    /// One line without the particulars, for the summary of a diagnostic.
    pub fn summary(&self) -> &'static str {
        match self.cause {
            Cause::NotFound(_) => "Object not found",
            Cause::NoSuchKind { .. } => "Kind not served by the cluster",
            Cause::NamespaceMissing { .. } => "Namespace does not exist",
            Cause::Forbidden { .. } => "Not allowed",
            Cause::Unauthorized { .. } => "Not authenticated",
            Cause::Conflict(_) => "Field owned by another manager",
            Cause::OwnedBy(_) => "Object owned by somebody else",
            Cause::Terminating { .. } => "Object is being deleted",
            Cause::Admission { .. } => "Refused by admission",
            Cause::Invalid { .. } => "Object not valid",
            Cause::Unreachable { .. } => "No connection",
            Cause::TimedOut { .. } => "No answer in time",
            Cause::CertificateExpired { .. } => "Certificate not valid now",
            Cause::UnknownAuthority { .. } => "Certificate of an unknown authority",
            Cause::Tls { .. } => "No TLS connection",
            Cause::Throttled { .. } => "Server overloaded",
            Cause::Server { .. } => "Unexpected answer",
            Cause::ForeignFile { .. } => "File written by somebody else",
            Cause::File { .. } => "File not accessible",
            Cause::NotConfigured(_) => "Provider not configured for this",
            Cause::Configuration { .. } => "Provider configuration not usable",
            Cause::Cancelled => "Cancelled",
        }
    }

    /// What to do about it, as a sentence; empty where the cause says all.
    pub fn hint(&self) -> String {
        hint(&self.cause)
    }

    /// Cause and hint as one text of full sentences, for the detail of a diagnostic.
    pub fn detail(&self) -> String {
        let hint = self.hint();
        let gap = if hint.is_empty() { "" } else { "\n\n" };
        format!("Failed to {self}.{gap}{hint}")
    }
}

impl fmt::Display for ObjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.tried, self.cause)
    }
}

impl std::error::Error for ObjectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

fn wanted(kind: &Kind) -> String {
    kind.versions.iter().map(|version| kind.api_version(version)).collect::<Vec<_>>().join(" or ")
}

fn known_later(arguments: &[String]) -> String {
    let verb = if arguments.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", arguments.join(" and "))
}

fn list_conflicts(conflicts: &[FieldConflict]) -> String {
    let one = |conflict: &FieldConflict| format!("{} is owned by field manager {:?}", conflict.field, conflict.manager);
    conflicts.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn hint(cause: &Cause) -> String {
    let text = match cause {
        // A version that we know is served without the kind: its CRD alone is missing.
        Cause::NoSuchKind { kind, served }
            if served.is_empty() || kind.versions.iter().any(|ours| served.iter().any(|version| version == ours)) =>
        {
            return format!("Install the CRD of {kind} (its operator's chart brings it), then run again.");
        }
        Cause::NoSuchKind { kind, served } => {
            return format!(
                "The cluster serves {} of group {}: this release knows none of them.",
                served.join(", "),
                kind.group
            );
        }
        Cause::NamespaceMissing { namespace } => {
            return format!("Make namespace {namespace} first, or refer to the resource that makes it.");
        }
        Cause::OwnedBy(owner) => return owner.hint(),
        Cause::Terminating { .. } => {
            "Its controller has to finish first. Where the controller is gone for good, remove the finalizers by hand."
        }
        Cause::Forbidden { .. } => {
            "Give the identity that verb, or use another identity. `homelab doctor` lists what it may not do."
        }
        Cause::Unauthorized { .. } => {
            "The token or client certificate is wrong or has expired: renew the credentials that the kubernetes block names."
        }
        Cause::Conflict(_) => "Stop the other manager from writing the field, or remove it from this resource.",
        Cause::Unreachable { .. } => "Is the address right, is the server running, and is it reachable from here?",
        Cause::TimedOut { .. } => "Is the address right, and does a firewall or proxy swallow the packets?",
        Cause::CertificateExpired { .. } => {
            "Renew the server's certificate (`kubeadm certs check-expiration` shows all of a control plane), and compare the clocks."
        }
        Cause::UnknownAuthority { .. } => {
            "Set cluster_ca_certificate to the authority of this cluster: a rebuilt cluster has a new one."
        }
        Cause::Tls { .. } => "Is the address one of the names in the certificate? Else set tls_server_name.",
        Cause::Throttled { .. } => "Run again later, or with a lower -parallelism.",
        Cause::ForeignFile { .. } => "Move the file away, or give the resource another name.",
        Cause::NotConfigured(NotConfigured::Absent(service)) => {
            return format!("Add a {} block to the provider configuration.", service.block());
        }
        Cause::NotConfigured(NotConfigured::Unknown(_)) => {
            "Apply first what these values come from, or give values that are known at plan."
        }
        Cause::Configuration { hint, .. } => return hint.clone(),
        Cause::NotFound(_)
        | Cause::Admission { .. }
        | Cause::Invalid { .. }
        | Cause::Server { .. }
        | Cause::File { .. }
        | Cause::Cancelled => "",
    };
    text.to_owned()
}
