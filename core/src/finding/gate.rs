//! `HL4xxx`: may the cluster be upgraded.

codes! {
    /// The target is older than what runs.
    DOWNGRADE = "HL4001", Error, Act,
        "the target is older than the cluster",
        "Choose a newer target.";
    /// The path to the target skips a minor version, which Kubernetes does not support.
    SKIPPED_MINOR = "HL4002", Error, Act,
        "the path skips a minor version",
        "Go through every minor version on the way.";
    /// A component is further from the API server than the version skew policy allows.
    SKEW = "HL4003", Error, Act,
        "a component is too old or too new for the target",
        "Bring the component to a version within the allowed skew first.";
    /// An API that the target no longer serves is still in use.
    REMOVED_API = "HL4004", Error, Act,
        "an API that is removed in the target is in use",
        "Move the objects and their writers to the newer API version.";
    /// Only a release of somebody else's, or a pin that is lifted, opens the way.
    HELD = "HL4005", Warning, Held,
        "held until upstream moves",
        "Wait for the named release, or lift the pin.";
    /// Something that the verdict needs could not be measured.
    NOT_MEASURED = "HL4901", Warning, Unmeasured,
        "not measured",
        "Let the gate see it, or hand in evidence.";
}
