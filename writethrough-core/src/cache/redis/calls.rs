//! Steps as arguments of a script, and its answers as replies.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use fred::types::Value;

use super::connection::refusal;
use super::scripts::{self, Script};
use crate::cache::CacheError;
use crate::entry::{Payload, frame};
use crate::protocol::{Ending, Reply, Standing, State, Step};

/// The kinds of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Verb {
    Get,
    Lease,
    Fill,
    Release,
    Fence,
    Renew,
    Finish,
    Invalidate,
}

impl Verb {
    pub(super) fn of(step: &Step<Payload>) -> Self {
        match step {
            Step::Get => Self::Get,
            Step::Lease { .. } => Self::Lease,
            Step::Fill { .. } => Self::Fill,
            Step::Release { .. } => Self::Release,
            Step::Fence { .. } => Self::Fence,
            Step::Renew { .. } => Self::Renew,
            Step::Finish { .. } => Self::Finish,
            Step::Invalidate => Self::Invalidate,
        }
    }

    /// What executes it; nothing for a read, which needs no script.
    pub(super) fn script(self) -> Option<&'static Script> {
        match self {
            Self::Get => None,
            Self::Lease => Some(&scripts::LEASE),
            Self::Fill => Some(&scripts::FILL),
            Self::Release => Some(&scripts::RELEASE),
            Self::Fence => Some(&scripts::FENCE),
            Self::Renew => Some(&scripts::RENEW),
            Self::Finish => Some(&scripts::FINISH),
            Self::Invalidate => Some(&scripts::INVALIDATE),
        }
    }

    /// Reads a script's answer for one key.
    pub(super) fn decode(self, raw: &Bytes) -> Result<Reply<Payload>, CacheError> {
        if let Some((b'!', text)) = raw.split_first() {
            return Err(refusal(text));
        }
        self.reply(raw)
            .ok_or_else(|| CacheError::Rejected(format!("the script's answer to {self:?} was not understood")))
    }

    fn reply(self, raw: &Bytes) -> Option<Reply<Payload>> {
        let flag = |raw: &[u8]| match raw {
            b"1" => Some(true),
            b"0" => Some(false),
            _ => None,
        };
        match self {
            Self::Get => None,
            Self::Lease => match raw.split_first()? {
                (b'G', stamp) => frame::parse_stamp(stamp).map(Reply::Leased),
                (b'L', []) => Some(Reply::Standing(Standing::Leased)),
                (b'F', []) => Some(Reply::Standing(Standing::Fenced)),
                _ => match frame::parse(raw)?.state {
                    State::Value { written_at, value } => Some(Reply::Standing(Standing::Value { written_at, value })),
                    State::Lease { .. } | State::Fence { .. } => None,
                },
            },
            Self::Fill | Self::Release => flag(raw).map(Reply::Applied),
            Self::Fence => {
                let (was_cached, stamp) = raw.split_at_checked(1)?;
                Some(Reply::Fenced { stamp: frame::parse_stamp(stamp)?, was_cached: flag(was_cached)? })
            }
            Self::Renew => flag(raw).map(Reply::Renewed),
            Self::Finish => match raw.as_ref() {
                b"refreshed" => Some(Reply::Finished(Ending::Refreshed)),
                b"emptied" => Some(Reply::Finished(Ending::Emptied)),
                b"contended" => Some(Reply::Finished(Ending::Contended)),
                b"lost" => Some(Reply::Finished(Ending::Lost)),
                _ => None,
            },
            Self::Invalidate => (raw.as_ref() == b"ok").then_some(Reply::Invalidated),
        }
    }
}

/// Arguments of a command, cut from one buffer.
#[derive(Default)]
pub(super) struct Arguments {
    pub(super) values: Vec<Value>,
    buffer: BytesMut,
}

impl Arguments {
    /// Adds the arguments of one step, in the order that its script's header tells.
    pub(super) fn push_step(&mut self, step: Step<Payload>) {
        match step {
            Step::Get | Step::Invalidate => {}
            Step::Lease { nonce, lasting, seen } => {
                self.push(&nonce.0.to_be_bytes());
                self.push_duration(lasting);
                match seen {
                    Some((written_at, mark)) => {
                        self.buffer.put_u64(written_at.0);
                        self.push(&mark);
                    }
                    None => self.push(b""),
                }
            }
            Step::Fill { stamp, value, ttl } => {
                self.push(&frame::format_stamp(stamp));
                self.push_payload(value);
                self.push_duration(ttl);
            }
            Step::Release { stamp } => self.push(&frame::format_stamp(stamp)),
            Step::Fence { nonce, lasting } => {
                self.push(&nonce.0.to_be_bytes());
                self.push_duration(lasting);
            }
            Step::Renew { stamp, lasting } => {
                self.push(&frame::format_stamp(stamp));
                self.push_duration(lasting);
            }
            Step::Finish { stamp, value } => {
                self.push(&frame::format_stamp(stamp));
                match value {
                    Some((value, ttl)) => {
                        self.push_payload(value);
                        self.push_duration(ttl);
                    }
                    None => {
                        self.push(b"");
                        self.push(b"");
                    }
                }
            }
        }
    }

    /// Ends an argument with these bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        let argument = self.buffer.split().freeze();
        self.push_payload(Payload(argument));
    }

    fn push_payload(&mut self, payload: Payload) {
        self.values.push(Value::Bytes(payload.0));
    }

    /// Microseconds, bounded so that a script's sums stay exact.
    fn push_duration(&mut self, duration: Duration) {
        const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
        let micros = duration.min(CENTURY).as_micros();
        self.push(micros.to_string().as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Micros, Nonce, Stamp};

    fn decode(verb: Verb, raw: &'static [u8]) -> Result<Reply<Payload>, CacheError> {
        verb.decode(&Bytes::from_static(raw))
    }

    #[test]
    fn a_refused_key_is_a_rejection_with_the_servers_text() {
        assert_eq!(decode(Verb::Fence, b"!OOM no room"), Err(CacheError::Rejected("OOM no room".into())));
        assert_eq!(decode(Verb::Fill, b"!READONLY x"), Err(CacheError::Unavailable("READONLY x".into())));
    }

    #[test]
    fn an_answer_of_another_form_is_an_error_and_not_a_reply() {
        for verb in [Verb::Lease, Verb::Fill, Verb::Release, Verb::Fence, Verb::Renew, Verb::Finish, Verb::Invalidate] {
            for raw in [&b""[..], b"2", b"G0123", b"1short", b"F0123456701234567", b"refreshe"] {
                assert!(matches!(decode(verb, raw), Err(CacheError::Rejected(_))), "{verb:?} {raw:?}");
            }
        }
    }

    #[test]
    fn stamps_come_back_whole() {
        let stamp = Stamp { at: Micros(0x3031_3233_3435_3637), nonce: Nonce(0x4142_4344_4546_4748) };
        assert_eq!(decode(Verb::Lease, b"G01234567ABCDEFGH"), Ok(Reply::Leased(stamp)));
        assert_eq!(decode(Verb::Fence, b"101234567ABCDEFGH"), Ok(Reply::Fenced { stamp, was_cached: true }));
    }

    #[test]
    fn the_longest_duration_stays_within_what_a_script_counts_exactly() {
        let mut arguments = Arguments::default();
        arguments.push_step(Step::Fence { nonce: Nonce(1), lasting: Duration::MAX });
        let lasting = arguments.values.last().and_then(Value::as_string).expect("an argument");
        let lasting: u64 = lasting.parse().expect("a number");
        let now = 1_800_000_000_000_000_u64;
        assert!(now + lasting < 1 << 53);
    }
}
