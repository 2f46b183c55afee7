//! A cluster of three primaries, of which one dies.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use writethrough::{CacheEffect, Source, Store};

use super::entities::flight;
use super::scene::{Scene, comes_from_cache, load};
use super::until;
use crate::support::Backend;
use crate::support::redis::RedisCluster;

const FLIGHTS: std::ops::RangeInclusive<i32> = 1..=60;

async fn store_on(scene: &Scene, cluster: &RedisCluster) -> Store {
    let builder = scene.builder(scene.redis_addr()).cache_url(cluster.url());
    builder.cache_timeout(Duration::from_secs(1)).build().await.expect("a store")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_serves_a_store_and_the_death_of_one_node_brings_nothing_old() {
    let mut cluster = RedisCluster::start();
    let scene = Scene::new(Backend::Postgres).await;
    let (store, other) = (store_on(&scene, &cluster).await, store_on(&scene, &cluster).await);

    // Saved by one, read by the other, one by one and together, without the database.
    for id in FLIGHTS {
        store.insert(flight::at(id, format!("A{id}"))).await.expect("all is well");
        assert_eq!(load(&other, id).await, (Some(format!("A{id}")), Source::Cache));
    }
    scene.db.execute_unprepared("UPDATE flight SET gate = 'B' || id").await.expect("behind the stores' back");
    let gates = async |store: &Store| -> Vec<String> {
        let flights = flight::Entity::load_many_cached(FLIGHTS.rev(), store).await.expect("all is well");
        flights.into_iter().map(|flight| flight.expect("it is stored").gate).collect()
    };
    let expected = |letter: char| FLIGHTS.rev().map(|id| format!("{letter}{id}")).collect::<Vec<_>>();
    assert_eq!(gates(&other).await, expected('A'), "still from the cache");
    flight::Entity::invalidate_all(&store).await.expect("all is well");
    assert_eq!(gates(&other).await, expected('B'));
    assert_eq!(gates(&store).await, expected('B'));
    assert_eq!(load(&store, 7).await.1, Source::Cache, "load_many has filled it");

    // One node dies: writes and reads go on, and whoever reads gets what was saved last.
    cluster.nodes[1].kill();
    for id in FLIGHTS {
        store.save(flight::moved(id, format!("C{id}"))).await.expect("degrade goes on without the cache");
        assert_eq!(load(&store, id).await.0, Some(format!("C{id}")));
    }
    assert_eq!(gates(&store).await, expected('C'));

    // It comes back: everything is repaired, and nobody sees what was before.
    cluster.nodes[1].restart();
    until("the queue is empty", async || super::repair::waiting(&store) == 0).await;
    for reader in [&store, &other, &store_on(&scene, &cluster).await] {
        assert_eq!(gates(reader).await, expected('C'));
    }
    comes_from_cache(&store, 60, "C60").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_rows_are_written_to_all_nodes_of_a_cluster_at_once() {
    let mut cluster = RedisCluster::start();
    let scene = Scene::new(Backend::Postgres).await;
    let (store, other) = (store_on(&scene, &cluster).await, store_on(&scene, &cluster).await);
    let rows = store.insert_many((1..=1_000).map(|id| flight::at(id, format!("A{id}")))).await.expect("all is well");
    assert_eq!(rows.cache, CacheEffect::Refreshed);
    let gates = async |reader: &Store| -> Vec<String> {
        let flights = flight::Entity::load_many_cached(1..=1_000, reader).await.expect("all is well");
        flights.into_iter().map(|flight| flight.expect("it is stored").gate).collect()
    };
    let expected = |letter: &str| (1..=1_000).map(|id| format!("{letter}{id}")).collect::<Vec<_>>();
    scene.db.execute_unprepared("UPDATE flight SET gate = 'X'").await.expect("behind the stores' back");
    assert_eq!(gates(&other).await, expected("A"), "from the cache");

    let saves = (1..=1_000).map(|id| flight::moved(id, format!("B{id}")));
    assert_eq!(store.save_many(saves).await.expect("all is well").cache, CacheEffect::Refreshed);
    assert_eq!(gates(&other).await, expected("B"));
    // Too large for one command to any node, together.
    let long = "x".repeat(20_000);
    scene.db.execute_unprepared("ALTER TABLE flight ALTER COLUMN gate TYPE text").await.expect("a longer column");
    let saves = (1..=1_000).map(|id| flight::moved(id, format!("{long}{id}")));
    assert_eq!(store.save_many(saves).await.expect("all is well").cache, CacheEffect::Refreshed);
    assert_eq!(gates(&other).await, expected(&long));

    cluster.nodes[1].kill();
    let update = flight::Entity::update_many_through().set(flight::Column::Gate, "C");
    let changed = store.update_many(update).await.expect("degrade goes on without the cache");
    assert_eq!((changed.rows, changed.cache), (1_000, CacheEffect::Degraded));
    assert!(gates(&store).await.iter().all(|gate| gate == "C"));
    cluster.nodes[1].restart();
    until("the queue is empty", async || super::repair::waiting(&store) == 0).await;
    assert!(gates(&other).await.iter().all(|gate| gate == "C"));
}
