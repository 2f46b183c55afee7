//! A connection to the database that breaks while the database is at it: nobody knows what became of the write, so the
//! row stays out of the cache until its fence expires.

use sea_orm::EntityTrait;
use writethrough::{Error, Outcome, Source, Store};

use super::entities::flight;
use super::gate::Gate;
use super::locks;
use super::scene::{Scene, Standing, address_of, comes_from_cache, load, through};
use crate::support::{Backend, Fault, FaultProxy};

/// A store that reaches its database by another address.
async fn store_by(scene: &Scene, database: std::net::SocketAddr) -> Store {
    let url = through(scene.database.url(), database);
    scene.builder(scene.redis_addr()).database_url(url).build().await.expect("a store")
}

fn database_address(scene: &Scene) -> std::net::SocketAddr {
    address_of(scene.database.url())
}

fn assert_unknown(error: &Error) {
    assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
    assert!(error.db_err().is_some(), "{error}");
}

/// The fence stands, and whoever loads gets what the database has at that moment.
async fn assert_fenced(scene: &Scene, stores: &[&Store], id: i32) {
    for _ in 0..3 {
        for store in stores {
            assert_eq!(load(store, id).await, (scene.truth(id).await, Source::Database));
        }
    }
    assert_eq!(scene.standing(id), Standing::Fence);
    assert!(scene.time_left(id).as_secs() <= 60);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_an_update_goes_on_without_its_connection_and_the_fence_stands_until_it_is_over() {
    let scene = Scene::new(Backend::Postgres).await;
    let proxy = FaultProxy::start(database_address(&scene)).await;
    let (writer, other) = (store_by(&scene, proxy.addr()).await, scene.store().await);
    other.insert(flight::at(1, "A1")).await.expect("all is well");
    let lock = locks::lock_flight(&scene, 1).await;
    let (saved, ()) = tokio::join!(writer.save(flight::moved(1, "B2")), async {
        locks::somebody_waits(&scene).await;
        proxy.set(Fault::Cut).await;
    });

    assert_unknown(&saved.expect_err("the connection is gone"));
    assert_fenced(&scene, &[&other, &writer], 1).await;
    assert_eq!(scene.truth(1).await.as_deref(), Some("A1"), "the statement still waits");
    lock.rollback().await.expect("the lock is released");
    locks::nobody_works(&scene).await;
    assert_eq!(scene.truth(1).await.as_deref(), Some("B2"), "nobody told the server to give up");
    assert_fenced(&scene, &[&other, &writer], 1).await;
    scene.expire(1);
    comes_from_cache(&other, 1, "B2").await;
}

/// A save is a transaction here: cut before its COMMIT it is rolled back for certain. A delete is one statement.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_mariadb_a_delete_goes_on_without_its_connection_and_the_fence_stands_until_it_is_over() {
    let scene = Scene::new(Backend::MySql).await;
    let proxy = FaultProxy::start(database_address(&scene)).await;
    let (writer, other) = (store_by(&scene, proxy.addr()).await, scene.store().await);
    other.insert(flight::at(1, "A1")).await.expect("all is well");
    let lock = locks::lock_flight(&scene, 1).await;
    let (deleted, ()) = tokio::join!(writer.delete_by_id::<flight::Entity>(1), async {
        locks::somebody_waits(&scene).await;
        proxy.set(Fault::Cut).await;
    });

    assert_unknown(&deleted.expect_err("the connection is gone"));
    assert_fenced(&scene, &[&other, &writer], 1).await;
    lock.rollback().await.expect("the lock is released");
    locks::nobody_works(&scene).await;
    assert_fenced(&scene, &[&other, &writer], 1).await;
    assert_eq!(scene.truth(1).await, None, "nobody told the server to give up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_mariadb_a_save_cut_before_its_commit_is_not_committed() {
    let scene = Scene::new(Backend::MySql).await;
    let proxy = FaultProxy::start(database_address(&scene)).await;
    let (writer, other) = (store_by(&scene, proxy.addr()).await, scene.store().await);
    other.insert(flight::at(1, "A1")).await.expect("all is well");
    let lock = locks::lock_flight(&scene, 1).await;
    let (saved, ()) = tokio::join!(writer.save(flight::moved(1, "B2")), async {
        locks::somebody_waits(&scene).await;
        proxy.set(Fault::Cut).await;
    });

    assert_eq!(saved.expect_err("the connection is gone").outcome(), Outcome::NotCommitted);
    lock.rollback().await.expect("the lock is released");
    locks::nobody_works(&scene).await;
    comes_from_cache(&other, 1, "A1").await;
    assert_eq!(scene.truth(1).await.as_deref(), Some("A1"));
}

/// COMMIT is a statement of its own when the database generates the key, and always on MariaDB.
async fn a_cut_commit_leaves_the_fence(backend: Backend, executed: bool) {
    let scene = Scene::new(backend).await;
    let gate = Gate::start(database_address(&scene)).await;
    let (writer, other) = (store_by(&scene, gate.addr()).await, scene.store().await);
    assert_eq!(load(&other, 1).await.0, None);
    assert_eq!(load(&other, 1).await, (None, Source::Cache), "absence is remembered");
    let commit = if executed { gate.stop_reply("COMMIT") } else { gate.stop_request("COMMIT") };
    let (saved, ()) = tokio::join!(writer.save(flight::new("A1")), async {
        let commit = commit.stopped().await;
        assert_eq!(load(&other, 1).await, (executed.then(|| "A1".to_owned()), Source::Database), "fenced");
        commit.cut();
    });

    assert_unknown(&saved.expect_err("the connection is gone"));
    locks::nobody_works(&scene).await;
    assert_eq!(scene.truth(1).await, executed.then(|| "A1".to_owned()));
    assert_fenced(&scene, &[&other, &writer], 1).await;
    let next = writer.save(flight::new("A2")).await.expect("the pool makes a new connection");
    assert_eq!(load(&other, next.model.id).await, (Some("A2".to_owned()), Source::Cache));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_a_commit_whose_reply_got_lost_leaves_the_fence() {
    a_cut_commit_leaves_the_fence(Backend::Postgres, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_a_commit_that_never_arrived_leaves_the_fence() {
    a_cut_commit_leaves_the_fence(Backend::Postgres, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_mariadb_a_commit_whose_reply_got_lost_leaves_the_fence() {
    a_cut_commit_leaves_the_fence(Backend::MySql, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_mariadb_a_commit_that_never_arrived_leaves_the_fence() {
    a_cut_commit_leaves_the_fence(Backend::MySql, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_mariadb_an_update_whose_commit_got_lost_leaves_the_fence() {
    for executed in [false, true] {
        let scene = Scene::new(Backend::MySql).await;
        let gate = Gate::start(database_address(&scene)).await;
        let (writer, other) = (store_by(&scene, gate.addr()).await, scene.store().await);
        other.insert(flight::at(1, "A1")).await.expect("all is well");
        let commit = if executed { gate.stop_reply("COMMIT") } else { gate.stop_request("COMMIT") };
        let (saved, ()) = tokio::join!(writer.save(flight::moved(1, "B2")), async { commit.stopped().await.cut() });

        assert_unknown(&saved.expect_err("the connection is gone"));
        locks::nobody_works(&scene).await;
        let expected = if executed { "B2" } else { "A1" };
        assert_eq!(scene.truth(1).await.as_deref(), Some(expected));
        assert_fenced(&scene, &[&other, &writer], 1).await;
    }
}

/// Cache and database fail together: the fence that could not be put up is put up afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_outcome_without_a_fence_gets_its_fence_when_the_cache_answers() {
    let scene = Scene::new(Backend::Postgres).await;
    let gate = Gate::start(database_address(&scene)).await;
    let url = through(scene.database.url(), gate.addr());
    let builder = scene.builder(scene.proxy.addr()).database_url(url);
    let writer = builder.build().await.expect("a store");
    let other = scene.store().await;
    assert_eq!(load(&other, 1).await.0, None);
    scene.proxy.set(Fault::Refuse).await;
    let commit = gate.stop_reply("COMMIT");
    let (saved, ()) = tokio::join!(writer.save(flight::new("A1")), async { commit.stopped().await.cut() });
    assert_unknown(&saved.expect_err("the connection is gone"));
    assert_eq!(load(&writer, 1).await, (Some("A1".to_owned()), Source::Database), "it distrusts the cache");

    scene.proxy.set(Fault::Pass).await;
    super::until("the fence is put up", async || scene.standing(1) == Standing::Fence).await;

    assert_fenced(&scene, &[&other, &writer], 1).await;
    assert!(flight::Entity::find_by_id(1).one(&scene.db).await.expect("the database answers").is_some());
}
