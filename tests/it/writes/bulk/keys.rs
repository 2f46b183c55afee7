//! Unique keys whose columns a bulk write sets, and rows that it deletes.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Value};
use writethrough::__private::{delete_many, insert_many, load_by_key, update_many};
use writethrough::Session;

use crate::support::entities::uniques::ticket::{CODE, Column, Entity, MAIL, code, mail, numbered};
use crate::support::probe::recorded;

async fn by_key<S: Session>(session: &S, key: usize, values: Vec<Value>) -> Option<i32> {
    load_by_key::<Entity, _>(key, values, session).await.unwrap().map(|ticket| ticket.id)
}

on_every_stage! {
    async fn a_value_that_a_bulk_update_gives_is_found_at_once(stage: Stage) {
        stage.create_table(Entity).await;
        let (store, (reader, log)) = (stage.store().await, recorded(&stage).await);
        insert_many::<Entity, _>((1..=5).map(|id| numbered(id, &format!("{id}@x"))), &store).await.unwrap();
        for value in 2001..=2005 {
            assert_eq!(by_key(&reader, CODE, code(value)).await, None, "and that is remembered");
        }
        let shifted = update_many::<Entity>().col_expr(Column::Code, Expr::col(Column::Code).add(1000));
        assert_eq!(shifted.filter(Column::Id.ne(3)).exec(&store).await.unwrap(), 4);
        log.take();
        for id in [1, 2, 4, 5] {
            assert_eq!(by_key(&reader, CODE, code(i64::from(id) + 2000)).await, Some(id));
            assert_eq!(by_key(&reader, MAIL, mail(&format!("{id}@x"))).await, Some(id), "this key was left alone");
        }
        assert_eq!(log.take(), Vec::<String>::new());
        assert_eq!(by_key(&reader, CODE, code(2003)).await, None);
        assert_eq!(by_key(&reader, CODE, code(1003)).await, Some(3));
        assert_eq!(by_key(&reader, CODE, code(1001)).await, None, "the pointer that was left behind leads nowhere");
    }

    async fn a_row_that_was_deleted_is_found_by_no_key(stage: Stage) {
        stage.create_table(Entity).await;
        let (store, reader) = (stage.store().await, stage.store().await);
        insert_many::<Entity, _>((1..=5).map(|id| numbered(id, &format!("{id}@x"))), &store).await.unwrap();
        assert_eq!(by_key(&reader, CODE, code(1002)).await, Some(2));
        assert_eq!(delete_many::<Entity>().filter(Column::Id.is_in([2, 4])).exec(&store).await.unwrap(), 2);
        for (id, row) in [(1, Some(1)), (2, None), (3, Some(3)), (4, None)] {
            assert_eq!(by_key(&reader, CODE, code(i64::from(id) + 1000)).await, row);
            assert_eq!(by_key(&reader, MAIL, mail(&format!("{id}@x"))).await, row);
        }
    }
}
