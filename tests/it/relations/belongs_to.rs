//! The one row that each row belongs to.

use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait};
use writethrough::{CachedLoader, Error, Store};

use crate::support::entities::apron::{note, parking, stand};
use crate::support::entities::fleet::{airline, engine, plane, visit};
use crate::support::probe::{Probe, Seen, recorded};
use crate::support::stage::Stage;

use super::cascades::{create_tables, fleet};

/// Two airlines, two stands, and parkings that refer to both, to one of them, and to none.
pub(super) async fn apron(stage: &Stage) -> (Store, Vec<parking::Model>) {
    let store = fleet(stage).await;
    stage.create_table(stand::Entity).await;
    stage.create_table(parking::Entity).await;
    let db = stage.plain().await;
    for (pier, number) in [(1, 2), (2, 1)] {
        stand::at(pier, number).insert(&db).await.unwrap();
    }
    let mut parkings = Vec::new();
    for (id, stand, code) in [(1, Some((1, 2)), Some(1001)), (2, Some((2, 1)), None), (3, None, Some(1002))] {
        parkings.push(parking::at(id, stand, code).insert(&db).await.unwrap());
    }
    (store, parkings)
}

on_every_stage! {
    async fn each_row_gets_the_row_that_it_belongs_to(stage: Stage) {
        fleet(&stage).await;
        let (store, log) = recorded(&stage).await;
        plane::of(13, None).insert(&stage.plain().await).await.unwrap();
        let planes = plane::Entity::find().order_by_id_asc().all(&stage.plain().await).await.unwrap();
        let airlines = airline::Entity::find().order_by_id_asc().all(&stage.plain().await).await.unwrap();
        let [one, two] = [&airlines[0], &airlines[1]].map(|airline| Some(airline.clone()));
        let expected = [one.clone(), one.clone(), None, two];
        for airline in &airlines {
            airline.invalidate(&store).await.unwrap();
        }
        for statements in [1, 0] {
            log.take();
            assert_eq!(planes.load_one_cached(airline::Entity, &store).await.unwrap(), expected);
            assert_eq!(log.len(), statements);
            assert_eq!(planes[0].load_one_cached(airline::Entity, &store).await.unwrap(), one);
            assert_eq!(planes[2].load_one_cached(airline::Entity, &store).await.unwrap(), None);
            assert_eq!(log.take().len(), statements);
        }
        assert!(matches!(Probe::of(&stage).await.look::<airline::Entity>(1).await, Seen::Row(_)));
    }

    async fn a_thousand_rows_cost_one_query_for_what_they_belong_to(stage: Stage) {
        create_tables(&stage).await;
        let db = stage.plain().await;
        airline::Entity::insert_many((1..=40).map(|id| airline::numbered(id, "WT"))).exec(&db).await.unwrap();
        let planes = (0..1000).map(|id| plane::of(id, Some(id % 50 + 1).filter(|airline| *airline <= 40)));
        plane::Entity::insert_many(planes).exec(&db).await.unwrap();
        let planes = plane::Entity::find().order_by_id_asc().all(&db).await.unwrap();
        let (store, log) = recorded(&stage).await;
        for statements in [1, 0] {
            let airlines = planes.load_one_cached(airline::Entity, &store).await.unwrap();
            let ids: Vec<_> = airlines.iter().map(|airline| airline.as_ref().map(|airline| airline.id)).collect();
            assert_eq!(ids, planes.iter().map(|plane| plane.airline_id).collect::<Vec<_>>());
            assert_eq!(log.take().len(), statements);
        }
    }

    async fn a_relation_over_several_columns_in_any_order_is_followed(stage: Stage) {
        let (store, parkings) = apron(&stage).await;
        let stands = parkings.load_one_cached(stand::Entity, &store).await.unwrap();
        let places: Vec<_> = stands.into_iter().map(|stand| stand.map(|stand| (stand.pier, stand.number))).collect();
        assert_eq!(places, [Some((1, 2)), Some((2, 1)), None]);
        for (pier, number, is_there) in [(Some(1), 2, true), (Some(2), 1, true), (Some(2), 2, false), (None, 1, false)] {
            let note = note::Model { stand_number: number, stand_pier: pier, ..note::about(1, 1) };
            let found = [note].load_one_cached(stand::Entity, &store).await.unwrap().remove(0);
            assert_eq!(found.map(|stand| (Some(stand.pier), stand.number)), is_there.then_some((pier, number)));
        }
    }

    async fn a_relation_to_a_unique_key_is_followed(stage: Stage) {
        let (_, parkings) = apron(&stage).await;
        let (store, log) = recorded(&stage).await;
        airline::Entity::invalidate_all(&store).await.unwrap();
        for statements in [1, 1, 0] {
            let airlines = parkings.load_one_cached(airline::Entity, &store).await.unwrap();
            let ids: Vec<_> = airlines.into_iter().map(|airline| airline.map(|airline| airline.id)).collect();
            assert_eq!(ids, [Some(1), None, Some(2)]);
            // The pointers, then the rows that they lead to.
            assert_eq!(log.take().len(), statements);
        }
        let moved = airline::ActiveModel { id: Set(2), code: Set(7), ..Default::default() };
        parking::Entity::delete_many().exec(store.database()).await.unwrap();
        moved.save_through(&store).await.unwrap();
        let airlines = parkings.load_one_cached(airline::Entity, &store).await.unwrap();
        assert_eq!(airlines[2], None);
    }

    async fn a_transaction_sees_its_own_rows_and_asks_once(stage: Stage) {
        let (_, parkings) = apron(&stage).await;
        let (store, log) = recorded(&stage).await;
        let planes = plane::Entity::find().order_by_id_asc().all(&stage.plain().await).await.unwrap();
        store
            .transaction(async |tx| {
                airline::ActiveModel { id: Set(1), name: Set("new".to_owned()), ..Default::default() }
                    .save_through(tx)
                    .await?;
                log.take();
                let airlines = planes.load_one_cached(airline::Entity, tx).await?;
                assert_eq!(airlines[0].as_ref().map(|airline| airline.name.as_str()), Some("new"));
                assert_eq!(log.take().len(), 1);
                let by_code = parkings.load_one_cached(airline::Entity, tx).await?;
                assert_eq!(by_code[0].as_ref().map(|airline| airline.name.as_str()), Some("new"));
                assert_eq!(by_code[2].as_ref().map(|airline| airline.id), Some(2));
                assert_eq!(log.take().len(), 1);
                let one = parkings[0].load_one_cached(stand::Entity, tx).await?;
                assert_eq!(one.map(|stand| stand.pier), Some(1));
                Ok::<_, Error>(())
            })
            .await
            .unwrap();
    }

    async fn rows_of_an_entity_that_is_not_cached_lead_to_cached_ones(stage: Stage) {
        let store = fleet(&stage).await;
        let notes = [note::about(1, 1), note::about(2, 2), note::about(3, 1 << 40)];
        let airlines = notes.load_one_cached(airline::Entity, &store).await.unwrap();
        let ids: Vec<_> = airlines.into_iter().map(|airline| airline.map(|airline| airline.id)).collect();
        assert_eq!(ids, [Some(1), Some(2), None]);
    }

    async fn no_rows_ask_nobody(stage: Stage) {
        let (store, log) = recorded(&stage).await;
        assert_eq!(Vec::<plane::Model>::new().load_one_cached(airline::Entity, &store).await.unwrap(), []);
        assert_eq!(log.take().len(), 0);
    }
}

#[tokio::test]
async fn a_relation_that_cannot_be_followed_through_the_cache_is_refused_with_a_remedy() {
    let store = Store::connect("sqlite::memory:", "memory:").await.unwrap();
    let note = [note::about(1, 1)];
    let refusals = [
        note.load_one_cached(plane::Entity, &store).await.map(drop),
        note.load_one_cached(engine::Entity, &store).await.map(drop),
        note.load_one_cached(visit::Entity, &store).await.map(drop),
        note.load_many_cached(parking::Entity, &store).await.map(drop),
    ];
    let refusals = refusals.map(|refusal| refusal.unwrap_err());
    assert!(refusals.iter().all(Error::is_bad_input));
    let refusals = refusals.map(|refusal| refusal.to_string());
    for (refusal, said) in refusals.iter().zip(["`name`", "`airline_name` to `id`", "condition", "`apron_stand`"]) {
        assert!(refusal.contains("apron_note") && refusal.contains(said), "{refusal}");
    }
    let airline = airline::Model { id: 1, code: 1, name: "WT".to_owned() };
    let refusal = airline.load_one_cached(plane::Entity, &store).await.unwrap_err().to_string();
    assert!(refusal.contains("load_many_cached"), "{refusal}");
}
