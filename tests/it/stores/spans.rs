//! The spans of operations: their names, their fields, and what is never in them.

use std::fmt::{Debug, Write};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};

use sea_orm::{ActiveModelTrait, ConnectionTrait, DbBackend, EntityTrait, Schema};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use writethrough::{Error, Store, WarmOptions};

use crate::support::entities::coded;
use crate::support::entities::keys::airline;
use crate::support::entities::listed::leg;

/// What this crate told its subscriber: each span with all of its fields, and each event.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

/// Where in the list a span stands.
struct Place(usize);

impl Told {
    fn list(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().expect("nobody panics with it")
    }
}

/// Writes fields behind a name.
struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).expect("a string");
    }
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("writethrough")
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Told {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if is_ours(attributes.metadata()) {
            let mut line = attributes.metadata().name().to_owned();
            attributes.record(&mut Line(&mut line));
            let mut list = self.list();
            context.span(id).expect("a new span").extensions_mut().insert(Place(list.len()));
            list.push(line);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let span = context.span(id).expect("a span");
        if let Some(Place(place)) = span.extensions().get::<Place>() {
            values.record(&mut Line(&mut self.list()[*place]));
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if is_ours(event.metadata()) {
            let mut line = "event".to_owned();
            event.record(&mut Line(&mut line));
            self.list().push(line);
        }
    }
}

/// Never told anything. While a process has one subscriber alone, a span that another thread meets first is switched
/// off for all, so there are always two.
static BYSTANDER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(tracing_subscriber::registry()));

