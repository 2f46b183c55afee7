//! Loading many rows at once.

use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

use crate::support::entities::flight;
use crate::support::entities::keys::{airport, seat};
use crate::support::probe::{Probe, Seen, recorded};

on_every_stage! {
    async fn many_rows_come_in_the_order_asked_with_duplicates_and_gaps(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let store = stage.store().await;
        let plain = stage.plain().await;
        let mut flights = Vec::new();
        for id in 1..=4 {
            flights.push(flight::numbered(id, &format!("WT {id}")).insert(&plain).await.unwrap());
        }
        // One of them is cached, one is remembered as absent.
        store.load::<flight::Entity>(2).await.unwrap();
        store.load::<flight::Entity>(99).await.unwrap();

        let row = |id: usize| Some(flights[id - 1].clone());
        let expected = [row(3), None, row(1), row(3), row(2), None, row(1)];
        for _ in 0..2 {
            let loaded = flight::Entity::load_many_cached([3, 99, 1, 3, 2, 98, 1], &store).await.unwrap();
            assert_eq!(loaded, expected);
        }
        assert_eq!(flight::Entity::load_many_cached(Vec::<i32>::new(), &store).await.unwrap(), []);
    }

    async fn what_the_cache_does_not_have_is_asked_in_one_statement_and_kept(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let plain = stage.plain().await;
        for id in 1..=5 {
            flight::numbered(id, "WT").insert(&plain).await.unwrap();
        }
        let (store, log) = recorded(&stage).await;
        store.load::<flight::Entity>(1).await.unwrap();
        log.take();

        flight::Entity::load_many_cached(1..=7, &store).await.unwrap();
        let statements = log.take();
        assert_eq!(statements.len(), 1, "{statements:?}");
        assert_eq!(statements[0].matches(['?', '$']).count(), 6, "only what is missing is asked for: {statements:?}");

        let again = flight::Entity::load_many_cached((1..=7).rev(), &store).await.unwrap();
        assert_eq!(again.iter().flatten().map(|flight| flight.id).collect::<Vec<_>>(), [5, 4, 3, 2, 1]);
        assert_eq!(flight::Entity::load_cached(6, &store).await.unwrap(), None);
        assert_eq!(log.take(), Vec::<String>::new());
    }

    async fn more_than_ten_thousand_ids_go_in_several_statements(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let plain = stage.plain().await;
        for id in [1, 9_999, 10_000, 10_001, 10_050] {
            flight::numbered(id, "WT").insert(&plain).await.unwrap();
        }
        let (store, log) = recorded(&stage).await;
        let loaded = flight::Entity::load_many_cached(1..=10_050, &store).await.unwrap();
        assert_eq!(loaded.len(), 10_050);
        let found: Vec<_> = loaded.iter().flatten().map(|flight| flight.id).collect();
        assert_eq!(found, [1, 9_999, 10_000, 10_001, 10_050]);
        assert!(loaded.iter().zip(1..).all(|(flight, id)| flight.as_ref().is_none_or(|flight| flight.id == id)));
        assert_eq!(log.take().len(), 2);

        flight::Entity::load_many_cached(1..=10_050, &store).await.unwrap();
        assert_eq!(log.take(), Vec::<String>::new());
    }

    async fn many_rows_of_a_composite_key_go_in_one_statement(stage: Stage) {
        stage.create_table(seat::Entity).await;
        let plain = stage.plain().await;
        let key = |flight: i32, number: &str| (flight, number.to_owned());
        for (flight, number) in [(1, "1A"), (1, "2A"), (2, "1A")] {
            seat::named(key(flight, number), "somebody").insert(&plain).await.unwrap();
        }
        let (store, log) = recorded(&stage).await;
        // Not the cross product: (2, 2A) is asked for by nobody, (3, 1A) does not exist.
        let asked = [key(2, "1A"), key(3, "1A"), key(1, "2A")];
        for statements in [1, 0] {
            let loaded = seat::Entity::load_many_cached(asked.clone(), &store).await.unwrap();
            let found: Vec<_> =
                loaded.into_iter().map(|seat| seat.map(|seat| (seat.flight_id, seat.number))).collect();
            assert_eq!(found, [Some(key(2, "1A")), None, Some(key(1, "2A"))]);
            assert_eq!(log.take().len(), statements);
        }
    }

    async fn many_text_keys_are_answered_and_their_absence_is_not_remembered(stage: Stage) {
        stage.create_table(airport::Entity).await;
        let store = stage.store().await;
        let ber = airport::named("BER".into(), "Berlin").insert(&stage.plain().await).await.unwrap();
        let asked = ["XXX".to_owned(), "BER".to_owned()];
        let probe = Probe::of(&stage).await;
        for _ in 0..2 {
            let loaded = airport::Entity::load_many_cached(asked.clone(), &store).await.unwrap();
            assert_eq!(loaded, [None, Some(ber.clone())]);
            assert_eq!(probe.look::<airport::Entity>("XXX".to_owned()).await, Seen::Nothing);
            assert_eq!(probe.look::<airport::Entity>("BER".to_owned()).await, Seen::Row(ber.clone()));
        }
    }

    async fn loads_of_many_see_every_write_that_returned_before(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let (writer, reader) = (stage.store().await, stage.store().await);
        for id in 1..=3 {
            flight::numbered(id, "WT").insert_through(&writer).await.unwrap();
        }
        for minutes in 1..=20 {
            let id = minutes % 3 + 1;
            let saved = flight::delay(id, minutes).save_through(&writer).await.unwrap();
            if minutes % 4 == 0 {
                flight::Entity::invalidate(id, &writer).await.unwrap();
            }
            let loaded = flight::Entity::load_many_cached([1, 2, 3], &reader).await.unwrap();
            assert_eq!(loaded[usize::try_from(id - 1).unwrap()], Some(saved));
        }
        let stored = flight::Entity::find_by_id(1).one(writer.database()).await.unwrap().unwrap();
        stored.clone().into_active_model().delete_through(&writer).await.unwrap();
        assert_eq!(flight::Entity::load_many_cached([stored.id], &reader).await.unwrap(), [None]);
    }
}
