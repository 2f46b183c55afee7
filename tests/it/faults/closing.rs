//! `close` waits for what is pending, within its deadline, and says what it could not do.

use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use writethrough::Store;

use super::entities::flight;
use super::repair::waiting;
use super::scene::{Scene, Verb, gate_of, load};
use super::until;
use crate::support::{Backend, Fault};

/// A store with one repair that waits, and another store that sees the old row until it is done.
async fn a_store_with_a_repair(scene: &Scene, close_timeout: Duration) -> (Store, Store) {
    let builder = scene.builder(scene.proxy.addr()).cache_timeout(Duration::from_millis(100));
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
        assert!(error.to_string().contains("1 cache repairs unfinished"), "{error}");
        assert!(spent >= Duration::from_millis(300) && spent < Duration::from_secs(5), "{spent:?}");
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
