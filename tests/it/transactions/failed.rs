//! A failed transaction: databases disagree on what is left of it, so it is rolled back, and says so.

use std::time::Duration;

use futures_util::FutureExt;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait};
use tokio::sync::Barrier;
use writethrough::{Error, Outcome, Source, Store};

use super::{delay_of, with_flights};
use crate::support::databases::Backend;
use crate::support::entities::flight::{Entity, delay, numbered};
use crate::support::stage::{CacheKind, Stage};

on_every_stage! {
    async fn the_commit_after_a_swallowed_error_rolls_back_and_says_so(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        let tx = store.begin().await.unwrap();
        delay(1, 10).save_through(&tx).await.unwrap();
        assert!(numbered(2, "TWICE").insert_through(&tx).await.unwrap_err().is_unique_violation());
        let refused = delay(3, 30).save_through(&tx).await.unwrap_err();
        assert!(refused.to_string().contains("a statement failed"), "{refused}");

        let error = tx.commit().await.unwrap_err();

        assert!(error.is_rolled_back() && error.outcome() == Outcome::NotCommitted, "{error}");
        assert!(error.to_string().contains("nested transaction"), "{error}");
        assert_eq!(delay_of(1, &other).await, (Some(0), Source::Cache));
        let stored = Entity::find_by_id(1).one(&stage.plain().await).await.unwrap().unwrap();
        assert_eq!(stored.delay_minutes, 0, "nothing of it is stored either");
    }

    async fn a_plain_error_that_is_swallowed_fails_the_transaction_too(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        let failed = store.transaction(async |tx| {
            delay(1, 10).save_through(tx).await?;
            tx.execute_unprepared("INSERT INTO no_such_table VALUES (1)").await.unwrap_err();
            Ok::<_, Error>(())
        });
        assert!(failed.await.unwrap_err().is_rolled_back());
        assert_eq!(delay_of(1, &other).await, (Some(0), Source::Cache));
    }

    async fn a_row_that_is_not_there_fails_nothing(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        store.transaction(async |tx| {
            assert!(delay(99, 1).update_through(tx).await.unwrap_err().is_not_found());
            assert!(!Entity::delete_by_id_through(98, tx).await?);
            delay(1, 10).save_through(tx).await
        }).await.unwrap();
        assert_eq!(delay_of(1, &other).await, (Some(10), Source::Cache));
    }

    async fn a_statement_whose_result_was_never_seen_fails_the_transaction(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        let tx = store.begin().await.unwrap();
        delay(1, 10).save_through(&tx).await.unwrap();
        // Polled once: it is on its way to the database, unless the answer is there already.
        while Box::pin(delay(2, 20).save_through(&tx)).as_mut().now_or_never().is_some() {}
        let error = tx.commit().await.unwrap_err();
        assert!(error.is_rolled_back() && error.to_string().contains("cancelled"), "{error}");
        for id in 1..=2 {
            assert_eq!(delay_of(id, &other).await, (Some(0), Source::Cache));
            let stored = Entity::find_by_id(id).one(&stage.plain().await).await.unwrap().unwrap();
            assert_eq!(stored.delay_minutes, 0);
        }
    }

    async fn a_commit_whose_future_is_dropped_goes_on(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        let mut dropped = 0;
        for minutes in 1..=20 {
            let tx = store.begin().await.unwrap();
            delay(1, minutes).save_through(&tx).await.unwrap();
            dropped += u32::from(Box::pin(tx.commit()).as_mut().now_or_never().is_none());
        }
        assert!(dropped > 0, "all of them were done at once");
        store.close().await.unwrap();
        assert_eq!(delay_of(1, &other).await.0, Some(20));
    }

    async fn a_transaction_whose_beginning_was_dropped_is_not_left_open_on_its_connection(stage: Stage) {
        let (store, _other) = with_flights(&stage).await;
        let plain = stage.plain().await;
        for minutes in 1..=12 {
            let mut beginning = Box::pin(store.begin());
            for _ in 0..minutes % 6 {
                if (&mut beginning).now_or_never().is_some() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            drop(beginning);
            delay(1, minutes).save_through(&store).await.unwrap();
            let stored = Entity::find_by_id(1).one(&plain).await.unwrap().unwrap();
            assert_eq!(stored.delay_minutes, minutes, "what was saved is there for everybody");
        }
    }

    async fn a_panic_in_the_work_rolls_back(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        let panicking = store.clone();
        let task = tokio::spawn(async move {
            panicking.transaction(async |tx| {
                delay(1, 10).save_through(tx).await?;
                if tx.get_database_backend() == tx.get_database_backend() {
                    panic!("on purpose");
                }
                Ok::<_, Error>(())
            }).await
        });
        assert!(task.await.unwrap_err().is_panic());
        assert_eq!(delay_of(1, &other).await, (Some(0), Source::Cache));
        delay(1, 20).save_through(&other).await.unwrap();
        assert_eq!(delay_of(1, &store).await, (Some(20), Source::Cache), "no lock is left behind");
    }

    async fn a_closed_store_commits_nothing(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        let tx = store.begin().await.unwrap();
        delay(1, 10).save_through(&tx).await.unwrap();
        // The pool would wait for the connection of an open transaction.
        let closing = tokio::time::timeout(Duration::from_millis(300), store.close()).await;
        drop(closing);
        let error = tx.commit().await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::NotCommitted, "{error}");
        assert!(store.begin().await.unwrap_err().is_bad_input());
        assert_eq!(delay_of(1, &other).await, (Some(0), Source::Cache));
    }
}

