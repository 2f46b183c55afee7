//! A replica that takes over from a primary that died, and has not got all that the primary had.

use std::time::{Duration, Instant};

use writethrough::{CacheEffect, Source};

use super::entities::flight;
use super::scene::{Scene, Standing, comes_from_cache, gate_of, load};
use super::until;
use crate::support::Backend;
use crate::support::redis::RedisServer;

/// From the moment at which there is a primary again until rows come from it: an attempt to connect each second at most,
/// and a breaker that is open for three seconds at most. The rest is for a busy machine.
const RECONNECTED: Duration = Duration::from_secs(10);

/// The scene's server is the primary at first.
struct Replicated {
    scene: Scene,
    replica: RedisServer,
    sentinel: RedisServer,
}

impl Replicated {
    async fn new(backend: Backend) -> Self {
        let scene = Scene::new(backend).await;
        let port = scene.redis.port().to_string();
        let replica = RedisServer::start(["--replicaof", "127.0.0.1", &port]);
        let sentinel = RedisServer::start_sentinel(&scene.redis);
        let knows = || sentinel.cli(&["SENTINEL", "MASTER", "main"]).contains("num-slaves\n1");
        until("the sentinel knows the replica", async || knows()).await;
        Self { scene, replica, sentinel }
    }

    fn url(&self) -> String {
        format!("redis-sentinel://127.0.0.1:{}?sentinelServiceName=main", self.sentinel.port())
    }

    async fn replicated(&self) {
        until("the replica has what the primary has", async || {
            let keys = |server: &RedisServer| server.cli(&["DBSIZE"]);
            keys(&self.replica) == keys(&self.scene.redis)
        })
        .await;
    }

    /// From now on the replica misses what the primary writes.
    fn lag(&self) {
        self.replica.freeze(true);
        self.scene.redis.cli(&["CLIENT", "KILL", "TYPE", "replica"]);
    }

    /// The primary dies, and the replica goes on without it.
    fn lose_the_primary(&mut self) {
        self.scene.redis.kill();
        self.replica.freeze(false);
    }

    fn has_taken_over(&self) -> bool {
        self.replica.cli(&["ROLE"]).starts_with("master")
    }
}

