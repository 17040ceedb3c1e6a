//! `homelab probe`: its verbs against a small origin on loopback, recorded answers, a real API server and the programs that
//! are exported for.

mod cluster;
mod explain;
mod export;
mod origin;
mod run;
mod sources;
mod targets;
