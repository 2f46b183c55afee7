//! What cannot be done is said before anything is sent.

use sea_orm::ColumnTrait;
use sea_orm::sea_query::Expr;

use super::{assert_all_cached, twenty};
use crate::support::entities::flight::{Column, Entity};
use crate::support::probe::recorded;

on_every_stage! {
    async fn an_update_that_sets_nothing_or_a_key_is_refused(stage: Stage) {
        let (_, probe) = twenty(&stage).await;
        let (store, log) = recorded(&stage).await;
        let nothing = Entity::update_many_through().filter(Column::Id.eq(1));
        let key = Entity::update_many_through().set(Column::Gate, "B1").set(Column::Id, 99).filter(Column::Id.eq(1));
        let shifted = Entity::update_many_through().col_expr(Column::Id, Expr::cust("id + 100"));
        let tx = store.begin().await.unwrap();
        for (update, told) in [(nothing, "sets nothing"), (key, "`id` is a column of the primary key"), (shifted, "`id`")] {
            for error in [update.clone().exec(&store).await, update.exec(&tx).await] {
                let error = error.unwrap_err();
                assert!(error.is_bad_input() && error.to_string().contains(told), "{error}");
            }
        }
        assert_eq!(log.take(), Vec::<String>::new());
        // The transaction goes on.
        assert_eq!(Entity::update_many_through().set(Column::Gate, "B1").exec(&tx).await.unwrap(), 20);
        tx.commit().await.unwrap();
        assert!(assert_all_cached(&store, &probe).await.iter().all(|row| row.gate == "B1"));
    }

    async fn of_several_values_for_one_column_the_last_counts(stage: Stage) {
        let (store, probe) = twenty(&stage).await;
        let update = Entity::update_many_through().set(Column::Gate, "B1").set(Column::DelayMinutes, 3);
        let update = update.col_expr(Column::Gate, Expr::cust("UPPER('b2')"));
        assert_eq!(update.exec(&store).await.unwrap(), 20);
        assert!(assert_all_cached(&store, &probe).await.iter().all(|row| row.gate == "B2" && row.delay_minutes == 3));
    }

    async fn a_statement_that_fails_changes_nothing(stage: Stage) {
        let (store, probe) = twenty(&stage).await;
        let error = Entity::update_many_through().col_expr(Column::Gate, Expr::cust("nonsense(1)")).exec(&store).await;
        assert_eq!(error.unwrap_err().outcome(), writethrough::Outcome::NotCommitted);
        assert!(assert_all_cached(&store, &probe).await.iter().all(|row| row.gate == "A4"));
        let tx = store.begin().await.unwrap();
        Entity::delete_many_through().filter(Expr::cust("nonsense(1) = 1")).exec(&tx).await.unwrap_err();
        assert!(tx.commit().await.unwrap_err().is_rolled_back());
        assert_eq!(assert_all_cached(&store, &probe).await.len(), 20);
    }
}
