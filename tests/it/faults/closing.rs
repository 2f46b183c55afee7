//! `close` waits for what is pending, within its deadline, and says what it could not do.

use std::time::{Duration, Instant};

use sea_orm::{ActiveModelTrait, DatabaseTransaction, TransactionTrait};
use tokio::runtime::Handle;
use writethrough::{Outcome, Store};

use super::entities::{flight, parcel};
use super::repair::waiting;
use super::scene::{Scene, Verb, address_of, gate_of, load, through};
use super::until;
use crate::support::{Backend, Fault, FaultProxy};

const A_MOMENT: Duration = Duration::from_millis(100);

/// A store with one repair that waits, and another store that sees the old row until it is done.
async fn a_store_with_a_repair(scene: &Scene, close_timeout: Duration) -> (Store, Store) {
    let builder = scene.builder(scene.proxy.addr()).cache_timeout(A_MOMENT);
    let cut_off = builder.close_timeout(close_timeout).build().await.expect("a store");
    let other = scene.store().await;
    other.insert(flight::at(1, "A1")).await.expect("all is well");
    scene.proxy.set(Fault::Refuse).await;
    cut_off.save(flight::moved(1, "B2")).await.expect("degrade goes on without the cache");
    assert_eq!(waiting(&cut_off), 1);
    assert_eq!(gate_of(&other, 1).await, "A1");
    (cut_off, other)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_drains_the_repair_queue_once_the_cache_is_back() {
    let scene = Scene::new(Backend::Sqlite).await;
    let (cut_off, other) = a_store_with_a_repair(&scene, Duration::from_secs(20)).await;

    let closing = tokio::spawn(async move { cut_off.close().await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!closing.is_finished(), "it waits for the repair");
    scene.proxy.set(Fault::Pass).await;

    closing.await.expect("no panic").expect("everything was done");
    assert_eq!(gate_of(&other, 1).await, "B2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_without_a_cache_ends_at_its_deadline_and_says_what_is_left() {
    for fault in [Fault::Refuse, Fault::Stall] {
        let scene = Scene::new(Backend::Sqlite).await;
        let (cut_off, _other) = a_store_with_a_repair(&scene, Duration::from_millis(300)).await;
        scene.proxy.set(fault).await;

        let started = Instant::now();
        let error = cut_off.close().await.expect_err("a repair is left");

        let spent = started.elapsed();
        assert!(error.to_string().contains("1 cache repairs unfinished (1 key of `flight`)"), "{error}");
        assert!(spent >= Duration::from_millis(300) && spent < Duration::from_secs(5), "{spent:?}");
    }
}

on_every_backend! {
    async fn closing_without_a_cache_names_tables_and_counts_and_no_key(backend: Backend) {
        let scene = Scene::new(backend).await;
        let builder = scene.builder(scene.proxy.addr()).repair_queue_capacity(4);
        let store = builder.close_timeout(Duration::from_millis(100)).build().await.expect("a store");
        scene.proxy.set(Fault::Refuse).await;
        for id in [424_242, 434_343, 444_444] {
            store.insert(parcel::at(id, "s3cret")).await.expect("degrade goes on without the cache");
        }
        for id in 1..=3 {
            store.insert(flight::at(id, "s3cret")).await.expect("degrade goes on without the cache");
        }

        let error = store.close().await.expect_err("repairs are left").to_string();

        assert!(error.contains("4 cache repairs unfinished (3 keys of `parcel`, all of `flight`)"), "{error}");
        assert!(!["s3cret", "424242"].iter().any(|value| error.contains(value)), "{error}");
    }

    async fn closing_drains_a_queue_that_overflowed(backend: Backend) {
        let scene = Scene::new(backend).await;
        let builder = scene.builder(scene.proxy.addr()).repair_queue_capacity(3);
        let (cut_off, other) = (builder.build().await.expect("a store"), scene.store().await);
        for id in 1..=8 {
            other.insert(flight::at(id, "A")).await.expect("all is well");
        }
        scene.proxy.set(Fault::Refuse).await;
        for id in 1..=8 {
            cut_off.save(flight::moved(id, "B")).await.expect("degrade goes on without the cache");
        }

        let (closed, ()) = tokio::join!(cut_off.close(), scene.proxy.set(Fault::Pass));

        closed.expect("everything was done");
        for id in 1..=8 {
            assert_eq!(gate_of(&other, id).await, "B");
        }
    }

    async fn closing_with_a_hung_cache_and_a_database_in_a_black_hole_ends_at_its_deadline(backend: Backend) {
        let scene = Scene::new(backend).await;
        let hole = BlackHole::of(&scene).await;
        let builder = scene.builder(scene.proxy.addr()).database_url(hole.url.clone()).cache_timeout(A_MOMENT);
        let builder = builder.close_timeout(Duration::from_millis(500)).write_timeout(Duration::from_secs(5));
        let store = builder.build().await.expect("a store");
        store.insert(flight::at(1, "A1")).await.expect("all is well");
        scene.proxy.set(Fault::Stall).await;
        let _open = hole.open(&scene).await;
        tokio::select! {
            _ = store.save(flight::moved(1, "B2")) => panic!("nobody answers"),
            _ = scene.proxy.until(|traffic| traffic.requests.held() > 0) => {}
        }

        let started = Instant::now();
        let error = store.close().await.expect_err("the write hangs");

        let spent = started.elapsed();
        assert!(error.to_string().contains("1 background write"), "{error}");
        assert_eq!(error.outcome(), Outcome::Unknown);
        assert!(spent >= Duration::from_millis(500) && spent < Duration::from_secs(4), "{spent:?}");
    }
}

/// A way to the database on which nothing is answered any more once it is open.
struct BlackHole {
    url: String,
    proxy: Option<FaultProxy>,
}

impl BlackHole {
    async fn of(scene: &Scene) -> Self {
        let url = scene.database.url().to_owned();
        if scene.database.backend() == Backend::Sqlite {
            return Self { url, proxy: None };
        }
        let proxy = FaultProxy::start(address_of(&url)).await;
        Self { url: through(&url, proxy.addr()), proxy: Some(proxy) }
    }

    /// There is no network to a file, so somebody locks it there for as long as the result lives.
    async fn open(&self, scene: &Scene) -> Option<DatabaseTransaction> {
        let Some(proxy) = &self.proxy else {
            let lock = scene.db.begin().await.expect("a transaction");
            flight::moved(1, "A1").update(&lock).await.expect("nobody else writes");
            return Some(lock);
        };
        proxy.set(Fault::Stall).await;
        None
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_waits_for_a_write_whose_caller_went_away() {
    let scene = Scene::new(Backend::Sqlite).await;
    let (writer, other) = (scene.behind_gate().await, scene.store().await);
    other.insert(flight::at(1, "A1")).await.expect("all is well");
    let fenced = scene.gate.stop_reply(Verb::Fence.mark());
    let fenced = tokio::select! {
        _ = writer.save(flight::moved(1, "B2")) => panic!("the fence is not acknowledged"),
        fenced = fenced.stopped() => fenced,
    };

    let closing = tokio::spawn(async move { writer.close().await });
    fenced.pass();

    closing.await.expect("no panic").expect("everything was done");
    assert_eq!(gate_of(&other, 1).await, "B2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_store_leaves_no_task_behind_even_where_repairs_were_left() {
    let scene = Scene::new(Backend::Sqlite).await;
    let other = scene.store().await;
    other.insert(flight::at(1, "A1")).await.expect("all is well");
    load(&other, 1).await;
    scene.proxy.set(Fault::Refuse).await;
    let before = Handle::current().metrics().num_alive_tasks();
    let builder = scene.builder(scene.proxy.addr()).close_timeout(Duration::from_millis(100));
    let cut_off = builder.build().await.expect("a store");
    cut_off.save(flight::moved(1, "B2")).await.expect("degrade goes on without the cache");

    cut_off.close().await.expect_err("a repair is left");
    drop(cut_off);

    until("its tasks have ended", async || Handle::current().metrics().num_alive_tasks() <= before).await;
}
