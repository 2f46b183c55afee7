//! Loads of one row share queries, and never an answer that is older than they are.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use futures_util::future::join_all;
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbBackend, Statement, TransactionTrait};
use writethrough::Store;

use crate::support::databases::Backend;
use crate::support::entities::flight;
use crate::support::entities::gated;
use crate::support::entities::keys::airport;
use crate::support::probe::{Probe, Seen, recorded};
use crate::support::stage::{CacheKind, Stage};

/// The acknowledged delay, and whether there will be more.
#[derive(Default)]
struct Progress {
    acknowledged: AtomicI32,
    done: AtomicBool,
}

/// Loads again and again; never less than what was acknowledged before.
async fn read(store: Store, progress: Arc<Progress>) -> usize {
    let mut loads = 0;
    while !progress.done.load(Ordering::SeqCst) {
        let floor = progress.acknowledged.load(Ordering::SeqCst);
        let flight = flight::Entity::load_cached(1, &store).await.unwrap().unwrap();
        assert!(flight.delay_minutes >= floor, "{} was acknowledged, {} was read", floor, flight.delay_minutes);
        loads += 1;
        tokio::task::yield_now().await;
    }
    loads
}

on_every_stage! {
    async fn a_load_never_gets_what_is_older_than_a_save_that_returned(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let (writer, reader) = (stage.store().await, stage.store().await);
        flight::numbered(1, "WT 1").insert_through(&writer).await.unwrap();
        let progress = Arc::new(Progress::default());
        let readers: Vec<_> = (0..24)
            .map(|n| tokio::spawn(read(if n % 3 == 0 { writer.clone() } else { reader.clone() }, progress.clone())))
            .collect();
        for minutes in 1..=200 {
            flight::delay(1, minutes).update_through(&writer).await.unwrap();
            progress.acknowledged.store(minutes, Ordering::SeqCst);
            // Misses are where queries are shared.
            if minutes % 3 != 0 {
                flight::Entity::invalidate(1, &writer).await.unwrap();
            }
            tokio::task::yield_now().await;
        }
        progress.done.store(true, Ordering::SeqCst);
        for loads in join_all(readers).await {
            assert!(loads.unwrap() > 0);
        }
    }

    async fn loads_of_a_cold_row_share_queries(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let (store, log) = recorded(&stage).await;
        let stored = flight::numbered(1, "WT 1").insert(&stage.plain().await).await.unwrap();
        // A load that saw the lease on a server, and goes on when the row has come, asks once more.
        let most = if stage.cache == CacheKind::Memory { 1 } else { 50 };
        for (id, expected) in [(1, Some(stored)), (2, None)] {
            let loads = join_all((0..100).map(|_| flight::Entity::load_cached(id, &store))).await;
            assert!(loads.into_iter().all(|load| load.unwrap() == expected));
            let statements = log.take().len();
            assert!((1..=most).contains(&statements), "{statements} statements for 100 loads at a time");
        }
    }

    async fn a_load_that_begins_during_the_query_of_a_reader_without_lease_asks_for_itself(stage: Stage) {
        stage.create_table(gated::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        gated::priced(1, 10).insert(&stage.plain().await).await.unwrap();
        // The leader has its row and stands before its fill; the writer passes; the follower begins.
        let leading = store.clone();
        let leader = gated::held(async move { gated::Entity::load_cached(1, &leading).await }).await;
        let new = gated::priced(1, 20).update_through(&stage.store().await).await.unwrap();
        probe.invalidate::<gated::Entity>(1).await;
        let following = store.clone();
        let mut follower = Box::pin(gated::Entity::load_cached(1, &following));
        // It waits for the leader, whose answer it may not take.
        assert!(tokio::time::timeout(std::time::Duration::from_millis(20), &mut follower).await.is_err());
        assert_eq!(leader.release().await.unwrap().unwrap().price, 10);
        assert_eq!(follower.await.unwrap(), Some(new.clone()));
        assert_eq!(probe.look::<gated::Entity>(1).await, Seen::Row(new));
    }
}

/// Starts a hundred loads while the table is locked; at no time does more than one of their queries wait for it.
async fn assert_one_query_at_a_time<E>(stage: &Stage, load: impl AsyncFn(Store) -> Option<E> + Copy) -> Vec<Option<E>> {
    let ((store, log), plain) = (recorded(stage).await, stage.plain().await);
    let waiting =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let queries = async || {
        let row = plain.query_one_raw(Statement::from_string(DbBackend::Postgres, waiting)).await.unwrap().unwrap();
        row.try_get_by_index::<i64>(0).unwrap()
    };
    let lock = plain.begin().await.unwrap();
    lock.execute_unprepared("LOCK TABLE flight, airport IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let released = async {
        while queries().await == 0 {
            tokio::task::yield_now().await;
        }
        for _ in 0..50 {
            assert_eq!(queries().await, 1);
        }
        lock.rollback().await.unwrap();
    };
    let loads = join_all((0..100).map(|_| load(store.clone())));
    let (loads, ()) = tokio::join!(loads, released);
    let statements = log.take().len();
    assert!(statements < 90, "{statements} statements, one after the other: nothing was shared");
    loads
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loads_of_one_row_ask_one_query_at_a_time_even_where_nothing_is_cached() {
    for cache in [CacheKind::Memory, CacheKind::Redis] {
        let stage = Stage::new(Backend::Postgres, cache).await;
        stage.create_table(flight::Entity).await;
        stage.create_table(airport::Entity).await;
        let stored = flight::numbered(1, "WT 1").insert(&stage.plain().await).await.unwrap();
        // A writer is under way all the time, so nobody gets a lease.
        let probe = Probe::of(&stage).await;
        probe.fence::<flight::Entity>(1).await;
        let flights = async |store: Store| flight::Entity::load_cached(1, &store).await.unwrap();
        let loads = assert_one_query_at_a_time(&stage, flights).await;
        assert!(loads.iter().all(|load| load.as_ref() == Some(&stored)));

        // That there is no row of this text is not remembered.
        let airports = async |store: Store| airport::Entity::load_cached("XXX", &store).await.unwrap();
        let loads = assert_one_query_at_a_time(&stage, airports).await;
        assert!(loads.iter().all(Option::is_none));
    }
}
