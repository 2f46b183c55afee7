//! What a payload starts with: format version, flags and schema fingerprint.

use super::error::DecodeError;
use super::{MARK_LEN, Payload};
use crate::entity::Facts;

/// The format that this version writes, and the only one it reads.
pub(super) const FORMAT: u8 = 1;

/// Flags. The keys of a row, a pointer and a list are never the same, and none takes another's flags for its own.
pub(super) const ROW: u8 = 0;
pub(super) const ABSENT: u8 = 1;
pub(super) const POINTER: u8 = 2;
pub(super) const NO_ROW: u8 = 3;
pub(super) const LIST: u8 = 4;

/// Starts a payload, with room for a body.
pub(super) fn start(facts: &Facts, flags: u8, body_len: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(MARK_LEN + body_len);
    bytes.extend([FORMAT, flags]);
    bytes.extend(facts.fingerprint.to_be_bytes());
    bytes
}

/// Flags, fingerprint and body of a payload in our format.
pub(super) fn split(payload: &Payload) -> Result<(u8, u64, &[u8]), DecodeError> {
    let (&[format, flags, ref fingerprint @ ..], body) =
        payload.0.split_first_chunk::<MARK_LEN>().ok_or(DecodeError::Truncated)?;
    if format == FORMAT {
        Ok((flags, u64::from_be_bytes(*fingerprint), body))
    } else {
        Err(DecodeError::Format(format))
    }
}
