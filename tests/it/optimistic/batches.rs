//! Batches with rows that have a version: one lost race takes all of it back.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::EntityTrait;
use writethrough::{Source, Store};

use super::{Stage, assert_conflict, stored};
use crate::support::entities::versioned::account::{ActiveModel, Entity, Model, known, opened};
use crate::support::entities::versioned::{hooked, seat};
use crate::support::probe::{Probe, Seen};

/// Accounts 1 to 3 of version 1, and two stores.
async fn with_accounts(stage: &Stage) -> (Store, Store, Vec<Model>) {
    stage.create_table(Entity).await;
    let (store, other) = (stage.store().await, stage.store().await);
    let accounts = Entity::insert_many_through((1..=3).map(|id| opened(id, 100)), &store).await.expect("inserted");
    (store, other, accounts)
}

fn with(accounts: &[Model], miles: i64) -> Vec<ActiveModel> {
    accounts.iter().map(|account| account.clone().with(miles)).collect()
}

on_every_stage! {
    async fn each_row_of_a_batch_has_the_next_version(stage: Stage) {
        let (store, other, accounts) = with_accounts(&stage).await;
        let saved = Entity::save_many_through(with(&accounts, 50), &store).await.unwrap();
        assert_eq!(saved, [1, 2, 3].map(|id| Model { id, miles: 50, version: 2 }));
        for account in &saved {
            let loaded = other.load::<Entity>(account.id).await.unwrap();
            assert_eq!((loaded.model.as_ref(), loaded.source), (Some(account), Source::Cache));
        }
        let twice = [saved[0].clone().with(60), Model { version: 3, ..saved[0].clone() }.with(70)];
        let saved = Entity::save_many_through(twice, &store).await.unwrap();
        assert_eq!(saved.iter().map(|row| (row.miles, row.version)).collect::<Vec<_>>(), [(60, 3), (70, 4)]);
        assert_eq!(Entity::load_cached(1, &other).await.unwrap().as_ref(), saved.last());
    }

    async fn one_lost_race_takes_the_whole_batch_back(stage: Stage) {
        let (store, other, accounts) = with_accounts(&stage).await;
        let faster = accounts[1].clone().with(1).save_through(&other).await.unwrap();
        let mut batch = with(&accounts, 50);
        batch.push(known(1, 2));
        assert_conflict(Entity::save_many_through(batch, &store).await);
        let rows = [accounts[0].clone(), faster, accounts[2].clone()];
        for row in &rows {
            assert_eq!(stored(&stage, row.id).await.as_ref(), Some(row));
        }
        let loaded = Entity::load_many_cached([1, 2, 3], &store).await.unwrap();
        assert_eq!(loaded, rows.clone().map(Some));
        let again = Entity::save_many_through(with(&rows, 60), &store).await.unwrap();
        assert_eq!(again.iter().map(|row| row.version).collect::<Vec<_>>(), [2, 3, 2]);
    }

    async fn a_conflict_evicts_the_entries_of_the_batch(stage: Stage) {
        let (store, _, accounts) = with_accounts(&stage).await;
        let plain = stage.plain().await;
        for account in &accounts[1..] {
            Entity::update(ActiveModel { version: Set(2), ..account.clone().with(7) }).exec(&plain).await.unwrap();
        }
        let old: Vec<_> = Entity::load_many_cached([1, 2, 3], &store).await.unwrap().into_iter().flatten().collect();
        assert_eq!(old, accounts, "from the cache");
        assert_conflict(Entity::save_many_through(with(&old, 50), &store).await);
        let probe = Probe::of(&stage).await;
        for id in [2, 3] {
            assert_eq!(probe.look::<Entity>(id).await, Seen::Nothing, "both old entries, though one was enough to fail");
        }
        let fresh: Vec<_> = Entity::load_many_cached([1, 2, 3], &store).await.unwrap().into_iter().flatten().collect();
        assert_eq!(Entity::save_many_through(with(&fresh, 50), &store).await.unwrap().len(), 3);
    }

    async fn inserts_beside_a_lost_race_are_taken_back_too(stage: Stage) {
        stage.create_table(hooked::Entity).await;
        let store = stage.store().await;
        let named = |name| hooked::ActiveModel { id: NotSet, ..hooked::named(0, name) };
        let one = hooked::journal_of(named("one").insert_through(&store)).await.0.unwrap();
        let old = hooked::ActiveModel { name: Set("two".into()), ..one.into() };
        hooked::journal_of(old.clone().save_through(&store)).await.0.unwrap();
        let batch = [named("new"), old];
        let (lost, told) = hooked::journal_of(hooked::Entity::save_many_through(batch, &store)).await;
        assert_conflict(lost);
        assert!(told.iter().all(|line| line.starts_with("before_save")), "{told:?}");
        assert_eq!(hooked::Entity::find().all(store.database()).await.unwrap().len(), 1);
    }

    async fn a_missing_row_is_not_found(stage: Stage) {
        let (store, _, accounts) = with_accounts(&stage).await;
        let batch = [accounts[0].clone().with(5), ActiveModel { miles: Set(5), ..known(9, 1) }];
        let error = Entity::save_many_through(batch, &store).await.unwrap_err();
        assert!(error.is_not_found() && !error.is_conflict(), "{error:?}");
        assert_eq!(stored(&stage, 1).await.as_ref(), accounts.first());
    }

    async fn a_row_without_a_version_is_refused_before_anything_is_sent(stage: Stage) {
        let (store, _, accounts) = with_accounts(&stage).await;
        let batch = [accounts[0].clone().with(5), ActiveModel { version: NotSet, ..accounts[1].clone().with(5) }];
        assert!(Entity::save_many_through(batch, &store).await.unwrap_err().is_bad_input());
        assert_eq!(stored(&stage, 1).await.as_ref(), accounts.first());
        assert_eq!(Probe::of(&stage).await.look::<Entity>(1).await, Seen::Row(accounts[0].clone()));
    }

    async fn in_a_transaction_a_batch_that_lost_fails_its_level(stage: Stage) {
        let (store, other, accounts) = with_accounts(&stage).await;
        let faster = accounts[1].clone().with(1).save_through(&other).await.unwrap();
        let tx = store.begin().await.unwrap();
        accounts[2].clone().with(9).save_through(&tx).await.unwrap();
        let nested = tx.begin().await.unwrap();
        assert_conflict(Entity::save_many_through(with(&accounts[..2], 50), &nested).await);
        assert!(nested.commit().await.unwrap_err().is_rolled_back());
        let saved = Entity::save_many_through([accounts[0].clone().with(50), faster.with(50)], &tx).await.unwrap();
        assert_eq!(saved.iter().map(|row| row.version).collect::<Vec<_>>(), [2, 3]);
        tx.commit().await.unwrap();
        let rows = Entity::load_many_cached([1, 2, 3], &other).await.unwrap();
        let shown: Vec<_> = rows.into_iter().flatten().map(|row| (row.miles, row.version)).collect();
        assert_eq!(shown, [(50, 2), (50, 3), (9, 2)]);
    }

    async fn keys_with_text_in_them_are_checked_too(stage: Stage) {
        stage.create_table(seat::Entity).await;
        let (store, other) = (stage.store().await, stage.store().await);
        let rows = ["1A", "1B"].map(|number| seat::sold(400, number, "Ann"));
        let seats = seat::Entity::insert_many_through(rows, &store).await.unwrap();
        seats[1].clone().for_("Bob").save_through(&other).await.unwrap();
        let batch: Vec<_> = seats.iter().map(|seat| seat.clone().for_("Cid")).collect();
        assert_conflict(seat::Entity::save_many_through(batch, &store).await);
        let ids = ["1A", "1B"].map(|number| (400, number.to_owned()));
        let loaded: Vec<_> = seat::Entity::load_many_cached(ids, &store).await.unwrap().into_iter().flatten().collect();
        assert_eq!(loaded.iter().map(|seat| (seat.passenger.as_str(), seat.version)).collect::<Vec<_>>(), [("Ann", 0), ("Bob", 1)]);
        let batch: Vec<_> = loaded.into_iter().map(|seat| seat.for_("Cid")).collect();
        let saved = seat::Entity::save_many_through(batch, &store).await.unwrap();
        assert_eq!(saved.iter().map(|seat| seat.version).collect::<Vec<_>>(), [1, 2]);
    }
}
