//! What a store tells of itself.

use std::time::Duration;

use writethrough::{BreakerState, DatabaseLimit, Store};

use crate::support::entities::flight;
use crate::support::redis::RedisServer;

on_every_stage! {
    async fn a_store_that_has_its_cache_is_healthy(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let store = stage.builder().database_limit(DatabaseLimit::new(3)).build().await.unwrap();
        let saved = flight::departure("WT 1").save_through(&store).await.unwrap();
        flight::Entity::load_cached(saved.id, &store).await.unwrap();

        let health = store.health();

        assert!(health.is_healthy(), "{health:?}");
        assert_eq!(health.breaker, BreakerState::Closed);
        assert!(health.trusts_cache);
        assert_eq!((health.waiting_keys, health.waiting_entities, health.background_tasks), (0, 0, 0));
        assert_eq!((health.limited_queries, health.waiting_loads), (0, 0));
    }
}

/// Waits until the store's health is so.
async fn until(store: &Store, mut holds: impl FnMut(&writethrough::Health) -> bool) {
    let waiting = async {
        while !holds(&store.health()) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), waiting).await;
    assert!(waited.is_ok(), "waited in vain: {:?}", store.health());
}

on_every_backend! {
    async fn a_store_that_lost_its_cache_says_so_before_anybody_calls_and_what_waits_until_it_is_back(backend: Backend) {
        let mut redis = RedisServer::start([]);
        let stage = crate::support::stage::Stage::new(backend, crate::support::stage::CacheKind::Redis).await;
        let stage = stage.on(redis.url());
        stage.create_table(flight::Entity).await;
        let store = stage.store().await;
        let saved = flight::departure("WT 1").save_through(&store).await.unwrap();
        redis.kill();

        until(&store, |health| health.breaker == BreakerState::Open).await;
        assert!(store.health().trusts_cache && !store.health().is_healthy(), "{:?}", store.health());
        flight::delay(saved.id, 5).update_through(&store).await.unwrap();
        flight::Entity::invalidate_all(&store).await.unwrap();
        let health = store.health();
        assert!(!health.trusts_cache && !health.is_healthy(), "{health:?}");
        assert!(health.waiting_keys >= 1 && health.waiting_entities == 1, "{health:?}");

        redis.restart();
        until(&store, |health| health.trusts_cache).await;
        until(&store, |health| health.breaker != BreakerState::Open).await;
        for _ in 0..10 {
            assert_eq!(flight::Entity::load_cached(saved.id, &store).await.unwrap().unwrap().delay_minutes, 5);
        }
        assert!(store.health().is_healthy(), "{:?}", store.health());
    }
}

#[tokio::test]
async fn limits_that_cannot_work_are_refused_when_the_store_is_built() {
    let builder = || Store::builder().database_url("sqlite::memory:");
    for (wrong, name) in [
        (builder().database_limit(DatabaseLimit::new(0)), "max_queries"),
        (builder().database_limit(DatabaseLimit::new(usize::MAX)), "max_queries"),
        (builder().database_limit(DatabaseLimit::new(1).queue_timeout(Duration::MAX)), "queue_timeout"),
        (builder().repair_queue_capacity(0), "repair_queue_capacity"),
        (builder().repair_queue_capacity(usize::MAX), "repair_queue_capacity"),
        (builder().max_list_len(0), "max_list_len"),
        (builder().max_list_len(usize::MAX), "max_list_len"),
    ] {
        let error = wrong.build().await.unwrap_err();
        assert!(error.is_bad_input() && error.to_string().contains(name), "{error}");
    }
}
