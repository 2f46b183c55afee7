//! A reader is held after its query and before its fill, and the world goes on.
//!
//! What holds it is `cache_if`, which the reader asks in between.

use std::time::Duration;

use sea_orm::{ActiveModelTrait, EntityTrait};
use writethrough::{Error, Store};

use crate::support::databases::Backend;
use crate::support::entities::gated::{Entity, Held, Model, held, priced};
use crate::support::probe::{Probe, Seen};
use crate::support::redis::RedisServer;
use crate::support::stage::{CacheKind, Stage};
use crate::support::wire::Wire;

/// A table with one row, a store that writes, and a reader that has asked the database and not filled the cache yet.
struct Scene {
    old: Model,
    writer: Store,
    probe: Probe,
    reader: Held<Result<Option<Model>, Error>>,
}

impl Scene {
    async fn of(stage: &Stage, reading: Store) -> Self {
        stage.create_table(Entity).await;
        let old = priced(1, 10).insert(&stage.plain().await).await.unwrap();
        let reader = held(async move { Entity::load_cached(1, &reading).await }).await;
        Self { old, writer: stage.store().await, probe: Probe::of(stage).await, reader }
    }

    async fn look(&self) -> Seen<Model> {
        self.probe.look::<Entity>(1).await
    }

    /// Lets the reader go on; it may have the old row, for it began before everything else.
    async fn release(self) -> (Store, Probe) {
        assert_eq!(self.reader.release().await.unwrap(), Some(self.old));
        (self.writer, self.probe)
    }
}

/// From now on nobody reads but the newest row.
async fn assert_right(stage: &Stage, store: &Store) {
    let stored = Entity::find_by_id(1).one(&stage.plain().await).await.unwrap();
    for store in [store, &stage.store().await] {
        for _ in 0..2 {
            assert_eq!(Entity::load_cached(1, store).await.unwrap(), stored);
        }
    }
}

