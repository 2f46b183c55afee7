//! The part of an entry that the server writes, as bytes and as a protocol state.
//!
//! Pure functions. Bytes that are not an entry, cut short or hostile, are no frame; nothing here panics or allocates by
//! a length that the bytes claim.

use bytes::{BufMut, Bytes, BytesMut};

use super::Payload;
use crate::protocol::{Incarnation, Micros, Nonce, Stamp, State, Token};

const VALUE: u8 = b'V';
const LEASE: u8 = b'L';
const FENCE: u8 = b'F';

/// Length of a value's frame: everything before its payload.
pub const VALUE_FRAME_LEN: usize = 17;
/// Length of a stamp: time and nonce.
pub const STAMP_LEN: usize = 16;
const TOKEN_LEN: usize = STAMP_LEN + 8;

/// What a raw string under a key says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Which life of the server wrote it.
    pub incarnation: Incarnation,
    /// What stands there.
    pub state: State<Payload>,
}

/// Reads an entry; `None` for bytes that no server of ours wrote.
///
/// A value's payload is a slice of `raw`, not a copy.
#[must_use]
pub fn parse(raw: &Bytes) -> Option<Frame> {
    let (&kind, rest) = raw.split_first()?;
    let (incarnation, rest) = number(rest)?;
    let state = match kind {
        VALUE => {
            let (written_at, _) = number(rest)?;
            State::Value { written_at: Micros(written_at), value: Payload(raw.slice(VALUE_FRAME_LEN..)) }
        }
        LEASE => State::Lease { stamp: parse_stamp(rest)? },
        FENCE => fence(rest)?,
        _ => return None,
    };
    Some(Frame { incarnation: Incarnation(incarnation), state })
}

fn fence(raw: &[u8]) -> Option<State<Payload>> {
    let (contended, raw) = raw.split_first()?;
    let contended = match contended {
        b'0' => false,
        b'1' => true,
        _ => return None,
    };
    let tokens = raw.chunks(TOKEN_LEN).map(token).collect::<Option<Vec<_>>>()?;
    (!tokens.is_empty()).then_some(State::Fence { tokens, contended })
}

fn token(raw: &[u8]) -> Option<Token> {
    let (stamp, deadline) = raw.split_at_checked(STAMP_LEN)?;
    let (deadline, rest) = number(deadline)?;
    rest.is_empty().then_some(Token { stamp: parse_stamp(stamp)?, deadline: Micros(deadline) })
}

/// Reads the sixteen bytes of a stamp, no more and no less.
#[must_use]
pub fn parse_stamp(raw: &[u8]) -> Option<Stamp> {
    let (at, rest) = number(raw)?;
    let (nonce, rest) = number(rest)?;
    rest.is_empty().then_some(Stamp { at: Micros(at), nonce: Nonce(nonce) })
}

fn number(raw: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = raw.split_first_chunk()?;
    Some((u64::from_be_bytes(*number), rest))
}

/// Writes an entry as the server does.
#[must_use]
pub fn format(frame: &Frame) -> Bytes {
    let mut raw = BytesMut::new();
    let kind = match &frame.state {
        State::Value { .. } => VALUE,
        State::Lease { .. } => LEASE,
        State::Fence { .. } => FENCE,
    };
    raw.put_u8(kind);
    raw.put_u64(frame.incarnation.0);
    match &frame.state {
        State::Value { written_at, value } => {
            raw.put_u64(written_at.0);
            raw.put_slice(&value.0);
        }
        State::Lease { stamp } => raw.put_slice(&format_stamp(*stamp)),
        State::Fence { tokens, contended } => {
            raw.put_u8(if *contended { b'1' } else { b'0' });
            for token in tokens {
                raw.put_slice(&format_stamp(token.stamp));
                raw.put_u64(token.deadline.0);
            }
        }
    }
    raw.freeze()
}

