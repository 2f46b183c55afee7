//! A transaction in the hands of ordinary code: spawned, borrowed from, passed to helpers that take any session.

use sea_orm::EntityTrait;
use writethrough::{Error, Session, Source, Store};

use super::{delay_of, with_flights};
use crate::support::entities::flight::{Entity, delay};

/// Works on a store as on a transaction.
async fn postpone<S: Session>(id: i32, minutes: i32, session: &S) -> Result<i32, Error> {
    let Some(flight) = Entity::load_cached(id, session).await? else { return Ok(0) };
    let later = flight.delay_minutes + minutes;
    Ok(delay(id, later).save_through(session).await?.delay_minutes)
}

async fn in_a_task(store: Store, ids: Vec<i32>) -> Result<i32, Error> {
    let task = tokio::spawn(async move {
        let step = 5;
        store
            .transaction(async |tx| {
                let mut total = 0;
                for id in &ids {
                    total += postpone(*id, step, tx).await?;
                }
                Ok::<_, Error>(total)
            })
            .await
    });
    task.await.expect("it does not panic")
}

on_every_stage! {
    async fn a_helper_works_on_any_session(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        assert_eq!(postpone(1, 5, &store).await.unwrap(), 5);
        assert_eq!(store.transaction(async |tx| postpone(1, 5, tx).await).await.unwrap(), 10);
        assert_eq!(delay_of(1, &other).await, (Some(10), Source::Cache));
    }

    async fn a_transaction_can_be_spawned_and_borrows_what_it_captures(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        assert_eq!(in_a_task(store, vec![1, 2, 1]).await.unwrap(), 5 + 5 + 10);
        assert_eq!(delay_of(1, &other).await, (Some(10), Source::Cache));
        assert_eq!(delay_of(2, &other).await, (Some(5), Source::Cache));
    }

    async fn transactions_and_single_saves_beside_each_other_leave_cache_and_database_agreeing(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        let plain = stage.plain().await;
        for round in 0..60 {
            let (one, two, three) = tokio::join!(
                store.transaction_retrying(20, async |tx| {
                    postpone(1, 1, tx).await?;
                    if round % 3 == 0 {
                        drop(tx.transaction(async |nested| {
                            postpone(1, 100, nested).await?;
                            Err::<(), Error>(sea_orm::DbErr::Custom("changed my mind".to_owned()).into())
                        }).await);
                    }
                    postpone(2, 1, tx).await
                }),
                delay(1, round).save_through(&other),
                async {
                    if round % 4 == 0 { Entity::load_cached(1, &other).await.map(drop) } else { Ok(()) }
                },
            );
            for error in [one.err(), two.err(), three.err()].into_iter().flatten() {
                assert!(error.is_retryable(), "{error:?}");
            }
            for id in 1..=2 {
                let stored = Entity::find_by_id(id).one(&plain).await.unwrap().map(|flight| flight.delay_minutes);
                assert_eq!(delay_of(id, &store).await.0, stored, "round {round}, flight {id}");
            }
        }
    }
}