on_every_stage! {
    async fn a_reader_that_a_writer_overtook_does_not_fill(stage: Stage) {
        let scene = Scene::of(&stage, stage.store().await).await;
        assert_eq!(scene.look().await, Seen::Leased);
        let new = priced(1, 20).update_through(&scene.writer).await.unwrap();
        assert_eq!(scene.look().await, Seen::Row(new.clone()));
        let (writer, probe) = scene.release().await;
        assert_eq!(probe.look::<Entity>(1).await, Seen::Row(new));
        assert_right(&stage, &writer).await;
    }

    async fn a_reader_does_not_fill_what_was_evicted_after_a_writer_passed(stage: Stage) {
        let scene = Scene::of(&stage, stage.store().await).await;
        priced(1, 20).update_through(&scene.writer).await.unwrap();
        evict(&stage, &scene.probe).await;
        let (writer, probe) = scene.release().await;
        assert_eq!(probe.look::<Entity>(1).await, Seen::Nothing);
        assert_right(&stage, &writer).await;
    }

    async fn a_reader_whose_lease_was_evicted_does_not_fill(stage: Stage) {
        let scene = Scene::of(&stage, stage.store().await).await;
        evict(&stage, &scene.probe).await;
        priced(1, 20).update_through(&scene.writer).await.unwrap();
        evict(&stage, &scene.probe).await;
        let (writer, probe) = scene.release().await;
        assert_eq!(probe.look::<Entity>(1).await, Seen::Nothing);
        assert_right(&stage, &writer).await;
    }

    async fn a_reader_does_not_fill_under_the_lease_of_another(stage: Stage) {
        let scene = Scene::of(&stage, stage.store().await).await;
        priced(1, 20).update_through(&scene.writer).await.unwrap();
        evict(&stage, &scene.probe).await;
        let reading = stage.store().await;
        let second = held(async move { Entity::load_cached(1, &reading).await }).await;
        assert_eq!(scene.look().await, Seen::Leased);
        let (writer, probe) = scene.release().await;
        assert_eq!(probe.look::<Entity>(1).await, Seen::Leased);
        let new = second.release().await.unwrap().unwrap();
        assert_eq!(probe.look::<Entity>(1).await, Seen::Row(new));
        assert_right(&stage, &writer).await;
    }

    async fn a_reader_that_pauses_longer_than_its_lease_does_not_fill(stage: Stage) {
        let reading = stage.builder().lease_time(Duration::from_millis(10)).build().await.unwrap();
        let scene = Scene::of(&stage, reading).await;
        while scene.look().await == Seen::Leased {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        priced(1, 20).update_through(&scene.writer).await.unwrap();
        evict(&stage, &scene.probe).await;
        let (writer, probe) = scene.release().await;
        assert_eq!(probe.look::<Entity>(1).await, Seen::Nothing);
        assert_right(&stage, &writer).await;
    }

    async fn a_reader_does_not_fill_while_a_writer_is_under_way(stage: Stage) {
        let scene = Scene::of(&stage, stage.store().await).await;
        let stamp = scene.probe.fence::<Entity>(1).await;
        let (writer, probe) = scene.release().await;
        assert_eq!(probe.look::<Entity>(1).await, Seen::Fenced);
        probe.finish::<Entity>(1, stamp).await;
        assert_right(&stage, &writer).await;
    }

    async fn a_load_of_many_that_a_writer_overtook_does_not_fill(stage: Stage) {
        stage.create_table(Entity).await;
        let (writer, reading, probe) = (stage.store().await, stage.store().await, Probe::of(&stage).await);
        for id in 1..=3 {
            priced(id, 10).insert(&stage.plain().await).await.unwrap();
        }
        let reader = held(async move { Entity::load_many_cached([1, 2, 3], &reading).await }).await;
        let new = priced(1, 20).update_through(&writer).await.unwrap();
        assert!(Entity::delete_by_id_through(2, &writer).await.unwrap());
        reader.release().await.unwrap();
        assert_eq!(probe.look::<Entity>(1).await, Seen::Row(new));
        assert_eq!(probe.look::<Entity>(2).await, Seen::NoSuchRow);
        assert_eq!(probe.look::<Entity>(3).await, Seen::Row(Model { id: 3, price: 10 }));
        assert_right(&stage, &writer).await;
    }
}

/// Removes whatever stands there.
async fn evict(stage: &Stage, probe: &Probe) {
    match stage.cache {
        CacheKind::Memory => probe.invalidate::<Entity>(1).await,
        CacheKind::Redis => {
            let key = probe.key::<Entity>(1);
            assert_eq!(Wire::connect(&stage.cache_url()).await.number(&format!("DEL {key}")).await, 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_does_not_fill_a_server_that_was_flushed() {
    for backend in Backend::ALL {
        let redis = RedisServer::start([]);
        let stage = Stage::new(backend, CacheKind::Redis).await.on(redis.url());
        let scene = Scene::of(&stage, stage.store().await).await;
        priced(1, 20).update_through(&scene.writer).await.unwrap();
        assert_eq!(redis.cli(&["FLUSHALL"]), "OK");
        assert_eq!(redis.cli(&["SCRIPT", "FLUSH"]), "OK");
        let (writer, probe) = scene.release().await;
        assert_eq!(probe.look::<Entity>(1).await, Seen::Nothing);
        assert_right(&stage, &writer).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flush_between_fence_and_finish_leaves_nothing_old() {
    for backend in Backend::ALL {
        let redis = RedisServer::start([]);
        let stage = Stage::new(backend, CacheKind::Redis).await.on(redis.url());
        stage.create_table(Entity).await;
        let (writer, reader) = (stage.store().await, stage.store().await);
        priced(1, 10).insert_through(&writer).await.unwrap();
        let saving = writer.clone();
        // The writer is asked `cache_if` between its statement and its FINISH.
        let save: Held<_> = held(async move { saving.update(priced(1, 20)).await }).await;
        assert_eq!(redis.cli(&["FLUSHALL"]), "OK");
        Entity::load_cached(1, &reader).await.unwrap();
        save.release().await.unwrap();
        assert_right(&stage, &writer).await;
    }
}
