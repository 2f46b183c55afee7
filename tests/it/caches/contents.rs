//! What may stand on a server beside what the protocol put there, and what happens when it has no room.

use writethrough_core::cache::redis::RedisOptions;
use writethrough_core::cache::{Cache, CacheError};
use writethrough_core::entry::Payload;
use writethrough_core::protocol::{Micros, Nonce, Reply, Stamp, Standing, Step};

use super::fixture::*;
use crate::support::redis::RedisServer;

#[tokio::test]
async fn a_script_flush_costs_nothing() {
    let server = RedisServer::start([]);
    let cache = patient(server.url()).await;
    for round in ["1", "2", "3"] {
        assert_eq!(server.cli(&["SCRIPT", "FLUSH"]), "OK");
        put(&cache, "a", round).await;
        assert_eq!(reads(&cache, "a").await, Some(value(round)));
    }
}

#[tokio::test]
async fn a_key_of_another_type_is_absent_and_heals() {
    let server = RedisServer::start([]);
    let cache = patient(server.url()).await;
    let steps: [(&str, Step<Payload>); 4] = [
        ("LEASE", Step::Lease { nonce: Nonce(1), lasting: LONG, seen: None }),
        ("FENCE", Step::Fence { nonce: Nonce(1), lasting: LONG }),
        ("FINISH", Step::Finish { stamp: stamp(), value: None }),
        ("INVALIDATE", Step::Invalidate),
    ];
    for (name, healing) in steps {
        server.cli(&["DEL", name]);
        server.cli(&["RPUSH", name, "not", "ours"]);
        assert_eq!(reads(&cache, name).await, None, "{name}");
        assert_eq!(cache.apply(vec![(key(name), Step::Get)]).await, [Ok(Reply::Standing(Standing::Absent))], "{name}");
        assert!(step(&cache, name, healing).await.is_ok(), "{name}");
        assert_ne!(server.cli(&["TYPE", name]), "list", "{name}");
    }
    assert_eq!(cache.get(&key("LEASE")).await, Ok(Standing::Leased));
    assert_eq!(cache.get(&key("FENCE")).await, Ok(Standing::Fenced));
}

fn stamp() -> Stamp {
    Stamp { at: Micros(1), nonce: Nonce(1) }
}

#[tokio::test]
async fn foreign_bytes_are_absent_and_heal() {
    for trust in [false, true] {
        let server = RedisServer::start([]);
        let cache = connected(RedisOptions::new(server.url()).trust_any_incarnation(trust), PATIENT).await;
        for (number, bytes) in ["", "V", "hello", "V0123456701234567 of whom?", "L01234567", "F01234567", "F012345670"]
            .into_iter()
            .enumerate()
        {
            let name = &format!("foreign:{number}");
            server.cli(&["SET", name, bytes]);
            if trust && bytes.len() > 20 {
                assert!(reads(&cache, name).await.is_some(), "its owner cannot tell that it is not ours");
                continue;
            }
            assert_eq!(reads(&cache, name).await, None, "{bytes}");
            let lease = Step::Lease { nonce: Nonce(1), lasting: LONG, seen: None };
            assert!(matches!(step(&cache, name, lease).await, Ok(Reply::Leased(_))), "{bytes}");
        }
    }
}

#[tokio::test]
async fn everything_in_the_cache_expires() {
    let server = RedisServer::start([]);
    let cache = patient(server.url()).await;
    put(&cache, "value", "1").await;
    let lease = Step::Lease { nonce: Nonce(1), lasting: LONG, seen: None };
    step(&cache, "lease", lease).await.expect("a lease");
    let writer = fence(&cache, "fence").await.expect("a fence");
    fence(&cache, "fence").await.expect("another");
    step(&cache, "invalidated", Step::Fence { nonce: Nonce(1), lasting: LONG }).await.expect("a fence");
    step(&cache, "invalidated", Step::Invalidate).await.expect("contended");
    step(&cache, "renewed", Step::Renew { stamp: writer, lasting: LONG }).await.expect("a fence");
    let long = i64::try_from(LONG.as_millis()).expect("not that long");
    for name in ["value", "lease", "fence", "invalidated", "renewed"] {
        let left: i64 = server.cli(&["PTTL", name]).parse().expect("milliseconds");
        assert!(left > long - 60_000 && left <= long, "{name} lives for {left} ms");
    }
}

#[tokio::test]
async fn a_server_out_of_memory_rejects_fences_and_still_invalidates() {
    let server = RedisServer::start(["--maxmemory-policy", "noeviction"]);
    let cache = patient(server.url()).await;
    put(&cache, "valued", "1").await;
    put(&cache, "rewritten", "1").await;
    let own = fence(&cache, "fenced").await.expect("a fence");
    let ending = fence(&cache, "ending").await.expect("a fence");
    server.cli(&["CONFIG", "SET", "maxmemory", "1"]);

    let error = fence(&cache, "new").await.expect_err("there is no room");
    assert!(matches!(&error, CacheError::Rejected(why) if why.contains("OOM")), "{error:?}");
    let lease = Step::Lease { nonce: Nonce(1), lasting: LONG, seen: None };
    assert!(matches!(step(&cache, "new", lease).await, Err(CacheError::Rejected(_))));

    assert_eq!(step(&cache, "valued", Step::Invalidate).await, Ok(Reply::Invalidated));
    assert_eq!(reads(&cache, "valued").await, None);
    assert_eq!(step(&cache, "fenced", Step::Invalidate).await, Ok(Reply::Invalidated));
    assert_eq!(cache.get(&key("fenced")).await, Ok(Standing::Fenced), "a fence is not lost to a lack of memory");
    assert_eq!(step(&cache, "fenced", Step::Renew { stamp: own, lasting: LONG }).await, Ok(Reply::Renewed(true)));
    fence(&cache, "rewritten").await.expect("the value makes room for the fence");

    let finish = Step::Finish { stamp: ending, value: Some((value("2"), LONG)) };
    assert!(matches!(step(&cache, "ending", finish).await, Err(CacheError::Rejected(_))));
    assert_eq!(cache.get(&key("ending")).await, Ok(Standing::Absent), "the writer has left all the same");
}

#[tokio::test]
async fn one_refused_key_does_not_fail_its_batch() {
    let server = RedisServer::start([]);
    let cache = patient(server.url()).await;
    fence(&cache, "b").await.expect("a fence");
    server.cli(&["CONFIG", "SET", "maxmemory", "1"]);
    let keys = ["a", "b", "c"];
    let replies =
        cache.apply(keys.map(|name| (key(name), Step::Fence { nonce: Nonce(1), lasting: LONG })).to_vec()).await;
    assert!(matches!(replies.first(), Some(Err(CacheError::Rejected(_)))), "{replies:?}");
    assert!(matches!(replies.get(1), Some(Ok(Reply::Fenced { .. }))), "{replies:?}");
    assert_eq!(replies.len(), 3);
}
