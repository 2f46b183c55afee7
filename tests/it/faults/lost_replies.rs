//! A connection that breaks in the middle of a command: the server has executed it, or never got it.

use writethrough::{CacheEffect, Source};

use super::entities::flight;
use super::scene::{Scene, Standing, Verb, comes_from_cache, gate_of, load};
use super::until;
use crate::support::Backend;

async fn a_flight_in_the_cache() -> Scene {
    let scene = Scene::new(Backend::Sqlite).await;
    scene.store().await.insert(flight::at(1, "A1")).await.expect("all is well");
    assert_eq!(scene.standing(1), Standing::Value);
    scene
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fence_without_its_reply_keeps_the_row_out_of_the_cache_until_it_expires() {
    let scene = a_flight_in_the_cache().await;
    let (writer, other) = (scene.behind_gate().await, scene.store().await);
    let fence = scene.gate.stop_reply(Verb::Fence.mark());
    let (saved, ()) = tokio::join!(writer.save(flight::moved(1, "B2")), async { fence.stopped().await.cut() });

    let effect = saved.expect("degrade goes on without the cache").cache;
    assert!(matches!(effect, CacheEffect::Degraded | CacheEffect::Invalidated), "{effect:?}");
    for _ in 0..3 {
        assert_eq!(load(&other, 1).await, (Some("B2".to_owned()), Source::Database));
    }
    assert_eq!(scene.standing(1), Standing::Fence);
    assert!(scene.time_left(1).as_secs() <= 60);
    scene.expire(1);
    comes_from_cache(&other, 1, "B2").await;
    comes_from_cache(&writer, 1, "B2").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fence_that_never_arrived_leaves_nothing_old_once_the_cache_answers() {
    let scene = a_flight_in_the_cache().await;
    let (writer, other) = (scene.behind_gate().await, scene.store().await);
    let fence = scene.gate.stop_request(Verb::Fence.mark());
    let (saved, ()) = tokio::join!(writer.save(flight::moved(1, "B2")), async { fence.stopped().await.cut() });

    let effect = saved.expect("degrade goes on without the cache").cache;
    assert!(matches!(effect, CacheEffect::Degraded | CacheEffect::Invalidated), "{effect:?}");
    assert_eq!(gate_of(&writer, 1).await, "B2");
    comes_from_cache(&writer, 1, "B2").await;
    assert_eq!(gate_of(&other, 1).await, "B2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finish_without_its_reply_is_seen_at_once_and_repaired_afterwards() {
    let scene = a_flight_in_the_cache().await;
    let (writer, other) = (scene.behind_gate().await, scene.store().await);
    let finish = scene.gate.stop_reply(Verb::Finish.mark());
    let (saved, ()) = tokio::join!(writer.save(flight::moved(1, "B2")), async { finish.stopped().await.cut() });

    assert_eq!(saved.expect("degrade goes on without the cache").cache, CacheEffect::Degraded);
    assert_eq!(gate_of(&other, 1).await, "B2");
    assert_eq!(gate_of(&writer, 1).await, "B2");
    comes_from_cache(&writer, 1, "B2").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finish_that_never_arrived_keeps_the_fence_up_until_it_is_repaired() {
    let scene = a_flight_in_the_cache().await;
    let (writer, other) = (scene.behind_gate().await, scene.store().await);
    let finish = scene.gate.stop_request(Verb::Finish.mark());
    let (saved, ()) = tokio::join!(writer.save(flight::moved(1, "B2")), async {
        let finish = finish.stopped().await;
        assert_eq!(scene.truth(1).await.as_deref(), Some("B2"), "committed before FINISH");
        assert_eq!(load(&other, 1).await, (Some("B2".to_owned()), Source::Database));
        finish.cut();
    });

    assert_eq!(saved.expect("degrade goes on without the cache").cache, CacheEffect::Degraded);
    assert_eq!(gate_of(&other, 1).await, "B2");
    comes_from_cache(&writer, 1, "B2").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_insert_whose_fence_or_finish_got_lost_is_found_although_its_absence_was_remembered() {
    for (verb, executed) in [(Verb::Fence, false), (Verb::Fence, true), (Verb::Finish, false), (Verb::Finish, true)] {
        let scene = Scene::new(Backend::Sqlite).await;
        let (writer, other) = (scene.behind_gate().await, scene.store().await);
        assert_eq!(load(&other, 1).await.0, None);
        assert_eq!(load(&other, 1).await, (None, Source::Cache), "absence is remembered");
        let command = if executed { scene.gate.stop_reply(verb.mark()) } else { scene.gate.stop_request(verb.mark()) };
        let (saved, ()) = tokio::join!(writer.save(flight::new("A1")), async { command.stopped().await.cut() });

        assert_eq!(saved.expect("degrade goes on without the cache").model.id, 1);
        until("the repair is done", async || load(&other, 1).await.0.is_some()).await;
        assert_eq!(gate_of(&writer, 1).await, "A1");
        assert_eq!(gate_of(&other, 1).await, "A1");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_without_its_reply_stands_until_it_expires_and_blocks_no_writer() {
    for executed in [false, true] {
        let scene = a_flight_in_the_cache().await;
        scene.expire(1);
        let (reader, other) = (scene.behind_gate().await, scene.store().await);
        let mark = Verb::Lease.mark();
        let lease = if executed { scene.gate.stop_reply(mark) } else { scene.gate.stop_request(mark) };
        let (loaded, ()) = tokio::join!(load(&reader, 1), async { lease.stopped().await.cut() });

        assert_eq!(loaded, (Some("A1".to_owned()), Source::Database));
        assert_eq!(scene.standing(1), if executed { Standing::Lease } else { Standing::Absent });
        assert_eq!(load(&other, 1).await, (Some("A1".to_owned()), Source::Database));
        let saved = other.save(flight::moved(1, "B2")).await.expect("all is well");
        assert_eq!(saved.cache, CacheEffect::Refreshed);
        comes_from_cache(&reader, 1, "B2").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fill_without_its_reply_costs_the_reader_nothing_and_later_readers_a_query_at_most() {
    for executed in [false, true] {
        let scene = a_flight_in_the_cache().await;
        scene.expire(1);
        let (reader, other) = (scene.behind_gate().await, scene.store().await);
        let mark = Verb::Fill.mark();
        let fill = if executed { scene.gate.stop_reply(mark) } else { scene.gate.stop_request(mark) };
        let (loaded, ()) = tokio::join!(load(&reader, 1), async { fill.stopped().await.cut() });

        assert_eq!(loaded, (Some("A1".to_owned()), Source::Database));
        let source = if executed { Source::Cache } else { Source::Database };
        assert_eq!(load(&other, 1).await, (Some("A1".to_owned()), source));
        assert!(executed || scene.time_left(1).as_secs() <= 10, "the lease expires soon");
        other.save(flight::moved(1, "B2")).await.expect("all is well");
        comes_from_cache(&reader, 1, "B2").await;
    }
}
