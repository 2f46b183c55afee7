//! The steps of the demo.

use std::time::{Duration, Instant};

use sea_orm::sea_query::value::prelude::chrono::TimeDelta;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::oneshot;
use writethrough::{CachedEntity, Error, PkValue, Source, Store};

use crate::BoxError;
use crate::arguments::Arguments;
use crate::entities::{airline, airport, flight, flight_log};
use crate::meter::Meter;
use crate::report::{self, Latency};

const DELAY_MINUTES: i32 = 120;

/// A walk through the steps.
pub struct Demo<'a> {
    pub store: &'a Store,
    pub meter: &'a Meter,
    pub arguments: &'a Arguments,
    pub latencies: Vec<Latency>,
}

impl Demo<'_> {
    /// All steps. Fails if the cache and the database ever differ.
    pub async fn run(&mut self) -> Result<(), BoxError> {
        self.meter.take();
        report::title("1. First read");
        let (before, first) = self.read("1 first read").await?;
        self.route(&before).await?;
        self.pause().await;

        report::title("2. Second read");
        let (_, second) = self.read("2 second read").await?;
        println!("  {:.1} times as fast as the first", first.as_secs_f64() / second.as_secs_f64().max(1e-9));
        self.pause().await;

        // Whatever happens meanwhile, the flight gets its schedule back.
        let shown = tokio::select! {
            shown = self.be_late(&before) => shown,
            _ = tokio::signal::ctrl_c() => Err("interrupted".into()),
        };
        let restored = self.restore(&before).await;
        shown.and(restored)?;
        report::print_latencies(&self.latencies);
        Ok(())
    }

    async fn be_late(&mut self, before: &flight::Model) -> Result<(), BoxError> {
        report::title("3. Two hours late");
        let late = self.write("3 delay", delayed(before), DELAY_MINUTES, "the delay and its line in the log").await?;
        print_times(before, &late);
        self.pause().await;

        report::title("4. Database against cache, field by field");
        self.verify("4 verify", &late).await?;
        self.pause().await;

        report::title("5. Read again");
        self.read("5 read again").await?;
        self.pause().await;
        Ok(())
    }

    async fn restore(&mut self, before: &flight::Model) -> Result<(), BoxError> {
        report::title("6. The schedule of before");
        let restored = self.write("6 restore", schedule(before), 0, "the schedule and its line in the log").await?;
        println!("  departure {}, arrival {}, {}", restored.departure, restored.arrival, status(restored.status));
        self.verify("6 verify", before).await?;
        println!("  restored");
        let lines = flight_log::Entity::find().filter(flight_log::Column::FlightId.eq(before.id));
        let lines = lines.order_by_desc(flight_log::Column::Id).limit(2).all(self.store.database()).await?;
        for line in lines.iter().rev() {
            println!("  log     {} UTC, {:>3} minutes: {}", line.at.format("%F %T"), line.minutes, line.line);
        }
        Ok(())
    }

    /// Reads the flight through the cache.
    async fn read(&mut self, step: &'static str) -> Result<(flight::Model, Duration), BoxError> {
        let (flight, source, total) = self.load::<flight::Entity>(step, "flight", self.arguments.flight_id).await?;
        let flight = flight.ok_or_else(|| unknown(self.arguments.flight_id))?;
        let told = match source {
            Source::Cache => "a hit: from the cache",
            _ => "a miss: from the database, and now in the cache",
        };
        println!("  {} after {}", told, report::millis(total));
        println!(
            "  flight {}: {}, gate {}, {}, {} – {} UTC",
            flight.id,
            flight.flight_no,
            flight.gate,
            status(flight.status),
            flight.departure,
            flight.arrival
        );
        Ok((flight, total))
    }

    /// What the flight's foreign keys lead to, each through the cache.
    async fn route(&mut self, flight: &flight::Model) -> Result<(), BoxError> {
        let step = "1 first read";
        let (airline, source, _) = self.load::<airline::Entity>(step, "airline", flight.airline_id).await?;
        let airline = airline.ok_or("a flight has an airline")?;
        println!("  airline {} {}, {} ({source:?})", airline.iata, airline.name, airline.country);
        for (way, id) in [("from", flight.origin_id), ("to", flight.destination_id)] {
            let (airport, source, _) = self.load::<airport::Entity>(step, &format!("airport ({way})"), id).await?;
            let airport = airport.ok_or("a flight has two airports")?;
            println!("  {way:<7} {} {}, {} ({source:?})", airport.iata, airport.city, airport.name);
        }
        Ok(())
    }

    /// One load through the cache, measured.
    async fn load<E: CachedEntity>(
        &mut self,
        step: &'static str,
        what: &str,
        id: impl Into<PkValue<E>>,
    ) -> Result<(Option<E::Model>, Source, Duration), Error> {
        let started = Instant::now();
        let loaded = self.store.load::<E>(id.into()).await?;
        let total = started.elapsed();
        let kind = if loaded.source == Source::Cache { "hit" } else { "miss" };
        self.note(step, format!("{what}, a {kind}"), total);
        Ok((loaded.model, loaded.source, total))
    }

    /// Changes the flight and writes down that it did, both or neither. The log is plain SeaORM in the same transaction.
    async fn write(
        &mut self,
        step: &'static str,
        change: flight::ActiveModel,
        minutes: i32,
        what: &str,
    ) -> Result<flight::Model, BoxError> {
        let id = self.arguments.flight_id;
        let line = if minutes > 0 { "delayed by the demo" } else { "restored by the demo" };
        let started = Instant::now();
        let written = self.store.transaction(async |tx| {
            let flight = change.clone().update_through(tx).await?;
            let log = flight_log::ActiveModel {
                flight_id: Set(id),
                minutes: Set(minutes),
                line: Set(line.to_owned()),
                ..Default::default()
            };
            log.insert(tx).await?;
            Ok::<_, Error>(flight)
        });
        let flight = written.await?;
        let total = started.elapsed();
        self.note(step, "transaction: update, log line".to_owned(), total);
        println!("  written through in one transaction after {}: {what}", report::millis(total));
        Ok(flight)
    }

    /// Holds the cache against the database, and both against what they must be.
    async fn verify(&mut self, step: &'static str, expected: &flight::Model) -> Result<(), BoxError> {
        let id = self.arguments.flight_id;
        let started = Instant::now();
        let stored = flight::Entity::find_by_id(id).one(self.store.database()).await?.ok_or_else(|| unknown(id))?;
        self.note(step, "plain SeaORM, beside the cache".to_owned(), started.elapsed());
        let (cached, source, _) = self.load::<flight::Entity>(step, "flight", id).await?;
        let cached = cached.ok_or_else(|| unknown(id))?;
        let differing = report::print_fields(&stored, &cached);
        println!("  the cache's side came from Source::{source:?}");
        if differing > 0 || stored != *expected {
            return Err("the cache or the database is not what was written".into());
        }
        println!("  all fields are verified");
        Ok(())
    }

    /// Keeps the latency of what was just done, and shows its calls if that is wanted.
    fn note(&mut self, step: &'static str, what: String, total: Duration) {
        let calls = self.meter.take();
        if self.arguments.verbose {
            report::print_calls(&calls);
        }
        self.latencies.push(Latency::of(step, what, &calls, total));
    }

    /// Waits for Enter, if that is wanted.
    async fn pause(&self) {
        if self.arguments.interactive {
            println!("\n(Enter goes on)");
            let (pressed, waiting) = oneshot::channel();
            // A thread of its own, which the end of the program does not wait for. At the end of the input nobody will press
            // it any more.
            std::thread::spawn(move || pressed.send(std::io::stdin().read_line(&mut String::new())));
            drop(waiting.await);
        }
    }
}

