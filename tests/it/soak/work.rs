//! The process that works: this test binary once more, told what to do by its environment.

use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rand::Rng;
use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectOptions, Database};
use tokio::task::JoinSet;
use tokio::time::timeout;
use writethrough::__private::{delete_by_id, invalidate, invalidate_all, load_by_key, load_many, update};
use writethrough::{Audit, Error, OutboxOptions, Store};

use super::measure::Measured;
use crate::support::entities::uniques::ticket;
use crate::support::stage::Stage;

const JOB: &str = "WRITETHROUGH_SOAK_JOB";
const DATABASE: &str = "WRITETHROUGH_SOAK_DATABASE";
const CACHE: &str = "WRITETHROUGH_SOAK_CACHE";
const REDIS: &str = "WRITETHROUGH_SOAK_REDIS";

const WORKERS: usize = 8;
const TICKETS: i32 = 200;

/// Starts it: `redis_url` leads to the server itself, where the stage's leads through a network that fails.
pub fn start(stage: &Stage, redis_url: &str, lasting: Duration) -> Child {
    let this_test = concat!(module_path!(), "::the_other_process_works").split_once("::").expect("a crate").1;
    Command::new(std::env::current_exe().expect("the test binary"))
        .args([this_test, "--exact", "--nocapture"])
        .env(JOB, lasting.as_secs().to_string())
        .env(DATABASE, stage.database_url())
        .env(CACHE, stage.cache_url())
        .env(REDIS, redis_url)
        .spawn()
        .expect("the test binary runs")
}

/// Nothing, except in the other process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_process_works() {
    let Ok(seconds) = std::env::var(JOB) else { return };
    let seconds: u64 = seconds.parse().expect("a number of seconds");
    let told = |name| std::env::var(name).expect("the other process is told everything");
    let connect = async |most| {
        let mut options = ConnectOptions::new(told(DATABASE));
        options.min_connections(most).max_connections(most).idle_timeout(None).max_lifetime(None).sqlx_logging(false);
        Database::connect(options).await.expect("the database answers")
    };
    let plain = connect(1).await;
    let outbox = OutboxOptions::new().interval(Duration::from_millis(500));
    outbox.create_table(&plain).await.expect("a table");
    let builder = Store::builder().database(connect(8).await).cache_url(told(CACHE)).namespace("soak").outbox(outbox);
    let store = builder.cache_timeout(Duration::from_millis(100)).build().await.expect("a store");
    let audit = Audit::sample(50).rows_per_second(200).repair();
    let audits = store.audit_in_background::<ticket::Entity>(audit, Duration::from_millis(200));
    let done = Arc::new(AtomicU64::new(0));

    // Pools, caches of statements and the allocator have taken what they need after two fifths.
    work(&store, Duration::from_secs(seconds) * 2 / 5, &done).await;
    let warm = Measured::most_at_rest(&store, &plain, &told(REDIS)).await;
    let at_first = done.load(Ordering::Relaxed);
    work(&store, Duration::from_secs(seconds) * 3 / 5, &done).await;
    let end = Measured::at_rest(&store, &plain, &told(REDIS), warm).await;
    let then = done.load(Ordering::Relaxed) - at_first;

    println!("after {at_first} operations {warm:?}\nafter {then} more      {end:?}");
    assert!(then > 100, "there was hardly any work");
    assert!(!end.grew_since(warm), "it grew");
    audits.stop().await;
    store.close().await.expect("nothing is left to do");
}

/// Works for a while, and waits until all is done.
async fn work(store: &Store, lasting: Duration, done: &Arc<AtomicU64>) {
    let started = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS {
        let (store, done) = (store.clone(), done.clone());
        workers.spawn(async move {
            while started.elapsed() < lasting {
                // Without its cache the store degrades; two writers may deadlock. Neither is asked about here.
                one(&store).await.ok();
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    while let Some(worker) = workers.join_next().await {
        worker.expect("no operation panics");
    }
}

/// One operation, any.
async fn one(store: &Store) -> Result<(), Error> {
    type T = ticket::Entity;
    let id = rand::random_range(1..=TICKETS);
    let whole = ticket::numbered(id, &format!("{id}@x"));
    let priced = |price| ticket::ActiveModel { id: Unchanged(id), price: Set(price), ..Default::default() };
    let price = rand::rng().random_range(1..1_000);
    match rand::random_range(0..16) {
        0..4 => drop(store.load::<T>(id).await?),
        4 => drop(load_many::<T, _>((id..id + 10).collect(), store).await?),
        5 => drop(load_by_key::<T, _>(ticket::CODE, ticket::code(i64::from(id) + 1_000), store).await?),
        6 => drop(store.save(priced(price)).await?),
        7 => drop(store.update(priced(price)).await?),
        8 => drop(store.insert(whole).await?),
        9 => {
            let mut conflict = OnConflict::column(ticket::Column::Id);
            conflict.update_column(ticket::Column::Price);
            drop(store.upsert(whole, conflict).await?);
        }
        10 => drop(delete_by_id::<T, _>(id, store).await?),
        11 => drop(store.delete(whole).await?),
        12 => {
            let tx = store.begin().await?;
            update::<T, _>(priced(price), &tx).await?;
            if price % 3 > 0 { tx.commit().await? } else { tx.rollback().await? }
        }
        13 => invalidate::<T, _>(id, store).await?,
        14 if price < 20 => invalidate_all::<T, _>(store).await?,
        // A caller that goes away in the middle.
        _ => drop(timeout(Duration::from_micros(500), store.save(priced(price))).await),
    }
    Ok(())
}
