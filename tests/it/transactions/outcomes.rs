//! Commit, rollback, and neither.

use sea_orm::{ConnectionTrait, EntityTrait, IsolationLevel, Statement, TransactionOptions};
use writethrough::{Error, Source};

use super::{delay_in, delay_of, with_flights};
use crate::support::entities::flight::{Entity, delay, departure, gate, numbered};
use crate::support::entities::keys::airport;
use crate::support::probe::{Probe, Seen};

on_every_stage! {
    async fn with_the_commit_every_row_it_wrote_stands_in_the_cache(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        let tx = store.begin().await.unwrap();
        delay(1, 10).save_through(&tx).await.unwrap();
        delay(2, 20).update_through(&tx).await.unwrap();
        let generated = departure("WT").insert_through(&tx).await.unwrap();
        numbered(100, "WT").insert_through(&tx).await.unwrap();
        assert!(Entity::delete_by_id_through(3, &tx).await.unwrap());
        assert_eq!(delay_of(1, &other).await, (Some(0), Source::Cache), "nothing is committed yet");

        tx.commit().await.unwrap();

        assert_eq!(delay_of(1, &other).await, (Some(10), Source::Cache));
        assert_eq!(delay_of(2, &other).await, (Some(20), Source::Cache));
        assert_eq!(delay_of(3, &other).await, (None, Source::Cache));
        assert_eq!(delay_of(generated.id, &other).await, (Some(0), Source::Cache));
        assert_eq!(delay_of(100, &other).await, (Some(0), Source::Cache));
    }

    async fn of_several_writes_of_one_row_the_last_stands_in_the_cache(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        let saved = store.transaction(async |tx| {
            delay(1, 10).save_through(tx).await?;
            gate(1, "B2").save_through(tx).await?;
            assert!(Entity::delete_by_id_through(2, tx).await?);
            numbered(2, "NEW").insert_through(tx).await?;
            numbered(200, "WT").insert_through(tx).await?;
            assert!(Entity::delete_by_id_through(200, tx).await?);
            delay(1, 30).save_through(tx).await
        });
        let saved = saved.await.unwrap();
        assert_eq!((saved.delay_minutes, saved.gate.as_str()), (30, "B2"));
        let loaded = other.load::<Entity>(1).await.unwrap();
        assert_eq!((loaded.model, loaded.source), (Some(saved), Source::Cache));
        let renewed = other.load::<Entity>(2).await.unwrap();
        assert_eq!((renewed.model.unwrap().flight_no.as_str(), renewed.source), ("NEW", Source::Cache));
        assert_eq!(delay_of(200, &other).await, (None, Source::Cache));
    }

    async fn a_rollback_leaves_no_trace_in_the_cache(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        let probe = Probe::of(&stage).await;
        let before = probe.look::<Entity>(1).await;
        let tx = store.begin().await.unwrap();
        let written = delay(1, 10).save_through(&tx).await.unwrap();
        assert_eq!(written.delay_minutes, 10);
        let generated = departure("WT").insert_through(&tx).await.unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(probe.look::<Entity>(1).await, before);
        assert_eq!(probe.look::<Entity>(generated.id).await, Seen::Nothing);
        assert_eq!(delay_of(1, &other).await, (Some(0), Source::Cache));
        assert_eq!(delay_of(generated.id, &other).await.0, None);
    }

    async fn work_that_fails_is_rolled_back_and_its_error_returned(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        let failed = store.transaction(async |tx| {
            delay(1, 10).save_through(tx).await?;
            Err::<(), Error>(sea_orm::DbErr::Custom("no more seats".to_owned()).into())
        });
        assert_eq!(failed.await.unwrap_err().db_err(), Some(&sea_orm::DbErr::Custom("no more seats".to_owned())));
        assert_eq!(delay_of(1, &other).await, (Some(0), Source::Cache));
    }

    async fn a_dropped_transaction_leaves_no_trace_in_the_cache(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        let tx = store.begin().await.unwrap();
        delay(1, 10).save_through(&tx).await.unwrap();
        drop(tx);
        assert_eq!(delay_of(1, &other).await, (Some(0), Source::Cache));
        let stored = Entity::find_by_id(1).one(&stage.plain().await).await.unwrap().unwrap();
        assert_eq!(stored.delay_minutes, 0);
    }

    async fn an_invalidation_takes_effect_with_the_commit(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        let tx = store.begin().await.unwrap();
        Entity::invalidate(1, &tx).await.unwrap();
        assert_eq!(delay_of(1, &other).await.1, Source::Cache);
        tx.rollback().await.unwrap();
        assert_eq!(delay_of(1, &other).await.1, Source::Cache, "a rollback takes it back");
        store.transaction(async |tx| Entity::invalidate(1, tx).await).await.unwrap();
        assert_eq!(delay_of(1, &other).await.1, Source::Database);
        store.transaction(async |tx| Entity::invalidate_all(tx).await).await.unwrap();
        for id in 1..=3 {
            assert_eq!(delay_of(id, &other).await.1, Source::Database);
        }
    }

    async fn a_save_that_sets_nothing_publishes_nothing(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        let nothing = crate::support::entities::flight::ActiveModel { id: delay(1, 0).id, ..Default::default() };
        store.transaction(async |tx| nothing.save_through(tx).await.map(drop)).await.unwrap();
        assert_eq!(delay_of(1, &other).await.1, Source::Database);
    }

    async fn rows_under_text_keys_are_kept_under_the_spelling_that_is_stored(stage: Stage) {
        stage.create_table(airport::Entity).await;
        let (store, other) = (stage.store().await, stage.store().await);
        store.transaction(async |tx| {
            airport::named("BER".to_owned(), "Berlin").insert_through(tx).await?;
            airport::named("FRA".to_owned(), "Frankfurt").insert_through(tx).await?;
            airport::named("BER".to_owned(), "Brandenburg").update_through(tx).await?;
            assert!(airport::Entity::delete_by_id_through("FRA".to_owned(), tx).await?);
            assert!(!airport::Entity::delete_by_id_through("XXX".to_owned(), tx).await?);
            Ok::<_, Error>(())
        }).await.unwrap();
        let loaded = other.load::<airport::Entity>("BER".to_owned()).await.unwrap();
        assert_eq!((loaded.model.unwrap().name.as_str(), loaded.source), ("Brandenburg", Source::Cache));
        assert_eq!(other.load::<airport::Entity>("FRA".to_owned()).await.unwrap().model, None);
    }

    async fn statements_side_by_side_are_sent_one_after_the_other(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        store.transaction(async |tx| {
            let (one, two, three, loaded) = tokio::join!(
                delay(1, 10).save_through(tx),
                gate(1, "B2").save_through(tx),
                delay(2, 20).save_through(tx),
                Entity::load_cached(3, tx),
            );
            one.and(two).and(three)?;
            loaded?;
            Ok::<_, Error>(())
        }).await.unwrap();
        let first = other.load::<Entity>(1).await.unwrap();
        let first = (first.model.unwrap(), first.source);
        assert_eq!((first.0.delay_minutes, first.0.gate.as_str(), first.1), (10, "B2", Source::Cache));
        assert_eq!(delay_of(2, &other).await, (Some(20), Source::Cache));
    }

    async fn options_are_those_of_the_outermost_transaction(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        let serializable = || TransactionOptions { isolation_level: Some(IsolationLevel::Serializable), ..Default::default() };
        let tx = store.begin_with(serializable()).await.unwrap();
        if stage.backend == Backend::Postgres {
            let level = Statement::from_string(tx.get_database_backend(), "SHOW transaction_isolation");
            let level: String = tx.query_one_raw(level).await.unwrap().unwrap().try_get_by_index(0).unwrap();
            assert_eq!(level, "serializable");
        }
        delay(1, 10).save_through(&tx).await.unwrap();
        let refused = tx.begin_with(serializable()).await.unwrap_err();
        assert!(refused.to_string().contains("outermost"), "{refused}");
        delay(2, 20).save_through(&tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(delay_of(1, &other).await, (Some(10), Source::Cache));
        assert_eq!(delay_of(2, &other).await, (Some(20), Source::Cache));
    }

    async fn loads_inside_see_the_transaction_and_leave_the_cache_alone(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        let probe = Probe::of(&stage).await;
        Entity::invalidate(2, &store).await.unwrap();
        let tx = store.begin().await.unwrap();
        delay(1, 10).save_through(&tx).await.unwrap();
        assert_eq!(delay_in(1, &tx).await.unwrap(), Some(10));
        let many = Entity::load_many_cached([3, 1, 99, 1], &tx).await.unwrap();
        let delays: Vec<_> = many.into_iter().map(|flight| flight.map(|flight| flight.delay_minutes)).collect();
        assert_eq!(delays, [Some(0), Some(10), None, Some(10)]);
        assert_eq!(delay_in(2, &tx).await.unwrap(), Some(0));
        assert_eq!(probe.look::<Entity>(2).await, Seen::Nothing);
        assert_eq!(delay_of(1, &other).await, (Some(0), Source::Cache), "others do not see it");
        tx.rollback().await.unwrap();
    }
}
