//! What the database is spared while the cache is gone.
//!
//! Queries are held where SeaORM tells that they have ended, on every kind of database: whoever sent one has it under
//! way until the test releases it.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use sea_orm::{ActiveModelTrait, ConnectionTrait, DatabaseConnection, EntityTrait, Schema};
use tokio::task::JoinHandle;
use writethrough::__private::load_by_key;
use writethrough::{BreakerState, DatabaseLimit, Error, Outcome, Source, Store, StoreBuilder};

use super::entities::flight;
use super::scene::Scene;
use super::until;
use crate::support::entities::uniques::ticket;
use crate::support::{Backend, Fault};

/// Connections of a store's pool.
const POOL: usize = 10;
const ROWS: i32 = 200;
const LONG: Duration = Duration::from_secs(60);

/// Holds queries when they end, until it is dropped.
struct Hold(Arc<Door>);

#[derive(Default)]
struct Door {
    held: Mutex<Held>,
    opened: Condvar,
}

#[derive(Default)]
struct Held {
    is_open: bool,
    /// How many more to hold.
    left: usize,
    now: usize,
}

impl Hold {
    /// Holds the first queries on this connection.
    fn on(connection: &mut DatabaseConnection, queries: usize) -> Self {
        let door = Arc::new(Door { held: Mutex::new(Held { left: queries, ..Held::default() }), ..Door::default() });
        let hold = Self(door.clone());
        connection.set_metric_callback(move |execution| {
            if execution.statement.sql.starts_with("SELECT") {
                // The other tasks of this thread go on elsewhere.
                tokio::task::block_in_place(|| door.stop());
            }
        });
        hold
    }

    fn now(&self) -> usize {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner).now
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner).is_open = true;
        self.0.opened.notify_all();
    }
}

impl Door {
    fn stop(&self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.left > 0 {
            held.left -= 1;
            held.now += 1;
            drop(self.opened.wait_while(held, |held| !held.is_open));
        }
    }
}

/// A scene with many flights, and a store behind its proxy whose first queries are held.
async fn flights(
    backend: Backend,
    fault: Fault,
    held: usize,
    limited: impl FnOnce(StoreBuilder) -> StoreBuilder,
) -> (Scene, Store, Hold) {
    let scene = Scene::new(backend).await;
    let rows = (1..=ROWS).map(|id| flight::at(id, format!("A{id}")));
    flight::Entity::insert_many(rows).exec(&scene.db).await.expect("all is well");
    scene.proxy.set(fault).await;
    let mut connection = scene.database.connect().await;
    let hold = Hold::on(&mut connection, held);
    let builder = limited(scene.builder(scene.proxy.addr()).database(connection));
    (scene, builder.build().await.expect("a store"), hold)
}

/// Loads so many distinct rows, each in a task of its own.
fn load_all(store: &Store, rows: i32) -> Vec<JoinHandle<Result<Option<flight::Model>, Error>>> {
    let load = |id| {
        let store = store.clone();
        tokio::spawn(async move { flight::Entity::load_cached(id, &store).await })
    };
    (1..=rows).map(load).collect()
}

async fn all_are_loaded(loads: Vec<JoinHandle<Result<Option<flight::Model>, Error>>>) {
    for (id, load) in (1..).zip(join_all(loads).await) {
        let flight = load.expect("no panic").expect("its turn came in time").expect("there is such a flight");
        assert_eq!((flight.id, flight.gate), (id, format!("A{id}")));
    }
}

/// These are refused a turn: clearly, and as work that may be tried again.
fn assert_overloaded<T: std::fmt::Debug>(refused: Result<T, Error>) {
    let error = refused.expect_err("somebody else has the only turn");
    assert!(error.is_overloaded() && error.is_retryable(), "{error:?}");
    assert_eq!(error.outcome(), Outcome::NotCommitted);
    assert!(error.to_string().contains("database_limit"), "it says what to do: {error}");
}

