//! `on_cache_failure = "fail"`: no acknowledged fence, no write.

use std::time::Duration;

use sea_orm::{EntityTrait, IntoActiveModel, PaginatorTrait};
use writethrough::{Error, OnCacheFailure, Outcome, Store};

use super::entities::booking;
use super::scene::{Scene, Verb};
use super::until;
use crate::support::{Backend, Fault};

const CACHE_TIMEOUT: Duration = Duration::from_millis(200);

async fn seat_of(store: &Store, id: i32) -> Option<String> {
    let loaded = store.load::<booking::Entity>(id).await.expect("a load needs only the database");
    loaded.model.map(|booking| booking.seat)
}

async fn stored(scene: &Scene, id: i32) -> Option<String> {
    let row = booking::Entity::find_by_id(id).one(&scene.db).await.expect("the database answers");
    row.map(|booking| booking.seat)
}

fn assert_refused(error: &Error) {
    assert!(error.is_cache_unavailable(), "{error}");
    assert_eq!(error.outcome(), Outcome::NotCommitted, "{error}");
}

async fn nothing_is_written_without_a_fence(backend: Backend) {
    let scene = Scene::new(backend).await;
    let store = scene.behind_proxy(CACHE_TIMEOUT).await;
    let booked = store.insert(booking::new("1A")).await.expect("all is well").model;
    for fault in [Fault::Refuse, Fault::Stall, Fault::DropReplies] {
        scene.proxy.set(fault).await;

        assert_refused(&store.save(booking::moved(booked.id, "2B")).await.expect_err("an update"));
        assert_refused(&store.insert(booking::new("3C")).await.expect_err("an insert with a generated key"));
        assert_refused(&store.delete(booked.clone().into_active_model()).await.expect_err("a delete"));

        assert_eq!(stored(&scene, booked.id).await.as_deref(), Some("1A"), "{fault:?}");
        assert_eq!(booking::Entity::find().count(&scene.db).await.expect("the database answers"), 1, "{fault:?}");
        assert_eq!(seat_of(&store, booked.id).await.as_deref(), Some("1A"), "reads go on: {fault:?}");
        scene.proxy.set(Fault::Pass).await;
        until("the cache answers again", async || store.save(booking::moved(booked.id, "1A")).await.is_ok()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_is_unchanged_without_an_acknowledged_fence() {
    nothing_is_written_without_a_fence(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_is_unchanged_without_an_acknowledged_fence() {
    nothing_is_written_without_a_fence(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_is_unchanged_without_an_acknowledged_fence() {
    nothing_is_written_without_a_fence(Backend::MySql).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unacknowledged_finish_tells_that_the_database_has_changed() {
    for executed in [false, true] {
        let scene = Scene::new(Backend::Sqlite).await;
        let (writer, other) = (scene.behind_gate().await, scene.store().await);
        let id = other.insert(booking::new("1A")).await.expect("all is well").model.id;
        let mark = Verb::Finish.mark();
        let finish = if executed { scene.gate.stop_reply(mark) } else { scene.gate.stop_request(mark) };
        let (saved, ()) = tokio::join!(writer.save(booking::moved(id, "2B")), async { finish.stopped().await.cut() });

        let error = saved.expect_err("the cache did not acknowledge");
        assert!(error.is_cache_unavailable(), "{error}");
        assert_eq!(error.outcome(), Outcome::Committed, "{error}");
        assert_eq!(stored(&scene, id).await.as_deref(), Some("2B"));
        assert_eq!(seat_of(&other, id).await.as_deref(), Some("2B"));
        until("the entry is repaired", async || {
            let loaded = writer.load::<booking::Entity>(id).await.expect("a load needs only the database");
            assert_eq!(loaded.model.expect("it is stored").seat, "2B");
            loaded.source == writethrough::Source::Cache
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_insert_whose_finish_got_lost_is_stored_and_says_so() {
    let scene = Scene::new(Backend::Sqlite).await;
    let (writer, other) = (scene.behind_gate().await, scene.store().await);
    assert_eq!(seat_of(&other, 1).await, None, "its absence is remembered");
    let finish = scene.gate.stop_request(Verb::Finish.mark());
    let (saved, ()) = tokio::join!(writer.insert(booking::new("1A")), async { finish.stopped().await.cut() });

    assert_eq!(saved.expect_err("the cache did not acknowledge").outcome(), Outcome::Committed);
    assert_eq!(stored(&scene, 1).await.as_deref(), Some("1A"));
    assert_eq!(seat_of(&other, 1).await.as_deref(), Some("1A"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fence_that_was_refused_leaves_the_entry_as_it_was() {
    let scene = Scene::new(Backend::Sqlite).await;
    let (writer, other) = (scene.behind_gate().await, scene.store().await);
    let id = other.insert(booking::new("1A")).await.expect("all is well").model.id;
    let fence = scene.gate.stop_request(Verb::Fence.mark());
    let (saved, ()) = tokio::join!(writer.save(booking::moved(id, "2B")), async { fence.stopped().await.cut() });

    assert_refused(&saved.expect_err("no fence, no write"));
    let loaded = other.load::<booking::Entity>(id).await.expect("all is well");
    assert_eq!(loaded.source, writethrough::Source::Cache);
    assert_eq!(loaded.model.expect("it is stored").seat, "1A");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_needs_its_cache_does_not_start_without_it() {
    let scene = Scene::new(Backend::Sqlite).await;
    scene.proxy.set(Fault::Refuse).await;
    let builder = scene.builder(scene.proxy.addr()).on_cache_failure(OnCacheFailure::Fail);

    let error = builder.build().await.expect_err("there is no cache");

    assert!(error.is_cache_unavailable(), "{error}");
    let degraded = scene.builder(scene.proxy.addr()).build().await.expect("degrade starts without its cache");
    assert_refused(&degraded.insert(booking::new("1A")).await.expect_err("the entity itself needs the cache"));
}
