//! How many rows one call may write.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use writethrough::{Error, Outcome};

use super::{assert_all_cached, twenty};
use crate::support::entities::flight::{Column, Entity, departure};
use crate::support::probe::recorded;

fn assert_told(error: &Error) {
    assert!(error.is_bad_input(), "{error}");
    assert_eq!(error.outcome(), Outcome::NotCommitted);
    let text = error.to_string();
    assert!(text.contains("more than 5 rows") && text.contains("bulk_limit"), "{text}");
}

on_every_stage! {
    async fn beyond_the_bound_nothing_is_written(stage: Stage) {
        let (_, probe) = twenty(&stage).await;
        let store = stage.builder().bulk_limit(5).build().await.unwrap();
        let six = Column::Id.lte(6);
        let update = Entity::update_many_through().set(Column::Gate, "B1");
        assert_told(&update.clone().filter(six.clone()).exec(&store).await.unwrap_err());
        assert_told(&update.clone().exec(&store).await.unwrap_err());
        assert_told(&Entity::delete_many_through().filter(six).exec(&store).await.unwrap_err());
        let rows = assert_all_cached(&store, &probe).await;
        assert!(rows.len() == 20 && rows.iter().all(|row| row.gate == "A4"));

        let five = Column::Id.lte(5);
        assert_eq!(update.filter(five.clone()).exec(&store).await.unwrap(), 5);
        assert_all_cached(&store, &probe).await;
        assert_eq!(Entity::delete_many_through().filter(five).exec(&store).await.unwrap(), 5);
        assert_eq!(assert_all_cached(&store, &probe).await.len(), 15);
    }

    async fn beyond_the_bound_a_transaction_fails(stage: Stage) {
        let (_, probe) = twenty(&stage).await;
        let store = stage.builder().bulk_limit(5).build().await.unwrap();
        let tx = store.begin().await.unwrap();
        let update = Entity::update_many_through().set(Column::Gate, "B1");
        assert_told(&update.clone().exec(&tx).await.unwrap_err());
        assert!(tx.commit().await.unwrap_err().is_rolled_back());

        let tx = store.begin().await.unwrap();
        assert_eq!(update.filter(Column::Id.lte(5)).exec(&tx).await.unwrap(), 5);
        let nested = tx.transaction(async |nested| Entity::delete_many_through().exec(nested).await).await;
        assert_told(&nested.unwrap_err());
        tx.commit().await.unwrap();
        let rows = assert_all_cached(&store, &probe).await;
        assert_eq!(rows.iter().filter(|row| row.gate == "B1").count(), 5);
    }

    /// More rows than one list of keys takes.
    async fn many_rows_are_written_at_once(stage: Stage) {
        stage.create_table(Entity).await;
        let (store, log) = recorded(&stage).await;
        Entity::insert_many_through((0..5_000).map(|number| departure(&format!("WT {number}"))), &store).await.unwrap();
        log.take();
        let later = Expr::col(Column::DelayMinutes).add(1);
        let update = Entity::update_many_through().col_expr(Column::DelayMinutes, later).filter(Column::FlightNo.ne("WT 7"));
        assert_eq!(update.exec(&store).await.unwrap(), 4_999);
        let statements = log.take();
        assert!(statements.len() <= if stage.backend == Backend::MySql { 11 } else { 1 }, "{}", statements.len());
        let rows = Entity::find().filter(Column::Id.gt(4_900)).all(store.database()).await.unwrap();
        assert!(rows.iter().all(|row| row.delay_minutes == 1));
        log.take();
        let loaded = Entity::load_many_cached(rows.iter().map(|row| row.id), &store).await.unwrap();
        assert_eq!(loaded.into_iter().flatten().collect::<Vec<_>>(), rows);
        assert_eq!(log.take(), Vec::<String>::new(), "they come from the cache");
        assert_eq!(Entity::delete_many_through().filter(Column::DelayMinutes.eq(1)).exec(&store).await.unwrap(), 4_999);
        assert_eq!(Entity::find().count(store.database()).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_bound_out_of_its_range_is_refused() {
    for bound in [0, 1_000_001] {
        let built = writethrough::Store::builder().database_url("sqlite::memory:").bulk_limit(bound).build().await;
        let error = built.unwrap_err().to_string();
        assert!(error.contains("bulk_limit is") && error.contains("between 1 and 1000000"), "{error}");
    }
}
