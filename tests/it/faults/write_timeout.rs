//! The bound on the database's part of a write, on our side and on the server's.

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use writethrough::{Outcome, Source};

use super::entities::flight;
use super::locks;
use super::scene::{Scene, Standing, address_of, load, through};
use crate::support::{Backend, Fault, FaultProxy};

const WRITE_TIMEOUT: Duration = Duration::from_millis(400);
const BUSY_MACHINE: Duration = Duration::from_secs(5);

/// The connection that is handed in knows no timeout: the statement goes on after we gave up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_a_statement_that_waits_for_a_lock_ends_in_time_and_stays_fenced() {
    let scene = Scene::new(Backend::Postgres).await;
    let builder = scene.builder(scene.redis_addr()).database(scene.database.connect().await);
    let (writer, other) = (builder.write_timeout(WRITE_TIMEOUT).build().await.expect("a store"), scene.store().await);
    other.insert(flight::at(1, "A1")).await.expect("all is well");
    let lock = locks::lock_flight(&scene, 1).await;

    let started = Instant::now();
    let error = writer.save(flight::moved(1, "B2")).await.expect_err("the row is locked");

    let spent = started.elapsed();
    assert!(spent >= WRITE_TIMEOUT && spent < WRITE_TIMEOUT + BUSY_MACHINE, "{spent:?}");
    assert!(error.is_write_timeout(), "{error}");
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert_eq!(load(&other, 1).await, (Some("A1".to_owned()), Source::Database));
    lock.rollback().await.expect("the lock is released");
    locks::nobody_works(&scene).await;
    assert_eq!(load(&other, 1).await, (scene.truth(1).await, Source::Database));
    assert_eq!(scene.standing(1), Standing::Fence);
    assert!(scene.time_left(1) <= Duration::from_secs(31), "the write timeout and thirty seconds");
}

/// A transaction that we gave up before its COMMIT changes nothing, whenever its statement gets its lock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_mariadb_a_save_that_waits_for_a_lock_ends_in_time_and_is_not_committed() {
    let scene = Scene::new(Backend::MySql).await;
    let builder = scene.builder(scene.redis_addr()).database(scene.database.connect().await);
    let (writer, other) = (builder.write_timeout(WRITE_TIMEOUT).build().await.expect("a store"), scene.store().await);
    other.insert(flight::at(1, "A1")).await.expect("all is well");
    let lock = locks::lock_flight(&scene, 1).await;

    let started = Instant::now();
    let error = writer.save(flight::moved(1, "B2")).await.expect_err("the row is locked");

    assert!(started.elapsed() < WRITE_TIMEOUT + BUSY_MACHINE, "{:?}", started.elapsed());
    assert!(error.is_write_timeout(), "{error}");
    assert_eq!(error.outcome(), Outcome::NotCommitted);
    lock.rollback().await.expect("the lock is released");
    locks::nobody_works(&scene).await;
    assert_eq!(scene.truth(1).await.as_deref(), Some("A1"));
    super::scene::comes_from_cache(&other, 1, "A1").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_mariadb_a_delete_that_waits_for_a_lock_ends_in_time_and_stays_fenced() {
    let scene = Scene::new(Backend::MySql).await;
    let builder = scene.builder(scene.redis_addr()).database(scene.database.connect().await);
    let (writer, other) = (builder.write_timeout(WRITE_TIMEOUT).build().await.expect("a store"), scene.store().await);
    other.insert(flight::at(1, "A1")).await.expect("all is well");
    let lock = locks::lock_flight(&scene, 1).await;

    let error = writer.delete_by_id::<flight::Entity>(1).await.expect_err("the row is locked");

    assert!(error.is_write_timeout(), "{error}");
    assert_eq!(error.outcome(), Outcome::Unknown);
    lock.rollback().await.expect("the lock is released");
    locks::nobody_works(&scene).await;
    assert_eq!(load(&other, 1).await, (scene.truth(1).await, Source::Database));
    assert_eq!(scene.standing(1), Standing::Fence);
}

async fn a_statement_into_a_black_hole_ends_in_time(backend: Backend, outcome: Outcome) {
    let scene = Scene::new(backend).await;
    let proxy = FaultProxy::start(address_of(scene.database.url())).await;
    let url = through(scene.database.url(), proxy.addr());
    let builder = scene.builder(scene.redis_addr()).database_url(url);
    let (writer, other) = (builder.write_timeout(WRITE_TIMEOUT).build().await.expect("a store"), scene.store().await);
    other.insert(flight::at(1, "A1")).await.expect("all is well");
    assert_eq!(load(&writer, 1).await.0.as_deref(), Some("A1"));
    proxy.set(Fault::Stall).await;

    let started = Instant::now();
    let error = writer.save(flight::moved(1, "B2")).await.expect_err("nobody answers");

    assert!(started.elapsed() < WRITE_TIMEOUT + BUSY_MACHINE, "{:?}", started.elapsed());
    assert!(error.is_write_timeout(), "{error}");
    assert_eq!(error.outcome(), outcome);
    proxy.set(Fault::Cut).await;
    locks::nobody_works(&scene).await;
    assert_eq!(load(&other, 1).await.0, scene.truth(1).await);
}

