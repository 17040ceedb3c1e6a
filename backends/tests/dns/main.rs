//! The client of the DNS provider against an API on loopback that is as strict as the real one.

mod faults;
mod pace;
mod reads;
mod support;
mod writes;
