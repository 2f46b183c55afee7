//! The metrics of a small scenario.

use std::collections::BTreeMap;
use std::time::Duration;

use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbBackend, EntityTrait, Schema, TransactionTrait};
use writethrough::__private::load_by_key;
use writethrough::{Audit, CacheEffect, DatabaseLimit, Error, Source, Store, WarmOptions};

use crate::support::databases::Backend;
use crate::support::entities::listed::leg;
use crate::support::entities::policies::{invalidate, refresh, refresh_if_cached};
use crate::support::entities::uniques::ticket;
use crate::support::probe::Probe;
use crate::support::redis::RedisServer;
use crate::support::stage::{CacheKind, Stage};

/// Runs the scenario on one thread, with a recorder of its own.
fn recorded(scenario: impl Future<Output = ()>) -> BTreeMap<String, String> {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::with_local_recorder(&recorder, || runtime.block_on(scenario));
    shown(&snapshotter)
}

/// `name{entity}` → counters and gauges as they are, of histograms how many values they got.
fn shown(snapshotter: &Snapshotter) -> BTreeMap<String, String> {
    let metrics = snapshotter.snapshot().into_vec();
    let metrics = metrics.into_iter().map(|(key, _, _, value)| {
        let labels: Vec<_> = key.key().labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let name = format!("{}{{{}}}", key.key().name(), labels.join(","));
        let value = match value {
            DebugValue::Counter(count) => count.to_string(),
            DebugValue::Gauge(value) => value.to_string(),
            DebugValue::Histogram(values) => format!("{} values", values.len()),
        };
        (name, value)
    });
    metrics.collect()
}

async fn store() -> Store {
    let store = Store::connect("sqlite::memory:", "memory:").await.unwrap();
    let schema = Schema::new(DbBackend::Sqlite);
    for statement in [
        schema.create_table_from_entity(refresh::Entity),
        schema.create_table_from_entity(invalidate::Entity),
        schema.create_table_from_entity(ticket::Entity),
        schema.create_table_from_entity(leg::Entity),
    ] {
        store.database().execute(&statement).await.unwrap();
    }
    store
}

#[test]
fn every_event_is_counted_under_its_entity() {
    let metrics = recorded(async {
        let store = store().await;
        refresh::priced(1, 5).insert_through(&store).await.unwrap(); // refreshed
        refresh::Entity::load_cached(1, &store).await.unwrap(); // a hit
        refresh::Entity::load_cached(2, &store).await.unwrap(); // a miss, filled
        refresh::Entity::load_many_cached([1, 2, 3], &store).await.unwrap(); // two hits, a miss, filled
        refresh::Entity::invalidate(1, &store).await.unwrap(); // invalidated
        refresh::priced(1, 6).update_through(&store).await.unwrap(); // refreshed
        refresh::Entity::delete_by_id_through(1, &store).await.unwrap(); // refreshed: it remembers absence
        invalidate::priced(1, 5).insert_through(&store).await.unwrap(); // invalidated
        invalidate::priced(1, 5).insert(store.database()).await.unwrap_err(); // nobody's business
    });
    let count = |name: &str| metrics.get(name).map_or("none", String::as_str);
    let ticket = |name: &str| format!("writethrough_{name}{{entity=ticket_refresh}}");
    assert_eq!(count(&ticket("hits_total")), "3", "{metrics:#?}");
    assert_eq!(count(&ticket("misses_total")), "2");
    assert_eq!(count(&ticket("fills_total")), "2");
    assert_eq!(count(&ticket("refreshes_total")), "3");
    assert_eq!(count(&ticket("invalidations_total")), "1");
    assert_eq!(count(&ticket("contended_total")), "none");
    assert_eq!(count(&ticket("degraded_total")), "none");
    assert_eq!(count(&ticket("decode_errors_total")), "none");
    assert_eq!(count(&ticket("load_seconds")), "3 values");
    assert_eq!(count(&ticket("save_seconds")), "3 values");
    assert_eq!(count(&ticket("database_seconds")), "5 values");
    assert_eq!(count("writethrough_invalidations_total{entity=ticket_invalidate}"), "1");
    assert_eq!(count("writethrough_refreshes_total{entity=ticket_invalidate}"), "none");
    assert_eq!(count("writethrough_cache_errors_total{}"), "none");
}

