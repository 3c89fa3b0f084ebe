//! Bytes no codec of ours would write.

use alloc::vec::Vec;

/// A frame of this kind with this payload, however wrong both are.
pub(crate) fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len() + 1).unwrap_or(u32::MAX);
    let mut bytes = Vec::from(length.to_be_bytes());
    bytes.push(kind);
    bytes.extend_from_slice(payload);
    bytes
}

/// The same frame with these bytes behind its payload.
pub(crate) fn longer(frame: &[u8], tail: &[u8]) -> Vec<u8> {
    let mut payload = Vec::from(frame.get(5..).unwrap_or_default());
    payload.extend_from_slice(tail);
    self::frame(frame.get(4).copied().unwrap_or_default(), &payload)
}

/// The same frame without its last byte, and with a length that says so.
pub(crate) fn shorter(frame: &[u8]) -> Vec<u8> {
    let payload = frame.get(5..frame.len().saturating_sub(1)).unwrap_or_default();
    self::frame(frame.get(4).copied().unwrap_or_default(), payload)
}

/// The same frame with these bytes in place of one of its payload.
pub(crate) fn patched(frame: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    let payload = frame.get(5..).unwrap_or_default();
    let (before, after) = payload.split_at(at.min(payload.len()));
    let after = after.get(1..).unwrap_or_default();
    self::frame(frame.get(4).copied().unwrap_or_default(), &[before, bytes, after].concat())
}
