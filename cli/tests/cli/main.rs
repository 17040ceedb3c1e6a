//! The built program as its users run it: exit codes, streams, documents, and what it says of real and of recorded worlds.

mod canary;
mod doctor;
mod documents;
mod gate;
mod gate_facts;
mod gate_hosts;
mod gate_page;
mod gate_prometheus;
mod gate_push;
mod gate_report;
mod ingress;
mod kv;
mod probe;
mod refs;
mod secrets;
mod support;
mod usage;
