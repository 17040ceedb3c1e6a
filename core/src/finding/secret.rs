//! `HL2xxx`: secrets.

codes! {
    /// The resource names nothing to fetch.
    NOTHING_TO_SYNC = "HL2001", Error, Act,
        "nothing to sync",
        "Add a `data` block or a `data_from` block.";
    /// A duration is not in the form that Go reads, such as `15m` or `1h30m`.
    BAD_DURATION = "HL2002", Error, Act,
        "not a duration",
        "Write a number with a unit, such as `15m`, `1h30m` or `0s`.";
    /// A name is no valid name of a Kubernetes object or of a key of a Secret.
    MALFORMED = "HL2003", Error, Act,
        "not a valid name",
        "Correct the value.";
    /// Arguments exclude each other or only make sense together.
    CONTRADICTION = "HL2004", Error, Act,
        "arguments contradict each other",
        "Keep one of them.";
    /// The cluster does not know ExternalSecrets: External Secrets Operator is not installed, or not yet.
    NO_CRD = "HL2101", Error, Act,
        "ExternalSecrets are not installed in the cluster",
        "Install External Secrets Operator before this resource is applied.";
    /// The store that the ExternalSecret names does not exist: it would never become ready.
    DANGLING_STORE = "HL2102", Error, Act,
        "the secret store does not exist",
        "Create the store first, or correct its name and kind.";
    /// A Secret of the target name exists and belongs to somebody else: it would be overwritten.
    FOREIGN_SECRET = "HL2103", Error, Act,
        "the target secret belongs to somebody else",
        "Choose another `target` name, or remove the Secret.";
    /// The Secret is not there yet. While planning its values are unknown; in apply it is waited for.
    SECRET_ABSENT = "HL2201", Warning, Unmeasured,
        "the secret is not there yet",
        "Take it by `handle` of the resource that makes it, so that it is opened after it is there.";
    /// The Secret did not come within the time that was allowed.
    SECRET_TIMEOUT = "HL2202", Error, Act,
        "the secret did not come in time",
        "Look at the status of the resource that makes the Secret, or raise `timeout`.";
    /// The cluster could not be asked: it counts neither as found nor as missing.
    NOT_CHECKED = "HL2901", Warning, Unmeasured,
        "references were not checked",
        "Let the provider reach the cluster at plan.";
}
