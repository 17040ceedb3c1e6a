//! Any bytes as a value in msgpack: never a panic, and what can be read comes back from what is written.
//!
//! The first eight bytes choose the type, the rest is the message.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| homelab_cty::testing::fuzz(data, homelab_cty::testing::check_msgpack));
