//! The serialiser: the only file that names bincode.
//!
//! bincode 2.0.1 with little-endian variable-length integers and a size limit. Its upstream has
//! stopped (docs/adr/0001-bincode.md); the golden bytes in `fixtures/wire/` are the contract that
//! lets another crate take its place.

use alloc::vec::Vec;

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::limits::FRAME_BYTES_MAX;

/// Largest value kept at rest, in bytes: a whole simulated device with its journal.
const AT_REST_BYTES_MAX: usize = 1 << 20;

/// Bytes that are no value of the wanted type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("bytes do not decode as {what}")]
pub struct DecodeError {
    /// The wanted type, for the log.
    pub what: &'static str,
}

/// A value that does not fit the limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} does not encode within {limit} bytes")]
pub struct EncodeError {
    /// The type of the value, for the log.
    pub what: &'static str,
    /// The limit in force, in bytes.
    pub limit: usize,
}

/// The decoding budget at rest: an integer counts with its full width, eight bytes for one stored.
const AT_REST_BUDGET: usize = 8 * AT_REST_BYTES_MAX;

const fn wire() -> Configuration<LittleEndian, Varint, Limit<FRAME_BYTES_MAX>> {
    bincode::config::standard()
        .with_little_endian()
        .with_variable_int_encoding()
        .with_limit::<FRAME_BYTES_MAX>()
}

const fn at_rest() -> Configuration<LittleEndian, Varint, Limit<AT_REST_BUDGET>> {
    bincode::config::standard()
        .with_little_endian()
        .with_variable_int_encoding()
        .with_limit::<AT_REST_BUDGET>()
}

/// Appends `value` to `into`.
pub(crate) fn encode<T: Serialize>(value: &T, into: &mut Vec<u8>) -> Result<(), EncodeError> {
    let bytes = bincode::serde::encode_to_vec(value, wire()).map_err(|_cause| EncodeError {
        what: core::any::type_name::<T>(),
        limit: FRAME_BYTES_MAX,
    })?;
    into.extend_from_slice(&bytes);
    Ok(())
}

/// Reads one value and returns what follows it.
pub(crate) fn decode_prefix<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, &[u8]), DecodeError> {
    let failed = DecodeError { what: core::any::type_name::<T>() };
    let (value, used) =
        bincode::serde::decode_from_slice(bytes, wire()).map_err(|_cause| failed.clone())?;
    let rest = bytes.get(used..).ok_or(failed)?;
    Ok((value, rest))
}

/// Encodes a value that a shell wants to keep, for example a whole device.
///
/// # Errors
/// [`EncodeError`] above one mebibyte.
pub fn encode_at_rest<T: Serialize>(value: &T) -> Result<Vec<u8>, EncodeError> {
    let too_long = EncodeError { what: core::any::type_name::<T>(), limit: AT_REST_BYTES_MAX };
    match bincode::serde::encode_to_vec(value, at_rest()) {
        Ok(bytes) if bytes.len() <= AT_REST_BYTES_MAX => Ok(bytes),
        Ok(_) | Err(_) => Err(too_long),
    }
}

/// Reads back what [`encode_at_rest`] wrote.
///
/// # Errors
/// [`DecodeError`] for anything else, and for bytes left over.
pub fn decode_at_rest<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    let failed = DecodeError { what: core::any::type_name::<T>() };
    let (value, used) =
        bincode::serde::decode_from_slice(bytes, at_rest()).map_err(|_cause| failed.clone())?;
    if used == bytes.len() { Ok(value) } else { Err(failed) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    #[test]
    fn a_claimed_length_of_exabytes_is_refused_without_allocating() {
        let mut bytes = alloc::vec![253_u8];
        bytes.extend_from_slice(&(1_u64 << 60).to_le_bytes());
        assert!(decode_prefix::<String>(&bytes).is_err());
        assert!(decode_prefix::<Vec<u8>>(&bytes).is_err());
    }

    #[test]
    fn left_over_bytes_are_refused_at_rest() {
        let mut bytes = encode_at_rest(&7_u32).expect("small");
        bytes.push(0);
        assert!(decode_at_rest::<u32>(&bytes).is_err());
    }
}
