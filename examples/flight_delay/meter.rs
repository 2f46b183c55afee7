//! Who was asked what, and how long it took: SQL statements from SeaORM, calls to the cache from `writethrough`.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::DatabaseConnection;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;
use writethrough::telemetry::EVENT_CACHE_CALL;

/// Where SeaORM begins and ends transactions; what it does there it tells as spans alone.
const TRANSACTIONS: &str = "sea_orm::database::transaction";

/// One statement, or one call to the cache.
#[derive(Debug)]
pub enum Call {
    Database { sql: String, elapsed: Duration },
    Cache { step: String, keys: u64, elapsed: Duration },
}

/// A list of calls; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Mutex<Vec<Call>>>);

impl Meter {
    /// Hears of the statements of this connection, and of clones that are made from now on.
    pub fn attach(&self, db: &mut DatabaseConnection) {
        let meter = self.clone();
        db.set_metric_callback(move |executed| {
            let sql = executed.statement.sql.clone();
            meter.calls().push(Call::Database { sql, elapsed: executed.elapsed });
        });
    }

    /// What came since the last time.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *self.calls())
    }

    fn calls(&self) -> MutexGuard<'_, Vec<Call>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_of_a_transaction(metadata: &Metadata<'_>) -> bool {
    metadata.is_span()
        && metadata.target() == TRANSACTIONS
        && matches!(metadata.name(), "begin" | "commit" | "rollback")
}

/// When a span began.
struct Began(Instant);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Meter {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        let is_call = metadata.is_event() && metadata.name() == EVENT_CACHE_CALL;
        let is_warning = metadata.is_event() && *metadata.level() <= Level::WARN;
        is_call || is_warning || is_of_a_transaction(metadata)
    }

    fn on_new_span(&self, _: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Began(Instant::now()));
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id).filter(|span| is_of_a_transaction(span.metadata())) else { return };
        if let Some(Began(began)) = span.extensions().get() {
            self.calls().push(Call::Database { sql: span.name().to_uppercase(), elapsed: began.elapsed() });
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        if event.metadata().name() == EVENT_CACHE_CALL {
            let Fields { step, keys, micros, .. } = fields;
            self.calls().push(Call::Cache { step, keys, elapsed: Duration::from_micros(micros) });
        } else {
            eprintln!("{}: {}", event.metadata().level().as_str().to_lowercase(), fields.message);
        }
    }
}

/// What an event says.
#[derive(Default)]
struct Fields {
    step: String,
    keys: u64,
    micros: u64,
    message: String,
}

impl Visit for Fields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "keys" => self.keys = value,
            "micros" => self.micros = value,
            _ => {}
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "step" {
            value.clone_into(&mut self.step);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        }
    }
}
