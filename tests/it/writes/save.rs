//! Inserts and updates, as SeaORM has them.

use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::{ActiveModelTrait, DbErr, EntityTrait};
use writethrough::{CacheEffect, Outcome, Source};

use crate::support::entities::keys::{PassengerId, airport, passenger, seat};
use crate::support::entities::{coded, flight};
use crate::support::probe::{Probe, Seen};

on_every_stage! {
    async fn save_inserts_where_the_key_is_not_set_and_updates_where_it_is(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let (store, plain, probe) = (stage.store().await, stage.plain().await, Probe::of(&stage).await);
        let inserted = store.save(flight::departure("WT 1")).await.unwrap();
        assert_eq!(inserted.cache, CacheEffect::Refreshed);
        assert_eq!(probe.look::<flight::Entity>(inserted.model.id).await, Seen::Row(inserted.model.clone()));

        let updated = store.save(flight::delay(inserted.model.id, 15)).await.unwrap();
        assert_eq!(updated.cache, CacheEffect::Refreshed);
        assert_eq!(updated.model, flight::Model { delay_minutes: 15, ..inserted.model });
        assert_eq!(probe.look::<flight::Entity>(updated.model.id).await, Seen::Row(updated.model.clone()));
        assert_eq!(flight::Entity::find().all(&plain).await.unwrap(), [updated.model]);
    }

    async fn save_of_a_new_row_under_a_key_of_our_own_names_insert_through(stage: Stage) {
        stage.create_table(passenger::Entity).await;
        stage.create_table(seat::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let id = PassengerId::from_u128(115);

        let error = passenger::named(id, "Amelia").save_through(&store).await.unwrap_err();
        assert!(matches!(error.db_err(), Some(DbErr::RecordNotUpdated)), "{error}");
        assert!(error.is_not_found());
        assert_eq!(error.outcome(), Outcome::NotCommitted);
        assert!(error.to_string().contains("insert_through"), "{error}");
        assert_eq!(probe.look::<passenger::Entity>(id).await, Seen::Nothing);
        let error = seat::named((1, "1A".into()), "Amelia").save_through(&store).await.unwrap_err();
        assert!(error.is_not_found() && error.to_string().contains("insert_through"), "{error}");

        let inserted = passenger::named(id, "Amelia").insert_through(&store).await.unwrap();
        assert_eq!(probe.look::<passenger::Entity>(id).await, Seen::Row(inserted));
    }

    async fn an_insert_under_a_key_of_our_own_is_cached_under_it(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let inserted = store.insert(flight::numbered(4711, "WT 1")).await.unwrap();
        assert_eq!((inserted.model.id, inserted.cache), (4711, CacheEffect::Refreshed));
        assert_eq!(probe.look::<flight::Entity>(4711).await, Seen::Row(inserted.model));
    }

    async fn an_insert_with_a_key_of_zero_is_cached_under_the_key_it_got(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        assert_eq!(flight::Entity::load_cached(0, &store).await.unwrap(), None);
        let inserted = flight::numbered(0, "WT 1").insert_through(&store).await.unwrap();
        // MySQL generates a key for zero.
        assert_eq!(inserted.id, if stage.backend == Backend::MySql { 1 } else { 0 });
        assert_eq!(probe.look::<flight::Entity>(inserted.id).await, Seen::Row(inserted.clone()));
        assert_eq!(flight::Entity::load_cached(inserted.id, &store).await.unwrap(), Some(inserted));
    }

    async fn an_update_of_a_missing_row_is_an_error_and_leaves_nothing_behind(stage: Stage) {
        stage.create_table(flight::Entity).await;
        stage.create_table(airport::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let error = flight::delay(7, 1).update_through(&store).await.unwrap_err();
        assert!(matches!(error.db_err(), Some(DbErr::RecordNotUpdated)), "{error}");
        assert!(error.is_not_found());
        assert_eq!(error.outcome(), Outcome::NotCommitted);
        assert_eq!(probe.look::<flight::Entity>(7).await, Seen::Nothing);

        let error = airport::named("BER".into(), "Berlin").update_through(&store).await.unwrap_err();
        assert!(error.is_not_found());
        assert_eq!(probe.look::<airport::Entity>("BER".to_owned()).await, Seen::Nothing);
    }

    async fn an_update_without_a_key_is_refused_before_anything_happens(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let store = stage.store().await;
        let error = flight::departure("WT 1").update_through(&store).await.unwrap_err();
        assert!(matches!(error.db_err(), Some(DbErr::PrimaryKeyNotSet { .. })), "{error}");
        assert_eq!(error.outcome(), Outcome::NotCommitted);
    }

    async fn an_update_with_nothing_set_returns_the_row_as_it_is_and_publishes_nothing(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let (store, plain, probe) = (stage.store().await, stage.plain().await, Probe::of(&stage).await);
        let saved = flight::departure("WT 1").save_through(&store).await.unwrap();
        // Somebody else changes the row; the save that sets nothing has not locked it, so its row may be old.
        let changed = flight::delay(saved.id, 45).update(&plain).await.unwrap();

        let unchanged = flight::ActiveModel { id: Unchanged(saved.id), ..Default::default() };
        let returned = store.save(unchanged.clone()).await.unwrap();
        assert_eq!((&returned.model, returned.cache), (&changed, CacheEffect::Invalidated));
        assert_eq!(probe.look::<flight::Entity>(saved.id).await, Seen::Nothing);
        assert_eq!(flight::Entity::load_cached(saved.id, &store).await.unwrap(), Some(changed.clone()));
        assert_eq!(store.update(unchanged).await.unwrap().model, changed);

        let error = flight::ActiveModel { id: Set(99), ..Default::default() }.update_through(&store).await.unwrap_err();
        assert!(error.is_not_found(), "{error}");
        assert_eq!(error.outcome(), Outcome::NotCommitted);
        assert_eq!(probe.look::<flight::Entity>(99).await, Seen::Nothing);
    }

    async fn an_update_that_sets_the_same_value_again_is_an_update(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let saved = flight::departure("WT 1").save_through(&store).await.unwrap();
        let again = store.save(flight::delay(saved.id, saved.delay_minutes)).await.unwrap();
        assert_eq!((&again.model, again.cache), (&saved, CacheEffect::Refreshed));
        assert_eq!(probe.look::<flight::Entity>(saved.id).await, Seen::Row(saved));
    }

    async fn a_duplicate_key_changes_nothing_for_anybody(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let store = stage.store().await;
        let saved = flight::numbered(1, "WT 1").insert_through(&store).await.unwrap();
        let error = flight::numbered(1, "WT 2").insert_through(&store).await.unwrap_err();
        assert!(error.is_unique_violation(), "{error}");
        assert!(!error.is_not_found() && !error.is_retryable());
        assert_eq!(error.outcome(), Outcome::NotCommitted);

        // No fence stays: the first load fills what the second one finds.
        assert_eq!(flight::Entity::load_cached(1, &store).await.unwrap(), Some(saved.clone()));
        let again = store.load::<flight::Entity>(1).await.unwrap();
        assert_eq!((again.model, again.source), (Some(saved), Source::Cache));
    }

    async fn a_statement_that_the_database_refuses_leaves_entry_and_row_alone(stage: Stage) {
        stage.create_table(coded::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let one = coded::ActiveModel { code: Set("one".into()), ..Default::default() };
        let one = one.save_through(&store).await.unwrap();
        let two = coded::ActiveModel { code: Set("two".into()), ..Default::default() };
        let two = two.save_through(&store).await.unwrap();

        let taken = coded::ActiveModel { id: Set(two.id), code: Set("one".into()) };
        let error = taken.save_through(&store).await.unwrap_err();
        assert!(error.is_unique_violation(), "{error}");
        assert_eq!(error.outcome(), Outcome::NotCommitted);
        let third = coded::ActiveModel { code: Set("one".into()), ..Default::default() };
        assert!(third.save_through(&store).await.unwrap_err().is_unique_violation());

        assert_eq!(probe.look::<coded::Entity>(one.id).await, Seen::Row(one.clone()));
        let rows = coded::Entity::load_many_cached([one.id, two.id, two.id + 1], &store).await.unwrap();
        assert_eq!(rows, [Some(one), Some(two), None]);
    }
}
