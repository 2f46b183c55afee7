//! What goes with a deleted row while the cache is away.

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use writethrough::{CacheEffect, OutboxOptions, Store};

use crate::support::entities::fleet::{airline, plane};
use crate::support::stage::{CacheKind, Stage, redis_url};
use crate::support::{Fault, FaultProxy};

use super::cascades::{after, before, fleet, seen};

/// Longer than the test: what is recorded stays.
const NEVER: Duration = Duration::from_secs(3600);

async fn proxy() -> FaultProxy {
    let url = url::Url::parse(&redis_url()).expect("the URL of a test server");
    let address = url.socket_addrs(|| Some(6379)).expect("an address")[0];
    FaultProxy::start(address).await
}

fn behind(stage: &Stage, proxy: &FaultProxy) -> writethrough::StoreBuilder {
    stage.builder().cache_url(format!("redis://{}", proxy.addr())).cache_timeout(Duration::from_millis(200))
}

async fn until_trusted(store: &Store) {
    let started = Instant::now();
    while !store.health().trusts_cache {
        assert!(started.elapsed() < Duration::from_secs(20), "the queue does not drain");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

on_every_backend! {
    async fn what_goes_with_a_row_deleted_without_a_cache_is_repaired(backend: Backend) {
        let stage = Stage::new(backend, CacheKind::Redis).await;
        let reader = fleet(&stage).await;
        let proxy = proxy().await;
        let writer = behind(&stage, &proxy).build().await.unwrap();
        assert_eq!(seen(&reader).await, before());
        proxy.set(Fault::Refuse).await;
        let deleted = writer.delete_by_id::<airline::Entity>(1).await.unwrap();
        assert_eq!((deleted.existed, deleted.cache), (true, CacheEffect::Degraded));
        assert_eq!(seen(&writer).await, after());
        proxy.set(Fault::Pass).await;
        until_trusted(&writer).await;
        assert_eq!(seen(&reader).await, after());
    }

    async fn beyond_the_bound_too_it_is_repaired(backend: Backend) {
        let stage = Stage::new(backend, CacheKind::Redis).await;
        let reader = fleet(&stage).await;
        let proxy = proxy().await;
        let writer = behind(&stage, &proxy).bulk_limit(1).build().await.unwrap();
        assert_eq!(seen(&reader).await, before());
        proxy.set(Fault::Refuse).await;
        assert_eq!(writer.delete_by_id::<airline::Entity>(1).await.unwrap().cache, CacheEffect::Degraded);
        proxy.set(Fault::Pass).await;
        until_trusted(&writer).await;
        assert_eq!(seen(&reader).await, after());
    }

    async fn what_goes_with_a_deleted_row_is_recorded_in_the_outbox(backend: Backend) {
        let stage = Stage::new(backend, CacheKind::Redis).await;
        fleet(&stage).await;
        let outbox = OutboxOptions::new().interval(NEVER);
        let db = stage.plain().await;
        outbox.create_table(&db).await.unwrap();
        let proxy = proxy().await;
        let writer = behind(&stage, &proxy).outbox(outbox).build().await.unwrap();
        plane::Entity::load_cached(11, &writer).await.unwrap();
        proxy.set(Fault::Refuse).await;
        airline::Entity::delete_by_id_through(1, &writer).await.unwrap();
        // The airline, two planes, two engines, two visits.
        assert_eq!(recorded(&db).await, 7);
        let writer = behind(&stage, &proxy).bulk_limit(1).outbox(OutboxOptions::new().interval(NEVER)).build().await.unwrap();
        plane::Entity::load_cached(21, &writer).await.unwrap();
        airline::Entity::delete_by_id_through(2, &writer).await.unwrap();
        // The airline, its plane; and all engines and visits, their pointers and their lists.
        assert_eq!(recorded(&db).await, 7 + 1 + 1 + 2 * 3);
    }
}

/// Rows that stand in the outbox.
async fn recorded(db: &DatabaseConnection) -> i64 {
    let count = Statement::from_string(db.get_database_backend(), "SELECT COUNT(*) FROM writethrough_outbox");
    let row = db.query_one_raw(count).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}