/// Runs the scenario on one thread, with a subscriber of its own.
pub(super) fn told(scenario: impl Future<Output = ()>) -> Vec<String> {
    LazyLock::force(&BYSTANDER);
    let told = Told::default();
    let subscriber = tracing_subscriber::registry().with(told.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tracing::subscriber::with_default(subscriber, || runtime.block_on(scenario));
    told.list().clone()
}

async fn store(cache_url: &str) -> Store {
    let store = Store::builder().database_url("sqlite::memory:").cache_url(cache_url).build().await.unwrap();
    let schema = Schema::new(DbBackend::Sqlite);
    for statement in [
        schema.create_table_from_entity(airline::Entity),
        schema.create_table_from_entity(coded::Entity),
        schema.create_table_from_entity(leg::Entity),
    ] {
        store.database().execute(&statement).await.unwrap();
    }
    store
}

#[test]
fn every_operation_is_a_span_that_tells_the_entity_and_what_happened() {
    let told = told(async {
        let store = store("memory:").await;
        airline::named("WT".into(), "Through Air").insert_through(&store).await.unwrap();
        airline::Entity::load_cached("WT", &store).await.unwrap();
        airline::Entity::load_cached("XX", &store).await.unwrap();
        airline::Entity::load_many_cached(["WT", "XX", "YY"], &store).await.unwrap();
        airline::Entity::invalidate("WT", &store).await.unwrap();
        airline::Entity::invalidate_all(&store).await.unwrap();
        airline::Entity::warm(airline::Entity::find(), WarmOptions::new(), &store).await.unwrap();
        airline::Entity::delete_by_id_through("WT", &store).await.unwrap();
    });
    let expected = [
        "writethrough.save entity=\"airline\" cache=\"refreshed\"",
        "writethrough.load entity=\"airline\" source=\"cache\"",
        "writethrough.load entity=\"airline\" source=\"database\"",
        "writethrough.load_many entity=\"airline\" keys=3",
        "writethrough.invalidate entity=\"airline\" cache=\"invalidated\"",
        "writethrough.invalidate entity=\"airline\" cache=\"invalidated\"",
        "writethrough.warm entity=\"airline\" seen=1 filled=1",
        "writethrough.delete entity=\"airline\" cache=\"refreshed\"",
    ];
    let spans: Vec<_> = told.iter().filter(|line| !line.starts_with("event")).collect();
    assert_eq!(spans, expected);
}

#[test]
fn each_call_to_the_cache_is_an_event() {
    let told = told(async {
        let store = store("memory:").await;
        airline::named("WT".into(), "Through Air").insert_through(&store).await.unwrap();
        airline::Entity::load_cached("WT", &store).await.unwrap();
        airline::Entity::load_many_cached(["WT", "XX", "YY"], &store).await.unwrap();
    });
    let calls = told.iter().filter(|line| line.starts_with("event step"));
    let calls: Vec<_> = calls.map(|line| line.split(" micros=").next().unwrap()).collect();
    let call = |step: &str, keys: u32| format!("event step=\"{step}\" keys={keys} failures=0");
    let expected = [("FENCE", 1), ("FINISH", 1), ("GET", 1), ("GET", 3), ("LEASE", 2), ("FILL", 2)];
    assert_eq!(calls, expected.map(|(step, keys)| call(step, keys)));
}

#[test]
fn a_load_that_has_no_use_for_the_cache_says_why() {
    let told = told(async {
        // Nobody listens there, and the client knows.
        let store = store("redis://127.0.0.1:1").await;
        airline::Entity::load_cached("WT", &store).await.unwrap();
        airline::Entity::load_many_cached(["WT", "XX"], &store).await.unwrap();
        airline::named("WT".into(), "Through Air").insert_through(&store).await.unwrap();
        airline::Entity::load_cached("WT", &store).await.unwrap();
        airline::Entity::invalidate("WT", &store).await.unwrap();
    });
    let spans: Vec<_> = told.into_iter().filter(|text| !text.starts_with("event")).collect();
    let expected = [
        "writethrough.load entity=\"airline\" bypass=\"left_alone\" source=\"database\"",
        "writethrough.load_many entity=\"airline\" keys=2 bypass=\"left_alone\"",
        "writethrough.save entity=\"airline\" cache=\"degraded\"",
        "writethrough.load entity=\"airline\" bypass=\"distrusted\" source=\"database\"",
        "writethrough.invalidate entity=\"airline\" cache=\"degraded\"",
    ];
    assert_eq!(spans, expected);
}

#[test]
fn a_commit_and_a_load_by_a_unique_key_are_spans_that_tell_what_happened() {
    let told = told(async {
        let store = store("memory:").await;
        let work = store.transaction(async |tx| {
            airline::named("WT".into(), "Through Air").insert_through(tx).await?;
            let code = coded::ActiveModel { code: sea_orm::ActiveValue::Set("ann".into()), ..Default::default() };
            code.insert_through(tx).await
        });
        work.await.unwrap();
        coded::Entity::load_cached_by_code("ann", &store).await.unwrap();
        coded::Entity::load_cached_by_code("bob", &store).await.unwrap();
        store.transaction(async |_| Ok::<_, Error>(())).await.unwrap();
    });
    let expected = [
        // Two rows, and the pointer to one of them.
        "writethrough.commit keys=3 cache=\"refreshed\"",
        "writethrough.load_by_key entity=\"coded\" key=\"code\" source=\"cache\"",
        "writethrough.load_by_key entity=\"coded\" key=\"code\" source=\"database\"",
        "writethrough.commit keys=0 cache=\"refreshed\"",
    ];
    let spans: Vec<_> = told.iter().filter(|line| !line.starts_with("event")).collect();
    assert_eq!(spans, expected);
}

#[test]
fn a_load_of_lists_is_one_span_that_names_the_index() {
    let told = told(async {
        let store = store("memory:").await;
        leg::Entity::load_all_cached_by_airline_id(5, &store).await.unwrap();
        let saved = store.insert(leg::flown(1, 5)).await.unwrap();
        assert_eq!(saved.cache, writethrough::CacheEffect::Refreshed, "a list that is gone is as it should be");
        leg::Entity::load_all_cached_by_airline_id_and_day(5, 1, &store).await.unwrap();
    });
    let expected = [
        "writethrough.load_lists entity=\"leg\" index=\"airline_id\" lists=1",
        "writethrough.save entity=\"leg\" cache=\"refreshed\"",
        "writethrough.load_lists entity=\"leg\" index=\"airline_id+day\" lists=1",
    ];
    let spans: Vec<_> = told.iter().filter(|line| !line.starts_with("event")).collect();
    assert_eq!(spans, expected);
}

#[test]
fn no_span_and_no_event_bears_a_value_of_a_key_or_a_column() {
    for cache_url in ["memory:", "redis://user:s3cret@127.0.0.1:1"] {
        let told = told(async {
            let store = store(cache_url).await;
            let (key, name) = ("s3cret-key", "s3cret-name");
            airline::named(key.into(), name).insert_through(&store).await.unwrap();
            airline::Entity::load_cached(key, &store).await.unwrap();
            airline::Entity::load_many_cached([key], &store).await.unwrap();
            airline::Entity::warm(airline::Entity::find(), WarmOptions::new(), &store).await.ok();
            // Refusals quote what was refused.
            airline::named(key.into(), name).insert_through(&store).await.unwrap_err();
            let code = || coded::ActiveModel { code: sea_orm::ActiveValue::Set("s3cret".into()), ..Default::default() };
            code().insert(store.database()).await.unwrap();
            code().save_through(&store).await.unwrap_err();
            airline::named("s3cret-missing".into(), name).save_through(&store).await.unwrap_err();
            airline::Entity::invalidate(key, &store).await.unwrap();
            airline::Entity::delete_by_id_through(key, &store).await.unwrap();
        });
        assert!(told.len() >= 8, "{told:?}");
        for text in told {
            assert!(!text.contains("s3cret"), "{text}");
        }
    }
}
