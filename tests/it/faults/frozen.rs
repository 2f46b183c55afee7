//! A writer that stops between its fence and the end: frozen for a while, or for ever.

use sea_orm::{ConnectionTrait, TransactionTrait};
use writethrough::Source;

use super::child::{Job, Writer};
use super::entities::flight;
use super::locks;
use super::scene::{Scene, Standing, comes_from_cache, load};
use super::until;
use crate::support::Backend;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_frozen_between_fence_and_commit_finishes_when_it_wakes() {
    let scene = Scene::new(Backend::Postgres).await;
    let other = scene.store().await;
    other.insert(flight::at(1, "A1")).await.expect("all is well");
    let lock = locks::lock_flight(&scene, 1).await;
    let mut writer = Writer::start(&scene, Job::Save);
    locks::somebody_waits(&scene).await;
    writer.freeze(true);
    assert_eq!(load(&other, 1).await, (Some("A1".to_owned()), Source::Database));

    lock.rollback().await.expect("the lock is released");
    locks::nobody_works(&scene).await;

    assert_eq!(load(&other, 1).await, (Some("B2".to_owned()), Source::Database), "it has not finished");
    assert_eq!(scene.standing(1), Standing::Fence);
    assert!(scene.time_left(1).as_secs() <= 60, "its fence expires should it never wake");
    writer.freeze(false);
    assert!(writer.finished().await.success());
    assert_eq!(load(&other, 1).await, (Some("B2".to_owned()), Source::Cache));
}

/// What it learnt about its fence is out of date when it wakes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_frozen_longer_than_its_fence_lives_brings_no_old_value_back() {
    let scene = Scene::new(Backend::Postgres).await;
    let other = scene.store().await;
    other.insert(flight::at(1, "A1")).await.expect("all is well");
    let lock = locks::lock_flight(&scene, 1).await;
    let mut writer = Writer::start(&scene, Job::Save);
    locks::somebody_waits(&scene).await;
    writer.freeze(true);
    lock.rollback().await.expect("the lock is released");
    locks::nobody_works(&scene).await;
    scene.expire(1);
    comes_from_cache(&other, 1, "B2").await;
    other.save(flight::moved(1, "C3")).await.expect("all is well");

    writer.freeze(false);

    assert!(writer.finished().await.success());
    assert_eq!(load(&other, 1).await.0.as_deref(), Some("C3"));
    comes_from_cache(&scene.store().await, 1, "C3").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_killed_between_fence_and_commit_costs_its_row_the_cache_until_the_fence_expires() {
    let scene = Scene::new(Backend::MySql).await;
    let other = scene.store().await;
    other.insert(flight::at(1, "A1")).await.expect("all is well");
    let lock = locks::lock_flight(&scene, 1).await;
    let mut writer = Writer::start(&scene, Job::Save);
    locks::somebody_waits(&scene).await;
    writer.kill();
    lock.rollback().await.expect("the lock is released");
    locks::nobody_works(&scene).await;

    assert_eq!(load(&other, 1).await, (scene.truth(1).await, Source::Database));
    let saved = other.save(flight::moved(1, "C3")).await.expect("the dead block nobody");
    assert_eq!(saved.cache, writethrough::CacheEffect::Contended);
    assert_eq!(load(&other, 1).await, (Some("C3".to_owned()), Source::Database));
    assert!(scene.time_left(1).as_secs() <= 60);
    scene.expire(1);
    comes_from_cache(&other, 1, "C3").await;
}

/// A deferred trigger holds the COMMIT, so that the writer dies within it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_killed_during_the_commit_of_its_insert_hides_no_row() {
    let scene = Scene::new(Backend::Postgres).await;
    for statement in [
        "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END $$",
        "CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON flight DEFERRABLE INITIALLY DEFERRED \
         FOR EACH ROW EXECUTE FUNCTION hold()",
    ] {
        scene.db.execute_unprepared(statement).await.expect("a trigger");
    }
    let other = scene.store().await;
    assert_eq!(load(&other, 1).await.0, None);
    assert_eq!(load(&other, 1).await, (None, Source::Cache), "its absence is remembered");
    let lock = scene.db.begin().await.expect("a transaction");
    lock.execute_unprepared("SELECT pg_advisory_xact_lock(1)").await.expect("nobody else has the lock");
    let mut writer = Writer::start(&scene, Job::Insert);
    locks::somebody_waits(&scene).await;
    assert_eq!(load(&other, 1).await, (None, Source::Database), "fenced before the commit can happen");

    writer.kill();
    lock.rollback().await.expect("the lock is released");
    until("the commit of the dead is over", async || scene.truth(1).await.is_some()).await;

    assert_eq!(load(&other, 1).await, (Some("A1".to_owned()), Source::Database));
    scene.expire(1);
    comes_from_cache(&other, 1, "A1").await;
}
