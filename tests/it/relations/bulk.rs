//! What goes with the rows of a bulk delete.

use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait};
use writethrough::Error;

use crate::support::entities::fleet::{airline, plane};
use crate::support::probe::{Probe, Seen, recorded};

use super::cascades::{after, before, create_tables, fleet, seen};

on_every_stage! {
    async fn what_goes_with_the_rows_of_a_bulk_delete_is_not_served_any_more(stage: Stage) {
        fleet(&stage).await;
        let (writer, reader) = (stage.store().await, stage.store().await);
        assert_eq!(seen(&reader).await, before());
        let delete = airline::Entity::delete_many_through().filter(airline::Column::Code.lt(1002));
        assert_eq!(delete.exec(&writer).await.unwrap(), 1);
        assert_eq!(seen(&reader).await, after());
        assert_eq!(Probe::of(&stage).await.look::<airline::Entity>(1).await, Seen::NoSuchRow);
    }

    async fn what_goes_with_the_rows_of_a_bulk_delete_in_a_transaction_goes_with_its_commit(stage: Stage) {
        fleet(&stage).await;
        let (writer, reader) = (stage.store().await, stage.store().await);
        assert_eq!(seen(&reader).await, before());
        writer
            .transaction(async |tx| {
                let delete = airline::Entity::delete_many_through().filter(airline::Column::Id.eq(1));
                assert_eq!(delete.exec(tx).await?, 1);
                assert_eq!(airline::Entity::delete_many_through().filter(airline::Column::Id.eq(9)).exec(tx).await?, 0);
                Ok::<_, Error>(())
            })
            .await
            .unwrap();
        assert_eq!(seen(&reader).await, after());
    }

    async fn a_bulk_delete_beyond_the_bound_changes_nothing(stage: Stage) {
        let reader = fleet(&stage).await;
        let writer = stage.builder().bulk_limit(1).build().await.unwrap();
        assert_eq!(seen(&reader).await, before());
        let refused = airline::Entity::delete_many_through().exec(&writer).await.unwrap_err();
        assert!(refused.is_bad_input() && refused.to_string().contains("bulk_limit"), "{refused}");
        let probe = Probe::of(&stage).await;
        assert!(matches!(probe.look::<plane::Entity>(11).await, Seen::Row(_)));
        assert_eq!(plane::Entity::find().count(&stage.plain().await).await.unwrap(), 3);
    }

    async fn many_rows_take_many_along_in_few_statements(stage: Stage) {
        create_tables(&stage).await;
        let db = stage.plain().await;
        airline::Entity::insert_many((0..600).map(|id| airline::numbered(id, "WT"))).exec(&db).await.unwrap();
        plane::Entity::insert_many((0..1200).map(|id| plane::of(id, id % 600))).exec(&db).await.unwrap();
        let reader = stage.store().await;
        plane::Entity::load_many_cached(0..1200, &reader).await.unwrap();
        let (writer, log) = recorded(&stage).await;
        let delete = airline::Entity::delete_many_through().filter(airline::Column::Id.gte(100));
        assert_eq!(delete.exec(&writer).await.unwrap(), 500);
        let statements = log.take();
        assert!(statements.len() < 10, "{statements:?}");
        let planes = plane::Entity::load_many_cached(0..1200, &reader).await.unwrap();
        let left: Vec<_> = planes.into_iter().flatten().map(|plane| plane.id).collect();
        assert_eq!(left, (0..100).chain(600..700).collect::<Vec<_>>());
    }
}
