//! Callers that go away in the middle of a write: what has begun is finished.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, TransactionTrait};
use writethrough::{CacheEffect, Source};

use super::entities::{flight, letter};
use super::locks;
use super::scene::{Scene, Standing, Verb, comes_from_cache, load};
use super::until;
use crate::support::{Backend, Fault};

async fn a_flight(scene: &Scene) {
    scene.store().await.insert(flight::at(1, "A1")).await.expect("all is well");
}

/// Polls once, and drops.
async fn begin_and_drop(future: impl Future) {
    let mut future = pin!(future);
    poll_fn(|cx| {
        assert!(future.as_mut().poll(cx).is_pending(), "it needs longer than one poll");
        Poll::Ready(())
    })
    .await;
}

async fn a_dropped_save_that_waits_for_a_lock_goes_on(backend: Backend) {
    let scene = Scene::new(backend).await;
    a_flight(&scene).await;
    let (writer, other) = (scene.store().await, scene.store().await);
    let lock = locks::lock_flight(&scene, 1).await;
    tokio::select! {
        _ = writer.save(flight::moved(1, "B2")) => panic!("the row is locked"),
        () = locks::somebody_waits(&scene) => {}
    }
    assert_eq!(load(&other, 1).await, (Some("A1".to_owned()), Source::Database), "the fence stands");

    lock.rollback().await.expect("the lock is released");

    until("the write is over", async || scene.standing(1) == Standing::Value).await;
    assert_eq!(load(&other, 1).await, (Some("B2".to_owned()), Source::Cache));
    assert_eq!(scene.truth(1).await.as_deref(), Some("B2"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_a_dropped_save_that_waits_for_a_lock_commits_and_refreshes_its_entry() {
    a_dropped_save_that_waits_for_a_lock_goes_on(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_mariadb_a_dropped_save_that_waits_for_a_lock_commits_and_refreshes_its_entry() {
    a_dropped_save_that_waits_for_a_lock_goes_on(Backend::MySql).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_save_dropped_while_its_fence_is_under_way_goes_on() {
    let scene = Scene::new(Backend::Sqlite).await;
    a_flight(&scene).await;
    let (writer, other) = (scene.behind_gate().await, scene.store().await);
    let fenced = scene.gate.stop_reply(Verb::Fence.mark());
    let fenced = tokio::select! {
        _ = writer.save(flight::moved(1, "B2")) => panic!("the fence is not acknowledged"),
        fenced = fenced.stopped() => fenced,
    };
    fenced.pass();

    until("the write is over", async || scene.standing(1) == Standing::Value).await;
    assert_eq!(load(&other, 1).await, (Some("B2".to_owned()), Source::Cache));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_save_dropped_while_its_finish_is_under_way_refreshes_the_entry() {
    let scene = Scene::new(Backend::Sqlite).await;
    a_flight(&scene).await;
    let (writer, other) = (scene.behind_gate().await, scene.store().await);
    let finish = scene.gate.stop_request(Verb::Finish.mark());
    let finish = tokio::select! {
        _ = writer.save(flight::moved(1, "B2")) => panic!("FINISH is not acknowledged"),
        finish = finish.stopped() => finish,
    };
    finish.pass();

    until("the write is over", async || scene.standing(1) == Standing::Value).await;
    assert_eq!(load(&other, 1).await, (Some("B2".to_owned()), Source::Cache));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_insert_of_a_generated_key_is_stored_and_cached_or_neither() {
    let scene = Scene::new(Backend::Postgres).await;
    let (writer, other) = (scene.behind_gate().await, scene.store().await);
    assert_eq!(load(&other, 1).await.0, None, "its absence is remembered");
    let fenced = scene.gate.stop_reply(Verb::Fence.mark());
    let fenced = tokio::select! {
        _ = writer.save(flight::new("A1")) => panic!("the fence is not acknowledged"),
        fenced = fenced.stopped() => fenced,
    };
    fenced.pass();

    until("the write is over", async || scene.standing(1) == Standing::Value).await;
    assert_eq!(load(&other, 1).await, (Some("A1".to_owned()), Source::Cache));
    assert_eq!(scene.truth(1).await.as_deref(), Some("A1"));
}

on_every_backend! {
    async fn an_upsert_dropped_while_its_fence_is_under_way_goes_on(backend: Backend) {
        let scene = Scene::new(backend).await;
        a_flight(&scene).await;
        let (writer, other) = (scene.behind_gate().await, scene.store().await);
        let fenced = scene.gate.stop_reply(Verb::Fence.mark());
        let or_move = OnConflict::column(flight::Column::Id).update_column(flight::Column::Gate).to_owned();
        let fenced = tokio::select! {
            _ = writer.upsert(flight::at(1, "B2"), or_move) => panic!("the fence is not acknowledged"),
            fenced = fenced.stopped() => fenced,
        };
        fenced.pass();

        until("the write is over", async || scene.standing(1) == Standing::Value).await;
        assert_eq!(load(&other, 1).await, (Some("B2".to_owned()), Source::Cache));
        assert_eq!(scene.truth(1).await.as_deref(), Some("B2"));
    }

    async fn a_transaction_dropped_while_its_fences_are_under_way_is_committed(backend: Backend) {
        let scene = Scene::new(backend).await;
        a_flight(&scene).await;
        let (writer, other) = (scene.behind_gate().await, scene.store().await);
        other.insert(flight::at(2, "A2")).await.expect("all is well");
        let fenced = scene.gate.stop_reply(Verb::Fence.mark());
        let both = writer.transaction(async |tx| {
            flight::moved(1, "B1").save_through(tx).await?;
            flight::moved(2, "B2").save_through(tx).await.map(drop)
        });
        let fenced = tokio::select! {
            _ = both => panic!("the fences are not acknowledged"),
            fenced = fenced.stopped() => fenced,
        };
        fenced.pass();

        for (id, gate) in [(1, "B1"), (2, "B2")] {
            until("the write is over", async || scene.standing(id) == Standing::Value).await;
            assert_eq!(load(&other, id).await, (Some(gate.to_owned()), Source::Cache));
            assert_eq!(scene.truth(id).await.as_deref(), Some(gate));
        }
    }

    async fn a_load_by_key_dropped_while_its_lease_is_under_way_gives_it_back(backend: Backend) {
        let scene = Scene::new(backend).await;
        let (reader, other) = (scene.behind_gate().await, scene.store().await);
        letter::at(1, 11, "A").insert(&scene.db).await.expect("behind the stores' backs");
        let leased = scene.gate.stop_reply(Verb::Lease.mark());
        let leased = tokio::select! {
            _ = letter::Entity::load_cached_by_code(11, &reader) => panic!("the lease is not acknowledged"),
            leased = leased.stopped() => leased,
        };
        leased.pass();

        until("the pointer can be filled again", async || {
            let found = letter::Entity::load_cached_by_code(11, &other).await.expect("a load needs only the database");
            assert_eq!(found.expect("it is stored").id, 1);
            !scene.redis.cli(&["--scan", "--pattern", "shop:letter@*"]).is_empty()
        })
        .await;
        reader.close().await.expect("nothing is left to do");
    }
}

/// Whatever the moment at which the caller goes away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn saves_dropped_at_any_moment_leave_cache_and_database_agreeing() {
    let scene = Scene::new(Backend::Sqlite).await;
    a_flight(&scene).await;
    let (writer, other) = (scene.store().await, scene.store().await);
    for round in 0..60 {
        let save = writer.save(flight::moved(1, format!("B{round}")));
        if round % 6 == 0 {
            begin_and_drop(save).await;
        } else {
            drop(tokio::time::timeout(Duration::from_micros(200 * round), save).await);
        }
        scene.assert_agree(&other, 1).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_dropped_during_its_query_gives_its_lease_back() {
    let scene = Scene::new(Backend::Postgres).await;
    a_flight(&scene).await;
    scene.expire(1);
    let reader = scene.store().await;
    let lock = locks::lock_table(&scene).await;
    tokio::select! {
        _ = load(&reader, 1) => panic!("the table is locked"),
        () = locks::somebody_waits(&scene) => {}
    }

    until("the lease is given back", async || scene.standing(1) == Standing::Absent).await;
    lock.rollback().await.expect("the lock is released");
    comes_from_cache(&reader, 1, "A1").await;
}

/// The runtime ends while a write waits for a hung cache, with a lease, a repair and a detached write about.
#[test]
fn a_runtime_that_shuts_down_does_not_hang() {
    let (done, finished) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let scene = runtime.block_on(async {
            let scene = Scene::new(Backend::Sqlite).await;
            a_flight(&scene).await;
            let store = scene.behind_proxy(Duration::from_secs(5)).await;
            scene.proxy.set(Fault::Refuse).await;
            let saved = store.save(flight::moved(1, "B2")).await.expect("degrade goes on without the cache");
            assert_eq!(saved.cache, CacheEffect::Degraded);
            scene.proxy.set(Fault::Stall).await;
            begin_and_drop(store.save(flight::moved(1, "C3"))).await;
            let _transaction = scene.db.begin().await.expect("a transaction");
            tokio::spawn(async move { store.save(flight::moved(1, "D4")).await });
            scene
        });
        drop(runtime);
        drop(scene);
        done.send(()).ok();
    });
    finished.recv_timeout(super::PATIENCE).expect("the runtime shuts down");
}
