//! Commands whose senders gave up, and that arrive after a newer write: none brings an old value back.

use writethrough::{CacheEffect, Source, Store};

use super::entities::flight;
use super::gate::Late;
use super::scene::{Scene, Standing, Verb, comes_from_cache, gate_of, load};
use crate::support::Backend;

/// A flight at gate A1, known to the cache.
async fn a_flight_in_the_cache() -> Scene {
    let scene = Scene::new(Backend::Sqlite).await;
    scene.store().await.insert(flight::at(1, "A1")).await.expect("all is well");
    scene
}

/// Moves the flight; the command of this kind is not delivered, and kept.
async fn save_and_keep(scene: &Scene, writer: &Store, gate: &str, verb: Verb) -> Late {
    let command = scene.gate.stop_request(verb.mark());
    let (saved, late) = tokio::join!(writer.save(flight::moved(1, gate)), async { command.stopped().await.keep() });
    saved.expect("degrade goes on without the cache");
    // Its repair is done, and nothing of this writer is under way any more.
    comes_from_cache(writer, 1, gate).await;
    late
}

/// Loads the flight, which is not in the cache; the command of this kind is not delivered, and kept.
async fn load_and_keep(scene: &Scene, reader: &Store, verb: Verb) -> Late {
    scene.expire(1);
    let command = scene.gate.stop_request(verb.mark());
    let (loaded, late) = tokio::join!(load(reader, 1), async { command.stopped().await.keep() });
    assert_eq!(loaded, (Some("A1".to_owned()), Source::Database));
    late
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_fence_only_keeps_the_row_out_of_the_cache() {
    let scene = a_flight_in_the_cache().await;
    let (writer, other) = (scene.behind_gate().await, scene.store().await);
    let late = save_and_keep(&scene, &writer, "B2", Verb::Fence).await;
    other.save(flight::moved(1, "C3")).await.expect("all is well");

    late.deliver().await;

    assert_eq!(scene.standing(1), Standing::Fence);
    for store in [&writer, &other, &scene.store().await] {
        assert_eq!(load(store, 1).await, (Some("C3".to_owned()), Source::Database));
    }
    let saved = other.save(flight::moved(1, "D4")).await.expect("all is well");
    assert_eq!(saved.cache, CacheEffect::Contended, "nobody can finish the late fence");
    assert_eq!(gate_of(&writer, 1).await, "D4");
    assert!(scene.time_left(1).as_secs() <= 60, "it expires");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_finish_does_not_bring_its_value() {
    let scene = a_flight_in_the_cache().await;
    let (writer, other) = (scene.behind_gate().await, scene.store().await);
    let late = save_and_keep(&scene, &writer, "B2", Verb::Finish).await;
    let saved = other.save(flight::moved(1, "C3")).await.expect("all is well");
    assert_eq!(saved.cache, CacheEffect::Refreshed);

    late.deliver().await;

    for store in [&writer, &other, &scene.store().await] {
        assert_eq!(gate_of(store, 1).await, "C3");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_finish_that_meets_another_writers_fence_leaves_it_standing() {
    let scene = a_flight_in_the_cache().await;
    let (writer, other) = (scene.behind_gate().await, scene.store().await);
    let late = save_and_keep(&scene, &writer, "B2", Verb::Finish).await;

    let fenced = scene.gate.stop_reply(Verb::Fence.mark());
    let (saved, ()) = tokio::join!(writer.save(flight::moved(1, "C3")), async {
        let fenced = fenced.stopped().await;
        late.deliver().await;
        assert_eq!(scene.standing(1), Standing::Fence);
        assert_eq!(load(&other, 1).await, (Some("B2".to_owned()), Source::Database));
        fenced.pass();
    });

    assert_eq!(saved.expect("all is well").cache, CacheEffect::Contended);
    assert_eq!(gate_of(&other, 1).await, "C3");
    comes_from_cache(&writer, 1, "C3").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_fill_does_not_bring_its_value() {
    let scene = a_flight_in_the_cache().await;
    let (reader, other) = (scene.behind_gate().await, scene.store().await);
    let late = load_and_keep(&scene, &reader, Verb::Fill).await;
    other.save(flight::moved(1, "B2")).await.expect("all is well");

    late.deliver().await;

    for store in [&other, &scene.store().await] {
        assert_eq!(load(store, 1).await, (Some("B2".to_owned()), Source::Cache));
    }
    comes_from_cache(&reader, 1, "B2").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_fill_finds_no_lease_although_the_newer_value_was_evicted() {
    let scene = a_flight_in_the_cache().await;
    let (reader, other) = (scene.behind_gate().await, scene.store().await);
    let late = load_and_keep(&scene, &reader, Verb::Fill).await;
    other.save(flight::moved(1, "B2")).await.expect("all is well");
    scene.expire(1);

    late.deliver().await;

    assert_eq!(scene.standing(1), Standing::Absent);
    assert_eq!(gate_of(&reader, 1).await, "B2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_fill_does_not_fit_another_readers_lease() {
    let scene = a_flight_in_the_cache().await;
    let (reader, other) = (scene.behind_gate().await, scene.store().await);
    let late = load_and_keep(&scene, &reader, Verb::Fill).await;
    other.save(flight::moved(1, "B2")).await.expect("all is well");
    comes_from_cache(&reader, 1, "B2").await;
    scene.expire(1);

    let fill = scene.gate.stop_request(Verb::Fill.mark());
    let (loaded, ()) = tokio::join!(load(&reader, 1), async {
        let fill = fill.stopped().await;
        late.deliver().await;
        assert_eq!(scene.standing(1), Standing::Lease);
        fill.pass();
    });

    assert_eq!(loaded.0.as_deref(), Some("B2"));
    assert_eq!(load(&other, 1).await, (Some("B2".to_owned()), Source::Cache));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_lease_takes_no_value_away() {
    let scene = a_flight_in_the_cache().await;
    let (reader, other) = (scene.behind_gate().await, scene.store().await);
    let late = load_and_keep(&scene, &reader, Verb::Lease).await;
    other.save(flight::moved(1, "B2")).await.expect("all is well");

    late.deliver().await;

    assert_eq!(load(&other, 1).await, (Some("B2".to_owned()), Source::Cache));
    comes_from_cache(&reader, 1, "B2").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_the_network_repeats_is_stamped_anew_and_leaves_nothing_old() {
    let scene = a_flight_in_the_cache().await;
    let (writer, other) = (scene.behind_gate().await, scene.store().await);
    for verb in [Verb::Fence, Verb::Finish] {
        let command = scene.gate.stop_request(verb.mark());
        let (saved, repeated) = tokio::join!(writer.save(flight::moved(1, "B2")), async {
            let stopped = command.stopped().await;
            let repeated = stopped.copy();
            stopped.pass();
            repeated
        });
        saved.expect("all is well");
        other.save(flight::moved(1, "C3")).await.expect("all is well");

        repeated.deliver().await;

        assert_eq!(gate_of(&writer, 1).await, "C3");
        assert_eq!(gate_of(&other, 1).await, "C3");
    }
}
