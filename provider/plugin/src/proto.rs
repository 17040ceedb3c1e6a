//! The wire contract: generated from `proto/`.
//!
//! [`tfplugin5`] is Terraform's protocol, [`goplugin`] and [`health`] are the services that its plugin client expects
//! beside it. Maps are ordered, so that equal messages are equal bytes.

/// Terraform's plugin protocol, version 5.9.
pub mod tfplugin5 {
    #![allow(
        missing_docs,
        clippy::all,
        clippy::pedantic,
        reason = "generated: the contract's own names, documented where they are used"
    )]
    tonic::include_proto!("tfplugin5");
}

/// What go-plugin's client expects of every plugin.
pub mod goplugin {
    #![allow(
        missing_docs,
        clippy::all,
        clippy::pedantic,
        reason = "generated: the contract's own names, documented where they are used"
    )]
    tonic::include_proto!("plugin");
}

/// The health service of gRPC.
pub mod health {
    #![allow(
        missing_docs,
        clippy::all,
        clippy::pedantic,
        reason = "generated: the contract's own names, documented where they are used"
    )]
    tonic::include_proto!("grpc.health.v1");
}
