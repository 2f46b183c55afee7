//! What one store writes, every other one reads.

use sea_orm::{ActiveModelTrait, EntityTrait};
use writethrough::Source;

use crate::support::entities::flight;
use crate::support::probe::{Probe, Seen, recorded};

on_every_stage! {
    async fn a_row_written_by_one_store_is_read_by_another_without_a_statement(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let writer = stage.store().await;
        let (reader, log) = recorded(&stage).await;

        let saved = flight::departure("WT 115").save_through(&writer).await.unwrap();
        assert_eq!(flight::Entity::load_cached(saved.id, &reader).await.unwrap(), Some(saved.clone()));

        let late = flight::delay(saved.id, 90).save_through(&writer).await.unwrap();
        assert_eq!(late, flight::Model { delay_minutes: 90, ..saved });
        assert_eq!(flight::Entity::load_cached(late.id, &reader).await.unwrap(), Some(late.clone()));

        assert!(flight::Entity::delete_by_id_through(late.id, &writer).await.unwrap());
        assert_eq!(flight::Entity::load_cached(late.id, &reader).await.unwrap(), None);
        assert_eq!(log.take(), Vec::<String>::new());
    }

    async fn a_miss_fills_the_cache_for_everybody(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let stored = flight::departure("WT 1").insert(&stage.plain().await).await.unwrap();
        let (one, other) = (stage.store().await, stage.store().await);

        let first = one.load::<flight::Entity>(stored.id).await.unwrap();
        assert_eq!((first.model.as_ref(), first.source), (Some(&stored), Source::Database));
        for store in [&one, &other] {
            let again = store.load::<flight::Entity>(stored.id).await.unwrap();
            assert_eq!((again.model.as_ref(), again.source), (Some(&stored), Source::Cache));
        }
    }

    async fn a_write_behind_the_stores_back_is_seen_after_invalidate(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let (store, plain) = (stage.store().await, stage.plain().await);
        let mut known = Vec::new();
        for flight_no in ["WT 1", "WT 2", "WT 3"] {
            known.push(flight::departure(flight_no).save_through(&store).await.unwrap());
        }
        for flight in &known {
            flight::delay(flight.id, 30).update(&plain).await.unwrap();
        }
        let delays = async |store| {
            let flights = flight::Entity::load_many_cached(known.iter().map(|flight| flight.id), store).await.unwrap();
            flights.into_iter().map(|flight| flight.unwrap().delay_minutes).collect::<Vec<_>>()
        };
        assert_eq!(delays(&store).await, [0, 0, 0]);

        flight::Entity::invalidate(known[0].id, &store).await.unwrap();
        known[1].invalidate(&store).await.unwrap();
        assert_eq!(delays(&store).await, [30, 30, 0]);

        flight::Entity::invalidate_all(&store).await.unwrap();
        assert_eq!(delays(&store).await, [30, 30, 30]);
    }

    async fn invalidate_all_touches_no_other_entity_and_no_other_namespace(stage: Stage) {
        use crate::support::entities::policies::refresh;
        stage.create_table(flight::Entity).await;
        stage.create_table(refresh::Entity).await;
        let store = stage.store().await;
        let neighbour = format!("{}-neighbour", stage.namespace());
        let other = stage.builder().namespace(&neighbour).build().await.unwrap();
        let flight = flight::departure("WT 1").save_through(&store).await.unwrap();
        let ticket = refresh::priced(1, 5).insert_through(&store).await.unwrap();
        other.load::<flight::Entity>(flight.id).await.unwrap();

        flight::Entity::invalidate_all(&store).await.unwrap();
        let probe = Probe::of(&stage).await;
        assert_eq!(probe.look::<flight::Entity>(flight.id).await, Seen::Nothing);
        assert_eq!(probe.look::<refresh::Entity>(1).await, Seen::Row(ticket));
        assert_eq!(Probe::at(&stage, &neighbour).await.look::<flight::Entity>(flight.id).await, Seen::Row(flight));
    }

    async fn an_entry_that_cannot_be_understood_is_a_miss_that_heals(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let store = stage.store().await;
        let saved = flight::departure("WT 1").save_through(&store).await.unwrap();
        let probe = Probe::of(&stage).await;
        probe.scribble::<flight::Entity>(saved.id, b"\xff not an entry of any version").await;
        assert_eq!(probe.look::<flight::Entity>(saved.id).await, Seen::Undecodable);

        let healed = store.load::<flight::Entity>(saved.id).await.unwrap();
        assert_eq!((healed.model.as_ref(), healed.source), (Some(&saved), Source::Database));
        assert_eq!(probe.look::<flight::Entity>(saved.id).await, Seen::Row(saved.clone()));

        probe.scribble::<flight::Entity>(saved.id, b"").await;
        let many = flight::Entity::load_many_cached([saved.id], &store).await.unwrap();
        assert_eq!(many, [Some(saved.clone())]);
        assert_eq!(probe.look::<flight::Entity>(saved.id).await, Seen::Row(saved));
    }

    async fn the_entry_of_another_row_is_not_taken_for_the_one_that_was_asked_for(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let store = stage.store().await;
        let one = flight::departure("WT 1").save_through(&store).await.unwrap();
        let two = flight::departure("WT 2").save_through(&store).await.unwrap();
        let probe = Probe::of(&stage).await;
        probe.copy::<flight::Entity>(one.id, two.id).await;
        assert_eq!(probe.look::<flight::Entity>(two.id).await, Seen::Row(one));
        assert_eq!(flight::Entity::load_cached(two.id, &store).await.unwrap(), Some(two.clone()));
        assert_eq!(probe.look::<flight::Entity>(two.id).await, Seen::Row(two.clone()));
        assert_eq!(flight::Entity::find_by_id(two.id).one(store.database()).await.unwrap(), Some(two));
    }
}