async fn a_load_into_a_black_hole_ends_in_time(backend: Backend) {
    let scene = Scene::new(backend).await;
    let proxy = FaultProxy::start(address_of(scene.database.url())).await;
    let url = through(scene.database.url(), proxy.addr());
    let builder = scene.builder(scene.redis_addr()).database_url(url);
    let (reader, other) = (builder.write_timeout(WRITE_TIMEOUT).build().await.expect("a store"), scene.store().await);
    other.insert(flight::at(1, "A1")).await.expect("all is well");
    let tx = reader.begin().await.expect("all is well");
    flight::Entity::load_cached(1, &tx).await.expect("all is well");
    flight::Entity::invalidate(1, &other).await.expect("all is well");
    proxy.set(Fault::Stall).await;

    let started = Instant::now();
    let (one, many, inside, begun) = tokio::join!(
        flight::Entity::load_cached(1, &reader),
        flight::Entity::load_many_cached([1, 2], &reader),
        flight::Entity::load_cached(1, &tx),
        reader.begin(),
    );

    assert!(started.elapsed() < WRITE_TIMEOUT + BUSY_MACHINE, "{:?}", started.elapsed());
    let errors = [one.expect_err("no answer"), many.expect_err("no answer"), inside.expect_err("no answer")];
    for error in errors.iter().chain([&begun.expect_err("no answer")]) {
        assert!(error.is_write_timeout(), "{error}");
        assert_eq!(error.outcome(), Outcome::NotCommitted);
    }
    assert_eq!(load(&other, 1).await.0.as_deref(), Some("A1"), "no lease keeps the row out of the cache");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_a_load_into_a_black_hole_ends_in_time() {
    a_load_into_a_black_hole_ends_in_time(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_mariadb_a_load_into_a_black_hole_ends_in_time() {
    a_load_into_a_black_hole_ends_in_time(Backend::MySql).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_a_statement_into_a_black_hole_ends_in_time() {
    a_statement_into_a_black_hole_ends_in_time(Backend::Postgres, Outcome::Unknown).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_mariadb_a_statement_into_a_black_hole_ends_in_time() {
    a_statement_into_a_black_hole_ends_in_time(Backend::MySql, Outcome::NotCommitted).await;
}

/// On a connection that we opened, the server gives up too: nothing is left that could still change the row.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statement_outlives_the_write_timeout_on_connections_we_open() {
    for backend in [Backend::Postgres, Backend::MySql] {
        let scene = Scene::new(backend).await;
        let builder = scene.builder(scene.redis_addr()).write_timeout(Duration::from_millis(1200));
        let (writer, other) = (builder.build().await.expect("a store"), scene.store().await);
        other.insert(flight::at(1, "A1")).await.expect("all is well");
        let lock = locks::lock_flight(&scene, 1).await;
        writer.save(flight::moved(1, "B2")).await.expect_err("the row is locked");

        super::until("the server has given up", async || locks::waiting(&scene).await == 0).await;
        lock.rollback().await.expect("the lock is released");
        locks::nobody_works(&scene).await;
        assert_eq!(scene.truth(1).await.as_deref(), Some("A1"), "{backend:?}");
        assert_eq!(load(&other, 1).await.0.as_deref(), Some("A1"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_we_open_bear_the_write_timeout() {
    for (backend, question, seconds) in [
        (
            Backend::Postgres,
            "SELECT setting::float8 / 1000 AS t FROM pg_settings WHERE name = 'statement_timeout'",
            7.5,
        ),
        (Backend::MySql, "SELECT CAST(@@max_statement_time AS DOUBLE) AS t", 7.5),
        (Backend::MySql, "SELECT CAST(@@innodb_lock_wait_timeout AS DOUBLE) AS t", 7.0),
    ] {
        let scene = Scene::new(backend).await;
        let builder = scene.builder(scene.redis_addr()).write_timeout(Duration::from_millis(7500));
        let store = builder.build().await.expect("a store");
        let db = store.database();
        assert_ne!(db.get_database_backend(), DbBackend::Sqlite);
        let question = Statement::from_string(db.get_database_backend(), question);
        let row = db.query_one_raw(question).await.expect("the server tells").expect("a setting");
        let timeout: f64 = row.try_get("", "t").expect("a number");
        assert!((timeout - seconds).abs() < f64::EPSILON, "{backend:?}: {timeout}");
    }
}
