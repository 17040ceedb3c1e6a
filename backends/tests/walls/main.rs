//! The probe against real walls: nginx with `auth_request`, Apache with `mod_auth_openidc`, Traefik with `ForwardAuth` and
//! `BasicAuth`; and beside `blackbox_exporter`, on the same origins.
//!
//! The programs come out of the test plane's wider tier; a test whose program is missing says so and is skipped. What stands
//! behind them, the services that decide and the app, is in this process and refuses what a real one would refuse.

// The servers of the prober's own tests: byte for byte as told, every request remembered.
#[allow(dead_code, reason = "its first users are the unit tests")]
#[path = "../../src/http/tests/certificates.rs"]
mod certificates;
#[allow(dead_code, reason = "its first users are the unit tests")]
#[path = "../../src/http/tests/origin.rs"]
mod origin;

mod apache;
mod blackbox;
mod cases;
mod nginx;
mod services;
mod support;
mod traefik;
