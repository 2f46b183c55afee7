//! Upserts of a row that has a version: an update advances it.

use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use writethrough::{CacheEffect, Outcome, Source};

use super::{assert_conflict, stored, with_an_account};
use crate::support::entities::versioned::account::{ActiveModel, Column, Entity, Model, opened};

fn by_id() -> OnConflict {
    OnConflict::column(Column::Id).update_column(Column::Miles).to_owned()
}

on_every_stage! {
    async fn a_row_that_stood_in_the_way_has_the_next_version(stage: Stage) {
        let (store, other, account) = with_an_account(&stage).await;
        let saved = store.upsert(opened(1, 50), by_id()).await.unwrap().unwrap();
        assert_eq!((&saved.model, saved.cache), (&Model { id: 1, miles: 50, version: 2 }, CacheEffect::Refreshed));
        let loaded = other.load::<Entity>(1).await.unwrap();
        assert_eq!((loaded.model, loaded.source), (Some(saved.model), Source::Cache));
        assert_conflict(account.with(20).save_through(&other).await);

        // What the row that was not inserted had for a version is nobody's.
        let given = ActiveModel { version: Set(77), ..opened(1, 60) };
        assert_eq!(given.upsert_through(by_id(), &store).await.unwrap().unwrap().version, 3);
        let one_more = Expr::col((Entity, Column::Miles)).add(1);
        let sum = OnConflict::column(Column::Id).value(Column::Miles, one_more).to_owned();
        assert_eq!(opened(1, 0).upsert_through(sum, &store).await.unwrap(), Some(Model { id: 1, miles: 61, version: 4 }));
    }

    async fn a_row_that_was_inserted_has_the_version_it_was_given(stage: Stage) {
        let (store, ..) = with_an_account(&stage).await;
        assert_eq!(opened(2, 5).upsert_through(by_id(), &store).await.unwrap().unwrap().version, 1);
        let given = ActiveModel { version: Set(7), ..opened(3, 5) };
        assert_eq!(given.upsert_through(by_id(), &store).await.unwrap().unwrap().version, 7);
    }

    async fn doing_nothing_does_nothing_to_the_version_either(stage: Stage) {
        let (store, _, account) = with_an_account(&stage).await;
        let nothing = OnConflict::column(Column::Id).do_nothing_on([Column::Id]).to_owned();
        assert_eq!(opened(1, 50).upsert_through(nothing, &store).await.unwrap(), None);
        assert_eq!(stored(&stage, 1).await, Some(account));
    }

    async fn one_that_sets_the_version_itself_is_refused(stage: Stage) {
        let (store, _, account) = with_an_account(&stage).await;
        let column = OnConflict::column(Column::Id).update_columns([Column::Miles, Column::Version]).to_owned();
        let value = by_id().value(Column::Version, Expr::col((Entity, Column::Version)).add(1)).to_owned();
        for on_conflict in [column, value] {
            let error = opened(1, 50).upsert_through(on_conflict.clone(), &store).await.unwrap_err();
            assert!(error.is_bad_input() && error.to_string().contains("advances by itself"), "{error:?}");
            assert_eq!(error.outcome(), Outcome::NotCommitted);
            let tx = store.begin().await.unwrap();
            assert!(opened(1, 50).upsert_through(on_conflict, &tx).await.unwrap_err().is_bad_input());
            tx.commit().await.unwrap();
        }
        assert_eq!(Entity::find().all(store.database()).await.unwrap(), [account]);
    }

    async fn in_a_transaction_it_is_the_same(stage: Stage) {
        let (store, other, account) = with_an_account(&stage).await;
        let tx = store.begin().await.unwrap();
        assert_eq!(opened(1, 50).upsert_through(by_id(), &tx).await.unwrap().unwrap().version, 2);
        assert_conflict(account.with(20).save_through(&tx).await);
        tx.commit().await.unwrap();
        assert_eq!(Entity::load_cached(1, &other).await.unwrap(), Some(Model { id: 1, miles: 50, version: 2 }));
    }
}
