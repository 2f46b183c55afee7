//! A dead, hung or slow cache costs its timeout a few times, not on every call, and never a wrong answer.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use writethrough::{CacheEffect, Source, Store};

use super::entities::flight;
use super::repair::waiting;
use super::scene::{Scene, comes_from_cache, load};
use super::until;
use crate::support::{Backend, Fault};

/// If every call paid it, fifty loads would cost 20 seconds, and fifty saves twice as much.
const CACHE_TIMEOUT: Duration = Duration::from_millis(400);
/// A few timeouts, a hundred statements and a busy machine.
const A_FEW_TIMEOUTS: Duration = Duration::from_secs(8);

/// Fifty saves and fifty loads, each of which sees its save.
async fn fifty_saves_and_loads(store: &Store, id: i32) -> Duration {
    let started = Instant::now();
    for round in 0..50 {
        let gate = format!("A{round}");
        let saved = store.save(flight::moved(id, &gate)).await.expect("degrade goes on without the cache");
        assert_eq!(saved.cache, CacheEffect::Degraded);
        assert_eq!(load(store, id).await, (Some(gate), Source::Database));
    }
    started.elapsed()
}

/// Fences that arrive late keep the row out of the cache until they expire, and that is all they do.
async fn it_recovers(scene: &Scene, store: &Store) {
    until("nothing waits to be repaired", async || waiting(store) == 0).await;
    for reader in [store, &scene.store().await] {
        assert_eq!(load(reader, 1).await.0.as_deref(), Some("A49"));
    }
    scene.expire(1);
    comes_from_cache(store, 1, "A49").await;
}

on_every_backend! {
    async fn a_store_whose_cache_was_never_there_saves_and_loads_without_waiting_for_it(backend: Backend) {
        let scene = Scene::new(backend).await;
        scene.proxy.set(Fault::Refuse).await;
        let store = scene.behind_proxy(CACHE_TIMEOUT).await;
        let inserted = store.insert(flight::at(1, "A0")).await.expect("degrade goes on without the cache");
        assert_eq!(inserted.cache, CacheEffect::Degraded);

        let spent = fifty_saves_and_loads(&store, 1).await;

        assert!(spent < A_FEW_TIMEOUTS, "it took {spent:?}");
        scene.proxy.set(Fault::Pass).await;
        it_recovers(&scene, &store).await;
    }

    async fn a_frozen_server_costs_writers_its_timeout_a_few_times(backend: Backend) {
        let scene = Scene::new(backend).await;
        let store = scene.builder(scene.redis_addr()).cache_timeout(CACHE_TIMEOUT).build().await.expect("a store");
        store.insert(flight::at(1, "A0")).await.expect("all is well");
        scene.redis.freeze(true);

        let spent = fifty_saves_and_loads(&store, 1).await;

        assert!(spent < A_FEW_TIMEOUTS, "it took {spent:?}");
        scene.redis.freeze(false);
        it_recovers(&scene, &store).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_swallows_everything_costs_writers_its_timeout_a_few_times() {
    let scene = Scene::new(Backend::Sqlite).await;
    let store = scene.behind_proxy(CACHE_TIMEOUT).await;
    store.insert(flight::at(1, "A0")).await.expect("all is well");
    scene.proxy.set(Fault::Stall).await;

    let spent = fifty_saves_and_loads(&store, 1).await;

    assert!(spent < A_FEW_TIMEOUTS, "it took {spent:?}");
    scene.proxy.set(Fault::Pass).await;
    it_recovers(&scene, &store).await;
}

on_every_backend! {
    async fn a_hung_cache_costs_readers_its_timeout_a_few_times(backend: Backend) {
        let scene = Scene::new(backend).await;
        let store = scene.behind_proxy(CACHE_TIMEOUT).await;
        store.insert(flight::at(1, "A1")).await.expect("all is well");
        scene.proxy.set(Fault::Stall).await;

        let started = Instant::now();
        for _ in 0..50 {
            assert_eq!(load(&store, 1).await, (Some("A1".to_owned()), Source::Database));
        }

        assert!(started.elapsed() < A_FEW_TIMEOUTS, "it took {:?}", started.elapsed());
        scene.proxy.set(Fault::Pass).await;
        comes_from_cache(&store, 1, "A1").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replies_that_come_after_the_timeout_are_not_taken_for_others() {
    let scene = Scene::new(Backend::Sqlite).await;
    let store = scene.behind_proxy(Duration::from_millis(100)).await;
    for id in 1..=20 {
        store.insert(flight::at(id, format!("A{id}"))).await.expect("all is well");
    }
    let load_all = || join_all((1..=20).map(|id| load(&store, id)));
    for late in [Duration::from_millis(55), Duration::from_millis(45), Duration::from_millis(49)] {
        scene.proxy.set(Fault::Delay(late)).await;
        for _ in 0..5 {
            for (id, (gate, _)) in (1..=20).zip(load_all().await) {
                assert_eq!(gate, Some(format!("A{id}")));
            }
        }
    }

    scene.proxy.set(Fault::Pass).await;
    for id in 1..=20 {
        comes_from_cache(&store, id, &format!("A{id}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_go_on_while_the_network_comes_and_goes_and_nothing_old_is_left_behind() {
    let scene = Scene::new(Backend::Sqlite).await;
    let store = scene.behind_proxy(Duration::from_millis(50)).await;
    store.insert(flight::at(1, "A0")).await.expect("all is well");
    let other = scene.store().await;
    for round in 0..40 {
        let faults = [Fault::Pass, Fault::Cut, Fault::Stall, Fault::DropReplies, Fault::HoldReplies, Fault::HalfClose];
        scene.proxy.set(faults[round % faults.len()]).await;
        let gate = format!("B{round}");
        store.save(flight::moved(1, &gate)).await.expect("degrade goes on without the cache");
        assert_eq!(load(&store, 1).await.0, Some(gate));
        // Fills the cache with whatever it may.
        load(&other, 1).await;
    }

    scene.proxy.set(Fault::Pass).await;
    until("nothing waits to be repaired", async || waiting(&store) == 0).await;
    for reader in [&store, &other, &scene.store().await] {
        assert_eq!(load(reader, 1).await.0, scene.truth(1).await);
    }
}