on_every_backend! {
    async fn while_the_cache_is_gone_no_more_loads_than_allowed_ask_at_once(backend: Backend) {
        let limit = DatabaseLimit::new(4).queue_timeout(LONG);
        let (_scene, store, hold) = flights(backend, Fault::Refuse, usize::MAX, |b| b.database_limit(limit)).await;

        let loads = load_all(&store, ROWS);

        until("all others wait", async || store.health().waiting_loads == 196).await;
        until("four have asked", async || hold.now() == 4).await;
        assert_eq!(store.health().limited_queries, 4);
        assert_eq!(hold.now(), 4, "no more than those");
        drop(hold);
        all_are_loaded(loads).await;
        assert_eq!((store.health().limited_queries, store.health().waiting_loads), (0, 0));
    }

    async fn without_a_limit_as_many_ask_as_there_are_connections(backend: Backend) {
        let (_scene, store, hold) = flights(backend, Fault::Refuse, usize::MAX, |builder| builder).await;

        let loads = load_all(&store, ROWS);

        until("all connections are in use", async || hold.now() == POOL).await;
        assert_eq!(store.health().waiting_loads, 0);
        drop(hold);
        all_are_loaded(loads).await;
    }

    async fn while_the_cache_answers_the_limit_is_not_felt(backend: Backend) {
        let limit = DatabaseLimit::new(1).queue_timeout(Duration::ZERO);
        let (_scene, store, hold) = flights(backend, Fault::Pass, usize::MAX, |b| b.database_limit(limit)).await;

        let loads = load_all(&store, ROWS);

        until("all connections are in use", async || hold.now() == POOL).await;
        let health = store.health();
        assert_eq!((health.breaker, health.limited_queries, health.waiting_loads), (BreakerState::Closed, 0, 0));
        drop(hold);
        all_are_loaded(loads).await;
    }

    async fn who_finds_no_turn_in_time_is_told_so_and_nothing_hangs(backend: Backend) {
        let limit = DatabaseLimit::new(2).queue_timeout(Duration::from_millis(50));
        let (_scene, store, hold) = flights(backend, Fault::Refuse, 2, |b| b.database_limit(limit)).await;
        let first = load_all(&store, 2);
        until("both turns are taken", async || hold.now() == 2).await;

        for load in load_all(&store, 20).split_off(2) {
            assert_overloaded(load.await.expect("no panic"));
        }

        drop(hold);
        all_are_loaded(first).await;
        all_are_loaded(load_all(&store, 2)).await;
    }

    async fn every_kind_of_load_waits_and_no_write_does(backend: Backend) {
        let limit = DatabaseLimit::new(1).queue_timeout(Duration::ZERO);
        let (scene, store, hold) = flights(backend, Fault::Refuse, 1, |b| b.database_limit(limit)).await;
        let schema = Schema::new(scene.db.get_database_backend());
        scene.db.execute(&schema.create_table_from_entity(ticket::Entity)).await.expect("create the table");
        ticket::numbered(1, "ann@x").insert(&scene.db).await.expect("all is well");
        let first = load_all(&store, 1);
        until("the only turn is taken", async || hold.now() == 1).await;

        assert_overloaded(flight::Entity::load_cached(2, &store).await);
        assert_overloaded(flight::Entity::load_many_cached([2, 3], &store).await);
        assert_overloaded(load_by_key::<ticket::Entity, _>(ticket::CODE, ticket::code(1001), &store).await);
        store.save(flight::moved(2, "B2")).await.expect("writes do not wait");
        let in_a_transaction = store.transaction(async |tx| flight::Entity::load_cached(2, tx).await);
        assert_eq!(in_a_transaction.await.expect("nor do transactions").expect("a flight").gate, "B2");

        drop(hold);
        all_are_loaded(first).await;
        let ann = load_by_key::<ticket::Entity, _>(ticket::CODE, ticket::code(1001), &store).await;
        assert!(ann.expect("its turn").is_some());
    }

    async fn loads_of_one_row_take_one_turn(backend: Backend) {
        let limit = DatabaseLimit::new(1).queue_timeout(Duration::ZERO);
        let (_scene, store, hold) = flights(backend, Fault::Refuse, 1, |b| b.database_limit(limit)).await;
        let first = load_all(&store, 1);
        until("the only turn is taken", async || hold.now() == 1).await;
        let others: Vec<_> = (0..20)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { store.load::<flight::Entity>(1).await })
            })
            .collect();
        tokio::task::yield_now().await;
        drop(hold);

        all_are_loaded(first).await;
        for other in others {
            let loaded = other.await.expect("no panic").expect("the one query, or the one after it");
            assert_eq!((loaded.model.map(|flight| flight.id), loaded.source), (Some(1), Source::Database));
        }
    }
}

/// The bound holds for what a load waits in all, also behind others of its row that found no turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loads_of_one_row_do_not_wait_for_their_turns_one_after_the_other() {
    let limit = DatabaseLimit::new(1).queue_timeout(Duration::from_millis(300));
    let (_scene, store, hold) = flights(Backend::Sqlite, Fault::Refuse, 1, |b| b.database_limit(limit)).await;
    let first = load_all(&store, 1);
    until("the only turn is taken", async || hold.now() == 1).await;

    let started = std::time::Instant::now();
    for refused in join_all((0..20).map(|_| store.load::<flight::Entity>(2))).await {
        assert_overloaded(refused);
    }

    assert!(started.elapsed() < Duration::from_secs(3), "twenty times 300 ms: {:?}", started.elapsed());
    drop(hold);
    all_are_loaded(first).await;
}
