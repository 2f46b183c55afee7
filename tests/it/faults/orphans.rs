//! A client that is killed while its statement waits for a row lock: the server executes it when the lock comes free,
//! and nobody is there to finish the fence.

use writethrough::Source;

use super::child::{Job, Writer};
use super::entities::flight;
use super::locks;
use super::scene::{Scene, Standing, comes_from_cache, load};
use crate::support::Backend;

/// What the orphan leaves, after its row was read through it all.
async fn an_orphan(backend: Backend, job: Job) -> (Scene, Option<String>) {
    let scene = Scene::new(backend).await;
    let (early, late) = (scene.store().await, scene.store().await);
    early.insert(flight::at(1, "A1")).await.expect("all is well");
    let lock = locks::lock_flight(&scene, 1).await;
    let mut writer = Writer::start(&scene, job);
    locks::somebody_waits(&scene).await;
    writer.kill();
    for store in [&early, &late] {
        assert_eq!(load(store, 1).await, (Some("A1".to_owned()), Source::Database), "the fence outlives the writer");
    }

    // The orphan commits somewhere in here.
    tokio::join!(
        async {
            lock.rollback().await.expect("the lock is released");
        },
        async {
            for _ in 0..50 {
                scene.assert_agree(&early, 1).await;
                scene.assert_agree(&late, 1).await;
            }
        }
    );
    locks::nobody_works(&scene).await;
    let left = scene.truth(1).await;
    for store in [&early, &late] {
        assert_eq!(load(store, 1).await, (left.clone(), Source::Database));
    }
    assert_eq!(scene.standing(1), Standing::Fence);
    assert!(scene.time_left(1).as_secs() <= 60);
    (scene, left)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_the_update_of_a_killed_client_is_seen_as_soon_as_it_commits() {
    let (scene, left) = an_orphan(Backend::Postgres, Job::Save).await;
    assert_eq!(left.as_deref(), Some("B2"), "the server executed the statement of the dead");
    scene.expire(1);
    comes_from_cache(&scene.store().await, 1, "B2").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_the_delete_of_a_killed_client_is_seen_as_soon_as_it_commits() {
    let (_, left) = an_orphan(Backend::Postgres, Job::Delete).await;
    assert_eq!(left, None, "the server executed the statement of the dead");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_mariadb_the_delete_of_a_killed_client_is_seen_as_soon_as_it_commits() {
    let (_, left) = an_orphan(Backend::MySql, Job::Delete).await;
    assert_eq!(left, None, "the server executed the statement of the dead");
}

/// A save is a transaction on MariaDB, and its COMMIT never comes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_mariadb_the_save_of_a_killed_client_is_rolled_back() {
    let (scene, left) = an_orphan(Backend::MySql, Job::Save).await;
    assert_eq!(left.as_deref(), Some("A1"));
    scene.expire(1);
    comes_from_cache(&scene.store().await, 1, "A1").await;
}
