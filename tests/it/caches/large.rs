//! Calls that are too large for one command.
#![allow(clippy::panic, reason = "a test tells by a panic")]

use std::net::SocketAddr;
use std::time::Instant;

use writethrough_core::cache::redis::RedisOptions;
use writethrough_core::cache::{Cache, Call};
use writethrough_core::protocol::{Ending, Nonce, Reply, Standing, Step};

use super::fixture::*;
use crate::support::redis::RedisServer;
use crate::support::{Fault, FaultProxy};

const KEYS: usize = 200;

fn names() -> impl Iterator<Item = String> {
    (0..KEYS).map(|number| format!("key-{number}"))
}

fn fences() -> Vec<Call> {
    names().map(|name| (key(&name), Step::Fence { nonce: Nonce(7), lasting: LONG })).collect()
}

/// Twenty megabytes, of which each key has a value of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_large_for_one_command_is_written_and_read_key_by_key() {
    let server = RedisServer::start([]);
    let cache = patient(server.url()).await;
    let text = |name: &str| format!("{name};").repeat(100_000 / (name.len() + 1));
    let stamped = names().zip(cache.apply(fences()).await).map(|(name, answer)| match answer {
        Ok(Reply::Fenced { stamp, .. }) => (name, stamp),
        other => panic!("{other:?} to a fence"),
    });
    let finish =
        |(name, stamp): (String, _)| (key(&name), Step::Finish { stamp, value: Some((value(&text(&name)), LONG)) });
    let finished = cache.apply(stamped.map(finish).collect()).await;
    assert!(finished.iter().all(|answer| *answer == Ok(Reply::Finished(Ending::Refreshed))));

    // By one who has seen no large value yet, and by one who has.
    for reader in [patient(server.url()).await, cache] {
        let read = reader.apply(names().map(|name| (key(&name), Step::Get)).collect()).await;
        for (name, answer) in names().zip(read) {
            match answer {
                Ok(Reply::Standing(Standing::Value { value: read, .. })) => assert!(read == value(&text(&name))),
                other => panic!("{other:?} under {name}"),
            }
        }
    }
}

/// So that the last command does not wait behind twenty megabytes while its time runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_than_a_little_is_under_way_until_the_server_answers() {
    let server = RedisServer::start([]);
    let proxy = FaultProxy::start(SocketAddr::from(([127, 0, 0, 1], server.port()))).await;
    let cache = patient(format!("redis://{}", proxy.addr())).await;
    put(&cache, "a", "1").await;
    let stamp = fence(&cache, "a").await.expect("all is well");
    // The server knows the script.
    let fill =
        move |name: String, bytes| (key(&name), Step::Fill { stamp, value: value(&"x".repeat(bytes)), ttl: LONG });
    cache.apply(vec![fill("a".to_owned(), 1)]).await;
    proxy.set(Fault::HoldReplies).await;
    let before = proxy.traffic().requests.received;
    let call = tokio::spawn(async move { cache.apply(names().map(|name| fill(name, 100_000)).collect()).await });
    let (little, whole) = (300_000, 20_000_000);
    let sent = proxy.until(|traffic| traffic.requests.received - before > little).await;
    assert!(sent.requests.received - before < 1_000_000);
    proxy.set(Fault::Pass).await;
    let answers = call.await.expect("it does not panic");
    assert!(answers.len() == KEYS && answers.iter().all(|answer| *answer == Ok(Reply::Applied(false))));
    assert!(proxy.traffic().requests.received - before > whole);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_call_to_a_hung_server_costs_its_timeout_and_not_one_for_each_command() {
    let server = RedisServer::start([]);
    let cache = connected(RedisOptions::new(server.url()), TIMEOUT).await;
    put(&cache, "a", "1").await;
    let Ok(stamp) = fence(&cache, "a").await else { panic!("all is well") };
    server.freeze(true);
    let fill = |name: String| (key(&name), Step::Fill { stamp, value: value(&"x".repeat(100_000)), ttl: LONG });
    let began = Instant::now();
    let answers = cache.apply(names().map(fill).collect()).await;
    let took = began.elapsed();
    server.freeze(false);
    assert!(answers.len() == KEYS && answers.iter().all(Result::is_err));
    assert!(took >= TIMEOUT && took < TIMEOUT * 10, "it took {took:?}");
}
