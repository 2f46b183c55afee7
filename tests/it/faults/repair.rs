//! What a store does about entries it could not reach: it distrusts the cache, and puts them right when it answers.

use std::time::Duration;

use sea_orm::{ConnectionTrait, EntityTrait};
use writethrough::{CacheEffect, Source, Store};

use super::entities::{flight, parcel};
use super::scene::{Scene, comes_from_cache, gate_of, load};
use super::until;
use crate::support::{Backend, Fault};

const CACHE_TIMEOUT: Duration = Duration::from_millis(100);

/// How many repairs wait, as the store's `Debug` tells.
pub fn waiting(store: &Store) -> usize {
    let text = format!("{store:?}");
    let (_, rest) = text.split_once("waiting_repairs: ").expect("the store tells");
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().expect("a number")
}

/// The server answers reads and refuses writes, so that the old value could be read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_repair_waits_this_stores_loads_ask_the_database() {
    let scene = Scene::new(Backend::Sqlite).await;
    let (refused, other) = (scene.store().await, scene.store().await);
    for id in 1..=2 {
        other.insert(flight::at(id, "A")).await.expect("all is well");
    }
    scene.redis.cli(&["ACL", "SETUSER", "default", "-evalsha", "-eval"]);

    let saved = refused.save(flight::moved(1, "B")).await.expect("degrade goes on without the cache");

    assert_eq!(saved.cache, CacheEffect::Degraded);
    assert_eq!(waiting(&refused), 1);
    assert_eq!(load(&other, 1).await, (Some("A".to_owned()), Source::Cache), "the old value can be read");
    assert_eq!(load(&refused, 1).await, (Some("B".to_owned()), Source::Database));
    assert_eq!(load(&refused, 2).await, (Some("A".to_owned()), Source::Database), "it distrusts them all");
    let many = flight::Entity::load_many_cached([2, 1], &refused).await.expect("loads need only the database");
    assert_eq!(many.into_iter().flatten().map(|flight| flight.gate).collect::<Vec<_>>(), ["A", "B"]);

    scene.redis.cli(&["ACL", "SETUSER", "default", "+evalsha", "+eval"]);
    until("the queue is empty", async || waiting(&refused) == 0).await;
    assert_eq!(gate_of(&other, 1).await, "B");
    assert_eq!(load(&refused, 2).await, (Some("A".to_owned()), Source::Cache), "it trusts them again");
}

on_every_backend! {
    async fn many_writes_of_one_row_are_one_repair(backend: Backend) {
        let scene = Scene::new(backend).await;
        let (cut_off, other) = (scene.behind_proxy(CACHE_TIMEOUT).await, scene.store().await);
        other.insert(flight::at(1, "A")).await.expect("all is well");
        scene.proxy.set(Fault::Refuse).await;
        for round in 0..20 {
            cut_off.save(flight::moved(1, format!("B{round}"))).await.expect("degrade goes on without the cache");
        }
        assert_eq!(cut_off.health().waiting_keys, 1);

        scene.proxy.set(Fault::Pass).await;
        until("the queue is empty", async || cut_off.health().trusts_cache).await;

        assert_eq!(gate_of(&other, 1).await, "B19");
    }

    async fn a_full_queue_gives_up_keys_for_their_entity_and_forgets_no_row(backend: Backend) {
        let scene = Scene::new(backend).await;
        let builder = scene.builder(scene.proxy.addr()).cache_timeout(CACHE_TIMEOUT);
        let cut_off = builder.repair_queue_capacity(5).build().await.expect("a store");
        let other = scene.store().await;
        for id in 1..=20 {
            other.insert(flight::at(id, "A")).await.expect("all is well");
        }
        let kept = other.insert(parcel::new("kept")).await.expect("all is well").model.id;
        scene.proxy.set(Fault::Refuse).await;
        for id in 1..=20 {
            cut_off.save(flight::moved(id, "B")).await.expect("degrade goes on without the cache");
            let health = cut_off.health();
            assert!(health.waiting_keys <= 5 && health.waiting_entities <= 1, "{health:?}");
        }
        assert_eq!(cut_off.health().waiting_entities, 1);
        assert_eq!(load(&other, 20).await, (Some("A".to_owned()), Source::Cache), "what `degrade` accepts meanwhile");
        assert_eq!(load(&cut_off, 20).await, (Some("B".to_owned()), Source::Database));

        scene.proxy.set(Fault::Pass).await;
        until("the queue is empty", async || cut_off.health().trusts_cache).await;

        for id in 1..=20 {
            assert_eq!(gate_of(&other, id).await, "B");
        }
        let parcel = other.load::<parcel::Entity>(kept).await.expect("a load needs only the database");
        assert_eq!(parcel.source, Source::Cache, "other entities keep their entries");
    }
}

