//! Updates of a row that has a version.

use sea_orm::ActiveValue::{NotSet, Set, Unchanged};
use sea_orm::{ConnectionTrait, EntityTrait, Statement};
use writethrough::{CacheEffect, OutboxOptions, Outcome, Source};

use super::{assert_conflict, overtaken, stored, with_an_account};
use crate::support::entities::versioned::account::{ActiveModel, Entity, Model, known, opened};
use crate::support::entities::versioned::seat;
use crate::support::probe::{Probe, Seen, recorded};

on_every_stage! {
    async fn a_save_adds_one_to_the_version_for_everybody(stage: Stage) {
        let (store, other, mut account) = with_an_account(&stage).await;
        assert_eq!(account, Model { id: 1, miles: 100, version: 1 }, "an insert leaves it to the database");
        for (round, store) in (2..).zip([&store, &other, &other, &store]) {
            let loaded = store.load::<Entity>(1).await.unwrap();
            assert_eq!((loaded.model, loaded.source), (Some(account.clone()), Source::Cache));
            let saved = store.save(account.with(i64::from(round))).await.unwrap();
            assert_eq!((&saved.model, saved.cache), (&Model { id: 1, miles: round.into(), version: round }, CacheEffect::Refreshed));
            account = saved.model;
        }
        assert_eq!(stored(&stage, 1).await, Some(account));
    }

    async fn an_insert_takes_the_version_it_is_given(stage: Stage) {
        let (store, ..) = with_an_account(&stage).await;
        let account = ActiveModel { version: Set(7), ..opened(2, 5) }.insert_through(&store).await.unwrap();
        assert_eq!(account.version, 7);
        assert_eq!(account.with(6).save_through(&store).await.unwrap().version, 8);
    }

    async fn a_lost_race_is_a_conflict_and_writes_nothing(stage: Stage) {
        let (store, other, account) = with_an_account(&stage).await;
        let faster = account.clone().with(50).save_through(&other).await.unwrap();
        assert_conflict(account.clone().with(20).save_through(&store).await);
        assert_conflict(account.clone().with(20).update_through(&store).await);
        assert_conflict(store.update(account.with(20)).await);
        assert_eq!(stored(&stage, 1).await, Some(faster.clone()));
        let again = Entity::load_cached(1, &store).await.unwrap().unwrap();
        assert_eq!(again, faster);
        assert_eq!(again.with(30).save_through(&store).await.unwrap(), Model { id: 1, miles: 30, version: 3 });
    }

    async fn a_conflict_evicts_the_entry_that_it_came_from(stage: Stage) {
        let (store, other, account) = with_an_account(&stage).await;
        let newer = overtaken(&stage, &account).await;
        let old = Entity::load_cached(1, &store).await.unwrap().unwrap();
        assert_eq!(old, account);
        assert_conflict(old.with(20).save_through(&store).await);
        assert_eq!(Probe::of(&stage).await.look::<Entity>(1).await, Seen::Nothing);
        for store in [&store, &other] {
            assert_eq!(Entity::load_cached(1, store).await.unwrap(), Some(newer.clone()));
        }
        assert_eq!(store.load::<Entity>(1).await.unwrap().source, Source::Cache, "no fence stays");
    }

    async fn a_version_that_is_set_means_what_one_that_was_loaded_means(stage: Stage) {
        let (store, ..) = with_an_account(&stage).await;
        let set = |version| ActiveModel { id: Set(1), miles: Set(5), version: Set(version) };
        assert_conflict(set(2).update_through(&store).await);
        assert_conflict(set(0).update_through(&store).await);
        assert_eq!(set(1).update_through(&store).await.unwrap(), Model { id: 1, miles: 5, version: 2 });
    }

    async fn a_missing_row_is_not_found(stage: Stage) {
        let (store, ..) = with_an_account(&stage).await;
        let error = ActiveModel { miles: Set(5), ..known(9, 1) }.save_through(&store).await.unwrap_err();
        assert!(error.is_not_found() && !error.is_conflict(), "{error:?}");
        assert!(error.to_string().contains("insert_through"), "{error}");
        let error = known(9, 1).update_through(&store).await.unwrap_err();
        assert!(error.is_not_found() && !error.is_conflict(), "{error:?}");
    }

    async fn without_a_version_nothing_is_sent(stage: Stage) {
        let (_keeps_the_cache, _, account) = with_an_account(&stage).await;
        let (store, log) = recorded(&stage).await;
        let unknown = ActiveModel { version: NotSet, ..account.clone().with(5) };
        for result in [unknown.clone().save_through(&store).await, unknown.update_through(&store).await] {
            let error = result.unwrap_err();
            assert!(error.is_bad_input() && error.to_string().contains("load the row"), "{error:?}");
            assert_eq!(error.outcome(), Outcome::NotCommitted);
        }
        assert_eq!(log.take(), Vec::<String>::new());
        assert_eq!(Probe::of(&stage).await.look::<Entity>(1).await, Seen::Row(account));
    }

    async fn with_nothing_set_the_version_is_checked_and_stays(stage: Stage) {
        let (store, other, account) = with_an_account(&stage).await;
        assert_eq!(known(1, 1).save_through(&store).await.unwrap(), account);
        assert_eq!(ActiveModel { version: Set(1), ..known(1, 1) }.save_through(&store).await.unwrap(), account);
        account.with(50).save_through(&other).await.unwrap();
        assert_conflict(known(1, 1).save_through(&store).await);
        assert_eq!(stored(&stage, 1).await, Some(Model { id: 1, miles: 50, version: 2 }));
    }

    async fn the_last_version_is_refused_before_anything_is_sent(stage: Stage) {
        let (store, ..) = with_an_account(&stage).await;
        let last = ActiveModel { version: Set(i32::MAX), ..opened(2, 5) }.insert_through(&store).await.unwrap();
        let error = last.clone().with(6).save_through(&store).await.unwrap_err();
        assert!(error.is_bad_input() && error.to_string().contains("wider type"), "{error:?}");
        assert_eq!(error.outcome(), Outcome::NotCommitted);
        assert_eq!(stored(&stage, 2).await, Some(last.clone()));
        assert!(last.delete_through(&store).await.unwrap());
    }

    async fn a_key_with_text_in_it_is_checked_too(stage: Stage) {
        stage.create_table(seat::Entity).await;
        let (store, other) = (stage.store().await, stage.store().await);
        let id = || (400, "12a".to_owned());
        let seat = seat::sold(400, "12a", "Ann").insert_through(&store).await.unwrap();
        let faster = seat.clone().for_("Bob").save_through(&other).await.unwrap();
        assert_eq!(faster.version, 1);
        assert_conflict(seat.clone().for_("Cid").save_through(&store).await);
        assert_eq!(seat::Entity::load_cached(id(), &store).await.unwrap(), Some(faster.clone()));

        // The entry goes under the spelling that the database has, whichever was asked for.
        let newer = seat::ActiveModel { version: Set(2), ..faster.clone().for_("Dan") };
        seat::Entity::update(newer).exec(&stage.plain().await).await.unwrap();
        let probe = Probe::of(&stage).await;
        assert_eq!(probe.look::<seat::Entity>(id()).await, Seen::Row(faster));
        let other_spelling = seat::ActiveModel { number: Unchanged("12A".to_owned()), ..seat.for_("Cid") };
        let result = other_spelling.save_through(&store).await;
        if stage.backend == Backend::MySql {
            assert_conflict(result);
            assert_eq!(probe.look::<seat::Entity>(id()).await, Seen::Nothing);
        } else {
            assert!(result.unwrap_err().is_not_found());
        }
    }

    async fn with_an_outbox_a_conflict_records_nothing(stage: Stage) {
        let (_, other, account) = with_an_account(&stage).await;
        let plain = stage.plain().await;
        let outbox = OutboxOptions::new().interval(std::time::Duration::from_secs(3600));
        outbox.create_table(&plain).await.unwrap();
        let store = stage.builder().outbox(outbox).register::<Entity>().build().await.unwrap();
        account.clone().with(50).save_through(&other).await.unwrap();
        assert_conflict(account.with(20).save_through(&store).await);
        let count = Statement::from_string(plain.get_database_backend(), "SELECT COUNT(*) FROM writethrough_outbox");
        let count = plain.query_one_raw(count).await.unwrap().unwrap();
        assert_eq!(count.try_get_by_index::<i64>(0).unwrap(), 0);
        assert_eq!(Entity::load_cached(1, &store).await.unwrap().unwrap().with(20).save_through(&store).await.unwrap().version, 3);
    }
}

/// What it costs: nothing more than a save without a version, as long as nobody else is faster.
mod costs {
    use super::*;

    on_every_stage! {
        async fn a_save_that_wins_is_one_statement_more_only_where_rows_are_read_back(stage: Stage) {
            let (_, _, account) = with_an_account(&stage).await;
            let (store, log) = recorded(&stage).await;
            account.with(5).save_through(&store).await.unwrap();
            let statements = log.take();
            assert_eq!(statements.len(), if stage.backend == Backend::MySql { 2 } else { 1 }, "{statements:?}");
        }
    }
}
