//! The connection: refused, cut, hung, closed.
#![allow(clippy::panic, reason = "a test tells by a panic")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use writethrough_core::cache::redis::{RedisCache, RedisOptions};
use writethrough_core::cache::{Cache, CacheError};
use writethrough_core::protocol::Standing;

use super::fixture::*;
use crate::support::redis::RedisServer;

#[tokio::test]
async fn a_hung_server_costs_the_timeout_for_reads_and_for_scripts() {
    let server = RedisServer::start([]);
    let cache = connected(RedisOptions::new(server.url()), TIMEOUT).await;
    put(&cache, "a", "1").await;
    server.freeze(true);
    let a = key("a");
    for attempt in 0..3 {
        let began = Instant::now();
        let error = if attempt == 1 {
            fence(&cache, "a").await.expect_err("the server hangs")
        } else {
            cache.get(&a).await.expect_err("the server hangs")
        };
        let took = began.elapsed();
        assert_eq!(error, CacheError::Timeout);
        assert!(took >= TIMEOUT && took < TIMEOUT * 2, "attempt {attempt} took {took:?}");
    }
    // A server that hangs for long is given up; then calls fail at once.
    is_down(&cache).await;
    let began = Instant::now();
    assert!(matches!(cache.get(&a).await, Err(CacheError::Unavailable(_))));
    assert!(began.elapsed() < TIMEOUT / 2);
    server.freeze(false);
    answers(&cache).await;
    assert!(cache.get(&a).await.is_ok());
}

#[tokio::test]
async fn a_short_hang_keeps_the_connection() {
    let server = RedisServer::start([]);
    let cache = connected(RedisOptions::new(server.url()), TIMEOUT).await;
    put(&cache, "a", "1").await;
    let before = clients(&server);
    server.freeze(true);
    assert_eq!(cache.get(&key("a")).await, Err(CacheError::Timeout));
    server.freeze(false);
    // The late answer is nobody's.
    let began = Instant::now();
    while cache.get(&key("b")).await != Ok(Standing::Absent) {
        assert!(began.elapsed() < PATIENT);
    }
    assert_eq!(reads(&cache, "a").await, Some(value("1")));
    assert_eq!(clients(&server), before);
}

#[tokio::test]
async fn a_refused_connection_fails_at_once_and_comes_back_by_itself() {
    let mut server = RedisServer::start([]);
    let url = server.url();
    server.kill();
    let cache = RedisCache::new(RedisOptions::new(url), PATIENT).expect("a cache without a server");
    let began = Instant::now();
    let error = cache.ready().await.expect_err("nobody listens");
    assert!(matches!(&error, CacheError::Unavailable(why) if why.to_lowercase().contains("refused")), "{error}");
    for _ in 0..100 {
        assert!(matches!(cache.get(&key("a")).await, Err(CacheError::Unavailable(_))));
        assert!(matches!(fence(&cache, "a").await, Err(CacheError::Unavailable(_))));
    }
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    server.restart();
    answers(&cache).await;
    put(&cache, "a", "1").await;
}

#[tokio::test]
async fn a_killed_server_is_noticed_at_once_and_nothing_lands_late() {
    let mut server = RedisServer::start([]);
    let cache = patient(server.url()).await;
    put(&cache, "a", "1").await;
    server.kill();
    is_down(&cache).await;
    let began = Instant::now();
    for _ in 0..50 {
        assert!(matches!(fence(&cache, "late").await, Err(CacheError::Unavailable(_))));
    }
    assert!(began.elapsed() < TIMEOUT, "{:?}", began.elapsed());
    server.restart();
    answers(&cache).await;
    assert_eq!(reads(&cache, "a").await, None);
    assert_eq!(server.cli(&["DBSIZE"]), "0", "a command from before the restart landed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_connection_ends_what_is_in_flight_and_is_replaced() {
    let server = RedisServer::start([]);
    let cache = patient(server.url()).await;
    put(&cache, "a", "1").await;
    for _ in 0..5 {
        server.freeze(true);
        let flying = tokio::spawn({
            let cache = Arc::clone(&cache);
            async move { fence(&cache, "b").await }
        });
        tokio::task::yield_now().await;
        server.freeze(false);
        server.cli(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        let began = Instant::now();
        let _ = flying.await.expect("no panic");
        answers(&cache).await;
        assert!(began.elapsed() < PATIENT, "{:?}", began.elapsed());
    }
    answers(&cache).await;
    put(&cache, "c", "1").await;
}

#[tokio::test]
async fn a_password_is_used_and_never_shown() {
    let server = RedisServer::start(["--requirepass", "hunter2"]);
    let with = |password: &str| server.url().replacen("redis://", &format!("redis://:{password}@"), 1);
    let cache = patient(with("hunter2")).await;
    put(&cache, "a", "1").await;
    assert!(!format!("{cache:?}").contains("hunter2"), "{cache:?}");

    let cache = RedisCache::new(RedisOptions::new(with("hunter3")), PATIENT).expect("options that can be used");
    let error = cache.ready().await.expect_err("the password is wrong");
    assert!(!format!("{error} {error:?} {cache:?}").contains("hunter"), "{error:?} {cache:?}");
    assert!(format!("{error}").contains("WRONGPASS"), "{error}");
}

#[tokio::test]
async fn a_closed_or_dropped_cache_leaves_no_connection() {
    let server = RedisServer::start([]);
    for dropped in [false, true] {
        let cache = connected(RedisOptions::new(server.url()).pool_size(3), PATIENT).await;
        put(&cache, "a", "1").await;
        assert_eq!(clients(&server).len(), 3);
        if dropped {
            drop(cache);
        } else {
            cache.close().await;
            assert_eq!(cache.get(&key("a")).await, Err(CacheError::Closed));
            assert_eq!(fence(&cache, "a").await, Err(CacheError::Closed));
            assert_eq!(cache.invalidate_prefix("a").await, Err(CacheError::Closed));
        }
        let began = Instant::now();
        while !clients(&server).is_empty() {
            assert!(began.elapsed() < PATIENT, "{}", server.cli(&["CLIENT", "LIST"]));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn closing_waits_no_longer_than_a_command_may_take() {
    let server = RedisServer::start([]);
    let cache = connected(RedisOptions::new(server.url()), TIMEOUT).await;
    put(&cache, "a", "1").await;
    server.freeze(true);
    let began = Instant::now();
    cache.close().await;
    assert!(began.elapsed() < TIMEOUT * 2, "{:?}", began.elapsed());
    assert_eq!(cache.get(&key("a")).await, Err(CacheError::Closed));
    server.freeze(false);
    let began = Instant::now();
    while !clients(&server).is_empty() {
        assert!(began.elapsed() < PATIENT, "{}", server.cli(&["CLIENT", "LIST"]));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
