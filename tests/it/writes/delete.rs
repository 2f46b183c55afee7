//! Deletes, as SeaORM has them.

use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, DbErr, EntityTrait, IntoActiveModel};
use writethrough::{CacheEffect, Outcome};

use crate::support::entities::flight;
use crate::support::entities::keys::airport;
use crate::support::entities::policies::invalidate;
use crate::support::probe::{Probe, Seen};

on_every_stage! {
    async fn every_delete_tells_whether_there_was_a_row(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let mut flights = Vec::new();
        for flight_no in ["WT 1", "WT 2", "WT 3", "WT 4"] {
            flights.push(flight::departure(flight_no).save_through(&store).await.unwrap());
        }
        let [one, two, three, four] = flights.try_into().unwrap();
        assert!(one.clone().delete_through(&store).await.unwrap());
        assert!(two.clone().into_active_model().delete_through(&store).await.unwrap());
        assert!(flight::Entity::delete_by_id_through(three.id, &store).await.unwrap());
        let by_key = flight::ActiveModel { id: Set(four.id), ..Default::default() };
        assert!(by_key.delete_through(&store).await.unwrap());
        for id in [one.id, two.id, three.id, four.id] {
            assert_eq!(probe.look::<flight::Entity>(id).await, Seen::NoSuchRow);
        }
        assert_eq!(flight::Entity::find().all(&stage.plain().await).await.unwrap(), []);

        assert!(!one.delete_through(&store).await.unwrap());
        assert!(!two.into_active_model().delete_through(&store).await.unwrap());
        assert!(!flight::Entity::delete_by_id_through(three.id, &store).await.unwrap());
    }

    async fn a_delete_tells_what_became_of_the_entry(stage: Stage) {
        stage.create_table(flight::Entity).await;
        stage.create_table(airport::Entity).await;
        stage.create_table(invalidate::Entity).await;
        let store = stage.store().await;
        let one = flight::departure("WT 1").save_through(&store).await.unwrap();
        let deleted = store.delete(one.into_active_model()).await.unwrap();
        assert_eq!((deleted.existed, deleted.cache), (true, CacheEffect::Refreshed));
        let missing = store.delete_by_id::<flight::Entity>(99).await.unwrap();
        assert_eq!((missing.existed, missing.cache), (false, CacheEffect::Invalidated));

        airport::named("BER".into(), "Berlin").insert_through(&store).await.unwrap();
        for existed in [true, false] {
            let deleted = store.delete_by_id::<airport::Entity>("BER".to_owned()).await.unwrap();
            assert_eq!((deleted.existed, deleted.cache), (existed, CacheEffect::Invalidated));
        }

        invalidate::priced(1, 5).insert_through(&store).await.unwrap();
        for existed in [true, false] {
            let deleted = store.delete(invalidate::priced(1, 5)).await.unwrap();
            assert_eq!((deleted.existed, deleted.cache), (existed, CacheEffect::Invalidated));
        }
    }

    async fn a_delete_of_a_row_that_is_missing_forgets_an_old_entry_of_it(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let saved = flight::departure("WT 1").save_through(&store).await.unwrap();
        flight::Entity::delete_by_id(saved.id).exec(&stage.plain().await).await.unwrap();
        assert_eq!(probe.look::<flight::Entity>(saved.id).await, Seen::Row(saved.clone()));

        assert!(!flight::Entity::delete_by_id_through(saved.id, &store).await.unwrap());
        assert_eq!(probe.look::<flight::Entity>(saved.id).await, Seen::Nothing);
        assert_eq!(flight::Entity::load_cached(saved.id, &store).await.unwrap(), None);
    }

    async fn a_delete_without_a_key_is_refused_before_anything_happens(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let store = stage.store().await;
        flight::departure("WT 1").save_through(&store).await.unwrap();
        let error = flight::departure("WT 1").delete_through(&store).await.unwrap_err();
        assert!(matches!(error.db_err(), Some(DbErr::PrimaryKeyNotSet { .. })), "{error}");
        assert_eq!(error.outcome(), Outcome::NotCommitted);
        assert_eq!(flight::Entity::find().all(&stage.plain().await).await.unwrap().len(), 1);
    }

    async fn a_row_that_is_deleted_and_inserted_again_is_the_new_one(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let (one, other) = (stage.store().await, stage.store().await);
        for flight_no in ["WT 1", "WT 2", "WT 3"] {
            let saved = flight::numbered(1, flight_no).insert_through(&one).await.unwrap();
            assert_eq!(flight::Entity::load_cached(1, &other).await.unwrap(), Some(saved.clone()));
            assert_eq!(flight::numbered(1, flight_no).insert(&stage.plain().await).await.ok(), None);
            assert!(saved.delete_through(&other).await.unwrap());
            assert_eq!(flight::Entity::load_cached(1, &one).await.unwrap(), None);
        }
    }
}
