//! Bulk writes of rows that have a version: updates advance it, nothing checks it.

use sea_orm::ColumnTrait;
use sea_orm::EntityTrait;
use sea_orm::sea_query::{Expr, ExprTrait};
use writethrough::{Outcome, Source};

use super::assert_conflict;
use crate::support::entities::versioned::account::{Column, Entity, Model, opened};

on_every_stage! {
    async fn each_row_that_is_changed_has_the_next_version(stage: Stage) {
        stage.create_table(Entity).await;
        let (store, other) = (stage.store().await, stage.store().await);
        let accounts = Entity::insert_many_through((1..=4).map(|id| opened(id, i64::from(id))), &store).await.unwrap();
        let changed = Entity::update_many_through()
            .set(Column::Miles, 50_i64)
            .filter(Column::Miles.gt(2))
            .exec(&store)
            .await
            .unwrap();
        assert_eq!(changed, 2);
        for (id, miles, version) in [(1, 1, 1), (2, 2, 1), (3, 50, 2), (4, 50, 2)] {
            let loaded = other.load::<Entity>(id).await.unwrap();
            assert_eq!((loaded.model, loaded.source), (Some(Model { id, miles, version }), Source::Cache));
        }
        assert_conflict(accounts[3].clone().with(9).save_through(&other).await);
        assert_eq!(accounts[0].clone().with(9).save_through(&other).await.unwrap().version, 2);

        // What an expression sees is the version before, on every database.
        let expression = Expr::col(Column::Version).mul(100);
        let in_transaction = store.transaction(async |tx| {
            Entity::update_many_through().col_expr(Column::Miles, expression).filter(Column::Id.eq(3)).exec(tx).await
        });
        assert_eq!(in_transaction.await.unwrap(), 1);
        assert_eq!(Entity::load_cached(3, &other).await.unwrap(), Some(Model { id: 3, miles: 200, version: 3 }));
    }

    async fn one_that_sets_the_version_itself_is_refused(stage: Stage) {
        stage.create_table(Entity).await;
        let store = stage.store().await;
        let account = opened(1, 5).insert_through(&store).await.unwrap();
        for update in [
            Entity::update_many_through().set(Column::Miles, 50_i64).set(Column::Version, 9),
            Entity::update_many_through().col_expr(Column::Version, Expr::col(Column::Version).add(1)),
        ] {
            let error = update.clone().exec(&store).await.unwrap_err();
            assert!(error.is_bad_input() && error.to_string().contains("advances by itself"), "{error:?}");
            assert_eq!(error.outcome(), Outcome::NotCommitted);
            let tx = store.begin().await.unwrap();
            assert!(update.exec(&tx).await.unwrap_err().is_bad_input());
            tx.commit().await.unwrap();
        }
        assert_eq!(Entity::find().all(store.database()).await.unwrap(), [account]);
    }

    async fn a_bulk_delete_deletes_whatever_the_versions_are(stage: Stage) {
        stage.create_table(Entity).await;
        let (store, other) = (stage.store().await, stage.store().await);
        let accounts = Entity::insert_many_through((1..=2).map(|id| opened(id, 5)), &store).await.unwrap();
        accounts[0].clone().with(9).save_through(&other).await.unwrap();
        assert_eq!(Entity::delete_many_through().exec(&store).await.unwrap(), 2);
        assert!(!accounts[1].clone().delete_through(&other).await.unwrap());
        assert!(accounts[0].clone().with(9).save_through(&other).await.unwrap_err().is_not_found());
    }
}