/// Writes the sixteen bytes of a stamp.
#[must_use]
pub fn format_stamp(stamp: Stamp) -> [u8; STAMP_LEN] {
    ((u128::from(stamp.at.0) << 64) | u128::from(stamp.nonce.0)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stamp() -> impl Strategy<Value = Stamp> {
        (any::<u64>(), any::<u64>()).prop_map(|(at, nonce)| Stamp { at: Micros(at), nonce: Nonce(nonce) })
    }

    fn state() -> impl Strategy<Value = State<Payload>> {
        let token = (stamp(), any::<u64>()).prop_map(|(stamp, deadline)| Token { stamp, deadline: Micros(deadline) });
        prop_oneof![
            (any::<u64>(), any::<Vec<u8>>())
                .prop_map(|(at, payload)| State::Value { written_at: Micros(at), value: Payload(payload.into()) }),
            stamp().prop_map(|stamp| State::Lease { stamp }),
            (proptest::collection::vec(token, 1..5), any::<bool>())
                .prop_map(|(tokens, contended)| State::Fence { tokens, contended }),
        ]
    }

    fn frames() -> impl Strategy<Value = Frame> {
        (any::<u64>(), state()).prop_map(|(incarnation, state)| Frame { incarnation: Incarnation(incarnation), state })
    }

    proptest! {
        #[test]
        fn every_frame_reads_back_as_it_was_written(frame in frames()) {
            prop_assert_eq!(parse(&format(&frame)), Some(frame));
        }

        #[test]
        fn whatever_is_read_is_written_the_same(raw in proptest::collection::vec(any::<u8>(), 0..120), kind in prop::sample::select(b"VLFx".to_vec())) {
            let mut raw = raw;
            if let Some(first) = raw.first_mut() {
                *first = kind;
            }
            if let Some(contended) = raw.get_mut(9) {
                *contended = b'0' + (*contended & 1);
            }
            let raw = Bytes::from(raw);
            if let Some(frame) = parse(&raw) {
                prop_assert_eq!(format(&frame), raw);
            }
        }

        #[test]
        fn a_lease_or_fence_cut_short_is_no_frame(frame in frames(), cut in 1_usize..24) {
            prop_assume!(!matches!(frame.state, State::Value { .. }));
            let raw = format(&frame);
            prop_assert_eq!(parse(&raw.slice(..raw.len() - cut)), None);
        }
    }

    #[test]
    fn the_layout_is_the_documented_one() {
        let stamp = Stamp { at: Micros(0x0102_0304_0506_0708), nonce: Nonce(0x1112_1314_1516_1718) };
        let raw = |state| format(&Frame { incarnation: Incarnation(0x2122_2324_2526_2728), state });
        let incarnation = b"\x21\x22\x23\x24\x25\x26\x27\x28";
        let at = b"\x01\x02\x03\x04\x05\x06\x07\x08";
        let nonce = b"\x11\x12\x13\x14\x15\x16\x17\x18";

        let value = State::Value { written_at: stamp.at, value: Payload(Bytes::from_static(b"payload")) };
        assert_eq!(raw(value), [b"V", &incarnation[..], at, b"payload"].concat());
        assert_eq!(raw(State::Lease { stamp }), [b"L", &incarnation[..], at, nonce].concat());
        let tokens = vec![Token { stamp, deadline: Micros(9) }];
        assert_eq!(
            raw(State::Fence { tokens, contended: true }),
            [b"F", &incarnation[..], b"1", at, nonce, b"\0\0\0\0\0\0\0\x09"].concat()
        );
    }

    #[test]
    fn a_value_of_another_length_than_its_frame_is_no_value() {
        let raw = Bytes::from_static(b"V0123456701234567");
        assert_eq!(raw.len(), VALUE_FRAME_LEN);
        assert!(parse(&raw).is_some(), "a value may have an empty payload");
        assert_eq!(parse(&raw.slice(..16)), None);
    }

    #[test]
    fn foreign_bytes_are_no_frame() {
        for raw in
            ["", "V", "hello", "L01234567", "F012345670", "F012345672aaaaaaaaaaaaaaaaaaaaaaaa", "X01234567890123456"]
        {
            assert_eq!(parse(&Bytes::from_static(raw.as_bytes())), None, "{raw}");
        }
    }
}
