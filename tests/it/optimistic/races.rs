//! Many who load, add and save: with a version none of it is lost.

use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::join_all;
use writethrough::{Error, Store};

use super::stored;
use crate::support::entities::versioned::account::{Entity, Model, opened};
use crate::support::entities::versioned::seat;
use crate::support::stage::Stage;

const WRITERS_EACH: usize = 3;
const ROUNDS: i64 = 8;

/// Four stores, as four processes have them.
async fn four(stage: &Stage) -> Vec<Store> {
    join_all((0..4).map(|_| stage.store())).await
}

/// Tries until it was not too late, and counts how often it was.
async fn until_in_time(lost: &AtomicU32, mut attempt: impl AsyncFnMut() -> Result<(), Error>) {
    loop {
        match attempt().await {
            Ok(()) => return,
            Err(error) if error.is_conflict() => drop(lost.fetch_add(1, Ordering::Relaxed)),
            Err(error) => assert!(error.is_retryable(), "{error:?}"),
        }
    }
}

/// Runs this on all stores, several times on each, and so many rounds.
async fn beside_each_other(stores: &[Store], work: impl AsyncFn(&Store)) {
    let writers = stores.iter().flat_map(|store| std::iter::repeat_n(store, WRITERS_EACH));
    join_all(writers.map(async |store| {
        for _ in 0..ROUNDS {
            work(store).await;
        }
    }))
    .await;
}

/// What all writers together have added.
fn all(stores: &[Store]) -> i64 {
    i64::try_from(stores.len() * WRITERS_EACH).unwrap() * ROUNDS
}

on_every_stage! {
    async fn increments_over_four_stores_never_lose_one(stage: Stage) {
        stage.create_table(Entity).await;
        let stores = four(&stage).await;
        opened(1, 0).insert_through(&stores[0]).await.unwrap();
        let lost = AtomicU32::new(0);
        beside_each_other(&stores, async |store| {
            until_in_time(&lost, async || {
                let account = Entity::load_cached(1, store).await?.unwrap();
                let more = account.miles + 1;
                let saved = account.with(more).save_through(store).await?;
                assert_eq!(saved.miles, i64::from(saved.version) - 1, "each version was made of the one before");
                Ok(())
            })
            .await;
        })
        .await;
        let sum = all(&stores);
        let last = Model { id: 1, miles: sum, version: i32::try_from(sum).unwrap() + 1 };
        assert_eq!(stored(&stage, 1).await, Some(last.clone()));
        for store in &stores {
            assert_eq!(Entity::load_cached(1, store).await.unwrap(), Some(last.clone()));
        }
        assert!(lost.into_inner() > 0, "they never met: this shows nothing");
    }

    async fn increments_in_transactions_never_lose_one(stage: Stage) {
        stage.create_table(Entity).await;
        let stores = four(&stage).await;
        for id in [1, 2] {
            opened(id, 0).insert_through(&stores[0]).await.unwrap();
        }
        let lost = AtomicU32::new(0);
        beside_each_other(&stores, async |store| {
            until_in_time(&lost, async || {
                let rows = Entity::load_many_cached([1, 2], store).await?;
                store.transaction(async |tx| {
                    for row in rows.into_iter().flatten() {
                        let more = row.miles + 1;
                        row.with(more).save_through(tx).await?;
                    }
                    Ok(())
                })
                .await
            })
            .await;
        })
        .await;
        for id in [1, 2] {
            let row = stored(&stage, id).await.unwrap();
            assert_eq!(row.miles, all(&stores));
            assert_eq!(Entity::load_cached(id, &stores[1]).await.unwrap(), Some(row));
        }
        assert!(lost.into_inner() > 0, "they never met: this shows nothing");
    }

    async fn of_many_who_want_one_seat_one_gets_it(stage: Stage) {
        stage.create_table(seat::Entity).await;
        let stores = four(&stage).await;
        for round in 0..10 {
            let free = seat::sold(round, "12A", "nobody").insert_through(&stores[0]).await.unwrap();
            let booked = join_all(stores.iter().enumerate().map(async |(number, store)| loop {
                match free.clone().for_(&format!("passenger {number}")).save_through(store).await {
                    Ok(seat) => return Some(seat),
                    Err(error) if error.is_conflict() => return None,
                    Err(error) => assert!(error.is_retryable(), "{error:?}"),
                }
            }))
            .await;
            let booked: Vec<_> = booked.into_iter().flatten().collect();
            assert_eq!((booked.len(), booked[0].version), (1, 1));
            for store in &stores {
                let loaded = seat::Entity::load_cached((round, "12A".to_owned()), store).await.unwrap();
                assert_eq!(loaded.as_ref(), booked.first());
            }
        }
    }
}
