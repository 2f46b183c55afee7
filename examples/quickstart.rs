//! A walk through `writethrough` on a small table of flights.
//!
//! ```sh
//! cargo run --example quickstart
//! DATABASE_URL=postgres://localhost/app CACHE_URL=redis://localhost cargo run --example quickstart
//! ```
//!
//! Without the two variables it runs on SQLite in memory and the embedded cache: no server is needed. With them it works
//! in a table of its own, `writethrough_quickstart_flight`, which it drops at the end.

use std::time::{Duration, Instant};

use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, Schema};
use writethrough::{Error, Store};

mod flight {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "writethrough_quickstart_flight")]
    #[write_through(ttl = "1h", rename = "flight")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub flight_no: String,
        pub gate: String,
        pub delay_minutes: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The first part of every key; stores that share rows share it.
const NAMESPACE: &str = "quickstart";

#[tokio::main]
async fn main() -> Result<(), Error> {
    let database_url = std::env::var("DATABASE_URL").unwrap_or_else(|_| "sqlite::memory:".to_owned());
    let cache_url = std::env::var("CACHE_URL").unwrap_or_else(|_| "memory:quickstart".to_owned());
    let store = Store::builder().database_url(&database_url).cache_url(&cache_url).namespace(NAMESPACE).build().await?;
    println!("database {:?}, cache {}", store.database().get_database_backend(), kind_of(&cache_url));
    create_table(&store).await?;

    let walked = walk(&store, &cache_url).await;

    store.database().execute_unprepared("DROP TABLE writethrough_quickstart_flight").await?;
    store.close().await?;
    walked
}

async fn walk(store: &Store, cache_url: &str) -> Result<(), Error> {
    let flight = save_and_load(store).await?;
    let flight = update(store, flight).await?;
    race(store, cache_url, &flight).await?;
    break_the_cache(store).await?;
    delete(store, flight.id).await
}

async fn save_and_load(store: &Store) -> Result<flight::Model, Error> {
    title("Save through, load cached");
    let departure = flight::ActiveModel {
        flight_no: Set("WT 115".to_owned()),
        gate: Set("A4".to_owned()),
        delay_minutes: Set(0),
        ..Default::default()
    };
    let started = Instant::now();
    let saved = store.save(departure).await?;
    step("save_through", started, &format!("row {} in the database, entry {:?}", saved.model.id, saved.cache));

    load(store, saved.model.id, "the very next read").await?;
    flight::Entity::invalidate(saved.model.id, store).await?;
    load(store, saved.model.id, "after the entry was removed").await?;
    load(store, saved.model.id, "again").await?;
    Ok(saved.model)
}

async fn update(store: &Store, flight: flight::Model) -> Result<flight::Model, Error> {
    title("Update: cache and database agree when the call returns");
    let mut change = flight.into_active_model();
    change.delay_minutes = Set(120);
    change.gate = Set("B17".to_owned());
    let started = Instant::now();
    let saved = store.save(change).await?;
    step("save_through", started, &format!("two hours late, entry {:?}", saved.cache));
    agree(store, saved.model.id).await?;
    Ok(saved.model)
}

/// Two stores, as two processes would have them, change different columns of one row at the same time.
async fn race(store: &Store, cache_url: &str, flight: &flight::Model) -> Result<(), Error> {
    title("Two writers race for one row, 200 updates each");
    let other =
        Store::builder().database(store.database().clone()).cache_url(cache_url).namespace(NAMESPACE).build().await?;
    let started = Instant::now();
    let gates = async {
        for n in 0..200 {
            let change = flight::ActiveModel { id: Set(flight.id), gate: Set(format!("C{n}")), ..Default::default() };
            change.save_through(store).await?;
        }
        Ok::<_, Error>(())
    };
    let delays = async {
        for n in 0..200 {
            let change = flight::ActiveModel { id: Set(flight.id), delay_minutes: Set(n), ..Default::default() };
            change.save_through(&other).await?;
        }
        Ok::<_, Error>(())
    };
    tokio::try_join!(gates, delays)?;
    step("400 updates", started, "no lock, no version column, no waiting for each other");
    agree(store, flight.id).await?;
    other.close().await
}

/// A store whose Redis is not there: it starts, it saves, it loads, and it says what it could not do.
async fn break_the_cache(store: &Store) -> Result<(), Error> {
    title("The cache breaks; the application goes on");
    let broken = Store::builder()
        .database(store.database().clone())
        .cache_url("redis://127.0.0.1:1")
        .namespace("broken")
        .close_timeout(Duration::from_millis(100))
        .build()
        .await?;
    let departure = flight::ActiveModel {
        flight_no: Set("WT 911".to_owned()),
        gate: Set("D1".to_owned()),
        delay_minutes: Set(5),
        ..Default::default()
    };
    let started = Instant::now();
    let saved = broken.save(departure).await?;
    step("save_through", started, &format!("row {} in the database, entry {:?}", saved.model.id, saved.cache));
    load(&broken, saved.model.id, "from a store without its cache").await?;
    if let Err(error) = broken.close().await {
        println!("  close            {error}");
    }
    Ok(())
}

async fn delete(store: &Store, id: i32) -> Result<(), Error> {
    title("Delete");
    let started = Instant::now();
    let existed = flight::Entity::delete_by_id_through(id, store).await?;
    step("delete", started, &format!("there was a row: {existed}"));
    load(store, id, "absence is remembered too").await
}

async fn load(store: &Store, id: i32, when: &str) -> Result<(), Error> {
    let started = Instant::now();
    let loaded = store.load::<flight::Entity>(id).await?;
    let what = match loaded.model {
        Some(flight) => format!("{} at gate {}, {} minutes late", flight.flight_no, flight.gate, flight.delay_minutes),
        None => "no such flight".to_owned(),
    };
    step("load_cached", started, &format!("{:?}: {what} ({when})", loaded.source));
    Ok(())
}

/// Shows what the store says beside what the database says, and fails if they differ.
async fn agree(store: &Store, id: i32) -> Result<(), Error> {
    let loaded = store.load::<flight::Entity>(id).await?;
    let stored = flight::Entity::find_by_id(id).one(store.database()).await?;
    println!("  {:<16} {:?}", format!("{:?}", loaded.source).to_lowercase(), loaded.model);
    println!("  database         {stored:?}");
    if loaded.model != stored {
        return Err(DbErr::Custom("the cache and the database differ".to_owned()).into());
    }
    println!("  they are         the same");
    Ok(())
}

async fn create_table(store: &Store) -> Result<(), Error> {
    let db = store.database();
    let schema = Schema::new(db.get_database_backend());
    db.execute_unprepared("DROP TABLE IF EXISTS writethrough_quickstart_flight").await?;
    db.execute(&schema.create_table_from_entity(flight::Entity)).await?;
    Ok(())
}

fn title(text: &str) {
    println!("\n{text}");
}

fn step(what: &str, started: Instant, result: &str) {
    println!("  {what:<16} {:>9.1?}  {result}", started.elapsed());
}

fn kind_of(cache_url: &str) -> &str {
    cache_url.split(':').next().unwrap_or_default()
}