/// The other store proves that there was something to repair.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_cache_answers_again_the_queue_drains_by_itself() {
    let scene = Scene::new(Backend::Sqlite).await;
    let (cut_off, other) = (scene.behind_proxy(CACHE_TIMEOUT).await, scene.store().await);
    for id in 1..=300 {
        other.insert(flight::at(id, "A")).await.expect("all is well");
    }
    scene.proxy.set(Fault::Refuse).await;
    for id in 1..=300 {
        cut_off.save(flight::moved(id, "B")).await.expect("degrade goes on without the cache");
    }
    assert_eq!(waiting(&cut_off), 300);
    assert_eq!(load(&other, 300).await, (Some("A".to_owned()), Source::Cache), "what `degrade` accepts meanwhile");

    scene.proxy.set(Fault::Pass).await;
    until("the queue is empty", async || waiting(&cut_off) == 0).await;

    for id in 1..=300 {
        assert_eq!(load(&other, id).await.0.as_deref(), Some("B"));
    }
    assert_eq!(load(&cut_off, 300).await, (Some("B".to_owned()), Source::Cache), "it trusts the cache again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repair_that_comes_after_another_stores_write_costs_its_entry_and_nothing_more() {
    let scene = Scene::new(Backend::Sqlite).await;
    let (cut_off, other) = (scene.behind_proxy(CACHE_TIMEOUT).await, scene.store().await);
    other.insert(flight::at(1, "A1")).await.expect("all is well");
    scene.proxy.set(Fault::Refuse).await;
    cut_off.save(flight::moved(1, "B2")).await.expect("degrade goes on without the cache");
    other.save(flight::moved(1, "C3")).await.expect("all is well");

    scene.proxy.set(Fault::Pass).await;
    until("the queue is empty", async || waiting(&cut_off) == 0).await;

    assert_eq!(gate_of(&other, 1).await, "C3");
    comes_from_cache(&cut_off, 1, "C3").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalidation_that_was_not_acknowledged_is_repeated() {
    let scene = Scene::new(Backend::Sqlite).await;
    let (cut_off, other) = (scene.behind_proxy(CACHE_TIMEOUT).await, scene.store().await);
    for id in 1..=5 {
        other.insert(flight::at(id, "A")).await.expect("all is well");
    }
    scene.proxy.set(Fault::Refuse).await;
    scene.db.execute_unprepared("UPDATE flight SET gate = 'B'").await.expect("behind the stores' back");
    flight::Entity::invalidate(1, &cut_off).await.expect("degrade goes on without the cache");
    assert_eq!(gate_of(&cut_off, 1).await, "B");
    flight::Entity::invalidate_all(&cut_off).await.expect("degrade goes on without the cache");

    scene.proxy.set(Fault::Pass).await;
    until("the queue is empty", async || waiting(&cut_off) == 0).await;

    for id in 1..=5 {
        assert_eq!(gate_of(&other, id).await, "B");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_dropped_while_repairs_wait_still_does_them() {
    let scene = Scene::new(Backend::Sqlite).await;
    let (cut_off, other) = (scene.behind_proxy(CACHE_TIMEOUT).await, scene.store().await);
    other.insert(flight::at(1, "A1")).await.expect("all is well");
    scene.proxy.set(Fault::Refuse).await;
    cut_off.save(flight::moved(1, "B2")).await.expect("degrade goes on without the cache");

    drop(cut_off);
    scene.proxy.set(Fault::Pass).await;

    until("the entry is repaired", async || gate_of(&other, 1).await == "B2").await;
    let stored = flight::Entity::find_by_id(1).one(&scene.db).await.expect("the database answers");
    assert_eq!(stored.expect("it is stored").gate, "B2");
}
