//! The built program as its users run it: exit codes, streams, documents, and what it says of real and of recorded worlds.

mod doctor;
mod documents;
mod gate;
mod ingress;
mod kv;
mod probe;
mod refs;
mod secrets;
mod support;
mod usage;
