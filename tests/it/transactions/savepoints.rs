//! Nested transactions are savepoints: each has its own keys and values.

use sea_orm::{ConnectionTrait, EntityTrait, TransactionTrait};
use writethrough::{Error, Source};

use super::{Stage, delay_in, delay_of, with_flights};
use crate::support::databases::Backend;
use crate::support::entities::flight::{Entity, delay, numbered};
use crate::support::probe::{Probe, Seen};
use crate::support::stage::CacheKind;

/// SeaORM's own transaction panics when it is dropped while somebody else sends on the one around it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_savepoint_may_be_dropped_while_another_task_waits_to_send() {
    let stage = Stage::new(Backend::Postgres, CacheKind::Memory).await;
    stage.create_table(Entity).await;
    let store = stage.store().await;
    store.insert(numbered(1, "LH 1")).await.expect("inserted");
    for _ in 0..30 {
        let tx = std::sync::Arc::new(store.begin().await.expect("begun"));
        let nested = tx.begin().await.expect("nested");
        let outer = tx.clone();
        let sender = tokio::spawn(async move {
            // Refused until the savepoint is given up; then it is sent at once.
            while outer.execute_unprepared("SELECT 1").await.is_err() {
                tokio::task::yield_now().await;
            }
        });
        delay(1, 5).save_through(&nested).await.expect("saved");
        drop(nested);
        sender.await.expect("nobody panics");
        let tx = std::sync::Arc::into_inner(tx).expect("nobody else has it");
        tx.commit().await.expect("committed");
    }
}

on_every_stage! {
    async fn a_rolled_back_savepoint_restores_what_the_outer_level_wrote(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        let tx = store.begin().await.unwrap();
        delay(1, 10).save_through(&tx).await.unwrap();
        let nested = tx.begin().await.unwrap();
        delay(1, 11).save_through(&nested).await.unwrap();
        delay(2, 20).save_through(&nested).await.unwrap();
        nested.rollback().await.unwrap();
        assert_eq!(delay_in(1, &tx).await.unwrap(), Some(10));
        tx.commit().await.unwrap();
        assert_eq!(delay_of(1, &other).await, (Some(10), Source::Cache));
        assert_eq!(delay_of(2, &other).await, (Some(0), Source::Cache), "its entry was left alone");
    }

    async fn a_released_savepoint_is_committed_with_the_rest(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        store.transaction(async |tx| {
            delay(1, 10).save_through(tx).await?;
            tx.transaction(async |nested| {
                delay(1, 11).save_through(nested).await?;
                nested.transaction(async |deep| delay(2, 22).save_through(deep).await).await
            })
            .await
        }).await.unwrap();
        assert_eq!(delay_of(1, &other).await, (Some(11), Source::Cache));
        assert_eq!(delay_of(2, &other).await, (Some(22), Source::Cache));
    }

    async fn what_was_released_into_a_savepoint_goes_when_that_is_rolled_back(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        let probe = Probe::of(&stage).await;
        let tx = store.begin().await.unwrap();
        let nested = tx.begin().await.unwrap();
        nested.transaction(async |deep| numbered(50, "WT").insert_through(deep).await).await.unwrap();
        nested.rollback().await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(probe.look::<Entity>(50).await, Seen::Nothing);
        assert_eq!(delay_of(50, &other).await.0, None);
    }

    async fn a_failed_statement_is_undone_by_the_rollback_of_its_savepoint(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        store.transaction(async |tx| {
            delay(1, 10).save_through(tx).await?;
            let taken = tx.transaction(async |nested| numbered(2, "TWICE").insert_through(nested).await).await;
            assert!(taken.unwrap_err().is_unique_violation());
            delay(3, 30).save_through(tx).await
        }).await.unwrap();
        assert_eq!(delay_of(1, &other).await, (Some(10), Source::Cache));
        assert_eq!(delay_of(3, &other).await, (Some(30), Source::Cache));
        let second = other.load::<Entity>(2).await.unwrap();
        assert_eq!((second.model.unwrap().flight_no.as_str(), second.source), ("WT", Source::Cache));
    }

    async fn a_dropped_savepoint_is_rolled_back_and_nothing_of_it_is_served(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        let tx = store.begin().await.unwrap();
        delay(1, 10).save_through(&tx).await.unwrap();
        let nested = tx.begin().await.unwrap();
        delay(2, 20).save_through(&nested).await.unwrap();
        drop(nested);
        delay(3, 30).save_through(&tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(delay_of(1, &other).await, (Some(10), Source::Cache));
        assert_eq!(delay_of(2, &other).await.0, Some(0));
        assert_eq!(delay_of(3, &other).await, (Some(30), Source::Cache));
    }

    async fn an_outer_transaction_takes_no_statements_while_a_nested_one_is_open(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        let tx = store.begin().await.unwrap();
        let nested = tx.begin().await.unwrap();
        let refused = delay(1, 10).save_through(&tx).await.unwrap_err();
        assert!(refused.to_string().contains("a nested transaction is open"), "{refused}");
        nested.commit().await.unwrap();
        delay(1, 10).save_through(&tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(delay_of(1, &other).await, (Some(10), Source::Cache));
    }

    async fn a_transaction_that_is_ended_before_its_nested_one_is_rolled_back(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        let tx = store.begin().await.unwrap();
        delay(1, 10).save_through(&tx).await.unwrap();
        let nested = tx.begin().await.unwrap();
        delay(2, 20).save_through(&nested).await.unwrap();
        assert!(tx.commit().await.unwrap_err().is_rolled_back());
        assert!(delay(2, 21).save_through(&nested).await.is_err());
        assert!(nested.commit().await.unwrap_err().is_rolled_back());
        for id in 1..=2 {
            assert_eq!(delay_of(id, &other).await, (Some(0), Source::Cache));
            let stored = Entity::find_by_id(id).one(&stage.plain().await).await.unwrap().unwrap();
            assert_eq!(stored.delay_minutes, 0);
        }
    }

    async fn seaorms_own_way_of_nesting_is_a_savepoint_too(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        let tx = store.begin().await.unwrap();
        let done = TransactionTrait::transaction(&tx, |nested| Box::pin(async move {
            delay(1, 10).save_through(nested).await.map(drop)
        }));
        done.await.unwrap();
        let failed = TransactionTrait::transaction::<_, (), Error>(&tx, |nested| Box::pin(async move {
            delay(2, 20).save_through(nested).await?;
            Err(sea_orm::DbErr::Custom("no".to_owned()).into())
        }));
        failed.await.unwrap_err();
        tx.commit().await.unwrap();
        assert_eq!(delay_of(1, &other).await, (Some(10), Source::Cache));
        assert_eq!(delay_of(2, &other).await, (Some(0), Source::Cache));
    }
}
