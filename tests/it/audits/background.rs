//! Audits in the background, their rate, and audits of a cache that does not answer.

use std::time::{Duration, Instant};

use sea_orm::ActiveModelTrait;
use writethrough::{Audit, Store};

use crate::support::databases::Backend;
use crate::support::entities::flight;
use crate::support::redis::RedisServer;
use crate::support::stage::{CacheKind, Stage};

const SOON: Duration = Duration::from_millis(20);

async fn with_flights(stage: &Stage, flights: i32) -> Store {
    stage.create_table(flight::Entity).await;
    let store = stage.store().await;
    for id in 1..=flights {
        flight::numbered(id, "WT 1").insert_through(&store).await.unwrap();
    }
    store
}

on_every_stage! {
    async fn an_audit_in_the_background_repairs_what_it_finds_and_ends_with_its_store(stage: Stage) {
        let store = with_flights(&stage, 30).await;
        let audit = Audit::sample(10).rows_per_second(10_000).repair();
        let mut handle = store.audit_in_background::<flight::Entity>(audit, SOON);
        flight::delay(17, 30).update(&stage.plain().await).await.unwrap();
        while store.load::<flight::Entity>(17).await.unwrap().model.unwrap().delay_minutes != 30 {
            let report = handle.next_report().await.expect("it goes on");
            assert!(report.compared <= 20, "{report:?}");
        }

        let started = Instant::now();
        store.close().await.unwrap();
        assert!(started.elapsed() < Duration::from_secs(5), "close waits for no audit: {:?}", started.elapsed());
        while handle.next_report().await.is_some() {}
        handle.stop().await;
    }

    async fn rounds_go_on_where_the_last_one_ended_until_all_is_seen(stage: Stage) {
        let store = with_flights(&stage, 30).await;
        let mut handle = store.audit_in_background::<flight::Entity>(Audit::sample(10).rows_per_second(10_000), SOON);
        let mut rows = 0;
        // From wherever it began: at most one short round at the end of the table, then all of it.
        for _ in 0..5 {
            rows += handle.next_report().await.expect("it goes on").rows;
        }
        assert!(rows >= 30, "{rows}");
        handle.stop().await;
    }
}

#[tokio::test]
async fn a_dropped_handle_ends_the_audit() {
    let stage = Stage::new(Backend::Sqlite, CacheKind::Memory).await;
    let store = with_flights(&stage, 3).await;
    let before = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let mut handle = store.audit_in_background::<flight::Entity>(Audit::all(), SOON);
    assert!(handle.next_report().await.expect("it goes on").is_clean());
    drop(handle);
    let started = Instant::now();
    while tokio::runtime::Handle::current().metrics().num_alive_tasks() > before {
        assert!(started.elapsed() < Duration::from_secs(10), "the audit goes on");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_audit_is_no_faster_than_it_may_be() {
    let stage = Stage::new(Backend::Sqlite, CacheKind::Memory).await;
    let store = with_flights(&stage, 60).await;
    let started = Instant::now();
    let report = store.audit::<flight::Entity>(Audit::all().rows_per_second(60)).await.unwrap();
    assert_eq!(report.compared, 120);
    // The first second's worth goes at once.
    assert!(started.elapsed() >= Duration::from_secs(1), "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_audit_without_its_cache_is_an_error_and_not_clean() {
    let mut redis = RedisServer::start([]);
    let stage = Stage::new(Backend::Sqlite, CacheKind::Redis).await.on(redis.url());
    let store = with_flights(&stage, 3).await;
    assert!(store.audit::<flight::Entity>(Audit::all()).await.unwrap().is_clean());
    redis.kill();
    for audit in [Audit::all(), Audit::sample(2), Audit::sample(2).repair()] {
        let error = store.audit::<flight::Entity>(audit).await.unwrap_err();
        assert!(error.is_cache_unavailable(), "{error}");
        assert!(error.to_string().contains("says nothing of the rest"), "{error}");
    }
}

#[tokio::test]
async fn an_audit_of_a_closed_store_is_an_error() {
    let stage = Stage::new(Backend::Sqlite, CacheKind::Memory).await;
    let store = with_flights(&stage, 3).await;
    store.close().await.unwrap();
    assert!(store.audit::<flight::Entity>(Audit::all()).await.is_err());
    let mut handle = store.audit_in_background::<flight::Entity>(Audit::all(), SOON);
    assert!(handle.next_report().await.is_none());
}
