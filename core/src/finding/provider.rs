//! `HL5xxx`: the provider block, connections, and objects whoever they belong to.

codes! {
    /// The provider block does not say how to reach what the resource needs.
    NOT_CONFIGURED = "HL5001", Error, Act,
        "the provider is not configured for this",
        "Complete the provider block.";
    /// A value of the provider block is known only after apply, so that nothing can be asked yet.
    UNKNOWN_CONFIGURATION = "HL5002", Error, Unmeasured,
        "the provider's configuration is not known yet",
        "Give the named value in a form that is known at plan.";
    /// A value of the provider block cannot be used.
    BAD_CONFIGURATION = "HL5003", Error, Act,
        "the provider's configuration cannot be used",
        "Correct the named value.";
    /// Certificates of the API server are not verified: anybody on the way can read and change everything.
    INSECURE = "HL5004", Warning, Act,
        "certificates are not verified",
        "Set `cluster_ca_certificate` instead of `insecure`.";
    /// The server did not answer, or not in time.
    UNREACHABLE = "HL5101", Error, Unmeasured,
        "the server cannot be reached",
        "Check the address, the network and the server.";
    /// The server does not know who asks.
    UNAUTHENTICATED = "HL5102", Error, Unmeasured,
        "the server does not accept the credentials",
        "Renew the credentials.";
    /// The server knows who asks, and refuses.
    FORBIDDEN = "HL5103", Error, Unmeasured,
        "the identity may not do this",
        "Grant the named permission, or use another identity.";
    /// The server's certificate, or ours, is not accepted.
    CERTIFICATE = "HL5104", Error, Unmeasured,
        "a certificate is not accepted",
        "Renew the certificate, or correct the authority that is trusted.";
    /// A field that is declared here belongs to another field manager.
    FIELD_CONFLICT = "HL5201", Error, Act,
        "another manager owns a declared field",
        "Remove the argument, or let the other manager give the field up.";
    /// An object of that name belongs to somebody else.
    FOREIGN_OBJECT = "HL5202", Error, Act,
        "the object belongs to somebody else",
        "Choose another name, or release the object at its owner.";
    /// Two resources of one configuration declare the same object.
    DECLARED_TWICE = "HL5203", Error, Act,
        "two resources declare the same object",
        "Remove one of them.";
    /// The namespace does not exist.
    NO_NAMESPACE = "HL5204", Error, Act,
        "the namespace does not exist",
        "Create the namespace first.";
    /// The server, or an admission policy in it, refuses the object.
    REFUSED = "HL5205", Error, Act,
        "the server refuses the object",
        "Change what the server's message names.";
    /// An object is taken over that says more than the declaration does.
    LEFT_OUT = "HL5206", Warning, Act,
        "fields of an object that is taken over will be removed",
        "Declare them here where there is an argument for them; else leave the object to the tool that wrote it.";
}
