//! The version in transactions: a conflict is no failure of the transaction, for nothing was written.

use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::EntityTrait;
use writethrough::{Error, Source};

use super::{assert_conflict, overtaken, stored, with_an_account};
use crate::support::entities::versioned::account::{ActiveModel, Entity, Model, known, opened};
use crate::support::entities::versioned::seat;
use crate::support::probe::{Probe, Seen};

on_every_stage! {
    async fn each_save_of_a_row_adds_one(stage: Stage) {
        let (store, other, account) = with_an_account(&stage).await;
        let tx = store.begin().await.unwrap();
        let once = account.clone().with(50).save_through(&tx).await.unwrap();
        let twice = once.clone().with(60).save_through(&tx).await.unwrap();
        assert_eq!((once.version, twice.version), (2, 3));
        assert_conflict(once.with(70).save_through(&tx).await);
        assert_eq!(Entity::load_cached(1, &tx).await.unwrap(), Some(twice.clone()));
        tx.commit().await.unwrap();
        assert_eq!(Entity::load_cached(1, &other).await.unwrap(), Some(twice));
        assert_conflict(account.with(20).save_through(&other).await);
    }

    async fn a_conflict_leaves_the_rest_of_the_transaction_alone(stage: Stage) {
        let (store, other, account) = with_an_account(&stage).await;
        let faster = account.clone().with(50).save_through(&other).await.unwrap();
        let tx = store.begin().await.unwrap();
        opened(2, 5).insert_through(&tx).await.unwrap();
        assert_conflict(account.clone().with(20).save_through(&tx).await);
        assert_conflict(account.delete_through(&tx).await);
        assert_eq!(Entity::load_cached(1, &tx).await.unwrap(), Some(faster.clone()));
        faster.with(30).save_through(&tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(Entity::load_cached(1, &other).await.unwrap(), Some(Model { id: 1, miles: 30, version: 3 }));
        assert_eq!(other.load::<Entity>(2).await.unwrap().source, Source::Cache);
    }

    async fn a_conflict_evicts_the_entry_at_once_even_if_the_transaction_is_rolled_back(stage: Stage) {
        let (store, other, account) = with_an_account(&stage).await;
        let newer = overtaken(&stage, &account).await;
        let probe = Probe::of(&stage).await;
        let tx = store.begin().await.unwrap();
        assert_conflict(account.clone().with(20).save_through(&tx).await);
        assert_eq!(probe.look::<Entity>(1).await, Seen::Nothing);
        tx.rollback().await.unwrap();
        assert_eq!(Entity::load_cached(1, &other).await.unwrap(), Some(newer.clone()));

        let result: Result<(), Error> = store.transaction(async |tx| account.clone().delete_through(tx).await.map(drop)).await;
        assert_conflict(result);
        assert_eq!(probe.look::<Entity>(1).await, Seen::Nothing);
        assert_eq!(stored(&stage, 1).await, Some(newer));
    }

    async fn a_missing_row_is_not_found(stage: Stage) {
        let (store, ..) = with_an_account(&stage).await;
        let tx = store.begin().await.unwrap();
        let error = ActiveModel { miles: sea_orm::Set(5), ..known(9, 1) }.update_through(&tx).await.unwrap_err();
        assert!(error.is_not_found() && !error.is_conflict(), "{error:?}");
        assert!(!known(9, 1).delete_through(&tx).await.unwrap());
        tx.commit().await.unwrap();
    }

    async fn a_nested_transaction_that_lost_takes_nothing_but_itself_back(stage: Stage) {
        let (store, other, account) = with_an_account(&stage).await;
        account.clone().with(50).save_through(&other).await.unwrap();
        let tx = store.begin().await.unwrap();
        opened(2, 5).insert_through(&tx).await.unwrap();
        let nested: Result<(), Error> = tx.transaction(async |nested| {
            opened(3, 5).insert_through(nested).await?;
            account.clone().with(20).save_through(nested).await.map(drop)
        }).await;
        assert_conflict(nested);
        tx.commit().await.unwrap();
        let mut rows = Entity::find().all(store.database()).await.unwrap();
        rows.sort_by_key(|row| row.id);
        assert_eq!(rows.iter().map(|row| (row.id, row.miles)).collect::<Vec<_>>(), [(1, 50), (2, 5)]);
        let seen = Entity::load_many_cached([1, 2, 3], &other).await.unwrap();
        assert_eq!(seen.into_iter().flatten().collect::<Vec<_>>(), rows);
    }

    async fn a_rolled_back_savepoint_takes_its_version_back(stage: Stage) {
        let (store, other, account) = with_an_account(&stage).await;
        let tx = store.begin().await.unwrap();
        let outer = account.with(50).save_through(&tx).await.unwrap();
        let nested = tx.begin().await.unwrap();
        outer.clone().with(60).save_through(&nested).await.unwrap();
        nested.rollback().await.unwrap();
        let saved = outer.with(70).save_through(&tx).await.unwrap();
        assert_eq!(saved, Model { id: 1, miles: 70, version: 3 });
        tx.commit().await.unwrap();
        assert_eq!(Entity::load_cached(1, &other).await.unwrap(), Some(saved));
    }

    async fn a_conflict_is_not_tried_again(stage: Stage) {
        let (store, other, account) = with_an_account(&stage).await;
        account.clone().with(50).save_through(&other).await.unwrap();
        let attempts = AtomicU32::new(0);
        let result: Result<(), Error> = store.transaction_retrying(5, async |tx| {
            attempts.fetch_add(1, Ordering::Relaxed);
            account.clone().with(20).save_through(tx).await.map(drop)
        }).await;
        assert_conflict(result);
        assert_eq!(attempts.into_inner(), 1);
    }

    async fn a_row_under_a_key_with_text_in_it_is_checked_too(stage: Stage) {
        stage.create_table(seat::Entity).await;
        let (store, other) = (stage.store().await, stage.store().await);
        let seat = seat::sold(400, "12A", "Ann").insert_through(&store).await.unwrap();
        let faster = seat.clone().for_("Bob").save_through(&other).await.unwrap();
        let tx = store.begin().await.unwrap();
        assert_conflict(seat.clone().for_("Cid").save_through(&tx).await);
        assert_conflict(seat.delete_through(&tx).await);
        assert_eq!(faster.for_("Dan").save_through(&tx).await.unwrap().version, 2);
        tx.commit().await.unwrap();
        let loaded = seat::Entity::load_cached((400, "12A".to_owned()), &other).await.unwrap().unwrap();
        assert_eq!((loaded.passenger.as_str(), loaded.version), ("Dan", 2));
    }

    /// MySQL shows plain reads an old row by then; SQLite refuses to write after it.
    async fn a_row_that_was_deleted_meanwhile_is_not_found_whatever_the_transaction_has_seen(stage: Stage) {
        let (store, other, account) = with_an_account(&stage).await;
        opened(2, 5).insert_through(&store).await.unwrap();
        let tx = store.begin().await.unwrap();
        Entity::load_cached(2, &tx).await.unwrap().unwrap();
        assert!(account.clone().delete_through(&other).await.unwrap());
        let error = account.with(20).save_through(&tx).await.unwrap_err();
        assert!(error.is_not_found() || error.is_retryable(), "{error:?}");
        assert_eq!(error.is_retryable(), stage.backend == Backend::Sqlite, "{error:?}");
        tx.rollback().await.unwrap();
    }
}
