//! Servers that go back in time.
#![allow(clippy::panic, reason = "a test tells by a panic")]

use std::time::{Duration, Instant};

use writethrough_core::cache::redis::{RedisCache, RedisOptions};
use writethrough_core::cache::{Cache, CacheError};
use writethrough_core::protocol::{Ending, Nonce, Reply, Standing, Step};

use super::fixture::*;
use crate::support::redis::{RedisCluster, RedisServer};

#[tokio::test]
async fn after_a_restart_from_a_snapshot_former_entries_are_absent() {
    for trust in [false, true] {
        let mut server = RedisServer::start(["--dbfilename", "dump.rdb"]);
        let options = RedisOptions::new(server.url()).trust_any_incarnation(trust);
        let cache = connected(options, PATIENT).await;
        put(&cache, "valued", "old").await;
        let writer = fence(&cache, "fenced").await.expect("a fence");
        assert_eq!(server.cli(&["SAVE"]), "OK");
        put(&cache, "valued", "new").await;
        server.kill();
        is_down(&cache).await;
        server.restart();
        answers(&cache).await;
        assert_eq!(server.cli(&["EXISTS", "valued", "fenced"]), "2", "the snapshot brings both back");

        if trust {
            assert_eq!(reads(&cache, "valued").await, Some(value("old")), "as asked for");
            assert_eq!(cache.get(&key("fenced")).await, Ok(Standing::Fenced));
            continue;
        }
        assert_eq!(reads(&cache, "valued").await, None);
        assert_eq!(cache.get(&key("fenced")).await, Ok(Standing::Absent));
        let gets = cache.apply(vec![(key("valued"), Step::Get), (key("fenced"), Step::Get)]).await;
        assert!(gets.iter().all(|reply| *reply == Ok(Reply::Standing(Standing::Absent))), "{gets:?}");
        let finish = Step::Finish { stamp: writer, value: Some((value("late"), LONG)) };
        assert_eq!(step(&cache, "fenced", finish).await, Ok(Reply::Finished(Ending::Lost)));
        let lease = Step::Lease { nonce: Nonce(1), lasting: LONG, seen: None };
        assert!(matches!(step(&cache, "valued", lease).await, Ok(Reply::Leased(_))));
    }
}

#[tokio::test]
async fn a_replica_is_not_taken_for_a_primary() {
    let primary = RedisServer::start([]);
    let replica = RedisServer::start(["--replicaof", "127.0.0.1", &primary.port().to_string()]);
    let cache = RedisCache::new(RedisOptions::new(replica.url()), PATIENT).expect("options that can be used");
    let error = cache.ready().await.expect_err("it is a replica");
    assert!(error.to_string().contains("replica"), "{error}");
}

#[tokio::test]
async fn a_primary_that_becomes_a_replica_is_given_up() {
    let (server, other) = (RedisServer::start([]), RedisServer::start([]));
    let cache = patient(server.url()).await;
    put(&cache, "a", "1").await;
    server.cli(&["REPLICAOF", "127.0.0.1", &other.port().to_string()]);
    let error = fence(&cache, "a").await.expect_err("it is read-only");
    assert!(matches!(error, CacheError::Unavailable(_)), "{error:?}");
    is_down(&cache).await;
    server.cli(&["REPLICAOF", "NO", "ONE"]);
    answers(&cache).await;
    put(&cache, "a", "2").await;
}

#[tokio::test]
async fn a_replica_that_takes_over_brings_nothing_along() {
    let mut primary = RedisServer::start([]);
    let replica = RedisServer::start(["--replicaof", "127.0.0.1", &primary.port().to_string()]);
    let sentinel = RedisServer::start_sentinel(&primary);
    until("the sentinel knows the replica", || sentinel.cli(&["SENTINEL", "MASTER", "main"]).contains("num-slaves\n1"))
        .await;
    let url = format!("redis-sentinel://127.0.0.1:{}?sentinelServiceName=main", sentinel.port());
    let cache = patient(url).await;
    put(&cache, "a", "old").await;
    until("the replica has it", || replica.cli(&["EXISTS", "a"]) == "1").await;
    primary.kill();
    is_down(&cache).await;
    until("the replica has taken over", || replica.cli(&["ROLE"]).contains("master")).await;
    answers(&cache).await;
    assert_eq!(replica.cli(&["EXISTS", "a"]), "1");
    assert_eq!(reads(&cache, "a").await, None);
    put(&cache, "a", "new").await;
    assert_eq!(reads(&cache, "a").await, Some(value("new")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_node_that_restarts_brings_nothing_back() {
    let mut cluster = RedisCluster::start();
    let cache = patient(cluster.url()).await;
    let names: Vec<String> = (0..30).map(|number| format!("key:{number}")).collect();
    for name in &names {
        put(&cache, name, "old").await;
    }
    let node = cluster.nodes.get_mut(1).expect("three nodes");
    let held: usize = node.cli(&["DBSIZE"]).parse().expect("a number");
    assert!(held > 0);
    assert_eq!(node.cli(&["SAVE"]), "OK");
    node.restart();
    cluster.settle();
    answers(&cache).await;
    let mut absent = 0;
    for name in &names {
        absent += usize::from(reads(&cache, name).await.is_none());
    }
    assert_eq!(absent, held, "exactly the entries of the node's former life are absent");
    for name in &names {
        put(&cache, name, "new").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_moves_to_another_node_takes_its_entries_along_as_absent() {
    let cluster = RedisCluster::start();
    let cache = patient(cluster.url()).await;
    // Slot 12182, of the third node.
    let name = "foo";
    put(&cache, name, "1").await;
    let [to, _, from] = cluster.nodes.as_slice() else { panic!("three nodes") };
    let id = |node: &RedisServer| node.cli(&["CLUSTER", "MYID"]);
    let (to_id, from_id) = (id(to), id(from));
    to.cli(&["CLUSTER", "SETSLOT", "12182", "IMPORTING", &from_id]);
    from.cli(&["CLUSTER", "SETSLOT", "12182", "MIGRATING", &to_id]);
    assert_eq!(from.cli(&["MIGRATE", "127.0.0.1", &to.port().to_string(), name, "0", "1000"]), "OK");
    for node in [to, from] {
        assert_eq!(node.cli(&["CLUSTER", "SETSLOT", "12182", "NODE", &to_id]), "OK");
    }
    let began = Instant::now();
    loop {
        match cache.get(&key(name)).await {
            Ok(Standing::Absent) => break,
            Ok(other) => panic!("{other:?} was written by another node"),
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
        assert!(began.elapsed() < Duration::from_secs(20), "the cache does not follow the slot");
    }
    answers(&cache).await;
    put(&cache, name, "2").await;
    assert_eq!(reads(&cache, name).await, Some(value("2")));
}