#[test]
fn a_load_by_a_unique_key_is_one_load() {
    let metrics = recorded(async {
        let store = store().await;
        ticket::numbered(1, "ann@x").insert(store.database()).await.unwrap();
        let load = async |number| load_by_key::<ticket::Entity, _>(ticket::CODE, ticket::code(number), &store).await;
        for _ in 0..3 {
            load(1001).await.unwrap(); // a miss that fills the pointer, one that fills the entry, a hit
        }
        for _ in 0..2 {
            load(7).await.unwrap(); // a miss that fills the pointer, a hit
        }
    });
    let count = |name: &str| {
        let name = format!("writethrough_{name}{{entity=ticket_unique}}");
        metrics.get(&name).map_or("none", String::as_str)
    };
    assert_eq!(count("hits_total"), "2", "{metrics:#?}");
    assert_eq!(count("misses_total"), "3");
    assert_eq!(count("fills_total"), "3");
    assert_eq!(count("load_seconds"), "5 values");
    assert_eq!(count("database_seconds"), "3 values");
}

#[test]
fn a_list_is_one_load_and_so_is_each_of_its_rows() {
    let metrics = recorded(async {
        let store = store().await;
        for id in 1..=2 {
            leg::flown(id, 5).insert(store.database()).await.unwrap();
        }
        for _ in 0..2 {
            leg::Entity::load_all_cached_by_airline_id(5, &store).await.unwrap();
        }
        leg::moved(1, 6).update_through(&store).await.unwrap();
    });
    let count = |name: &str| {
        let name = format!("writethrough_{name}{{entity=leg}}");
        metrics.get(&name).map_or("none", String::as_str)
    };
    assert_eq!(count("misses_total"), "3", "{metrics:#?}");
    assert_eq!(count("hits_total"), "3");
    assert_eq!(count("fills_total"), "3");
    assert_eq!(count("load_seconds"), "2 values");
    assert_eq!(count("refreshes_total"), "1", "the row");
    assert_eq!(count("invalidations_total"), "2", "the lists of its new airline, and of that and its day");
}

#[test]
fn a_cache_that_does_not_answer_is_counted() {
    let metrics = recorded(async {
        let stored = store().await;
        let broken = Store::builder().database(stored.database().clone()).cache_url("redis://127.0.0.1:1");
        let store = broken.namespace("nowhere").build().await.unwrap();
        for price in 1..=3 {
            refresh::priced(price, price).insert_through(&store).await.unwrap();
        }
        refresh::Entity::load_cached(1, &store).await.unwrap();
    });
    let count = |name: &str| metrics.get(name).map_or("none", String::as_str);
    assert_eq!(count("writethrough_degraded_total{entity=ticket_refresh}"), "3", "{metrics:#?}");
    assert_eq!(count("writethrough_misses_total{entity=ticket_refresh}"), "1");
    assert_eq!(count("writethrough_fills_total{entity=ticket_refresh}"), "none");
    assert_eq!(count("writethrough_repair_queue_length{}"), "3");
    assert_eq!(count("writethrough_breaker_state{}"), "2");
    // The client knows that it has no connection, so only repairs still try.
    assert!(count("writethrough_cache_errors_total{}").parse::<u32>().unwrap() >= 1);
}

