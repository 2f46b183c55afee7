//! Many rows at once while the cache fails, or while it has much to carry.

use std::time::Duration;

use sea_orm::{EntityTrait, PaginatorTrait};
use writethrough::{BreakerState, CacheEffect, Outcome, Source, Store};

use super::entities::{booking, flight};
use super::repair::waiting;
use super::scene::{Scene, Standing, Verb, comes_from_cache, load};
use super::until;
use crate::support::{Backend, Fault, StatementLog};

const CACHE_TIMEOUT: Duration = Duration::from_millis(400);

fn moved(gate: &str) -> impl Iterator<Item = flight::ActiveModel> {
    (1..=30).map(move |id| flight::moved(id, gate))
}

async fn thirty(scene: &Scene, store: &Store) {
    let rows = store.insert_many((1..=30).map(|id| flight::at(id, "A1"))).await.expect("all is well");
    assert_eq!(rows.cache, CacheEffect::Refreshed);
    assert_eq!(scene.standing(30), Standing::Value);
}

on_every_backend! {
    async fn a_batch_goes_on_without_its_cache_and_every_key_is_repaired(backend: Backend) {
        let scene = Scene::new(backend).await;
        let (store, other) = (scene.behind_proxy(CACHE_TIMEOUT).await, scene.store().await);
        thirty(&scene, &other).await;
        for (fault, gate) in [(Fault::Refuse, "B1"), (Fault::Stall, "B2"), (Fault::DropReplies, "B3")] {
            scene.proxy.set(fault).await;
            let saved = store.save_many(moved(gate)).await.expect("degrade goes on without the cache");
            assert_eq!((saved.model.len(), saved.cache), (30, CacheEffect::Degraded), "{fault:?}");
            let late = flight::Entity::update_many_through().set(flight::Column::Gate, format!("{gate} late"));
            let changed = store.update_many(late).await.expect("degrade goes on without the cache");
            assert_eq!((changed.rows, changed.cache), (30, CacheEffect::Degraded), "{fault:?}");
            assert_eq!(load(&store, 7).await, (Some(format!("{gate} late")), Source::Database));
            scene.proxy.set(Fault::Pass).await;
            until("nothing waits to be repaired", async || waiting(&store) == 0).await;
            for id in 1..=30 {
                assert_eq!(load(&other, id).await.0, Some(format!("{gate} late")), "{fault:?}");
            }
        }
    }

    async fn without_an_acknowledged_fence_no_row_of_a_batch_is_written(backend: Backend) {
        let scene = Scene::new(backend).await;
        let (store, other) = (scene.behind_proxy(CACHE_TIMEOUT).await, scene.store().await);
        let rows = booking::Entity::insert_many_through((0..30).map(|_| booking::new("1A")), &other).await;
        let rows = rows.expect("all is well");
        scene.proxy.set(Fault::Stall).await;
        let batch = store.insert_many((0..30).map(|_| booking::new("2B"))).await.map(drop);
        let update = store.update_many(booking::Entity::update_many_through().set(booking::Column::Seat, "3C")).await;
        let delete = store.delete_many(booking::Entity::delete_many_through()).await;
        for refused in [batch, update.map(drop), delete.map(drop)] {
            let error = refused.expect_err("the cache does not answer");
            assert!(error.is_cache_unavailable(), "{error}");
            assert_eq!(error.outcome(), Outcome::NotCommitted);
        }
        assert_eq!(booking::Entity::find().all(&scene.db).await.expect("the database answers"), rows);
    }

    async fn a_batch_that_was_dropped_after_it_began_goes_on(backend: Backend) {
        let scene = Scene::new(backend).await;
        let (writer, other) = (scene.behind_gate().await, scene.store().await);
        thirty(&scene, &other).await;
        for verb in [Verb::Fence, Verb::Finish] {
            let gate = format!("{verb:?}");
            let stopped = scene.gate.stop_request(verb.mark());
            let stopped = tokio::select! {
                _ = writer.save_many(moved(&gate)) => panic!("the command is stopped"),
                stopped = stopped.stopped() => stopped,
            };
            stopped.pass();
            until("the write is over", async || {
                let all = (1..=30).all(|id| scene.standing(id) == Standing::Value);
                all && scene.truth(30).await.as_deref() == Some(gate.as_str())
            })
            .await;
            for id in 1..=30 {
                comes_from_cache(&other, id, &gate).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_was_dropped_before_it_began_writes_nothing() {
    let scene = Scene::new(Backend::Sqlite).await;
    let store = scene.store().await;
    drop(store.insert_many([flight::new("A1")]));
    drop(flight::Entity::insert_many_through([flight::new("B1")], &store));
    drop(flight::Entity::delete_many_through().exec(&store));
    assert_eq!(flight::Entity::find().count(&scene.db).await.expect("the database answers"), 0);
}

/// Thirty megabytes, of which the last are sent long after the timeout of a command has passed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_rows_do_not_make_the_cache_look_dead() {
    let scene = Scene::new(Backend::Sqlite).await;
    let mut db = scene.database.connect().await;
    let log = StatementLog::attach(&mut db);
    // Each command takes some milliseconds, on a busy machine some hundred; all of them together some seconds.
    let builder = Store::builder().database(db).cache_url(scene.redis.url()).namespace("shop");
    let builder = builder.write_timeout(Duration::from_secs(300)).cache_timeout(Duration::from_secs(1));
    let store = builder.build().await.expect("a store");
    let text = |id: i32| format!("{id:06}").repeat(100_000 / 6);
    let rows = (1..=300).map(|id| flight::at(id, text(id)));
    let saved = store.insert_many(rows).await.expect("degrade would go on without the cache");
    assert_eq!(saved.cache, CacheEffect::Refreshed);
    let load_all = async || {
        log.take();
        let loaded = flight::Entity::load_many_cached(1..=300, &store).await.expect("loaded");
        assert!(loaded.into_iter().zip(1..).all(|(row, id)| row.is_some_and(|row| row.gate == text(id))));
        log.take().len()
    };
    assert_eq!(load_all().await, 0, "all rows come from the cache");
    scene.redis.cli(&["FLUSHALL"]);
    assert_eq!(load_all().await, 1);
    assert_eq!(load_all().await, 0, "all rows were filled");
    let health = store.health();
    assert_eq!((health.breaker, health.waiting_keys), (BreakerState::Closed, 0));
}
