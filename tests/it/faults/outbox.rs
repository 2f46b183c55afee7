//! With an outbox nothing is forgotten: neither by a process that dies between its commit and its refresh, nor through an
//! outage of the cache. Each test sees first that without one it would be.

use std::net::SocketAddr;
use std::time::Duration;

use sea_orm::ConnectionTrait;
use writethrough::{OutboxOptions, Source, Store};

use super::child::{Job, Writer};
use super::entities::flight;
use super::scene::{Scene, Verb, address_of, comes_from_cache, gate_of, load, through};
use super::{locks, until};
use crate::support::{Backend, Fault, FaultProxy};

/// What a busy machine adds.
const BUSY_MACHINE: Duration = Duration::from_secs(3);
/// Longer than any test.
const NEVER: Duration = Duration::from_secs(3600);

async fn with_outbox(scene: &Scene, cache: SocketAddr, interval: Duration) -> Store {
    let outbox = OutboxOptions::new().interval(interval);
    outbox.create_table(&scene.db).await.expect("the table can be created");
    scene
        .builder(cache)
        .cache_timeout(Duration::from_millis(500))
        .outbox(outbox)
        .register::<flight::Entity>()
        .build()
        .await
        .expect("a store")
}

/// The fence of a writer is lost before it commits, a reader caches the old row, and the writer dies before its FINISH.
async fn a_writer_died_after_its_fence_was_lost(scene: &Scene) {
    let reader = scene.store().await;
    reader.insert(flight::at(1, "A1")).await.expect("all is well");
    let lock = locks::lock_flight(scene, 1).await;
    let finish = scene.gate.stop_request(Verb::Finish.mark());
    let mut writer = Writer::start_with_outbox(scene, Job::Save, scene.gate.addr());
    locks::somebody_waits(scene).await;
    scene.expire(1);
    comes_from_cache(&reader, 1, "A1").await;
    lock.rollback().await.expect("the lock is released");
    let finish = finish.stopped().await;
    writer.kill();
    finish.cut();
    assert_eq!(scene.truth(1).await.as_deref(), Some("B2"));
    assert_eq!(load(&reader, 1).await, (Some("A1".to_owned()), Source::Cache), "nobody else knows");
}

async fn the_next_store_puts_it_right(backend: Backend) {
    let scene = Scene::new(backend).await;
    OutboxOptions::new().create_table(&scene.db).await.expect("the table can be created");
    a_writer_died_after_its_fence_was_lost(&scene).await;
    let store = with_outbox(&scene, scene.redis_addr(), NEVER).await;
    assert_eq!(gate_of(&store, 1).await, "B2");
    assert_eq!(gate_of(&scene.store().await, 1).await, "B2");
}