/// Two hours later.
fn delayed(flight: &flight::Model) -> flight::ActiveModel {
    let delay = TimeDelta::minutes(DELAY_MINUTES.into());
    flight::ActiveModel {
        id: Set(flight.id),
        status: Set(flight::Status::Delayed),
        departure: Set(flight.departure + delay),
        arrival: Set(flight.arrival + delay),
        ..Default::default()
    }
}

/// The times that it had.
fn schedule(flight: &flight::Model) -> flight::ActiveModel {
    flight::ActiveModel {
        id: Set(flight.id),
        status: Set(flight.status),
        departure: Set(flight.departure),
        arrival: Set(flight.arrival),
        ..Default::default()
    }
}

fn print_times(before: &flight::Model, after: &flight::Model) {
    println!("  departure {} → {}", before.departure, after.departure);
    println!("  arrival   {} → {}", before.arrival, after.arrival);
    println!("  status    {} → {}", status(before.status), status(after.status));
}

fn status(status: flight::Status) -> &'static str {
    match status {
        flight::Status::Scheduled => "scheduled",
        flight::Status::Delayed => "delayed",
        flight::Status::Cancelled => "cancelled",
    }
}

pub fn unknown(id: i32) -> String {
    format!("there is no flight {id}; --flight-id takes another")
}
