//! No environment breaks the parser of the handshake: it is read before anything else, and from whoever starts us.
#![no_main]

use homelab_plugin::serve::Handshake;
use libfuzzer_sys::fuzz_target;

/// The variables, in the order of the input's fields.
const NAMES: [&str; 8] = [
    "PLUGIN_CLIENT_CERT",
    "PLUGIN_PROTOCOL_VERSIONS",
    "PLUGIN_MIN_PORT",
    "PLUGIN_MAX_PORT",
    "PLUGIN_UNIX_SOCKET_DIR",
    "PLUGIN_UNIX_SOCKET_GROUP",
    "PLUGIN_MULTIPLEX_GRPC",
    "TF_DISABLE_PLUGIN_TLS",
];
/// The contract's constant: without it nothing else is read.
const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let values: Vec<_> = text.split('\0').collect();
    let parsed = Handshake::from_env(|name| {
        if name == "TF_PLUGIN_MAGIC_COOKIE" {
            return Some(COOKIE.to_owned());
        }
        let index = NAMES.iter().position(|known| *known == name)?;
        values.get(index).map(|&value| value.to_owned())
    });
    match parsed {
        Ok(handshake) => assert!(handshake.ports.0 <= handshake.ports.1),
        Err(error) => assert!(!error.to_string().contains('\n'), "{error:?}"),
    }
});