async fn a_relay_puts_it_right_in_time(backend: Backend) {
    let scene = Scene::new(backend).await;
    let interval = Duration::from_secs(4);
    let store = with_outbox(&scene, scene.redis_addr(), interval).await;
    a_writer_died_after_its_fence_was_lost(&scene).await;
    let committed = std::time::Instant::now();
    until("the new gate is read", async || gate_of(&store, 1).await == "B2").await;
    assert!(committed.elapsed() < interval + BUSY_MACHINE, "{:?}", committed.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_between_commit_and_refresh_is_repaired_by_the_next_store_on_postgres() {
    the_next_store_puts_it_right(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_between_commit_and_refresh_is_repaired_by_the_next_store_on_mariadb() {
    the_next_store_puts_it_right(Backend::MySql).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_between_commit_and_refresh_is_repaired_within_the_interval_on_postgres() {
    a_relay_puts_it_right_in_time(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_between_commit_and_refresh_is_repaired_within_the_interval_on_mariadb() {
    a_relay_puts_it_right_in_time(Backend::MySql).await;
}

on_every_backend! {
    /// The cache is away for the writer alone, which dies with its repair queue.
    async fn what_a_writer_without_a_cache_took_to_its_grave_is_repaired(backend: Backend) {
        let scene = Scene::new(backend).await;
        let reader = scene.store().await;
        reader.insert(flight::at(1, "A1")).await.expect("all is well");
        OutboxOptions::new().create_table(&scene.db).await.expect("the table can be created");
        scene.proxy.set(Fault::Refuse).await;
        let mut writer = Writer::start_with_outbox(&scene, Job::Save, scene.proxy.addr());
        until("the write is committed", async || scene.truth(1).await.as_deref() == Some("B2")).await;
        writer.kill();
        assert_eq!(load(&reader, 1).await, (Some("A1".to_owned()), Source::Cache), "nobody else knows");
        let store = with_outbox(&scene, scene.redis_addr(), Duration::from_millis(200)).await;
        assert_eq!(gate_of(&store, 1).await, "B2");
        assert_eq!(gate_of(&reader, 1).await, "B2");
    }

    /// The cache is away for everybody; a writer commits and dies meanwhile. When the cache is back, the first answer is
    /// the truth, although the relay's turn is an hour away.
    async fn after_an_outage_the_outbox_is_consulted_before_the_cache_is_trusted(backend: Backend) {
        let scene = Scene::new(backend).await;
        let careless = scene.behind_proxy(Duration::from_millis(500)).await;
        let store = with_outbox(&scene, scene.proxy.addr(), NEVER).await;
        store.insert(flight::at(1, "A1")).await.expect("all is well");
        comes_from_cache(&careless, 1, "A1").await;
        until("the outbox is empty", async || recorded(&scene).await == 0).await;

        scene.proxy.set(Fault::Refuse).await;
        for _ in 0..5 {
            assert_eq!(load(&store, 1).await, (Some("A1".to_owned()), Source::Database));
            assert_eq!(load(&careless, 1).await, (Some("A1".to_owned()), Source::Database));
        }
        let mut writer = Writer::start_with_outbox(&scene, Job::Save, scene.proxy.addr());
        until("the write is committed", async || scene.truth(1).await.as_deref() == Some("B2")).await;
        writer.kill();

        scene.proxy.set(Fault::Pass).await;
        until("the careless store trusts the cache again", async || load(&careless, 1).await.1 == Source::Cache).await;
        until("the outbox was consulted", async || {
            let (gate, source) = load(&store, 1).await;
            assert_eq!(gate.as_deref(), Some("B2"), "from {source:?}");
            source == Source::Cache
        })
        .await;
        assert_eq!(recorded(&scene).await, 0);
    }
}

on_every_backend! {
    async fn an_invalidation_that_the_cache_did_not_take_outlives_its_process(backend: Backend) {
        let scene = Scene::new(backend).await;
        let reader = scene.store().await;
        reader.insert(flight::at(1, "A1")).await.expect("all is well");
        let store = with_outbox(&scene, scene.proxy.addr(), NEVER).await;
        scene.db.execute_unprepared("UPDATE flight SET gate = 'B2'").await.expect("updated behind everybody's back");
        scene.proxy.set(Fault::Refuse).await;
        flight::Entity::invalidate(1, &store).await.expect("degrade goes on");
        flight::Entity::invalidate_all(&store).await.expect("degrade goes on");
        assert_eq!(recorded(&scene).await, 4, "a key, and three prefixes");
        assert_eq!(gate_of(&reader, 1).await, "A1", "nobody else knows");

        let next = with_outbox(&scene, scene.redis_addr(), NEVER).await;
        assert_eq!(gate_of(&next, 1).await, "B2");
        assert_eq!(gate_of(&reader, 1).await, "B2");
    }
}

async fn a_relay_whose_database_was_a_black_hole(backend: Backend) {
    let scene = Scene::new(backend).await;
    let outbox = OutboxOptions::new().interval(Duration::from_millis(100));
    outbox.create_table(&scene.db).await.expect("the table can be created");
    let proxy = FaultProxy::start(address_of(scene.database.url())).await;
    let url = through(scene.database.url(), proxy.addr());
    let builder = scene.builder(scene.redis_addr()).database_url(url).outbox(outbox);
    let store = builder.write_timeout(Duration::from_millis(500)).build().await.expect("a store");
    store.insert(flight::at(1, "A1")).await.expect("all is well");
    until("the outbox is empty", async || recorded(&scene).await == 0).await;
    proxy.set(Fault::Stall).await;
    let record = "INSERT INTO writethrough_outbox (write_id, namespace, kind, table_name, target) \
                  VALUES (7, 'shop', 'key', 'flight', 'shop:flight:1')";
    scene.db.execute_unprepared(record).await.expect("recorded");
    scene.db.execute_unprepared("UPDATE flight SET gate = 'B2'").await.expect("updated");
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(recorded(&scene).await, 1, "nobody could read it");
    proxy.set(Fault::Cut).await;
    proxy.set(Fault::Pass).await;
    until("the row is put right", async || recorded(&scene).await == 0).await;
    assert_eq!(gate_of(&scene.store().await, 1).await, "B2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_a_relay_gets_out_of_a_black_hole() {
    a_relay_whose_database_was_a_black_hole(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_mariadb_a_relay_gets_out_of_a_black_hole() {
    a_relay_whose_database_was_a_black_hole(Backend::MySql).await;
}

async fn recorded(scene: &Scene) -> usize {
    let all = sea_orm::Statement::from_string(scene.db.get_database_backend(), "SELECT id FROM writethrough_outbox");
    scene.db.query_all_raw(all).await.expect("the table is there").len()
}
