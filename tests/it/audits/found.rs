//! Entries that somebody made stale behind the store's back.

use std::time::{Duration, SystemTime};

use sea_orm::sea_query::IntoValueTuple;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait};
use writethrough::__private::load_by_key;
use writethrough::{Audit, AuditRepair, AuditReport, Difference, Source, Store};

use crate::support::entities::flight;
use crate::support::entities::keys::{airport, seat};
use crate::support::entities::listed::leg;
use crate::support::entities::uniques::ticket;
use crate::support::probe::{Probe, Seen};

async fn audit(store: &Store, audit: Audit) -> AuditReport {
    store.audit::<flight::Entity>(audit).await.expect("database and cache answer")
}

/// The keys and what is wrong with them.
fn found(report: &AuditReport) -> Vec<(sea_orm::sea_query::ValueTuple, Difference)> {
    assert_eq!(report.differing, report.stale.len() as u64);
    let mut found: Vec<_> = report.stale.iter().map(|entry| (entry.primary_key.clone(), entry.difference)).collect();
    found.sort_by_key(|(key, _)| format!("{key:?}"));
    found
}

on_every_stage! {
    async fn a_row_that_was_changed_behind_the_stores_back_is_found_and_repaired(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let (store, plain) = (stage.store().await, stage.plain().await);
        let began = SystemTime::now();
        for id in 1..=250 {
            flight::numbered(id, "WT 1").insert_through(&store).await.unwrap();
        }
        assert!(audit(&store, Audit::all()).await.is_clean());
        flight::delay(7, 30).update(&plain).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;

        let report = audit(&store, Audit::all()).await;
        assert_eq!(found(&report), [(7.into_value_tuple(), Difference::Changed)]);
        assert_eq!((report.rows, report.compared, report.unreadable), (250, 500, 0), "from both sides: {report:?}");
        let stale = &report.stale[0];
        assert_eq!(stale.repair, AuditRepair::NotAsked);
        assert!(stale.age >= Duration::from_millis(300), "{stale:?}");
        assert!(stale.age <= began.elapsed().unwrap() + Duration::from_millis(100), "{stale:?}");
        assert_eq!(store.load::<flight::Entity>(7).await.unwrap().model.unwrap().delay_minutes, 0, "it only looked");

        let repaired = audit(&store, Audit::all().repair()).await;
        assert_eq!(repaired.stale[0].repair, AuditRepair::Removed);
        let loaded = store.load::<flight::Entity>(7).await.unwrap();
        assert_eq!((loaded.model.unwrap().delay_minutes, loaded.source), (30, Source::Database));
        assert!(audit(&store, Audit::all()).await.is_clean());
    }

    async fn a_row_that_was_deleted_behind_the_stores_back_is_found_and_repaired(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let (store, plain) = (stage.store().await, stage.plain().await);
        for id in 1..=20 {
            flight::numbered(id, "WT 1").insert_through(&store).await.unwrap();
        }
        flight::Entity::delete_by_id(3).exec(&plain).await.unwrap();

        let report = audit(&store, Audit::sample(100).repair()).await;
        assert_eq!(found(&report), [(3.into_value_tuple(), Difference::Deleted)]);
        assert_eq!(store.load::<flight::Entity>(3).await.unwrap().model, None);
    }

    async fn a_row_that_was_inserted_behind_a_remembered_absence_is_found_and_repaired(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let (store, plain) = (stage.store().await, stage.plain().await);
        assert_eq!(flight::Entity::load_cached(5, &store).await.unwrap(), None);
        let row = flight::numbered(5, "WT 5").insert(&plain).await.unwrap();
        assert_eq!(flight::Entity::load_cached(5, &store).await.unwrap(), None, "its absence is remembered");

        let report = audit(&store, Audit::sample(100).repair()).await;
        assert_eq!(found(&report), [(5.into_value_tuple(), Difference::Inserted)]);
        assert_eq!(flight::Entity::load_cached(5, &store).await.unwrap(), Some(row));
    }

    async fn a_value_of_a_unique_key_that_was_taken_behind_a_remembered_absence_is_found(stage: Stage) {
        stage.create_table(ticket::Entity).await;
        let (store, plain) = (stage.store().await, stage.plain().await);
        let load = async || load_by_key::<ticket::Entity, _>(ticket::CODE, ticket::code(1001), &store).await.unwrap();
        assert_eq!(load().await, None);
        let row = ticket::numbered(1, "ann@x").insert(&plain).await.unwrap();
        assert_eq!(load().await, None, "its absence is remembered");

        let report = store.audit::<ticket::Entity>(Audit::all().repair()).await.unwrap();
        assert_eq!(found(&report), [(1.into_value_tuple(), Difference::Taken)]);
        assert_eq!(load().await, Some(row));
        assert!(store.audit::<ticket::Entity>(Audit::all()).await.unwrap().is_clean());
    }

    async fn a_list_that_lacks_a_row_is_found_and_one_that_has_too_many_is_not(stage: Stage) {
        stage.create_table(leg::Entity).await;
        let (store, plain) = (stage.store().await, stage.plain().await);
        let load = async |airline| {
            leg::ids(&leg::Entity::load_all_cached_by_airline_id(airline, &store).await.unwrap())
        };
        for (id, airline) in [(1, 5), (2, 5), (3, 6)] {
            leg::flown(id, airline).insert_through(&store).await.unwrap();
        }
        assert_eq!((load(5).await, load(6).await), (vec![1, 2], vec![3]));
        leg::moved(2, 7).update_through(&store).await.unwrap();
        let audit = async || store.audit::<leg::Entity>(Audit::all().repair()).await.unwrap();
        assert!(audit().await.is_clean(), "whoever loads a row that has left, finds out");

        leg::flown(4, 6).insert(&plain).await.unwrap();
        assert_eq!(load(6).await, [3], "nobody was told");
        assert_eq!(found(&audit().await), [(4.into_value_tuple(), Difference::Unlisted)]);
        assert_eq!(load(6).await, [3, 4]);
        assert!(audit().await.is_clean());
    }

    async fn a_fence_in_flight_is_not_reported(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let (store, plain, probe) = (stage.store().await, stage.plain().await, Probe::of(&stage).await);
        for id in 1..=2 {
            flight::numbered(id, "WT 1").insert_through(&store).await.unwrap();
        }
        let fence = probe.fence::<flight::Entity>(1).await;
        flight::delay(1, 30).update(&plain).await.unwrap();

        let report = audit(&store, Audit::all().repair()).await;
        assert!(report.is_clean(), "{report:?}");
        assert_eq!(report.compared, 2, "the other, from both sides");
        assert_eq!(probe.look::<flight::Entity>(1).await, Seen::Fenced, "it was left alone");
        probe.finish::<flight::Entity>(1, fence).await;
    }

    async fn an_entry_that_nobody_reads_is_no_difference(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        for id in 1..=3 {
            flight::numbered(id, "WT 1").insert_through(&store).await.unwrap();
        }
        probe.scribble::<flight::Entity>(1, b"from a later version").await;
        probe.copy::<flight::Entity>(2, 3).await;

        let report = audit(&store, Audit::all()).await;
        assert!(report.is_clean(), "{report:?}");
        assert_eq!(report.unreadable, 4, "two entries, from both sides: {report:?}");
    }

    async fn keys_of_text_and_of_two_columns_are_walked_in_their_order(stage: Stage) {
        stage.create_table(airport::Entity).await;
        stage.create_table(seat::Entity).await;
        let (store, plain) = (stage.store().await, stage.plain().await);
        for number in 0..150 {
            airport::named(format!("A{number}"), "x").insert_through(&store).await.unwrap();
            seat::named((number % 7, format!("{number}A")), "x").insert_through(&store).await.unwrap();
        }
        plain.execute_unprepared("UPDATE airport SET name = 'y'").await.unwrap();
        plain.execute_unprepared("UPDATE seat SET name = 'y'").await.unwrap();

        let airports = store.audit::<airport::Entity>(Audit::all()).await.unwrap();
        let seats = store.audit::<seat::Entity>(Audit::all()).await.unwrap();
        assert_eq!((airports.rows, airports.differing), (150, 150));
        assert_eq!((seats.rows, seats.differing), (150, 150));
    }

    async fn a_sample_is_no_larger_than_asked_for_and_differs_from_time_to_time(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let (store, plain) = (stage.store().await, stage.plain().await);
        for id in 1..=60 {
            flight::numbered(id, "WT 1").insert_through(&store).await.unwrap();
        }
        plain.execute_unprepared("UPDATE flight SET gate = 'Z'").await.unwrap();
        let mut samples = Vec::new();
        for _ in 0..8 {
            let report = audit(&store, Audit::sample(5)).await;
            assert_eq!(report.rows, 5);
            assert!(report.compared <= 10 && (5..=10).contains(&report.differing), "{report:?}");
            samples.push(format!("{:?}", found(&report)));
        }
        samples.dedup();
        assert!(samples.len() > 1, "eight times the same five of sixty");
    }

    async fn what_is_shown_of_a_report_bears_no_value_of_a_column(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let (store, plain) = (stage.store().await, stage.plain().await);
        flight::numbered(424_242, "SECRET").insert_through(&store).await.unwrap();
        flight::delay(424_242, 717_171).update(&plain).await.unwrap();
        let report = audit(&store, Audit::all()).await;
        assert_eq!(report.differing, 1);
        let stale = format!("{:?}", report.stale);
        assert!(!stale.contains("424242") && !stale.contains("SECRET") && !stale.contains("717171"), "{stale}");
        let whole = format!("{report:?}");
        assert!(!whole.contains("424242") && !whole.contains("SECRET") && !whole.contains("717171"), "{whole}");
    }
}
