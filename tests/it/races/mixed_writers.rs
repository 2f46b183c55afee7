//! Inserts, updates, deletes and loads of a few rows from several stores at once.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use sea_orm::{ActiveModelTrait, DbErr, EntityTrait};
use writethrough::{Error, Outcome, Store};

use crate::support::entities::flight::{ActiveModel, Entity, delay, gate, numbered};
use crate::support::entities::keys::airport;
use crate::support::probe::{Probe, Seen};

const KEYS: i32 = 3;

/// One random operation; what the database may refuse is no failure.
async fn act(store: &Store, random: &mut SmallRng) {
    let id = random.random_range(1..=KEYS);
    let minutes = random.random_range(0..1_000);
    let result: Result<(), Error> = match random.random_range(0..7) {
        0 => numbered(id, "WT").insert_through(store).await.map(drop),
        1 => delay(id, minutes).update_through(store).await.map(drop),
        2 => gate(id, &format!("C{minutes}")).save_through(store).await.map(drop),
        3 => Entity::delete_by_id_through(id, store).await.map(drop),
        4 => ActiveModel { id: delay(id, 0).id, ..Default::default() }.update_through(store).await.map(drop),
        5 => Entity::load_many_cached(1..=KEYS, store).await.map(drop),
        _ => Entity::load_cached(id, store).await.map(drop),
    };
    if let Err(error) = result {
        assert_eq!(error.outcome(), Outcome::NotCommitted, "{error}");
        assert!(error.is_not_found() || error.is_unique_violation() || error.is_retryable(), "{error:?}");
    }
}

on_every_stage! {
    async fn after_a_turmoil_the_cache_agrees_with_the_database(stage: Stage) {
        stage.create_table(Entity).await;
        let (probe, plain) = (Probe::of(&stage).await, stage.plain().await);
        let stores = [stage.store().await, stage.store().await, stage.store().await];
        for round in 0..10 {
            let writers = stores.iter().map(|store| {
                let (store, mut random) = (store.clone(), SmallRng::from_os_rng());
                tokio::spawn(async move {
                    for _ in 0..10 {
                        act(&store, &mut random).await;
                    }
                })
            });
            for writer in writers.collect::<Vec<_>>() {
                writer.await.unwrap();
            }
            for id in 1..=KEYS {
                let stored = Entity::find_by_id(id).one(&plain).await.unwrap();
                match (probe.look::<Entity>(id).await, &stored) {
                    (Seen::Nothing, _) | (Seen::NoSuchRow, None) => {}
                    (Seen::Row(row), Some(stored)) if row == *stored => {}
                    (seen, stored) => panic!("round {round}: {seen:?} stands there, {stored:?} is stored"),
                }
                assert_eq!(Entity::load_cached(id, &stores[0]).await.unwrap(), stored);
            }
        }
    }

    async fn an_update_beside_a_delete_is_done_or_finds_no_row(stage: Stage) {
        stage.create_table(Entity).await;
        stage.create_table(airport::Entity).await;
        let (one, other, plain) = (stage.store().await, stage.store().await, stage.plain().await);
        let text = || "BER".to_owned();
        for round in 1..=30 {
            numbered(1, "WT").insert(&plain).await.unwrap();
            airport::named(text(), "Berlin").insert(&plain).await.unwrap();
            let (updated, deleted, renamed, removed) = tokio::join!(
                delay(1, round).update_through(&one),
                Entity::delete_by_id_through(1, &other),
                airport::named(text(), "Brandenburg").update_through(&one),
                airport::Entity::delete_by_id_through(text(), &other),
            );
            assert!(deleted.unwrap() && removed.unwrap());
            for error in [updated.err(), renamed.err()].into_iter().flatten() {
                assert!(matches!(error.db_err(), Some(DbErr::RecordNotUpdated)), "{error}");
                assert_eq!(error.outcome(), Outcome::NotCommitted);
            }
            assert_eq!(Entity::load_cached(1, &one).await.unwrap(), None);
            assert_eq!(airport::Entity::load_cached(text(), &one).await.unwrap(), None);
            Entity::invalidate(1, &one).await.unwrap();
        }
    }
}
