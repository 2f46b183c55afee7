//! Two stores change different columns of one row at the same time, again and again.

use std::time::Duration;

use rand::Rng;
use sea_orm::{ActiveModelTrait, EntityTrait};
use writethrough::{CacheEffect, Error, Saved, Store};

use crate::support::databases::Backend;
use crate::support::entities::flight;
use crate::support::probe::{Probe, Seen};
use crate::support::stage::{CacheKind, Stage};

/// Now, or some moments later.
async fn a_moment() {
    let microseconds = rand::rng().random_range(0..400);
    if microseconds > 100 {
        tokio::time::sleep(Duration::from_micros(microseconds)).await;
    }
}

async fn changed(store: &Store, change: flight::ActiveModel) -> Result<Saved<flight::Model>, Error> {
    a_moment().await;
    store.update(change).await
}

/// After every round there is no fence and no lease, and the entry is the row if there is one.
async fn race(stage: Stage, rounds: i32) {
    stage.create_table(flight::Entity).await;
    let (one, other, plain) = (stage.store().await, stage.store().await, stage.plain().await);
    let id = flight::departure("WT 115").insert(&plain).await.unwrap().id;
    let probe = Probe::of(&stage).await;
    let mut contended = 0;
    for round in 1..=rounds {
        let read = async {
            a_moment().await;
            flight::Entity::load_cached(id, if round % 2 == 0 { &one } else { &other }).await
        };
        let gate = flight::gate(id, &format!("C{round}"));
        let delay = flight::delay(id, round);
        let (gate, delay, read) = tokio::join!(changed(&one, gate), changed(&other, delay), read);
        let (gate, delay, read) = (gate.unwrap(), delay.unwrap(), read.unwrap().unwrap());
        assert!(read.delay_minutes >= round - 1, "a reader got {read:?} in round {round}");
        contended += usize::from(gate.cache == CacheEffect::Contended || delay.cache == CacheEffect::Contended);

        let stored = flight::Entity::find_by_id(id).one(&plain).await.unwrap().unwrap();
        assert_eq!((stored.gate.as_str(), stored.delay_minutes), (format!("C{round}").as_str(), round));
        match probe.look::<flight::Entity>(id).await {
            Seen::Nothing => {}
            Seen::Row(row) => assert_eq!(row, stored, "after round {round}"),
            other => panic!("{other:?} stands there after round {round}"),
        }
        assert_eq!(flight::Entity::load_cached(id, &other).await.unwrap().as_ref(), Some(&stored));
        if round % 10 == 0 {
            flight::Entity::invalidate(id, &one).await.unwrap();
        }
    }
    assert!(contended > 0, "the two never met in {rounds} rounds");
}

const ROUNDS: i32 = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cache_never_differs_at_rest_on_sqlite_and_memory() {
    race(Stage::new(Backend::Sqlite, CacheKind::Memory).await, ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cache_never_differs_at_rest_on_sqlite_and_redis() {
    race(Stage::new(Backend::Sqlite, CacheKind::Redis).await, ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cache_never_differs_at_rest_on_postgres_and_memory() {
    race(Stage::new(Backend::Postgres, CacheKind::Memory).await, ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cache_never_differs_at_rest_on_postgres_and_redis() {
    race(Stage::new(Backend::Postgres, CacheKind::Redis).await, ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cache_never_differs_at_rest_on_mysql_and_memory() {
    race(Stage::new(Backend::MySql, CacheKind::Memory).await, ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cache_never_differs_at_rest_on_mysql_and_redis() {
    race(Stage::new(Backend::MySql, CacheKind::Redis).await, ROUNDS).await;
}
