//! How long entries live, as Redis tells it.

use std::time::Duration;

use writethrough::{CachedEntity, PkValue};

use crate::support::databases::Backend;
use crate::support::entities::flight;
use crate::support::entities::policies::times;
use crate::support::probe::Probe;
use crate::support::stage::{CacheKind, Stage};
use crate::support::wire::Wire;

/// The time that a row's entry has left, in milliseconds.
async fn left<E: CachedEntity>(stage: &Stage, id: impl Into<PkValue<E>>) -> i64 {
    let key = Probe::of(stage).await.key::<E>(id);
    Wire::connect(&stage.cache_url()).await.number(&format!("PTTL {key}")).await
}

/// A time to live of this many seconds, jittered down by up to a tenth, a moment ago.
#[track_caller]
fn assert_lives(left: i64, seconds: i64) {
    let expected = seconds * 900 - 10_000..=seconds * 1_000;
    assert!(expected.contains(&left), "{left} ms left is not within {expected:?}");
}

async fn stage() -> Stage {
    Stage::new(Backend::Sqlite, CacheKind::Redis).await
}

#[tokio::test]
async fn an_entry_lives_as_long_as_the_entity_says() {
    let stage = stage().await;
    stage.create_table(times::Entity).await;
    let store = stage.store().await;
    store.insert(times::priced(1, 5)).await.unwrap();
    assert_lives(left::<times::Entity>(&stage, 1).await, 100);
    times::Entity::invalidate(1, &store).await.unwrap();
    store.load::<times::Entity>(1).await.unwrap();
    assert_lives(left::<times::Entity>(&stage, 1).await, 100);

    store.delete_by_id::<times::Entity>(1).await.unwrap();
    assert_lives(left::<times::Entity>(&stage, 1).await, 20);
    times::Entity::load_many_cached([2], &store).await.unwrap();
    assert_lives(left::<times::Entity>(&stage, 2).await, 20);
}

#[tokio::test]
async fn an_entry_lives_as_long_as_the_store_says_where_the_entity_does_not() {
    let stage = stage().await;
    stage.create_table(flight::Entity).await;
    stage.create_table(times::Entity).await;
    for (default, seconds) in [(None, 3_600), (Some(600), 600), (Some(30 * 24 * 3_600), 30 * 24 * 3_600)] {
        let builder = stage.builder();
        let builder = default.map_or(stage.builder(), |seconds| builder.default_ttl(Duration::from_secs(seconds)));
        let store = builder.build().await.unwrap();
        let saved = flight::departure("WT 1").save_through(&store).await.unwrap();
        assert_lives(left::<flight::Entity>(&stage, saved.id).await, seconds);
        flight::Entity::delete_by_id_through(saved.id, &store).await.unwrap();
        assert_lives(left::<flight::Entity>(&stage, saved.id).await, 30);
        times::Entity::load_cached(1, &store).await.unwrap();
        assert_lives(left::<times::Entity>(&stage, 1).await, 20);
    }
}

#[tokio::test]
async fn absence_is_not_remembered_longer_than_a_row() {
    let stage = stage().await;
    stage.create_table(flight::Entity).await;
    let store = stage.builder().default_ttl(Duration::from_secs(12)).build().await.unwrap();
    store.load::<flight::Entity>(1).await.unwrap();
    assert_lives(left::<flight::Entity>(&stage, 1).await, 12);
}

#[tokio::test]
async fn entries_written_together_do_not_expire_together() {
    let stage = stage().await;
    stage.create_table(flight::Entity).await;
    let store = stage.store().await;
    store.load::<flight::Entity>(0).await.unwrap();
    flight::Entity::load_many_cached(1..=40, &store).await.unwrap();
    let mut times = Vec::new();
    for id in 1..=40 {
        times.push(left::<flight::Entity>(&stage, id).await);
    }
    let (least, most) = (times.iter().min().unwrap(), times.iter().max().unwrap());
    assert!(most - least > 500, "40 entries expire between {least} and {most} ms");
}
