//! A Redis that refuses to write, because its memory is full and nothing may be evicted.

use sea_orm::EntityTrait;
use writethrough::{CacheEffect, Outcome, Source};

use super::entities::{booking, flight};
use super::scene::{Scene, Standing, comes_from_cache, load};
use crate::support::Backend;
use crate::support::redis::RedisServer;

async fn scene_on(backend: Backend) -> Scene {
    Scene::on(backend, RedisServer::start(["--maxmemory-policy", "noeviction"])).await
}

fn limit(scene: &Scene, bytes: &str) {
    assert_eq!(scene.redis.cli(&["CONFIG", "SET", "maxmemory", bytes]), "OK");
}

on_every_backend! {
    async fn writes_go_on_and_take_the_old_values_away(backend: Backend) {
        let scene = scene_on(backend).await;
        let (store, other) = (scene.store().await, scene.store().await);
        for id in 1..=10 {
            store.insert(flight::at(id, "A1")).await.expect("all is well");
        }
        limit(&scene, "1");

        for id in 1..=10 {
            let saved = store.save(flight::moved(id, "B2")).await.expect("degrade goes on without the cache");
            assert!(matches!(saved.cache, CacheEffect::Invalidated | CacheEffect::Degraded), "{:?}", saved.cache);
            assert_eq!(scene.standing(id), Standing::Absent);
            for reader in [&store, &other] {
                assert_eq!(load(reader, id).await, (Some("B2".to_owned()), Source::Database));
            }
        }

        limit(&scene, "0");
        for id in 1..=10 {
            comes_from_cache(&other, id, "B2").await;
        }
    }

    async fn what_was_cached_before_is_still_read(backend: Backend) {
        let scene = scene_on(backend).await;
        let store = scene.store().await;
        store.insert(flight::at(1, "A1")).await.expect("all is well");
        limit(&scene, "1");

        assert_eq!(load(&scene.store().await, 1).await, (Some("A1".to_owned()), Source::Cache));
    }

    // The cost of a full cache: what it does not hold, it does not get; what it holds, it serves.
    async fn a_load_of_what_is_not_cached_costs_a_query_each_time(backend: Backend) {
        let scene = scene_on(backend).await;
        let (store, statements) = scene.recorded(scene.redis.url()).await;
        for id in 1..=2 {
            store.insert(flight::at(id, "A1")).await.expect("all is well");
        }
        scene.expire(2);
        limit(&scene, "1");
        statements.take();

        for _ in 0..10 {
            assert_eq!(load(&store, 1).await, (Some("A1".to_owned()), Source::Cache));
            assert_eq!(load(&store, 2).await, (Some("A1".to_owned()), Source::Database));
        }

        assert_eq!(statements.len(), 10, "{:?}", statements.take());
        limit(&scene, "0");
        comes_from_cache(&store, 2, "A1").await;
    }

    // A fence takes the place of an entry, and needs memory where there is none.
    async fn an_entity_that_needs_its_cache_refuses_to_write_a_row_that_is_not_cached(backend: Backend) {
        let scene = scene_on(backend).await;
        let store = scene.store().await;
        let id = store.insert(booking::new("1A")).await.expect("all is well").model.id;
        scene.redis.cli(&["FLUSHALL"]);
        limit(&scene, "1");

        let error = store.save(booking::moved(id, "2B")).await.expect_err("no fence, no write");

        assert!(error.is_cache_unavailable(), "{error}");
        assert_eq!(error.outcome(), Outcome::NotCommitted);
        assert_eq!(stored(&scene, id).await, "1A");
        limit(&scene, "0");
        store.save(booking::moved(id, "2B")).await.expect("all is well again");
    }

    async fn an_entity_that_needs_its_cache_tells_truly_whether_a_cached_row_was_written(backend: Backend) {
        let scene = scene_on(backend).await;
        let (store, other) = (scene.store().await, scene.store().await);
        let id = store.insert(booking::new("1A")).await.expect("all is well").model.id;
        limit(&scene, "1");

        let outcome = match store.save(booking::moved(id, "2B")).await {
            Ok(_) => Outcome::Committed,
            Err(error) => error.outcome(),
        };

        assert_eq!(stored(&scene, id).await, if outcome == Outcome::Committed { "2B" } else { "1A" });
        for reader in [&store, &other] {
            let loaded = reader.load::<booking::Entity>(id).await.expect("a load needs only the database");
            assert_eq!(loaded.model.expect("it is stored").seat, stored(&scene, id).await);
        }
    }
}

async fn stored(scene: &Scene, id: i32) -> String {
    let row = booking::Entity::find_by_id(id).one(&scene.db).await.expect("the database answers");
    row.expect("it is stored").seat
}
