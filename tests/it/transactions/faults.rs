//! A transaction when the cache fails, and on a cluster.

use std::time::Duration;

use sea_orm::EntityTrait;
use writethrough::{OnCacheFailure, Outcome, RedisOptions, Source};

use super::{delay_of, with_flights};
use crate::support::databases::Backend;
use crate::support::entities::flight::{Entity, delay, numbered};
use crate::support::redis::{RedisCluster, RedisServer};
use crate::support::stage::{CacheKind, Stage};

async fn patient(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let started = std::time::Instant::now();
    while !holds().await {
        assert!(started.elapsed() < Duration::from_secs(20), "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_degrade_a_commit_without_cache_is_repaired_later() {
    for backend in Backend::ALL {
        let mut redis = RedisServer::start([]);
        let stage = Stage::new(backend, CacheKind::Redis).await.on(redis.url());
        let (store, other) = with_flights(&stage).await;
        redis.cli(&["SAVE"]);
        let tx = store.begin().await.unwrap();
        delay(1, 10).save_through(&tx).await.unwrap();
        redis.kill();
        tx.commit().await.expect("degrade goes on without the cache");
        assert_eq!(delay_of(1, &store).await, (Some(10), Source::Database));
        redis.restart();
        patient("the row comes from the cache", async || delay_of(1, &store).await == (Some(10), Source::Cache)).await;
        assert_eq!(delay_of(1, &other).await.0, Some(10));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_fail_a_commit_without_cache_is_refused_and_nothing_is_stored() {
    for backend in Backend::ALL {
        let mut redis = RedisServer::start([]);
        let stage = Stage::new(backend, CacheKind::Redis).await.on(redis.url());
        let _ = with_flights(&stage).await;
        let store = stage.builder().on_cache_failure(OnCacheFailure::Fail).build().await.unwrap();
        let tx = store.begin().await.unwrap();
        delay(1, 10).save_through(&tx).await.unwrap();
        redis.kill();
        let error = tx.commit().await.unwrap_err();
        assert!(error.is_cache_unavailable() && error.outcome() == Outcome::NotCommitted, "{error}");
        let stored = Entity::find_by_id(1).one(&stage.plain().await).await.unwrap().unwrap();
        assert_eq!(stored.delay_minutes, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_fail_a_sweep_that_the_cache_did_not_acknowledge_is_told() {
    let mut redis = RedisServer::start([]);
    let stage = Stage::new(Backend::Sqlite, CacheKind::Redis).await.on(redis.url());
    let _ = with_flights(&stage).await;
    let store = stage.builder().on_cache_failure(OnCacheFailure::Fail).build().await.unwrap();
    let tx = store.begin().await.unwrap();
    Entity::invalidate_all(&tx).await.unwrap();
    redis.kill();
    let error = tx.commit().await.unwrap_err();
    assert!(error.is_cache_unavailable() && error.outcome() == Outcome::Committed, "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_cluster_a_transaction_over_many_rows_refreshes_them_all() {
    let cluster = RedisCluster::start();
    for backend in Backend::ALL {
        let stage = Stage::new(backend, CacheKind::Redis).await;
        stage.create_table(Entity).await;
        let clustered = || stage.builder().redis(RedisOptions::new(cluster.url()));
        let (store, other) = (clustered().build().await.unwrap(), clustered().build().await.unwrap());
        store
            .transaction(async |tx| {
                for id in 1..=60 {
                    numbered(id, "WT").insert_through(tx).await?;
                }
                drop(tx.transaction(async |nested| delay(7, 70).save_through(nested).await).await);
                let undone = tx.begin().await?;
                delay(8, 80).save_through(&undone).await?;
                undone.rollback().await?;
                Entity::delete_by_id_through(60, tx).await
            })
            .await
            .unwrap();
        for id in 1..=60 {
            let expected = match id {
                60 => None,
                7 => Some(70),
                _ => Some(0),
            };
            assert_eq!(delay_of(id, &other).await, (expected, Source::Cache), "{backend:?}, flight {id}");
        }
    }
}
