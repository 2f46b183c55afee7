//! Futures dropped at every point: each operation is polled once and dropped, polled twice and dropped, and so on until
//! it comes to its end several times in a row, for it does not always need the same number of polls.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, EntityTrait};
use writethrough::{Error, Source, Store};

use crate::support::entities::keys::airport;
use crate::support::entities::policies::refresh_later;
use crate::support::entities::{coded, flight};
use crate::support::probe::{Probe, Seen};
use crate::support::stage::Stage;

/// Polls at most so many times; `None` if it was dropped then.
async fn polled<F: Future>(future: F, times: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut polls = 0;
    poll_fn(|context| {
        polls += 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if polls == times => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Runs the operation with ever more polls, each time on a store of its own that is closed afterwards, so that whatever
/// goes on in the background has come to its end. Then it checks the flight of key 1, and the one that `touched` names.
async fn sweep<T>(stage: &Stage, operation: impl AsyncFn(&Store, i32) -> Result<T, Error>, touched: fn(i32) -> i32) {
    let plain = stage.plain().await;
    let (probe, reader) = (Probe::of(stage).await, stage.store().await);
    let mut finished_in_a_row = 0;
    for times in 1.. {
        let store = stage.store().await;
        let round = i32::try_from(times).unwrap();
        let finished = polled(operation(&store, round), times).await;
        store.close().await.unwrap();
        for id in [1, touched(round)] {
            let stored = flight::Entity::find_by_id(id).one(&plain).await.unwrap();
            let seen = probe.look::<flight::Entity>(id).await;
            match (&seen, &stored) {
                (Seen::Nothing, _) | (Seen::NoSuchRow, None) => {}
                (Seen::Row(row), Some(stored)) if row == stored => {}
                _ => panic!("dropped after {times} polls: {seen:?} stands there, {stored:?} is stored"),
            }
            let loaded = reader.load::<flight::Entity>(id).await.unwrap();
            assert_eq!(loaded.model, stored, "dropped after {times} polls");
        }
        match finished {
            Some(Ok(_)) if finished_in_a_row == 3 => return,
            Some(Ok(_)) => finished_in_a_row += 1,
            Some(Err(error)) => panic!("not dropped within {times} polls, and yet: {error}"),
            None => finished_in_a_row = 0,
        }
        assert!(times < 200, "the operation comes to no end");
    }
}

/// A flight 1 that is stored and, if so wanted, cached.
async fn departed(stage: &Stage) {
    stage.create_table(flight::Entity).await;
    flight::numbered(1, "WT 1").insert(&stage.plain().await).await.unwrap();
}

on_every_stage! {
    async fn a_dropped_load_leaves_no_lease(stage: Stage) {
        departed(&stage).await;
        let probe = Probe::of(&stage).await;
        let load = async |store: &Store, _| {
            probe.invalidate::<flight::Entity>(1).await;
            flight::Entity::load_cached(1, store).await
        };
        sweep(&stage, load, |_| 1).await;
        assert!(matches!(probe.look::<flight::Entity>(1).await, Seen::Row(_)));
    }

    async fn a_dropped_load_of_an_absent_row_leaves_no_lease(stage: Stage) {
        departed(&stage).await;
        let probe = Probe::of(&stage).await;
        let load = async |store: &Store, _| {
            probe.invalidate::<flight::Entity>(2).await;
            flight::Entity::load_cached(2, store).await
        };
        sweep(&stage, load, |_| 2).await;
        assert_eq!(probe.look::<flight::Entity>(2).await, Seen::NoSuchRow);
    }

    async fn a_dropped_load_of_many_leaves_no_lease(stage: Stage) {
        departed(&stage).await;
        let probe = Probe::of(&stage).await;
        let load = async |store: &Store, _| {
            probe.invalidate::<flight::Entity>(1).await;
            probe.invalidate::<flight::Entity>(2).await;
            flight::Entity::load_many_cached([2, 1], store).await
        };
        sweep(&stage, load, |_| 2).await;
        assert!(matches!(probe.look::<flight::Entity>(1).await, Seen::Row(_)));
    }

    async fn a_dropped_update_is_done_wholly_or_not_at_all(stage: Stage) {
        departed(&stage).await;
        let update = async |store: &Store, round| flight::delay(1, round).update_through(store).await;
        sweep(&stage, update, |_| 1).await;
    }

    async fn a_dropped_insert_of_a_generated_key_is_done_wholly_or_not_at_all(stage: Stage) {
        departed(&stage).await;
        // Remembered absence must not survive an insert that went on.
        let probe = Probe::of(&stage).await;
        let insert = async |store: &Store, _| flight::departure("WT").insert_through(store).await;
        let reader = stage.store().await;
        flight::Entity::load_many_cached(2..100, &reader).await.unwrap();
        sweep(&stage, insert, |round| round + 1).await;
        for stored in flight::Entity::find().all(&stage.plain().await).await.unwrap() {
            assert_eq!(flight::Entity::load_cached(stored.id, &reader).await.unwrap().as_ref(), Some(&stored));
            assert_eq!(probe.look::<flight::Entity>(stored.id).await, Seen::Row(stored));
        }
    }

    async fn a_dropped_insert_under_a_key_of_our_own_is_done_wholly_or_not_at_all(stage: Stage) {
        departed(&stage).await;
        let reader = stage.store().await;
        flight::Entity::load_many_cached(1001..1100, &reader).await.unwrap();
        let insert = async |store: &Store, round: i32| flight::numbered(1000 + round, "WT").insert_through(store).await;
        sweep(&stage, insert, |round| 1000 + round).await;
    }

    async fn a_dropped_delete_is_done_wholly_or_not_at_all(stage: Stage) {
        departed(&stage).await;
        let plain = stage.plain().await;
        let delete = async |store: &Store, _| {
            if flight::Entity::find_by_id(1).one(&plain).await.unwrap().is_none() {
                flight::numbered(1, "WT 1").insert_through(store).await?;
            }
            flight::Entity::delete_by_id_through(1, store).await
        };
        sweep(&stage, delete, |_| 1).await;
        assert_eq!(flight::Entity::find_by_id(1).one(&plain).await.unwrap(), None);
    }

    async fn a_dropped_delete_of_a_text_key_is_done_wholly_or_not_at_all(stage: Stage) {
        departed(&stage).await;
        stage.create_table(airport::Entity).await;
        let (plain, reader) = (stage.plain().await, stage.store().await);
        let delete = async |store: &Store, _| {
            // What the last one left is read by whoever asks, and the next one finds a row that is cached.
            let stored = airport::Entity::find_by_id("BER").one(&plain).await?;
            assert_eq!(airport::Entity::load_cached("BER", &reader).await?, stored);
            if stored.is_none() {
                airport::named("BER".into(), "Berlin").insert_through(store).await?;
            }
            airport::Entity::delete_by_id_through("BER", store).await
        };
        sweep(&stage, delete, |_| 1).await;
        assert_eq!(airport::Entity::load_cached("BER", &reader).await.unwrap(), None);
    }

    async fn a_dropped_write_that_is_refreshed_later_is_done_wholly_or_not_at_all(stage: Stage) {
        departed(&stage).await;
        stage.create_table(refresh_later::Entity).await;
        let (plain, reader, probe) = (stage.plain().await, stage.store().await, Probe::of(&stage).await);
        refresh_later::priced(1, 0).insert(&plain).await.unwrap();
        let agree = async || {
            let stored = refresh_later::Entity::find_by_id(1).one(&plain).await?;
            assert_eq!(refresh_later::Entity::load_cached(1, &reader).await?, stored);
            Ok::<_, Error>(stored)
        };
        let update = async |store: &Store, round: i32| {
            agree().await?;
            refresh_later::priced(1, round).update_through(store).await
        };
        sweep(&stage, update, |_| 1).await;
        let stored = agree().await.unwrap().unwrap();
        assert_eq!(probe.look::<refresh_later::Entity>(1).await, Seen::Row(stored));
        let delete = async |store: &Store, _| {
            if agree().await?.is_none() {
                refresh_later::priced(1, 0).insert_through(store).await?;
            }
            refresh_later::Entity::delete_by_id_through(1, store).await
        };
        sweep(&stage, delete, |_| 1).await;
        assert_eq!(agree().await.unwrap(), None);
    }

    async fn a_dropped_save_under_a_text_key_is_done_wholly_or_not_at_all(stage: Stage) {
        departed(&stage).await;
        stage.create_table(airport::Entity).await;
        let (plain, probe) = (stage.plain().await, Probe::of(&stage).await);
        airport::named("BER".into(), "round 0").insert(&plain).await.unwrap();
        let save = async |store: &Store, round: i32| {
            airport::Entity::load_cached("BER", store).await?;
            airport::named("BER".into(), &format!("round {round}")).save_through(store).await
        };
        sweep(&stage, save, |_| 1).await;
        let stored = airport::Entity::find_by_id("BER").one(&plain).await.unwrap().unwrap();
        assert_eq!(probe.look::<airport::Entity>("BER".to_owned()).await, Seen::Row(stored));
    }

    async fn a_dropped_upsert_is_done_wholly_or_not_at_all(stage: Stage) {
        departed(&stage).await;
        let later = || OnConflict::column(flight::Column::Id).update_column(flight::Column::DelayMinutes).to_owned();
        let upsert = async |store: &Store, round: i32| {
            let row = flight::ActiveModel { delay_minutes: Set(round), ..flight::numbered(1, "WT 1") };
            row.upsert_through(later(), store).await
        };
        sweep(&stage, upsert, |_| 1).await;
    }

    async fn a_dropped_load_by_a_unique_key_leaves_no_lease(stage: Stage) {
        departed(&stage).await;
        stage.create_table(coded::Entity).await;
        let ann = coded::ActiveModel { code: Set("ann".to_owned()), ..Default::default() };
        let ann = ann.insert(&stage.plain().await).await.unwrap();
        let probe = Probe::of(&stage).await;
        let load = async |store: &Store, _| {
            coded::Entity::invalidate_all(store).await?;
            coded::Entity::load_cached_by_code("ann", store).await
        };
        sweep(&stage, load, |_| 1).await;
        let reader = stage.store().await;
        for _ in 0..2 {
            assert_eq!(coded::Entity::load_cached_by_code("ann", &reader).await.unwrap().as_ref(), Some(&ann));
        }
        assert_eq!(probe.look::<coded::Entity>(ann.id).await, Seen::Row(ann));
    }

    async fn a_dropped_transaction_is_committed_wholly_or_not_at_all(stage: Stage) {
        departed(&stage).await;
        flight::numbered(2, "WT 2").insert(&stage.plain().await).await.unwrap();
        let plain = stage.plain().await;
        let both = async |store: &Store, round: i32| {
            let moved = store.transaction(async |tx| {
                flight::delay(1, round).update_through(tx).await?;
                flight::delay(2, round).update_through(tx).await
            });
            moved.await
        };
        sweep(&stage, both, |_| 2).await;
        let delays = flight::Entity::find().all(&plain).await.unwrap();
        assert_eq!(delays[0].delay_minutes, delays[1].delay_minutes);
    }

    async fn a_dropped_commit_is_done_wholly_or_not_at_all(stage: Stage) {
        departed(&stage).await;
        stage.create_table(airport::Entity).await;
        let (plain, reader) = (stage.plain().await, stage.store().await);
        airport::named("BER".into(), "round 0").insert(&plain).await.unwrap();
        let name = || {
            let plain = plain.clone();
            async move { airport::Entity::find_by_id("BER").one(&plain).await.map(|row| row.map(|row| row.name)) }
        };
        for times in 1..60 {
            let store = stage.store().await;
            let tx = store.begin().await.unwrap();
            let (delay, new) = (i32::try_from(times).unwrap(), format!("round {times}"));
            flight::delay(1, delay).update_through(&tx).await.unwrap();
            airport::named("BER".into(), &new).save_through(&tx).await.unwrap();
            polled(tx.commit(), times).await.transpose().unwrap();
            store.close().await.unwrap();
            // A commit that was begun goes on; and either both rows are written or none.
            let stored = flight::Entity::find_by_id(1).one(&plain).await.unwrap().unwrap();
            assert_eq!(stored.delay_minutes == delay, name().await.unwrap().is_some_and(|name| name == new));
            assert_eq!(flight::Entity::load_cached(1, &reader).await.unwrap(), Some(stored), "after {times} polls");
            let loaded = airport::Entity::load_cached("BER", &reader).await.unwrap();
            assert_eq!(loaded.map(|row| row.name), name().await.unwrap(), "after {times} polls");
        }
        assert_eq!(flight::Entity::load_cached(1, &reader).await.unwrap().unwrap().delay_minutes, 59);
    }

    async fn a_dropped_invalidation_leaves_nothing_wrong(stage: Stage) {
        departed(&stage).await;
        let forget = async |store: &Store, round: i32| {
            if round % 2 == 0 { flight::Entity::invalidate(1, store).await } else { flight::Entity::invalidate_all(store).await }
        };
        sweep(&stage, forget, |_| 1).await;
    }

    async fn a_dropped_leader_leaves_the_others_a_row(stage: Stage) {
        departed(&stage).await;
        for times in 1..40 {
            let store = stage.store().await;
            flight::Entity::invalidate(1, &store).await.unwrap();
            let leader = polled(flight::Entity::load_cached(1, &store), times);
            let followers = futures_util::future::join_all((0..5).map(|_| flight::Entity::load_cached(1, &store)));
            let (_, followers) = tokio::join!(leader, followers);
            assert!(followers.into_iter().all(|load| load.unwrap().is_some()), "dropped after {times} polls");
            assert_eq!(store.load::<flight::Entity>(2).await.unwrap().model, None);
            store.close().await.unwrap();
        }
        let store = stage.store().await;
        store.load::<flight::Entity>(1).await.unwrap();
        assert_eq!(store.load::<flight::Entity>(1).await.unwrap().source, Source::Cache);
    }
}
