//! A cache that forgets everything at the worst moment of a write.

use writethrough::{CacheEffect, Source};

use super::entities::flight;
use super::scene::{Scene, Standing, Verb, comes_from_cache, gate_of, load};
use crate::support::Backend;

async fn a_flight_in_the_cache() -> Scene {
    let scene = Scene::new(Backend::Sqlite).await;
    scene.store().await.insert(flight::at(1, "A1")).await.expect("all is well");
    scene
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flush_before_the_fence_changes_nothing() {
    let scene = a_flight_in_the_cache().await;
    let (writer, other) = (scene.behind_gate().await, scene.store().await);
    let fence = scene.gate.stop_request(Verb::Fence.mark());
    let (saved, ()) = tokio::join!(writer.save(flight::moved(1, "B2")), async {
        let fence = fence.stopped().await;
        scene.redis.cli(&["FLUSHALL"]);
        assert_eq!(load(&other, 1).await, (Some("A1".to_owned()), Source::Database));
        fence.pass();
    });

    assert_eq!(saved.expect("all is well").cache, CacheEffect::Refreshed);
    assert_eq!(load(&other, 1).await, (Some("B2".to_owned()), Source::Cache));
}

/// The reader's query sees the old row; its fill comes after the write is over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flush_between_fence_and_commit_lets_no_reader_keep_the_old_row() {
    let scene = a_flight_in_the_cache().await;
    let (writer, reader) = (scene.behind_gate().await, scene.behind_gate().await);
    let fenced = scene.gate.stop_reply(Verb::Fence.mark());
    let saving = tokio::spawn(async move { writer.save(flight::moved(1, "B2")).await });
    let fenced = fenced.stopped().await;
    scene.redis.cli(&["FLUSHALL"]);
    let fill = scene.gate.stop_request(Verb::Fill.mark());
    let early = reader.clone();
    let loading = tokio::spawn(async move { load(&early, 1).await });
    let fill = fill.stopped().await;
    assert_eq!(scene.standing(1), Standing::Lease);

    fenced.pass();
    let saved = saving.await.expect("no panic").expect("all is well");
    assert_eq!(saved.cache, CacheEffect::Invalidated, "the fence was lost");
    fill.pass();

    assert_eq!(loading.await.expect("no panic").0.as_deref(), Some("A1"), "it began before the save returned");
    assert_eq!(scene.standing(1), Standing::Absent, "what it found was not kept");
    assert_eq!(gate_of(&reader, 1).await, "B2");
    comes_from_cache(&reader, 1, "B2").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flush_between_fence_and_commit_with_a_reader_in_between_ends_in_the_new_row() {
    let scene = a_flight_in_the_cache().await;
    let (writer, other) = (scene.behind_gate().await, scene.store().await);
    let fenced = scene.gate.stop_reply(Verb::Fence.mark());
    let (saved, ()) = tokio::join!(writer.save(flight::moved(1, "B2")), async {
        let fenced = fenced.stopped().await;
        scene.redis.cli(&["FLUSHALL"]);
        assert_eq!(load(&other, 1).await, (Some("A1".to_owned()), Source::Database));
        assert_eq!(scene.standing(1), Standing::Value, "the old row is kept while the write has not committed");
        fenced.pass();
    });

    assert_eq!(saved.expect("all is well").cache, CacheEffect::Invalidated);
    assert_eq!(load(&other, 1).await, (Some("B2".to_owned()), Source::Database));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flush_between_commit_and_finish_ends_in_the_new_row() {
    let scene = a_flight_in_the_cache().await;
    let (writer, other) = (scene.behind_gate().await, scene.store().await);
    let finish = scene.gate.stop_request(Verb::Finish.mark());
    let (saved, ()) = tokio::join!(writer.save(flight::moved(1, "B2")), async {
        let finish = finish.stopped().await;
        scene.redis.cli(&["FLUSHALL"]);
        assert_eq!(load(&other, 1).await, (Some("B2".to_owned()), Source::Database));
        finish.pass();
    });

    assert_eq!(saved.expect("all is well").cache, CacheEffect::Invalidated, "somebody might have filled meanwhile");
    assert_eq!(gate_of(&other, 1).await, "B2");
    comes_from_cache(&writer, 1, "B2").await;
}

/// Without its fence the writer does not know who wrote meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flush_that_hides_two_writers_from_each_other_leaves_neither_value() {
    let scene = a_flight_in_the_cache().await;
    let (writer, other) = (scene.behind_gate().await, scene.store().await);
    let finish = scene.gate.stop_request(Verb::Finish.mark());
    let (saved, ()) = tokio::join!(writer.save(flight::moved(1, "B2")), async {
        let finish = finish.stopped().await;
        scene.redis.cli(&["FLUSHALL"]);
        let saved = other.save(flight::moved(1, "C3")).await.expect("all is well");
        assert_eq!(saved.cache, CacheEffect::Refreshed);
        finish.pass();
    });

    saved.expect("all is well");
    assert_eq!(gate_of(&other, 1).await, "C3");
    assert_eq!(gate_of(&writer, 1).await, "C3");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flush_between_lease_and_fill_keeps_nothing() {
    let scene = a_flight_in_the_cache().await;
    scene.expire(1);
    let (reader, other) = (scene.behind_gate().await, scene.store().await);
    let fill = scene.gate.stop_request(Verb::Fill.mark());
    let (loaded, ()) = tokio::join!(load(&reader, 1), async {
        let fill = fill.stopped().await;
        scene.redis.cli(&["FLUSHALL"]);
        other.save(flight::moved(1, "B2")).await.expect("all is well");
        scene.redis.cli(&["FLUSHALL"]);
        fill.pass();
    });

    assert_eq!(loaded.0.as_deref(), Some("A1"), "it began before the save");
    assert_eq!(scene.standing(1), Standing::Absent);
    assert_eq!(gate_of(&reader, 1).await, "B2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_flush_in_the_middle_of_a_write_is_not_noticed() {
    let scene = a_flight_in_the_cache().await;
    let (writer, other) = (scene.behind_gate().await, scene.store().await);
    let fenced = scene.gate.stop_reply(Verb::Fence.mark());
    let (saved, ()) = tokio::join!(writer.save(flight::moved(1, "B2")), async {
        let fenced = fenced.stopped().await;
        scene.redis.cli(&["SCRIPT", "FLUSH"]);
        fenced.pass();
    });

    assert_eq!(saved.expect("all is well").cache, CacheEffect::Refreshed);
    assert_eq!(load(&other, 1).await, (Some("B2".to_owned()), Source::Cache));
}
