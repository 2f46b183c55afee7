//! A Redis that is killed and comes back: from a snapshot, which is going back in time, or empty.

use std::time::Duration;

use writethrough::{CacheEffect, Source};

use super::entities::flight;
use super::repair::waiting;
use super::scene::{Scene, Standing, Verb, comes_from_cache, gate_of, load};
use super::until;
use crate::support::Fault;

pub(super) fn take_snapshot(scene: &Scene) {
    assert_eq!(scene.redis.cli(&["SAVE"]), "OK");
}

on_every_backend! {
    async fn values_from_a_snapshot_are_not_served_to_stores_old_or_new(backend: Backend) {
        let mut scene = Scene::new(backend).await;
        let store = scene.store().await;
        for id in 1..=3 {
            store.insert(flight::at(id, "A1")).await.expect("all is well");
        }
        take_snapshot(&scene);
        store.save(flight::moved(1, "B2")).await.expect("all is well");
        store.delete_by_id::<flight::Entity>(2).await.expect("all is well");

        scene.redis.restart();

        assert_eq!(scene.standing(1), Standing::Value, "the old value came back with the snapshot");
        for reader in [&store, &scene.store().await] {
            assert_eq!(load(reader, 1).await.0.as_deref(), Some("B2"));
            assert_eq!(load(reader, 2).await.0, None);
            assert_eq!(load(reader, 3).await.0.as_deref(), Some("A1"));
        }
        comes_from_cache(&store, 1, "B2").await;
        comes_from_cache(&scene.store().await, 3, "A1").await;
    }

    async fn a_snapshot_of_an_absence_does_not_hide_a_row_that_was_inserted_since(backend: Backend) {
        let mut scene = Scene::new(backend).await;
        let store = scene.store().await;
        assert_eq!(load(&store, 1).await.0, None);
        assert_eq!(load(&store, 1).await, (None, Source::Cache), "absence is remembered");
        take_snapshot(&scene);
        store.save(flight::new("A1")).await.expect("all is well");

        scene.redis.restart();

        assert_eq!(gate_of(&scene.store().await, 1).await, "A1");
        assert_eq!(gate_of(&store, 1).await, "A1");
    }

    async fn what_was_saved_while_the_server_was_down_is_what_everybody_reads_afterwards(backend: Backend) {
        let mut scene = Scene::new(backend).await;
        let store = scene.store().await;
        store.insert(flight::at(1, "A1")).await.expect("all is well");
        take_snapshot(&scene);
        scene.redis.kill();
        let saved = store.save(flight::moved(1, "B2")).await.expect("degrade goes on without the cache");
        assert_eq!(saved.cache, CacheEffect::Degraded);
        assert_eq!(load(&store, 1).await, (Some("B2".to_owned()), Source::Database));

        scene.redis.restart();

        let other = scene.store().await;
        assert_eq!(gate_of(&other, 1).await, "B2");
        comes_from_cache(&store, 1, "B2").await;
        assert_eq!(gate_of(&other, 1).await, "B2");
    }

    async fn fences_and_leases_of_a_previous_life_block_nobody(backend: Backend) {
        let mut scene = Scene::new(backend).await;
        let store = scene.store().await;
        store.insert(flight::at(1, "A1")).await.expect("all is well");
        let writer = scene.behind_gate().await;
        let fenced = scene.gate.stop_reply(Verb::Fence.mark());
        let (saved, ()) = tokio::join!(writer.save(flight::moved(1, "B2")), async {
            let fenced = fenced.stopped().await;
            assert_eq!(scene.standing(1), Standing::Fence);
            take_snapshot(&scene);
            fenced.cut();
        });
        saved.expect("degrade goes on without the cache");
        // A repair that were still under way could overtake the look at what came back.
        until("the writer has repaired what it could not finish", async || waiting(&writer) == 0).await;

        scene.redis.restart();

        assert_eq!(scene.standing(1), Standing::Fence, "it came back with the snapshot");
        comes_from_cache(&scene.store().await, 1, "B2").await;
        comes_from_cache(&writer, 1, "B2").await;
    }

    // Its fence was put up after the snapshot; so it is lost, and a reader keeps the old row in the meantime.
    async fn a_writer_that_a_restart_takes_the_fence_from_ends_in_the_new_row(backend: Backend) {
        let mut scene = Scene::new(backend).await;
        let other = scene.store().await;
        other.insert(flight::at(1, "A1")).await.expect("all is well");
        take_snapshot(&scene);
        let writer = scene.behind_gate().await;
        let fenced = scene.gate.stop_reply(Verb::Fence.mark());
        let saving = tokio::spawn({
            let writer = writer.clone();
            async move { writer.save(flight::moved(1, "B2")).await }
        });
        let fenced = fenced.stopped().await;

        scene.redis.restart();

        comes_from_cache(&other, 1, "A1").await;
        fenced.pass();
        let saved = saving.await.expect("no panic").expect("degrade goes on without the cache");
        assert_ne!(saved.cache, CacheEffect::Refreshed, "the fence was lost");
        assert_eq!(gate_of(&writer, 1).await, "B2");
        until("the writer has repaired what it could not finish", async || waiting(&writer) == 0).await;
        assert_eq!(gate_of(&other, 1).await, "B2");
        comes_from_cache(&other, 1, "B2").await;
    }

    async fn a_server_that_comes_back_empty_is_filled_again(backend: Backend) {
        let mut scene = Scene::new(backend).await;
        let store = scene.store().await;
        store.insert(flight::at(1, "A1")).await.expect("all is well");

        scene.redis.restart();

        assert_eq!(gate_of(&store, 1).await, "A1");
        comes_from_cache(&store, 1, "A1").await;
        store.save(flight::moved(1, "B2")).await.expect("all is well");
        assert_eq!(gate_of(&scene.store().await, 1).await, "B2");
    }

    // The proxy keeps the old connection and its commands; the server they arrive at is another one.
    async fn a_store_that_slept_through_a_restart_does_not_trust_what_came_back(backend: Backend) {
        let mut scene = Scene::new(backend).await;
        let sleeper = scene.behind_proxy(Duration::from_millis(200)).await;
        sleeper.insert(flight::at(1, "A1")).await.expect("all is well");
        take_snapshot(&scene);
        let other = scene.store().await;
        other.save(flight::moved(1, "B2")).await.expect("all is well");
        scene.proxy.set(Fault::Stall).await;

        scene.redis.restart();
        scene.proxy.set(Fault::Pass).await;

        assert_eq!(gate_of(&sleeper, 1).await, "B2");
        comes_from_cache(&sleeper, 1, "B2").await;
    }
}
