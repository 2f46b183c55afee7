//! The step function.

use std::time::Duration;

use super::state::{Entry, Micros, Nonce, Payload, Server, Stamp, State, Token, Trust};
use super::step::{Ending, Reply, Standing, Step};

/// Executes one step on what stands under a key.
///
/// Returns what stands there afterwards, and the reply.
pub fn apply<V: Payload>(entry: Option<Entry<V>>, step: Step<V>, server: &Server) -> (Option<Entry<V>>, Reply<V>) {
    let entry = entry.and_then(|entry| counts(entry, server));
    match step {
        Step::Get => {
            let standing = standing(entry.as_ref());
            (entry, Reply::Standing(standing))
        }
        Step::Lease { nonce, lasting, seen } => lease(entry, nonce, lasting, seen, server),
        Step::Fill { stamp, value, ttl } => match holds(entry, stamp) {
            Ok(()) => (Some(value_entry(value, ttl, server)), Reply::Applied(true)),
            Err(entry) => (entry, Reply::Applied(false)),
        },
        Step::Release { stamp } => match holds(entry, stamp) {
            Ok(()) => (None, Reply::Applied(true)),
            Err(entry) => (entry, Reply::Applied(false)),
        },
        Step::Fence { nonce, lasting } => fence(entry, nonce, lasting, server),
        Step::Renew { stamp, lasting } => renew(entry, stamp, lasting, server),
        Step::Finish { stamp, value } => finish(entry, stamp, value, server),
        Step::Invalidate => (invalidate(entry, server), Reply::Invalidated),
    }
}

/// What of an entry still counts: nothing that expired or that another life of the server wrote; of a fence, only the
/// tokens before their deadline, and losing one leaves it contended.
fn counts<V>(mut entry: Entry<V>, server: &Server) -> Option<Entry<V>> {
    let foreign = server.trust == Trust::Own && entry.incarnation != server.incarnation;
    if foreign || entry.expires_at <= server.now {
        return None;
    }
    if let State::Fence { tokens, contended } = &mut entry.state {
        let before = tokens.len();
        tokens.retain(|token| token.deadline > server.now);
        *contended |= tokens.len() < before;
        if tokens.is_empty() {
            return None;
        }
    }
    Some(entry)
}

fn standing<V: Clone>(entry: Option<&Entry<V>>) -> Standing<V> {
    match entry.map(|entry| &entry.state) {
        None => Standing::Absent,
        Some(State::Value { written_at, value }) => Standing::Value { written_at: *written_at, value: value.clone() },
        Some(State::Lease { .. }) => Standing::Leased,
        Some(State::Fence { .. }) => Standing::Fenced,
    }
}

fn lease<V: Payload>(
    entry: Option<Entry<V>>,
    nonce: Nonce,
    lasting: Duration,
    seen: Option<(Micros, V::Mark)>,
    server: &Server,
) -> (Option<Entry<V>>, Reply<V>) {
    let free = match entry.as_ref().map(|entry| &entry.state) {
        None => true,
        Some(State::Value { written_at, value }) => seen.is_some_and(|seen| seen == (*written_at, value.mark())),
        Some(State::Lease { .. } | State::Fence { .. }) => false,
    };
    if !free {
        let standing = standing(entry.as_ref());
        return (entry, Reply::Standing(standing));
    }
    let stamp = Stamp { at: server.now, nonce };
    let leased =
        Entry { incarnation: server.incarnation, expires_at: server.now.after(lasting), state: State::Lease { stamp } };
    (Some(leased), Reply::Leased(stamp))
}

/// Consumes the entry if it is the lease `stamp`; gives it back otherwise.
fn holds<V>(entry: Option<Entry<V>>, stamp: Stamp) -> Result<(), Option<Entry<V>>> {
    match entry {
        Some(Entry { state: State::Lease { stamp: held }, .. }) if held == stamp => Ok(()),
        other => Err(other),
    }
}

fn fence<V: Payload>(
    entry: Option<Entry<V>>,
    nonce: Nonce,
    lasting: Duration,
    server: &Server,
) -> (Option<Entry<V>>, Reply<V>) {
    let stamp = Stamp { at: server.now, nonce };
    let token = Token { stamp, deadline: server.now.after(lasting) };
    let was_cached = matches!(entry, Some(Entry { state: State::Value { .. }, .. }));
    let (mut tokens, contended) = match entry.map(|entry| entry.state) {
        Some(State::Fence { tokens, .. }) => (tokens, true),
        _ => (Vec::new(), false),
    };
    tokens.push(token);
    (fence_entry(tokens, contended, server), Reply::Fenced { stamp, was_cached })
}

fn renew<V: Payload>(
    entry: Option<Entry<V>>,
    stamp: Stamp,
    lasting: Duration,
    server: &Server,
) -> (Option<Entry<V>>, Reply<V>) {
    let deadline = server.now.after(lasting);
    let (mut tokens, mut contended) = match entry.map(|entry| entry.state) {
        Some(State::Fence { tokens, contended }) => (tokens, contended),
        _ => (Vec::new(), false),
    };
    let kept = match tokens.iter_mut().find(|token| token.stamp == stamp) {
        Some(token) => {
            token.deadline = deadline;
            true
        }
        None => {
            tokens.push(Token { stamp, deadline });
            contended = true;
            false
        }
    };
    (fence_entry(tokens, contended, server), Reply::Renewed(kept))
}

fn finish<V: Payload>(
    entry: Option<Entry<V>>,
    stamp: Stamp,
    value: Option<(V, Duration)>,
    server: &Server,
) -> (Option<Entry<V>>, Reply<V>) {
    let Some(Entry { state: State::Fence { mut tokens, contended }, .. }) = entry else {
        return (None, Reply::Finished(Ending::Lost));
    };
    let before = tokens.len();
    tokens.retain(|token| token.stamp != stamp);
    if tokens.len() == before {
        return (fence_entry(tokens, true, server), Reply::Finished(Ending::Lost));
    }
    if !tokens.is_empty() {
        return (fence_entry(tokens, true, server), Reply::Finished(Ending::Contended));
    }
    match value {
        _ if contended => (None, Reply::Finished(Ending::Contended)),
        Some((value, ttl)) => (Some(value_entry(value, ttl, server)), Reply::Finished(Ending::Refreshed)),
        None => (None, Reply::Finished(Ending::Emptied)),
    }
}

fn invalidate<V>(entry: Option<Entry<V>>, server: &Server) -> Option<Entry<V>> {
    match entry.map(|entry| entry.state) {
        Some(State::Fence { tokens, .. }) => fence_entry(tokens, true, server),
        _ => None,
    }
}

fn value_entry<V>(value: V, ttl: Duration, server: &Server) -> Entry<V> {
    Entry {
        incarnation: server.incarnation,
        expires_at: server.now.after(ttl),
        state: State::Value { written_at: server.now, value },
    }
}

/// A fence lives as long as its last token.
fn fence_entry<V>(tokens: Vec<Token>, contended: bool, server: &Server) -> Option<Entry<V>> {
    let expires_at = tokens.iter().map(|token| token.deadline).max()?;
    Some(Entry { incarnation: server.incarnation, expires_at, state: State::Fence { tokens, contended } })
}