#[test]
fn a_repair_queue_that_overflows_and_loads_without_a_turn_are_counted() {
    let metrics = recorded(async {
        let stored = store().await;
        let broken = || {
            let builder = Store::builder().database(stored.database().clone()).cache_url("redis://127.0.0.1:1");
            builder.namespace("nowhere").repair_queue_capacity(2)
        };
        let limit = |timeout| DatabaseLimit::new(1).queue_timeout(timeout);
        let store = broken().database_limit(limit(Duration::ZERO)).build().await.unwrap();
        for price in 1..=5 {
            refresh::priced(price, price).insert_through(&store).await.unwrap();
        }
        // The first has the only turn as long as somebody has the only connection.
        let both = async |store: &Store| {
            let connection = stored.database().begin().await.unwrap();
            let (first, second) = (refresh::Entity::load_cached(1, store), refresh::Entity::load_cached(2, store));
            let (first, second, released) = tokio::join!(first, second, connection.rollback());
            released.unwrap();
            (first, second)
        };
        assert!(matches!(both(&store).await, (Ok(_), Err(error)) if error.is_overloaded()));
        let patient = broken().database_limit(limit(Duration::from_secs(60))).build().await.unwrap();
        assert!(matches!(both(&patient).await, (Ok(_), Ok(_))));
    });
    let count = |name: &str| metrics.get(name).map_or("none", String::as_str);
    assert_eq!(count("writethrough_repair_overflows_total{entity=ticket_refresh}"), "1", "{metrics:#?}");
    assert_eq!(count("writethrough_repair_queue_length{}"), "1", "the entity alone");
    assert_eq!(count("writethrough_overloaded_total{entity=ticket_refresh}"), "1");
    assert_eq!(count("writethrough_database_queue_length{}"), "0", "one waited, and nobody does any more");
}

#[test]
fn a_commit_is_timed_and_plain_writes_in_it_are_counted() {
    let metrics = recorded(async {
        let store = store().await;
        refresh::priced(1, 5).insert_through(&store).await.unwrap();
        let work = store.transaction(async |tx| {
            refresh::priced(1, 6).update_through(tx).await?;
            invalidate::priced(1, 6).insert_through(tx).await?;
            refresh::priced(2, 7).insert(tx).await?; // behind the cache's back
            refresh::priced(2, 8).update(tx).await?; // once more
            Ok::<_, Error>(())
        });
        work.await.unwrap();
        let tx = store.begin().await.unwrap();
        refresh::priced(1, 9).update_through(&tx).await.unwrap();
        tx.rollback().await.unwrap(); // no commit
    });
    let count = |name: &str| metrics.get(name).map_or("none", String::as_str);
    assert_eq!(count("writethrough_plain_writes_total{entity=ticket_refresh}"), "2", "{metrics:#?}");
    assert_eq!(count("writethrough_plain_writes_total{entity=ticket_invalidate}"), "none");
    assert_eq!(count("writethrough_commit_seconds{}"), "1 values");
    // A fence and a finish of the insert, and of the commit.
    assert_eq!(count("writethrough_cache_seconds{}"), "4 values");
    assert_eq!(count("writethrough_invalidations_total{entity=ticket_refresh}"), "1", "a plain write came after it");
    assert_eq!(count("writethrough_invalidations_total{entity=ticket_invalidate}"), "1");
}