on_every_backend! {
    async fn a_replica_that_missed_writes_and_takes_over_serves_nothing_old(backend: Backend) {
        let mut servers = Replicated::new(backend).await;
        let (store, statements) = servers.scene.recorded(servers.url()).await;
        let (other, _) = servers.scene.recorded(servers.url()).await;
        for id in 1..=9 {
            store.insert(flight::at(id, "A1")).await.expect("all is well");
        }
        servers.replicated().await;
        servers.lag();
        for id in 1..=4 {
            let saved = store.save(flight::moved(id, "B2")).await.expect("all is well");
            assert_eq!(saved.cache, CacheEffect::Refreshed);
        }
        store.delete_by_id::<flight::Entity>(5).await.expect("all is well");
        let gate = |id: i32| match id {
            1..=4 => Some("B2".to_owned()),
            5 => None,
            _ => Some("A1".to_owned()),
        };

        servers.lose_the_primary();
        until("the replica has taken over", async || {
            for reader in [&store, &other] {
                for id in 1..=9 {
                    assert_eq!(load(reader, id).await.0, gate(id));
                }
            }
            servers.has_taken_over()
        })
        .await;
        let promoted = Instant::now();
        comes_from_cache(&store, 1, "B2").await;
        comes_from_cache(&other, 1, "B2").await;
        let took = promoted.elapsed();
        println!("{backend:?}: rows come from the new primary {took:?} after it took over");
        assert!(took < RECONNECTED, "it took {took:?} to find the new primary");

        let brought = servers.replica.cli(&["GETRANGE", "shop:flight:9", "0", "0"]);
        assert_eq!(brought, "V", "the replica has brought its entries along");
        statements.take();
        for _ in 0..2 {
            for id in 1..=9 {
                assert_eq!(load(&store, id).await.0, gate(id));
            }
        }
        assert!(statements.len() <= 9, "it costs one query a row: {:?}", statements.take());
        for reader in [&store, &other] {
            for id in 1..=9 {
                assert_eq!(load(reader, id).await, (gate(id), Source::Cache), "flight {id}");
            }
        }
    }

    // Each save that its cache acknowledged is what the next load gives, anybody's; and its own store's, whatever happened.
    async fn a_failover_in_the_midst_of_writes_shows_each_of_them(backend: Backend) {
        let mut servers = Replicated::new(backend).await;
        let (store, _) = servers.scene.recorded(servers.url()).await;
        let (other, _) = servers.scene.recorded(servers.url()).await;
        store.insert(flight::at(1, "0")).await.expect("all is well");
        servers.replicated().await;
        let mut saves = 0;
        let mut save = async || {
            saves += 1;
            let saved = store.save(flight::moved(1, saves.to_string())).await.expect("degrade goes on without the cache");
            assert_eq!(gate_of(&store, 1).await, saves.to_string(), "{:?}", saved.cache);
            if saved.cache != CacheEffect::Degraded {
                assert_eq!(gate_of(&other, 1).await, saves.to_string(), "{:?}", saved.cache);
            }
            saved.cache
        };
        for _ in 0..20 {
            assert_eq!(save().await, CacheEffect::Refreshed);
        }

        servers.lag();
        for _ in 0..20 {
            save().await;
        }
        servers.lose_the_primary();
        until("a save is refreshed on the new primary", async || {
            let effect = save().await;
            servers.has_taken_over() && effect == CacheEffect::Refreshed
        })
        .await;
        println!("{backend:?}: {saves} saves");
        comes_from_cache(&other, 1, &saves.to_string()).await;
    }

    async fn a_replica_that_is_promoted_by_hand_serves_nothing_old(backend: Backend) {
        let mut servers = Replicated::new(backend).await;
        let store = servers.scene.store().await;
        for id in 1..=2 {
            store.insert(flight::at(id, "A1")).await.expect("all is well");
        }
        servers.replicated().await;
        servers.sentinel.kill();
        servers.lag();
        store.save(flight::moved(1, "B2")).await.expect("all is well");
        servers.lose_the_primary();

        assert_eq!(servers.replica.cli(&["REPLICAOF", "NO", "ONE"]), "OK");

        let (after, _) = servers.scene.recorded(servers.replica.url()).await;
        assert_eq!(servers.replica.cli(&["GETRANGE", "shop:flight:1", "0", "0"]), "V", "it has the old row");
        for source in [Source::Database, Source::Cache] {
            assert_eq!(load(&after, 1).await, (Some("B2".to_owned()), source));
            assert_eq!(load(&after, 2).await, (Some("A1".to_owned()), source));
        }
    }
}

/// The documented exception: it is the same life of the same server, which knows nothing of what the other one had.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_is_demoted_and_promoted_again_serves_what_it_had_if_the_other_ones_writes_are_lost() {
    let scene = Scene::new(Backend::Sqlite).await;
    scene.store().await.insert(flight::at(1, "A1")).await.expect("all is well");
    let mut successor = RedisServer::start([]);
    // It never reaches the other one, and so keeps what it has.
    assert_eq!(scene.redis.cli(&["REPLICAOF", "127.0.0.1", "1"]), "OK");
    let (meanwhile, _) = scene.recorded(successor.url()).await;
    let saved = meanwhile.save(flight::moved(1, "B2")).await.expect("all is well");
    assert_eq!(saved.cache, CacheEffect::Refreshed);
    successor.kill();
    assert_eq!(scene.redis.cli(&["REPLICAOF", "NO", "ONE"]), "OK");

    let store = scene.store().await;

    assert_eq!(scene.standing(1), Standing::Value);
    assert_eq!(load(&store, 1).await, (Some("A1".to_owned()), Source::Cache), "old, until its time to live");
    store.save(flight::moved(1, "C3")).await.expect("all is well");
    assert_eq!(load(&store, 1).await, (Some("C3".to_owned()), Source::Cache), "or until somebody writes");
}
