//! What must hold for any bytes: shared by the fuzz targets and by the tests that run everywhere.

use super::Generator;
use crate::{Type, json, msgpack};

/// The type that bytes are tried as.
fn ty(seed: u64) -> Type {
    let mut generator = Generator::new(seed);
    let depth = generator.random.below(4);
    generator.ty(depth, true)
}

/// Reads the bytes as msgpack of the type that the seed makes. What can be read is of that type, can be written, and
/// comes back from that as it was.
///
/// # Panics
///
/// When it does not.
pub fn check_msgpack(seed: u64, bytes: &[u8]) {
    let ty = ty(seed);
    let Ok(value) = msgpack::decode(bytes, &ty) else { return };
    assert_eq!(value.conforms(&ty), Ok(()), "{ty}");
    let written = msgpack::encode(&value, &ty);
    let again = written.as_ref().map(|written| msgpack::decode(written, &ty));
    assert_eq!(again, Ok(Ok(value)), "{ty}");
}

/// The same for JSON.
///
/// # Panics
///
/// When it does not.
pub fn check_json(seed: u64, bytes: &[u8]) {
    let ty = ty(seed);
    let Ok(value) = json::decode(bytes, &ty) else { return };
    assert_eq!(value.conforms(&ty), Ok(()), "{ty}");
    assert!(value.is_wholly_known(), "{ty}");
    let written = json::encode(&value, &ty);
    let again = written.as_ref().map(|written| json::decode(written, &ty));
    assert_eq!(again, Ok(Ok(value.clone())), "{ty}");
    assert_eq!(json::decode_dropping_extra(bytes, &ty), Ok(value), "{ty}");
}

/// Calls a check with bytes of a fuzzer: eight of them are the seed of the type, little end first, the rest the
/// message. Fewer than eight are nothing.
pub fn fuzz(data: &[u8], check: fn(u64, &[u8])) {
    if let Some((seed, message)) = data.split_first_chunk() {
        check(u64::from_le_bytes(*seed), message);
    }
}
