//! Batches and bulk writes beside readers and other writers.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait};
use writethrough::{Error, Outcome, Store};

use crate::support::entities::flight::{self, delay, gate, numbered};
use crate::support::entities::gated::{ActiveModel, Column, Entity, held, priced};
use crate::support::probe::{Probe, Seen};
use crate::support::stage::Stage;

const ROWS: std::ops::RangeInclusive<i32> = 1..=5;

fn rows(price: i32) -> impl Iterator<Item = ActiveModel> {
    ROWS.map(move |id| priced(id, price))
}

/// What many rows are written by.
async fn write(way: usize, price: i32, store: &Store) {
    let written = match way {
        0 => Entity::save_many_through(rows(price), store).await.map(|rows| rows.len() as u64),
        1 => Entity::update_many_through().set(Column::Price, price).exec(store).await,
        _ => Entity::delete_many_through().filter(Column::Price.lt(price)).exec(store).await,
    };
    assert_eq!(written.unwrap(), 5);
}

async fn five(stage: &Stage) {
    stage.create_table(Entity).await;
    for row in rows(10) {
        row.insert(&stage.plain().await).await.unwrap();
    }
}

/// From now on nobody reads but what is stored.
async fn assert_right(stage: &Stage) {
    let plain = stage.plain().await;
    for store in [stage.store().await, stage.store().await] {
        for id in ROWS {
            let stored = Entity::find_by_id(id).one(&plain).await.unwrap();
            assert_eq!(Entity::load_cached(id, &store).await.unwrap(), stored);
        }
    }
}

on_every_stage! {
    async fn a_reader_that_a_batch_overtook_does_not_fill_an_old_row(stage: Stage) {
        five(&stage).await;
        let (writer, probe) = (stage.store().await, Probe::of(&stage).await);
        for way in 0..3 {
            let reading = stage.store().await;
            for id in ROWS {
                probe.invalidate::<Entity>(id).await;
            }
            let reader = held(async move { Entity::load_many_cached(ROWS, &reading).await }).await;
            assert_eq!(probe.look::<Entity>(3).await, Seen::Leased);
            write(way, 20 + i32::try_from(way).unwrap(), &writer).await;
            let after = probe.look::<Entity>(3).await;
            let old = reader.release().await.unwrap();
            assert!(old.iter().flatten().count() == 5, "it began before");
            assert_eq!(probe.look::<Entity>(3).await, after);
            assert_right(&stage).await;
        }
    }

    /// The batch has sent its statements, and fences and commits only then.
    async fn a_reader_between_the_statements_and_the_commit_leaves_nothing_old(stage: Stage) {
        if stage.backend == Backend::Sqlite {
            return; // It has no readers beside a writer that is about to commit.
        }
        five(&stage).await;
        let reader = stage.store().await;
        for way in 0..3 {
            let writing = stage.store().await;
            let price = 20 + i32::try_from(way).unwrap();
            if way == 2 {
                continue; // A delete asks nobody whether its rows are to be kept.
            }
            let writer = held(async move { write(way, price, &writing).await }).await;
            let before = Entity::load_many_cached(ROWS, &reader).await.unwrap();
            assert!(before.iter().flatten().all(|row| row.price < price), "nothing is committed: {before:?}");
            writer.release().await;
            let after = Entity::load_many_cached(ROWS, &reader).await.unwrap();
            assert!(after.iter().flatten().all(|row| row.price == price), "{after:?}");
            assert_right(&stage).await;
        }
    }

    async fn after_a_turmoil_of_batches_the_cache_agrees_with_the_database(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let (probe, plain) = (Probe::of(&stage).await, stage.plain().await);
        let stores = [stage.store().await, stage.store().await, stage.store().await];
        for round in 0..8 {
            let writers = stores.iter().map(|store| {
                let (store, mut random) = (store.clone(), SmallRng::from_os_rng());
                tokio::spawn(async move {
                    for _ in 0..8 {
                        act(&store, &mut random).await;
                    }
                })
            });
            for writer in writers.collect::<Vec<_>>() {
                writer.await.unwrap();
            }
            for id in ROWS {
                let stored = flight::Entity::find_by_id(id).one(&plain).await.unwrap();
                match (probe.look::<flight::Entity>(id).await, &stored) {
                    (Seen::Nothing, _) | (Seen::NoSuchRow, None) => {}
                    (Seen::Row(row), Some(stored)) if row == *stored => {}
                    (seen, stored) => panic!("round {round}: {seen:?} stands there, {stored:?} is stored"),
                }
                assert_eq!(flight::Entity::load_cached(id, &stores[0]).await.unwrap(), stored);
            }
        }
    }
}

/// One random operation; what the database may refuse is no failure.
async fn act(store: &Store, random: &mut SmallRng) {
    use flight::{Column, Entity};
    let (first, minutes) = (random.random_range(ROWS), random.random_range(0..1_000));
    let some = first..=*ROWS.end();
    let result: Result<(), Error> = match random.random_range(0..7) {
        0 => Entity::insert_many_through(some.map(|id| numbered(id, "WT")), store).await.map(drop),
        1 => Entity::save_many_through(some.map(|id| delay(id, minutes + id)), store).await.map(drop),
        2 => {
            let saves = some.flat_map(|id| [gate(id, &format!("C{minutes}")), delay(id, minutes)]);
            Entity::save_many_through(saves, store).await.map(drop)
        }
        3 => {
            let update = Entity::update_many_through().set(Column::Gate, format!("D{minutes}"));
            update.filter(Column::Id.gte(first)).exec(store).await.map(drop)
        }
        4 => Entity::delete_many_through().filter(Column::Id.eq(first)).exec(store).await.map(drop),
        5 => delay(first, minutes).save_through(store).await.map(drop),
        _ => Entity::load_many_cached(ROWS, store).await.map(drop),
    };
    if let Err(error) = result {
        assert_eq!(error.outcome(), Outcome::NotCommitted, "{error}");
        assert!(error.is_not_found() || error.is_unique_violation() || error.is_retryable(), "{error:?}");
    }
}
