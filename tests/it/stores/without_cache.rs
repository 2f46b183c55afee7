//! A store whose Redis is not there when it starts.

use writethrough::{CacheEffect, OnCacheFailure, Outcome, Source, Store};

use crate::support::databases::Backend;
use crate::support::entities::flight;
use crate::support::entities::policies::fail;
use crate::support::stage::{CacheKind, Stage};

/// Nobody listens there.
const NOWHERE: &str = "redis://127.0.0.1:1";

async fn stage() -> Stage {
    let stage = Stage::new(Backend::Sqlite, CacheKind::Redis).await.on(NOWHERE.to_owned());
    stage.create_table(flight::Entity).await;
    stage.create_table(fail::Entity).await;
    stage
}

#[tokio::test]
async fn it_starts_reads_and_writes_where_the_policy_is_degrade() {
    let stage = stage().await;
    let store = stage.store().await;
    let saved = store.save(flight::departure("WT 1")).await.unwrap();
    assert_eq!(saved.cache, CacheEffect::Degraded);
    let loaded = store.load::<flight::Entity>(saved.model.id).await.unwrap();
    assert_eq!((loaded.model.as_ref(), loaded.source), (Some(&saved.model), Source::Database));
    assert_eq!(flight::Entity::load_many_cached([saved.model.id], &store).await.unwrap(), [Some(saved.model.clone())]);
    let deleted = store.delete_by_id::<flight::Entity>(saved.model.id).await.unwrap();
    assert_eq!((deleted.existed, deleted.cache), (true, CacheEffect::Degraded));
    flight::Entity::invalidate(saved.model.id, &store).await.unwrap();
    flight::Entity::invalidate_all(&store).await.unwrap();
}

#[tokio::test]
async fn it_does_not_start_where_the_policy_is_fail() {
    let stage = stage().await;
    let error = stage.builder().on_cache_failure(OnCacheFailure::Fail).build().await.unwrap_err();
    assert!(error.is_cache_unavailable(), "{error}");
    assert_eq!(error.outcome(), Outcome::NotCommitted);
}

#[tokio::test]
async fn entities_that_say_fail_are_not_written_but_read() {
    let stage = stage().await;
    let store: Store = stage.store().await;
    let error = fail::priced(1, 5).insert_through(&store).await.unwrap_err();
    assert!(error.is_cache_unavailable(), "{error}");
    assert_eq!(error.outcome(), Outcome::NotCommitted);
    assert_eq!(fail::Entity::load_cached(1, &store).await.unwrap(), None);
    let error = fail::Entity::delete_by_id_through(1, &store).await.unwrap_err();
    assert!(error.is_cache_unavailable(), "{error}");
    assert!(fail::Entity::invalidate(1, &store).await.unwrap_err().is_cache_unavailable());
}
