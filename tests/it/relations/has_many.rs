//! The rows that belong to each row, any number of them or one.

use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, QueryOrder};
use writethrough::{CachedLoader, Error, Store};

use crate::support::entities::apron::{license, logo, parking, stand};
use crate::support::entities::fleet::{airline, engine, plane, visit};
use crate::support::probe::recorded;
use crate::support::stage::Stage;

use super::belongs_to::apron;
use super::cascades::{create_tables, fleet};

async fn airlines(stage: &Stage) -> Vec<airline::Model> {
    airline::Entity::find().order_by_id_asc().all(&stage.plain().await).await.unwrap()
}

fn ids(planes: &[Vec<plane::Model>]) -> Vec<Vec<i32>> {
    planes.iter().map(|planes| planes.iter().map(|plane| plane.id).collect()).collect()
}

/// The planes of each airline.
async fn planes_of(airlines: &[airline::Model], store: &Store) -> Vec<Vec<i32>> {
    ids(&airlines.load_many_cached(plane::Entity, store).await.unwrap())
}

on_every_stage! {
    async fn each_row_gets_the_rows_that_belong_to_it(stage: Stage) {
        fleet(&stage).await;
        airline::numbered(3, "WT").insert(&stage.plain().await).await.unwrap();
        let airlines = airlines(&stage).await;
        let (store, log) = recorded(&stage).await;
        // Behind the back of all caches, so that nothing is known of them.
        let other = stage.store().await;
        plane::Entity::invalidate_all(&other).await.unwrap();
        log.take();
        for statements in [2, 0] {
            assert_eq!(planes_of(&airlines, &store).await, [vec![11, 12], vec![21], vec![]]);
            assert_eq!(log.take().len(), statements, "the lists, then the rows in them");
        }
        let planes = airlines[0].load_many_cached(plane::Entity, &store).await.unwrap();
        assert_eq!(ids(&[planes]), [[11, 12]]);
        assert_eq!(airlines[2].load_many_cached(plane::Entity, &store).await.unwrap(), []);
        assert_eq!(log.take().len(), 0);
    }

    async fn what_belongs_to_a_row_follows_every_write(stage: Stage) {
        let writer = fleet(&stage).await;
        let airlines = airlines(&stage).await;
        let store = stage.store().await;
        assert_eq!(planes_of(&airlines, &store).await, [vec![11, 12], vec![21]]);
        plane::of(13, 1).insert_through(&writer).await.unwrap();
        assert_eq!(planes_of(&airlines, &store).await, [vec![11, 12, 13], vec![21]]);
        plane::ActiveModel { id: Set(12), airline_id: Set(Some(2)), ..Default::default() }
            .save_through(&writer)
            .await
            .unwrap();
        assert_eq!(planes_of(&airlines, &store).await, [vec![11, 13], vec![12, 21]]);
        plane::Entity::delete_by_id_through(21, &writer).await.unwrap();
        assert_eq!(planes_of(&airlines, &store).await, [vec![11, 13], vec![12]]);
        airline::Entity::delete_by_id_through(1, &writer).await.unwrap();
        assert_eq!(planes_of(&airlines, &store).await, [vec![], vec![12]]);
    }

    async fn a_thousand_rows_cost_one_query_for_lists_and_one_for_rows(stage: Stage) {
        create_tables(&stage).await;
        let db = stage.plain().await;
        airline::Entity::insert_many((0..1000).map(|id| airline::numbered(id, "WT"))).exec(&db).await.unwrap();
        plane::Entity::insert_many((0..1500).map(|id| plane::of(id, id % 500))).exec(&db).await.unwrap();
        let airlines = airlines(&stage).await;
        let (store, log) = recorded(&stage).await;
        for statements in [2, 0] {
            let planes = airlines.load_many_cached(plane::Entity, &store).await.unwrap();
            let expected = (0..1000).map(|id| if id < 500 { vec![id, id + 500, id + 1000] } else { Vec::new() });
            assert_eq!(ids(&planes), expected.collect::<Vec<_>>());
            assert_eq!(log.take().len(), statements);
        }
    }

    async fn the_one_row_that_belongs_to_each_is_found_by_its_key(stage: Stage) {
        fleet(&stage).await;
        stage.create_table(license::Entity).await;
        stage.create_table(logo::Entity).await;
        let db = stage.plain().await;
        license::of(7, 2).insert(&db).await.unwrap();
        logo::of(1, "blue").insert(&db).await.unwrap();
        let airlines = airlines(&stage).await;
        let (store, log) = recorded(&stage).await;
        for statements in [1, 1, 0] {
            let licenses = airlines.load_one_cached(license::Entity, &store).await.unwrap();
            assert_eq!(licenses.iter().map(|license| license.as_ref().map(|license| license.id)).collect::<Vec<_>>(), [None, Some(7)]);
            assert_eq!(log.take().len(), statements);
        }
        let one = airlines[1].load_one_cached(license::Entity, &store).await.unwrap();
        assert_eq!(one.map(|license| license.id), Some(7));
        for statements in [1, 0] {
            let logos = airlines.load_many_cached(logo::Entity, &store).await.unwrap();
            let colours: Vec<Vec<_>> = logos.iter().map(|logos| logos.iter().map(|logo| logo.colour.as_str()).collect()).collect();
            assert_eq!(colours, [vec!["blue"], vec![]]);
            assert_eq!(log.take().len(), statements);
        }
    }

    async fn rows_that_belong_by_several_columns_are_found(stage: Stage) {
        let (store, _) = apron(&stage).await;
        let stands = stand::Entity::find().order_by_asc(stand::Column::Pier).all(&stage.plain().await).await.unwrap();
        for _ in 0..2 {
            let parkings = stands.load_many_cached(parking::Entity, &store).await.unwrap();
            let ids: Vec<Vec<_>> = parkings.iter().map(|found| found.iter().map(|parking| parking.id).collect()).collect();
            assert_eq!(ids, [[1], [2]]);
        }
    }

    async fn a_transaction_sees_the_rows_that_it_has_added(stage: Stage) {
        fleet(&stage).await;
        let airlines = airlines(&stage).await;
        let (store, log) = recorded(&stage).await;
        assert_eq!(planes_of(&airlines, &store).await, [vec![11, 12], vec![21]]);
        let tx = store.begin().await.unwrap();
        plane::of(13, 1).insert_through(&tx).await.unwrap();
        log.take();
        let planes = airlines.load_many_cached(plane::Entity, &tx).await.unwrap();
        assert_eq!(ids(&planes), [vec![11, 12, 13], vec![21]]);
        assert_eq!(log.take().len(), 1);
        let engines = planes[0].load_many_cached(engine::Entity, &tx).await.unwrap();
        assert_eq!(engines.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 0]);
        tx.rollback().await.unwrap();
        assert_eq!(planes_of(&airlines, &store).await, [vec![11, 12], vec![21]]);
    }
}

#[tokio::test]
async fn a_relation_without_an_index_is_refused_and_the_remedy_named() {
    let store = Store::connect("sqlite::memory:", "memory:").await.unwrap();
    let plane = plane::Model { id: 1, airline_id: None, model_id: None, name: "jet".to_owned() };
    let refusal: Error = plane.load_many_cached(visit::Entity, &store).await.unwrap_err();
    assert!(refusal.is_bad_input());
    let refusal = refusal.to_string();
    assert!(refusal.contains("`plane_id` with `#[write_through(index)]`"), "{refusal}");
}
