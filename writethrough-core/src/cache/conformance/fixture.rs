//! What a sentence works with.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use crate::cache::{CacheKey, SharedCache};
use crate::entry::Payload;
use crate::protocol::{Ending, Nonce, Reply, Stamp, Standing, Step};

/// Longer than any sentence.
pub(super) const LONG: Duration = Duration::from_secs(600);

/// A cache, and keys in it that nobody else uses.
pub(super) struct Fixture {
    pub(super) cache: SharedCache,
    pub(super) sentence: &'static str,
    space: u64,
}

impl Fixture {
    pub(super) fn new(cache: &SharedCache, sentence: &'static str) -> Self {
        Self { cache: cache.clone(), sentence, space: rand::random() }
    }

    /// A key of this sentence.
    pub(super) fn key(&self, name: impl fmt::Display) -> CacheKey {
        CacheKey::new(format!("{}:{name}", self.prefix()))
    }

    /// What this sentence's keys start with.
    pub(super) fn prefix(&self) -> String {
        format!("conformance:{:016x}", self.space)
    }

    #[track_caller]
    pub(super) fn same<T: PartialEq + fmt::Debug>(&self, what: &str, actual: T, expected: T) {
        assert!(actual == expected, "{}: {what}: {expected:?} was expected, not {actual:?}", self.sentence);
    }

    /// Executes one step.
    pub(super) async fn step(&self, key: &CacheKey, step: Step<Payload>) -> Reply<Payload> {
        let mut replies = self.batch(vec![(key.clone(), step)]).await;
        self.same("replies", replies.len(), 1);
        replies.remove(0)
    }

    /// Executes steps in one call.
    pub(super) async fn batch(&self, calls: Vec<(CacheKey, Step<Payload>)>) -> Vec<Reply<Payload>> {
        let steps = format!("{:.200?}", calls);
        let replies = self.cache.apply(calls).await;
        replies
            .into_iter()
            .map(|reply| match reply {
                Ok(reply) => reply,
                Err(error) => panic!("{}: {steps} was not acknowledged: {error}", self.sentence),
            })
            .collect()
    }

    /// What stands there; the fast path and the step must agree.
    pub(super) async fn standing(&self, key: &CacheKey) -> Standing<Payload> {
        let standing = match self.cache.get(key).await {
            Ok(standing) => standing,
            Err(error) => panic!("{}: {key} was not read: {error}", self.sentence),
        };
        let reply = self.step(key, Step::Get).await;
        self.same("GET as a step", reply, Reply::Standing(standing.clone()));
        standing
    }

    /// Whether this value stands there.
    pub(super) async fn holds(&self, key: &CacheKey, expected: &Payload) {
        match self.standing(key).await {
            Standing::Value { value, .. } => self.same("the value", value.0, expected.0.clone()),
            other => panic!("{}: a value was expected, not {other:?}", self.sentence),
        }
    }

    pub(super) async fn is(&self, key: &CacheKey, expected: Standing<Payload>) {
        let standing = self.standing(key).await;
        self.same("what stands there", standing, expected);
    }

    pub(super) async fn is_absent(&self, key: &CacheKey) {
        self.is(key, Standing::Absent).await;
    }

    /// Takes a lease that must be granted.
    pub(super) async fn leased(&self, key: &CacheKey, lasting: Duration) -> Stamp {
        match self.step(key, lease(lasting)).await {
            Reply::Leased(stamp) => stamp,
            other => panic!("{}: a lease was expected, not {other:?}", self.sentence),
        }
    }

    /// Joins a fence.
    pub(super) async fn fenced(&self, key: &CacheKey, lasting: Duration) -> Stamp {
        match self.step(key, fence(lasting)).await {
            Reply::Fenced { stamp, .. } => stamp,
            other => panic!("{}: a token was expected, not {other:?}", self.sentence),
        }
    }

    /// Puts a value the way a reader does.
    pub(super) async fn filled(&self, key: &CacheKey, value: &Payload) {
        let stamp = self.leased(key, LONG).await;
        self.fills(key, stamp, value, true).await;
    }

    pub(super) async fn fills(&self, key: &CacheKey, stamp: Stamp, value: &Payload, applied: bool) {
        let reply = self.step(key, Step::Fill { stamp, value: value.clone(), ttl: LONG }).await;
        self.same("FILL", reply, Reply::Applied(applied));
    }

    /// Ends a write with a value.
    pub(super) async fn finishes(&self, key: &CacheKey, stamp: Stamp, value: &Payload, ending: Ending) {
        let reply = self.step(key, Step::Finish { stamp, value: Some((value.clone(), LONG)) }).await;
        self.same("FINISH", reply, Reply::Finished(ending));
    }

    pub(super) async fn renews(&self, key: &CacheKey, stamp: Stamp, lasting: Duration, kept: bool) {
        let reply = self.step(key, Step::Renew { stamp, lasting }).await;
        self.same("RENEW", reply, Reply::Renewed(kept));
    }
}

pub(super) fn nonce() -> Nonce {
    Nonce(rand::random())
}

pub(super) fn lease(lasting: Duration) -> Step<Payload> {
    Step::Lease { nonce: nonce(), lasting, seen: None }
}

pub(super) fn fence(lasting: Duration) -> Step<Payload> {
    Step::Fence { nonce: nonce(), lasting }
}

/// A payload with a mark and this text.
pub(super) fn value(text: impl fmt::Display) -> Payload {
    Payload(Bytes::from(format!("mark:12345{text}")))
}
