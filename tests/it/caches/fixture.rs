//! What the tests of the caches work with.
#![allow(clippy::panic, reason = "a test tells by a panic")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use writethrough_core::cache::redis::{RedisCache, RedisOptions};
use writethrough_core::cache::{Cache, CacheError, CacheKey};
use writethrough_core::entry::Payload;
use writethrough_core::protocol::{Ending, Nonce, Reply, Stamp, Standing, Step};

use crate::support::redis::RedisServer;

pub(super) const TIMEOUT: Duration = Duration::from_millis(100);
/// For what must not fail on a busy machine.
pub(super) const PATIENT: Duration = Duration::from_secs(5);
pub(super) const LONG: Duration = Duration::from_secs(600);

pub(super) async fn connected(options: RedisOptions, timeout: Duration) -> Arc<RedisCache> {
    let cache = RedisCache::new(options, timeout).expect("options that can be used");
    cache.ready().await.expect("a server that answers");
    Arc::new(cache)
}

pub(super) async fn patient(url: String) -> Arc<RedisCache> {
    connected(RedisOptions::new(url), PATIENT).await
}

pub(super) fn key(name: &str) -> CacheKey {
    CacheKey::new(name)
}

pub(super) fn value(text: &str) -> Payload {
    Payload(Bytes::from(format!("mark:12345{text}")))
}

pub(super) async fn step(cache: &RedisCache, name: &str, step: Step<Payload>) -> Result<Reply<Payload>, CacheError> {
    cache.apply(vec![(key(name), step)]).await.pop().expect("a reply")
}

pub(super) async fn fence(cache: &RedisCache, name: &str) -> Result<Stamp, CacheError> {
    match step(cache, name, Step::Fence { nonce: Nonce(7), lasting: LONG }).await? {
        Reply::Fenced { stamp, .. } => Ok(stamp),
        other => panic!("{other:?} to a fence"),
    }
}

/// Writes a value the way a writer does.
pub(super) async fn put(cache: &RedisCache, name: &str, text: &str) {
    let stamp = fence(cache, name).await.expect("a fence");
    let finish = Step::Finish { stamp, value: Some((value(text), LONG)) };
    assert_eq!(step(cache, name, finish).await, Ok(Reply::Finished(Ending::Refreshed)));
}

pub(super) async fn reads(cache: &RedisCache, name: &str) -> Option<Payload> {
    match cache.get(&key(name)).await.expect("an answer") {
        Standing::Value { value, .. } => Some(value),
        Standing::Absent => None,
        other => panic!("{other:?} under {name}"),
    }
}

/// Waits until the cache answers again.
pub(super) async fn answers(cache: &RedisCache) {
    let started = Instant::now();
    while cache.ready().await.is_err() {
        assert!(started.elapsed() < Duration::from_secs(20), "the cache does not come back");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until the cache knows that the server is gone.
pub(super) async fn is_down(cache: &RedisCache) -> CacheError {
    let started = Instant::now();
    loop {
        if let Err(error) = cache.ready().await {
            return error;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "the cache does not notice");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

pub(super) async fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(30), "it takes too long until {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The ids of the connections to a server, but for the one that asks.
pub(super) fn clients(server: &RedisServer) -> Vec<String> {
    let list = server.cli(&["CLIENT", "LIST", "TYPE", "normal"]);
    let others = list.lines().filter(|line| !line.contains("cmd=client"));
    others.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}
