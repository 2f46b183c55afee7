//! The race that refutes `UPDATE`, then `SET`, and that our writes pass: the same two writers, the same check.

use std::time::Duration;

use fred::clients::Client;
use fred::interfaces::{ClientLike, KeysInterface};
use fred::types::config::Config;
use rand::Rng;
use sea_orm::{ActiveModelTrait, DatabaseConnection};
use writethrough::Store;

use super::entities::flight;
use super::scene::{Scene, load};
use crate::support::Backend;

/// One way to write a row and its entry, and to read the entry.
trait Strategy {
    async fn save(&self, gate: &str);
    async fn read(&self) -> Option<String>;
}

/// Two writers at once, again and again: how often cache and database differ when both are done.
async fn stale_rounds<S: Strategy>(scene: &Scene, writers: [S; 2], rounds: usize, enough: usize) -> usize {
    let mut stale = 0;
    for round in 0..rounds {
        let [one, other] = &writers;
        tokio::join!(
            async {
                pause().await;
                one.save(&format!("A{round}")).await;
            },
            async {
                pause().await;
                other.save(&format!("B{round}")).await;
            },
        );
        let read = one.read().await;
        if read.is_some() && read != scene.truth(1).await {
            stale += 1;
        }
        if stale == enough {
            break;
        }
    }
    stale
}

async fn pause() {
    let micros = rand::rng().random_range(0..2_000);
    tokio::time::sleep(Duration::from_micros(micros)).await;
}

impl Strategy for Store {
    async fn save(&self, gate: &str) {
        Store::save(self, flight::moved(1, gate)).await.expect("all is well");
    }

    async fn read(&self) -> Option<String> {
        load(self, 1).await.0
    }
}

/// What the textbook does.
struct UpdateThenSet {
    db: DatabaseConnection,
    redis: Client,
}

impl UpdateThenSet {
    async fn new(scene: &Scene) -> Self {
        let config = Config::from_url(&scene.redis.url()).expect("a URL");
        let redis = Client::new(config, None, None, None);
        redis.init().await.expect("the server answers");
        Self { db: scene.database.connect().await, redis }
    }
}

impl Strategy for UpdateThenSet {
    async fn save(&self, gate: &str) {
        let row = flight::moved(1, gate).update(&self.db).await.expect("all is well");
        pause().await;
        self.redis.set::<(), _, _>("naive:1", row.gate, None, None, false).await.expect("all is well");
    }

    async fn read(&self) -> Option<String> {
        self.redis.get("naive:1").await.expect("all is well")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn update_then_set_is_caught_by_the_race_that_our_saves_pass() {
    let scene = Scene::new(Backend::Postgres).await;
    let stores = [scene.store().await, scene.store().await];
    scene.store().await.insert(flight::at(1, "A")).await.expect("all is well");
    assert_eq!(stale_rounds(&scene, stores, 200, 1).await, 0);

    let naive = [UpdateThenSet::new(&scene).await, UpdateThenSet::new(&scene).await];
    assert!(stale_rounds(&scene, naive, 2_000, 1).await > 0, "the race catches nobody");
}