#[test]
fn an_entry_that_cannot_be_used_and_a_write_beside_another_are_counted() {
    let metrics = recorded(async {
        let stage = Stage::new(Backend::Sqlite, CacheKind::Memory).await;
        stage.create_table(refresh::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        refresh::priced(1, 5).insert_through(&store).await.unwrap();
        probe.scribble::<refresh::Entity>(1, b"nothing of ours").await;
        assert_eq!(store.load::<refresh::Entity>(1).await.unwrap().source, Source::Database);
        assert_eq!(store.load::<refresh::Entity>(1).await.unwrap().source, Source::Cache, "it was replaced");

        let other = probe.fence::<refresh::Entity>(1).await;
        let saved = store.update(refresh::priced(1, 6)).await.unwrap();
        assert_eq!(saved.cache, CacheEffect::Contended);
        probe.finish::<refresh::Entity>(1, other).await;
    });
    let count = |name: &str| {
        let name = format!("writethrough_{name}{{entity=ticket_refresh}}");
        metrics.get(&name).map_or("none", String::as_str)
    };
    assert_eq!(count("decode_errors_total"), "1", "{metrics:#?}");
    assert_eq!(count("contended_total"), "1");
    assert_eq!(count("refreshes_total"), "1");
}

#[test]
fn what_is_put_right_later_is_counted() {
    let metrics = recorded(async {
        let mut redis = RedisServer::start([]);
        let stage = Stage::new(Backend::Sqlite, CacheKind::Redis).await.on(redis.url());
        stage.create_table(refresh_if_cached::Entity).await;
        let store = stage.store().await;
        redis.kill();
        for id in [1, 2] {
            let saved = store.insert(refresh_if_cached::priced(id, 5)).await.unwrap();
            assert_eq!(saved.cache, CacheEffect::Degraded);
        }
        redis.restart();
        store.close().await.unwrap(); // waits for the repairs
    });
    let count = |name: &str| metrics.get(name).map_or("none", String::as_str);
    assert_eq!(count("writethrough_repairs_total{}"), "2", "{metrics:#?}");
    assert_eq!(count("writethrough_repair_queue_length{}"), "0");
    assert_eq!(count("writethrough_degraded_total{entity=ticket_refresh_if_cached}"), "2");
    assert_ne!(count("writethrough_breaker_state{}"), "2", "somebody has answered");
}

#[test]
fn an_audit_is_measured() {
    let metrics = recorded(async {
        let store = store().await;
        for id in 1..=3 {
            refresh::priced(id, 5).insert_through(&store).await.unwrap();
        }
        refresh::priced(2, 6).update(store.database()).await.unwrap();
        assert_eq!(store.audit::<refresh::Entity>(Audit::all().repair()).await.unwrap().differing, 1);
    });
    let count = |name: &str| {
        let name = format!("writethrough_{name}{{entity=ticket_refresh}}");
        metrics.get(&name).map_or("none", String::as_str)
    };
    assert_eq!(count("audited_total"), "5", "three from the database, two that are left from the cache: {metrics:#?}");
    assert_eq!(count("audit_differences_total"), "1");
    assert_eq!(count("audit_repairs_total"), "1");
    assert_eq!(count("audit_age_seconds"), "1 values");
}

#[test]
fn a_warm_up_is_measured_and_counts_as_no_load() {
    let metrics = recorded(async {
        let store = store().await;
        for id in 1..=5 {
            refresh::priced(id, 5).insert(store.database()).await.unwrap();
        }
        refresh::Entity::load_cached(1, &store).await.unwrap(); // a miss, filled
        let filled = refresh::Entity::warm(refresh::Entity::find(), WarmOptions::new().page_size(2), &store).await;
        assert_eq!(filled.unwrap(), 4);
    });
    let count = |name: &str| {
        let name = format!("writethrough_{name}{{entity=ticket_refresh}}");
        metrics.get(&name).map_or("none", String::as_str)
    };
    assert_eq!(count("warmed_total"), "4", "{metrics:#?}");
    assert_eq!(count("hits_total"), "none");
    assert_eq!((count("misses_total"), count("fills_total")), ("1", "1"));
    assert_eq!(count("load_seconds"), "1 values");
}

#[test]
fn no_metric_bears_a_value_of_a_key_or_a_column() {
    let metrics = recorded(async {
        let store = store().await;
        refresh::priced(424_242, 717_171).insert_through(&store).await.unwrap();
        refresh::Entity::load_cached(424_242, &store).await.unwrap();
        refresh::priced(424_242, 717_171).insert_through(&store).await.unwrap_err();
    });
    for name in metrics.keys() {
        assert!(!name.contains("424242") && !name.contains("717171"), "{name}");
    }
}
