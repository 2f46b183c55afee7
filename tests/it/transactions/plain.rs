//! Plain SeaORM statements beside ours in one transaction.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use writethrough::{Error, OnPlainWrite, Source};

use super::{delay_of, with_flights};
use crate::support::entities::flight::{Column, Entity, delay, numbered};

on_every_stage! {
    async fn a_plain_write_after_ours_takes_the_value_out_of_the_cache(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        store.transaction(async |tx| {
            delay(1, 10).save_through(tx).await?;
            Entity::update_many().col_expr(Column::DelayMinutes, Expr::value(77)).filter(Column::Id.eq(1)).exec(tx).await?;
            Ok::<_, Error>(())
        }).await.unwrap();
        assert_eq!(delay_of(1, &other).await, (Some(77), Source::Database));
    }

    async fn plain_writes_of_many_rows_take_the_values_out_too(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        store.transaction(async |tx| {
            delay(1, 10).save_through(tx).await?;
            delay(2, 20).save_through(tx).await?;
            Entity::delete_many().filter(Column::Id.eq(2)).exec(tx).await?;
            Entity::insert_many([numbered(8, "WT"), numbered(9, "WT")]).exec(tx).await?;
            Ok::<_, Error>(())
        }).await.unwrap();
        assert_eq!(delay_of(1, &other).await, (Some(10), Source::Database));
        assert_eq!(delay_of(2, &other).await.0, None);
        assert_eq!(delay_of(9, &other).await.0, Some(0));
    }

    async fn ours_after_a_plain_write_stands_in_the_cache(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        store.transaction(async |tx| {
            delay(1, 77).update(tx).await?;
            delay(1, 10).save_through(tx).await
        }).await.unwrap();
        assert_eq!(delay_of(1, &other).await, (Some(10), Source::Cache));
    }

    async fn plain_reads_and_writes_of_other_tables_take_nothing_out(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        stage.plain().await.execute_unprepared("CREATE TABLE flight_log (line VARCHAR(20))").await.unwrap();
        store.transaction(async |tx| {
            delay(1, 10).save_through(tx).await?;
            assert_eq!(Entity::find().all(tx).await?.len(), 3);
            tx.execute_unprepared("INSERT INTO flight_log VALUES ('late')").await?;
            Ok::<_, Error>(())
        }).await.unwrap();
        assert_eq!(delay_of(1, &other).await, (Some(10), Source::Cache));
    }

    async fn a_plain_write_that_was_rolled_back_to_a_savepoint_takes_nothing_out(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        let tx = store.begin().await.unwrap();
        delay(1, 10).save_through(&tx).await.unwrap();
        let nested = tx.begin().await.unwrap();
        delay(1, 77).update(&nested).await.unwrap();
        nested.rollback().await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(delay_of(1, &other).await, (Some(10), Source::Cache));
    }

    async fn by_the_stores_choice_plain_writes_are_refused(stage: Stage) {
        let _ = with_flights(&stage).await;
        let store = stage.builder().on_plain_write(OnPlainWrite::Refuse).register::<Entity>().build().await.unwrap();
        store.transaction(async |tx| {
            let refused = delay(1, 77).update(tx).await.unwrap_err().to_string();
            assert!(refused.contains("`flight`") && refused.contains("_through"), "{refused}");
            // It was never sent, so the transaction goes on.
            delay(1, 10).save_through(tx).await
        }).await.unwrap();
        assert_eq!(delay_of(1, &store).await, (Some(10), Source::Cache));
    }

    async fn by_the_stores_choice_plain_writes_invalidate_the_entity_with_the_commit(stage: Stage) {
        let (_, other) = with_flights(&stage).await;
        let store = stage.builder().on_plain_write(OnPlainWrite::Invalidate).register::<Entity>().build().await.unwrap();
        let tx = store.begin().await.unwrap();
        delay(1, 77).update(&tx).await.unwrap();
        numbered(9, "WT").insert(&tx).await.unwrap();
        assert_eq!(delay_of(1, &other).await, (Some(0), Source::Cache), "nothing is committed yet");
        assert_eq!(delay_of(9, &other).await.0, None);
        tx.commit().await.unwrap();
        assert_eq!(delay_of(1, &other).await, (Some(77), Source::Database));
        assert_eq!(delay_of(2, &other).await, (Some(0), Source::Database));
        assert_eq!(delay_of(9, &other).await, (Some(0), Source::Database));
        let tx = store.begin().await.unwrap();
        delay(1, 78).update(&tx).await.unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(delay_of(1, &other).await, (Some(77), Source::Cache), "a rollback invalidates nothing");
    }

    async fn a_statement_cannot_end_the_transaction_behind_its_back(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        let tx = store.begin().await.unwrap();
        delay(1, 10).save_through(&tx).await.unwrap();
        for sql in ["COMMIT", "/* now */ rollback", "SAVEPOINT mine", "UPDATE flight SET gate = 'C'; COMMIT"] {
            let refused = tx.execute_unprepared(sql).await.unwrap_err().to_string();
            assert!(refused.contains("`commit` or `rollback`"), "{refused}");
        }
        tx.commit().await.unwrap();
        assert_eq!(delay_of(1, &other).await, (Some(10), Source::Cache));
    }
}
