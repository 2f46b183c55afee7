//! Foreign keys of several columns, to other columns than the primary key, and known to one side alone.

use crate::support::Backend;
use crate::support::entities::apron::{parking, spare, stand};
use crate::support::entities::fleet::{airline, plane};
use crate::support::probe::{Probe, Seen};
use crate::support::stage::{CacheKind, Stage};

use super::belongs_to::apron;
use super::cascades::fleet;

/// Which parkings a store sees, and the code that each names.
async fn parkings(store: &writethrough::Store) -> Vec<(i32, Option<i64>)> {
    let found = parking::Entity::load_many_cached([1, 2, 3], store).await.unwrap();
    found.into_iter().flatten().map(|parking| (parking.id, parking.airline_code)).collect()
}

on_every_stage! {
    async fn rows_go_with_a_row_by_several_columns(stage: Stage) {
        let (reader, _) = apron(&stage).await;
        let writer = stage.store().await;
        assert_eq!(parkings(&reader).await, [(1, Some(1001)), (2, None), (3, Some(1002))]);
        assert!(stand::Entity::delete_by_id_through((1, 2), &writer).await.unwrap());
        assert_eq!(parkings(&reader).await, [(2, None), (3, Some(1002))]);
        assert!(matches!(Probe::of(&stage).await.look::<parking::Entity>(2).await, Seen::Row(_)));
    }

    /// Only the parking names its airline, and by its code: the store knows of it once it has met a parking.
    async fn rows_follow_a_row_by_a_column_that_is_not_its_primary_key(stage: Stage) {
        let (reader, _) = apron(&stage).await;
        let writer = stage.builder().register::<parking::Entity>().build().await.unwrap();
        assert_eq!(parkings(&reader).await, [(1, Some(1001)), (2, None), (3, Some(1002))]);
        assert!(airline::Entity::delete_by_id_through(1, &writer).await.unwrap());
        assert_eq!(parkings(&reader).await, [(1, None), (2, None), (3, Some(1002))]);
    }

    /// There is no table of parkings in this database, and the store is not told of one.
    async fn an_entity_that_neither_side_of_this_store_names_is_left_alone(stage: Stage) {
        let store = fleet(&stage).await;
        assert!(airline::Entity::delete_by_id_through(1, &store).await.unwrap());
    }
}

/// Tables of MariaDB and MySQL have no SET DEFAULT.
#[tokio::test]
async fn a_row_that_gets_the_default_is_in_the_list_of_the_default() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let stage = Stage::new(backend, CacheKind::Redis).await;
        let reader = fleet(&stage).await;
        stage.create_table(spare::Entity).await;
        spare::of(1, 11).insert_through(&reader).await.unwrap();
        let writer = stage.builder().register::<spare::Entity>().build().await.unwrap();
        for (plane, ids) in [(11, vec![1]), (21, vec![])] {
            let found = spare::Entity::load_all_cached_by_plane_id(plane, &reader).await.unwrap();
            assert_eq!(found.iter().map(|spare| spare.id).collect::<Vec<_>>(), ids);
        }
        assert!(plane::Entity::delete_by_id_through(11, &writer).await.unwrap());
        for (plane, ids) in [(11, vec![]), (21, vec![1])] {
            let found = spare::Entity::load_all_cached_by_plane_id(plane, &reader).await.unwrap();
            assert_eq!(found.iter().map(|spare| spare.id).collect::<Vec<_>>(), ids);
        }
    }
}
