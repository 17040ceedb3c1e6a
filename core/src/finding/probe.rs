//! `HL3xxx`: probing over the network.

codes! {
    /// A path that is declared as gated answered without the gate.
    EXPOSED = "HL3001", Error, Act,
        "a gated path is open",
        "Put the gate back in front of the path, or declare it public with a reason.";
    /// A path that is declared as public was sent to the sign-in page.
    WALLED = "HL3002", Error, Act,
        "a public path is walled off",
        "Restore the carve-out, or declare the path gated.";
    /// The gate answered in its emergency form: what stands in for it while it is down is not what was declared.
    DEGRADED = "HL3003", Warning, Act,
        "the gate answers in a degraded form",
        "Look at the gate's own health and configuration.";
    /// Nothing could be seen: no address, no connection, no valid certificate, no clear answer.
    UNKNOWN = "HL3004", Warning, Unmeasured,
        "a path could not be judged",
        "Make the target reachable from where the probe runs.";
    /// The origin itself answered with an error of the 5xx class.
    ORIGIN_ERROR = "HL3005", Warning, Unmeasured,
        "the origin answers with an error",
        "Repair the app behind the route; the gate cannot be judged before.";
    /// A public path is open, but its answer has not the status, media type or text that was declared.
    CONTRACT = "HL3006", Error, Act,
        "a public path does not answer as declared",
        "Repair what answers there, or correct what is declared of the answer.";
    /// Gated paths of several hosts answer alike, and none of them as the gate does: one thing in front of all of them fails.
    GATE_FAILS = "HL3007", Warning, Unmeasured,
        "the gate does not answer",
        "Look at the gate itself, and at what asks it, before the apps; then at what `wall` says of it.";
    /// The certificate of a host is accepted and ends soon: its renewal has not happened when it usually does.
    CERTIFICATE_ENDS = "HL3008", Warning, Note,
        "a certificate ends soon",
        "Renew it, and look at what should have renewed it.";
    /// The target has a private, loopback or link-local address, and that was not allowed.
    PRIVATE_TARGET = "HL3101", Error, Act,
        "the target has a private address",
        "Set `allow_private = true` where that is meant.";
    /// The target is no usable URL, or its expectations contradict each other.
    BAD_TARGET = "HL3102", Error, Act,
        "not a usable target",
        "Correct the target.";
}
