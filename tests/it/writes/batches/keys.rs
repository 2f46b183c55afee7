//! Unique keys: pointers of all rows, and absence that was remembered.

use sea_orm::ActiveValue::Set;
use sea_orm::Value;
use writethrough::__private::{insert_many, load_by_key, load_many, save_many};
use writethrough::Session;

use crate::support::entities::uniques::ticket::{ActiveModel, CODE, Entity, MAIL, code, mail, numbered};
use crate::support::probe::recorded;

async fn by_key<S: Session>(session: &S, key: usize, values: Vec<Value>) -> Option<i32> {
    load_by_key::<Entity, _>(key, values, session).await.unwrap().map(|ticket| ticket.id)
}

fn with_code(id: i32, code: i64) -> ActiveModel {
    ActiveModel { id: Set(id), code: Set(Some(code)), ..Default::default() }
}

on_every_stage! {
    async fn each_row_of_a_batch_is_found_by_its_keys_without_a_statement(stage: Stage) {
        stage.create_table(Entity).await;
        let (store, (reader, log)) = (stage.store().await, recorded(&stage).await);
        assert_eq!(by_key(&reader, CODE, code(1003)).await, None, "and that is remembered");
        insert_many::<Entity, _>((1..=5).map(|id| numbered(id, &format!("{id}@x"))), &store).await.unwrap();
        log.take();
        for id in 1..=5 {
            assert_eq!(by_key(&reader, CODE, code(i64::from(id) + 1000)).await, Some(id));
            assert_eq!(by_key(&reader, MAIL, mail(&format!("{id}@x"))).await, Some(id));
        }
        assert_eq!(log.take(), Vec::<String>::new());
    }

    /// In the order given, the first makes room for the second.
    async fn values_may_move_from_row_to_row_in_one_batch(stage: Stage) {
        stage.create_table(Entity).await;
        let (store, other) = (stage.store().await, stage.store().await);
        insert_many::<Entity, _>([numbered(1, "a"), numbered(2, "b"), numbered(3, "c")], &store).await.unwrap();
        assert_eq!(by_key(&other, CODE, code(7)).await, None);
        // 1002 is freed, taken, and freed again; 7 is had for a moment.
        let saves = [with_code(2, 7), with_code(1, 1002), with_code(2, 8), with_code(3, 1001), with_code(1, 9)];
        save_many::<Entity, _>(saves, &store).await.unwrap();
        for reader in [&store, &other] {
            for (value, row) in [(7, None), (8, Some(2)), (9, Some(1)), (1001, Some(3)), (1002, None), (1003, None)] {
                assert_eq!(by_key(reader, CODE, code(value)).await, row, "{value}");
            }
        }
    }

    async fn a_value_that_two_rows_want_keeps_both_out(stage: Stage) {
        stage.create_table(Entity).await;
        let (store, other) = (stage.store().await, stage.store().await);
        assert_eq!(by_key(&other, CODE, code(1001)).await, None);
        let twin = ActiveModel { code: Set(Some(1001)), ..numbered(2, "b") };
        let error = insert_many::<Entity, _>([numbered(1, "a"), twin], &store).await.unwrap_err();
        assert!(error.is_unique_violation(), "{error}");
        assert_eq!(by_key(&other, CODE, code(1001)).await, None);
        assert_eq!(load_many::<Entity, _>(vec![1, 2], &other).await.unwrap(), [None, None]);
    }
}
