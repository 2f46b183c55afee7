//! The step function, row by row of its table, and the invariants that hold whatever stands there.

mod invariants;
mod steps;

use std::time::Duration;

use super::{Entry, Incarnation, Micros, Nonce, Payload, Server, Stamp, State, Token, Trust};

/// A value whose mark is its parity, so that two values may look alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row(u8);

impl Payload for Row {
    type Mark = bool;

    fn mark(&self) -> bool {
        self.0 % 2 == 1
    }
}

const INCARNATION: Incarnation = Incarnation(1);
const NOW: Micros = Micros(100);
const LONG: Duration = Duration::from_micros(50);

fn server() -> Server {
    Server { incarnation: INCARNATION, now: NOW, trust: Trust::Own }
}

fn stamp(at: u64, nonce: u64) -> Stamp {
    Stamp { at: Micros(at), nonce: Nonce(nonce) }
}

fn entry(state: State<Row>, expires_at: u64) -> Option<Entry<Row>> {
    Some(Entry { incarnation: INCARNATION, expires_at: Micros(expires_at), state })
}

fn value(row: u8) -> Option<Entry<Row>> {
    entry(State::Value { written_at: Micros(90), value: Row(row) }, 200)
}

fn lease(stamp: Stamp) -> Option<Entry<Row>> {
    entry(State::Lease { stamp }, 200)
}

/// A fence of tokens, each with its deadline.
fn fence(tokens: &[(Stamp, u64)], contended: bool) -> Option<Entry<Row>> {
    let expires_at = tokens.iter().map(|(_, deadline)| *deadline).max()?;
    let tokens = tokens.iter().map(|(stamp, deadline)| Token { stamp: *stamp, deadline: Micros(*deadline) });
    entry(State::Fence { tokens: tokens.collect(), contended }, expires_at)
}
