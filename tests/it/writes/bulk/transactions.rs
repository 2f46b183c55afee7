//! Bulk writes in a transaction, between other writes of the same rows.

use sea_orm::ColumnTrait;

use super::{assert_all_cached, twenty};
use crate::support::entities::flight::{Column, Entity, delay, gate};
use crate::support::probe::Seen;

on_every_stage! {
    async fn what_the_last_write_of_a_row_left_is_published(stage: Stage) {
        let (store, probe) = twenty(&stage).await;
        let tx = store.begin().await.unwrap();
        gate(1, "B1").save_through(&tx).await.unwrap();
        gate(2, "B2").save_through(&tx).await.unwrap();
        let update = Entity::update_many_through().set(Column::DelayMinutes, 99).filter(Column::Id.between(2, 5));
        assert_eq!(update.exec(&tx).await.unwrap(), 4);
        delay(3, 7).save_through(&tx).await.unwrap();
        assert_eq!(Entity::delete_many_through().filter(Column::Id.is_in([4, 6])).exec(&tx).await.unwrap(), 2);
        assert_eq!(Entity::load_cached(4, &tx).await.unwrap(), None);
        assert!(matches!(probe.look::<Entity>(4).await, Seen::Row(_)), "the cache learns with the commit");
        tx.commit().await.unwrap();

        let rows = assert_all_cached(&store, &probe).await;
        let shown: Vec<_> = rows.iter().take(4).map(|row| (row.id, row.gate.as_str(), row.delay_minutes)).collect();
        assert_eq!(shown, [(1, "B1", 0), (2, "B2", 99), (3, "A4", 7), (5, "A4", 99)]);
        assert_eq!(probe.look::<Entity>(4).await, Seen::NoSuchRow);
        assert_eq!(probe.look::<Entity>(6).await, Seen::NoSuchRow);
    }

    async fn a_rollback_leaves_no_trace(stage: Stage) {
        let (store, probe) = twenty(&stage).await;
        let tx = store.begin().await.unwrap();
        Entity::update_many_through().set(Column::Gate, "X").exec(&tx).await.unwrap();
        Entity::delete_many_through().exec(&tx).await.unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(assert_all_cached(&store, &probe).await.len(), 20);

        let tx = store.begin().await.unwrap();
        let nested = tx.begin().await.unwrap();
        Entity::delete_many_through().exec(&nested).await.unwrap();
        nested.rollback().await.unwrap();
        Entity::update_many_through().set(Column::Gate, "Y").filter(Column::Id.lte(3)).exec(&tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(assert_all_cached(&store, &probe).await.iter().filter(|row| row.gate == "Y").count(), 3);
    }
}