/// Two transactions lock two rows in opposite order; the barrier makes sure of it, the first time round.
async fn cross(store: &Store, first: i32, second: i32, barrier: &Barrier, retried: bool) -> Result<(), Error> {
    let mut attempt = 0;
    let work = async |tx: &writethrough::Transaction| {
        attempt += 1;
        delay(first, 10 * first).save_through(tx).await?;
        if attempt == 1 {
            barrier.wait().await;
        }
        delay(second, 10 * first).save_through(tx).await.map(drop)
    };
    if retried {
        store.transaction_retrying(5, work).await
    } else {
        let mut work = work;
        store.transaction(async |tx| work(tx).await).await
    }
}

async fn deadlocked(backend: Backend) -> (Store, Store, Stage) {
    let stage = Stage::new(backend, CacheKind::Redis).await;
    let (store, other) = with_flights(&stage).await;
    (store, other, stage)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_deadlock_one_is_told_that_it_may_try_again() {
    for backend in [Backend::Postgres, Backend::MySql] {
        let (store, other, _stage) = deadlocked(backend).await;
        let barrier = Barrier::new(2);
        let (one, two) = tokio::join!(cross(&store, 1, 2, &barrier, false), cross(&other, 2, 1, &barrier, false));
        let (won, lost) = if one.is_ok() { (1, two) } else { (2, one) };
        let error = lost.unwrap_err();
        assert!(error.is_retryable() && error.outcome() == Outcome::NotCommitted, "{backend:?}: {error}");
        for id in 1..=2 {
            assert_eq!(delay_of(id, &store).await, (Some(10 * won), Source::Cache), "{backend:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_retrying_form_gets_both_of_two_that_deadlock_through() {
    for backend in [Backend::Postgres, Backend::MySql] {
        let (store, other, stage) = deadlocked(backend).await;
        let barrier = Barrier::new(2);
        let (one, two) = tokio::join!(cross(&store, 1, 2, &barrier, true), cross(&other, 2, 1, &barrier, true));
        one.unwrap();
        two.unwrap();
        for id in 1..=2 {
            let stored = Entity::find_by_id(id).one(&stage.plain().await).await.unwrap().unwrap();
            assert_eq!(delay_of(id, &store).await.0, Some(stored.delay_minutes), "{backend:?}");
        }
    }
}

/// MySQL has ended the whole transaction, savepoints and all; what followed would be committed by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_deadlock_in_a_savepoint_nothing_more_is_sent_on_mysql() {
    let (store, other, stage) = deadlocked(Backend::MySql).await;
    let barrier = Barrier::new(2);
    let victim = async |store: &Store, first: i32, second: i32| {
        let tx = store.begin().await?;
        delay(first, 10 * first).save_through(&tx).await?;
        barrier.wait().await;
        let nested = tx.begin().await?;
        if let Err(error) = delay(second, 10 * first).save_through(&nested).await {
            assert!(error.is_retryable(), "{error}");
            assert!(nested.rollback().await.is_err(), "the savepoint is gone");
            let refused = delay(3, 99).save_through(&tx).await.unwrap_err();
            assert!(refused.to_string().contains("savepoint"), "{refused}");
            delay(3, 98).update(&tx).await.unwrap_err();
            assert!(tx.commit().await.unwrap_err().is_rolled_back());
            return Ok::<_, Error>(false);
        }
        nested.commit().await?;
        tx.commit().await?;
        Ok(true)
    };
    let (one, two) = tokio::join!(victim(&store, 1, 2), victim(&other, 2, 1));
    assert!(one.unwrap() != two.unwrap(), "one of them was chosen");
    let stored = Entity::find_by_id(3).one(&stage.plain().await).await.unwrap().unwrap();
    assert_eq!(stored.delay_minutes, 0, "nothing was committed by itself");
    assert_eq!(delay_of(3, &store).await, (Some(0), Source::Cache));
}
