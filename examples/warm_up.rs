//! Warming up the cache, with a progress bar: filled, stopped half-way, and gone on from where it was.
//!
//! ```sh
//! cargo run --example warm_up
//! DATABASE_URL=postgres://localhost/app CACHE_URL=redis://localhost cargo run --example warm_up
//! ```
//!
//! Without the two variables it runs on SQLite in memory and the embedded cache. With them it works in a table of its own,
//! `writethrough_warm_up_flight`, which it drops at the end.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, PaginatorTrait, QueryOrder, QuerySelect, Schema};
use writethrough::{Error, Store, WarmCursor, WarmOptions};

mod flight {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "writethrough_warm_up_flight")]
    #[write_through(ttl = "1h", rename = "flight")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub flight_no: String,
        pub delay_minutes: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

const FLIGHTS: i32 = 20_000;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let database_url = std::env::var("DATABASE_URL").unwrap_or_else(|_| "sqlite::memory:".to_owned());
    let cache_url = std::env::var("CACHE_URL").unwrap_or_else(|_| "memory:".to_owned());
    let store = Store::builder()
        .database_url(&database_url)
        .cache_url(&cache_url)
        .namespace("warm-up")
        // A page is a larger command than a key.
        .cache_timeout(Duration::from_secs(1))
        .register::<flight::Entity>()
        .build()
        .await?;
    let kind = cache_url.split(':').next().unwrap_or_default();
    println!("database {:?}, cache {kind}", store.database().get_database_backend());
    create_flights(&store).await?;

    let shown = show(&store).await;

    store.database().execute_unprepared("DROP TABLE writethrough_warm_up_flight").await?;
    flight::Entity::invalidate_all(&store).await?;
    store.close().await?;
    shown
}

async fn show(store: &Store) -> Result<(), Error> {
    // The latest ones, which are the ones that are asked for.
    let latest = flight::Entity::find().order_by_desc(flight::Column::Id).limit(2_000);
    let started = Instant::now();
    let filled = flight::Entity::warm(latest, WarmOptions::new(), store).await?;
    println!("the latest 2000: {filled} filled in {:.0?}", started.elapsed());

    let (filled, kept) = half(store).await?;
    println!("stopped after {filled}; to go on, this is kept: {}…", kept.chars().take(16).collect::<String>());

    let cursor: WarmCursor = kept.parse()?;
    let filled = all(store, WarmOptions::new().resume_after(cursor)).await?;
    println!("gone on: {filled} filled, the latest were there already");

    let filled = all(store, WarmOptions::new()).await?;
    println!("once more: {filled} filled");
    let loaded = store.load::<flight::Entity>(FLIGHTS / 2).await?;
    println!("flight {}: {:?}", FLIGHTS / 2, loaded.source);
    Ok(())
}

/// The first half. Also returns where it ended, as text.
async fn half(store: &Store) -> Result<(u64, String), Error> {
    let mut kept = String::new();
    let options = WarmOptions::new().rows_per_second(200_000).progress(|progress| {
        kept = progress.cursor.to_string();
        let half = u64::from(FLIGHTS.unsigned_abs()) / 2;
        if progress.seen < half { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    let filled = flight::Entity::warm(flight::Entity::find(), options, store).await?;
    Ok((filled, kept))
}

/// All that is left, with a bar.
async fn all(store: &Store, options: WarmOptions<'_>) -> Result<u64, Error> {
    let bar = ProgressBar::new(flight::Entity::find().count(store.database()).await?);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len}, {msg}, {per_sec}") {
        bar.set_style(style);
    }
    let options = options.progress(|progress| {
        bar.set_position(progress.seen);
        bar.set_message(format!("{} filled", progress.filled));
        ControlFlow::Continue(())
    });
    let filled = flight::Entity::warm(flight::Entity::find(), options, store).await?;
    bar.finish_and_clear();
    Ok(filled)
}

/// Written behind the cache's back, as by an import.
async fn create_flights(store: &Store) -> Result<(), Error> {
    let db = store.database();
    db.execute_unprepared("DROP TABLE IF EXISTS writethrough_warm_up_flight").await?;
    let table = Schema::new(db.get_database_backend()).create_table_from_entity(flight::Entity);
    db.execute(&table).await?;
    let flight = |id| flight::ActiveModel { id: Set(id), flight_no: Set(format!("WT {id}")), delay_minutes: Set(0) };
    let ids: Vec<i32> = (1..=FLIGHTS).collect();
    for ids in ids.chunks(1_000) {
        let flights = ids.iter().copied().map(flight);
        flight::Entity::insert_many(flights).exec_without_returning(db).await?;
    }
    flight::Entity::invalidate_all(store).await
}
