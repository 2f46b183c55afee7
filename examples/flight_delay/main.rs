//! A flight is two hours late: a walk through reads, a write through the cache in a transaction, and the proof that cache
//! and database agree.
//!
//! ```sh
//! cargo run --example flight_delay
//! cargo run --example flight_delay -- --flight-id 2026 --interactive --verbose
//! DATABASE_URL=postgres://localhost/app CACHE_URL=redis://localhost cargo run --example flight_delay -- --flush
//! ```
//!
//! Without the two variables it runs on SQLite in memory and the embedded cache. With them it works in tables of its own,
//! `writethrough_demo_airline`, `…_airport`, `…_flight` and `…_flight_log`, which it creates where they are missing and leaves
//! there for the next run. It touches nothing else; in the cache, it keeps to the namespace `flight-delay`.

mod arguments;
mod data;
mod entities;
mod meter;
mod report;
mod steps;

use std::process::ExitCode;
use std::time::Duration;

use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use writethrough::Store;

use arguments::{Arguments, HELP};
use entities::{airline, airport, flight};
use meter::Meter;
use steps::Demo;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The first part of every key.
const NAMESPACE: &str = "flight-delay";

#[tokio::main]
async fn main() -> ExitCode {
    match Arguments::parse(std::env::args().skip(1)) {
        Ok(Some(arguments)) => match run(&arguments).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("flight_delay: {error}");
                ExitCode::FAILURE
            }
        },
        Ok(None) => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("flight_delay: {error}");
            ExitCode::from(2)
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), BoxError> {
    let meter = Meter::default();
    tracing_subscriber::registry().with(meter.clone()).init();
    let database_url = std::env::var("DATABASE_URL").unwrap_or_else(|_| "sqlite::memory:".to_owned());
    let cache_url = std::env::var("CACHE_URL").unwrap_or_else(|_| format!("memory:{NAMESPACE}"));
    let mut db = connect(&database_url).await?;
    meter.attach(&mut db);
    let store = Store::builder()
        .database(db)
        .cache_url(&cache_url)
        .namespace(NAMESPACE)
        // So that plain statements on their tables are noticed in transactions from the beginning.
        .register::<airline::Entity>()
        .register::<airport::Entity>()
        .register::<flight::Entity>()
        .build()
        .await?;
    let kind = cache_url.split(':').next().unwrap_or_default();
    println!("database {:?}, cache {kind}", store.database().get_database_backend());

    let walked = walk(&store, &meter, arguments).await;
    store.close().await?;
    walked
}

async fn walk(store: &Store, meter: &Meter, arguments: &Arguments) -> Result<(), BoxError> {
    let prepared = data::prepare(store).await?;
    match prepared.loaded_in {
        Some(time) => println!("loaded {} flights in {}", prepared.flights, report::millis(time)),
        None => println!("{} flights are there from an earlier run", prepared.flights),
    }
    if arguments.flush {
        meter.take();
        data::forget(store).await?;
        if arguments.verbose {
            report::print_calls(&meter.take());
        }
        println!("the cache was made to forget the demo's rows");
    }
    Demo { store, meter, arguments, latencies: Vec::new() }.run().await
}

/// Opens the database by hand, because its statements are to be measured; with a statement timeout where there is one, as a
/// store that opens a URL does.
async fn connect(url: &str) -> Result<DatabaseConnection, DbErr> {
    let url = url.replacen("mariadb:", "mysql:", 1);
    let mut options = ConnectOptions::new(url.as_str());
    options.sqlx_logging(false);
    if url.starts_with("sqlite:") {
        // One connection that never ends: a database in memory lives in it.
        options.max_connections(1).min_connections(1).idle_timeout(None).max_lifetime(None);
    } else if url.starts_with("postgres") {
        options.statement_timeout(Duration::from_secs(30));
    }
    Database::connect(options).await
}
