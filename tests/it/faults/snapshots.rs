//! What a snapshot may bring back, what that costs, and what a store that opts out is served.

use writethrough::__private::load_by_key;
use writethrough::{RedisOptions, Source, Store};

use super::entities::flight;
use super::restarts::take_snapshot;
use super::scene::{Scene, Standing, Verb, comes_from_cache, load};
use crate::support::entities::uniques::ticket;
use crate::support::redis::RedisServer;
use crate::support::stage::{CacheKind, Stage};

const FLIGHTS: std::ops::RangeInclusive<i32> = 1..=20;

async fn with_code(store: &Store, code: i64) -> Option<i32> {
    let found = load_by_key::<ticket::Entity, _>(ticket::CODE, ticket::code(code), store).await;
    found.expect("a load needs only the database").map(|ticket| ticket.id)
}

on_every_backend! {
    async fn a_restart_costs_one_query_for_each_row_that_is_asked_for(backend: Backend) {
        let mut scene = Scene::new(backend).await;
        let (store, statements) = scene.recorded(scene.redis.url()).await;
        for id in FLIGHTS {
            store.insert(flight::at(id, "A1")).await.expect("all is well");
        }
        take_snapshot(&scene);

        scene.redis.restart();
        comes_from_cache(&store, 1, "A1").await;
        statements.take();
        for source in [Source::Database, Source::Cache, Source::Cache] {
            for id in FLIGHTS.skip(1) {
                assert_eq!(load(&store, id).await, (Some("A1".to_owned()), source));
            }
        }

        assert_eq!(statements.len(), FLIGHTS.count() - 1, "{:?}", statements.take());
    }

    // The price of a warm cache: what was replaced or deleted since the snapshot is served until its time to live, or
    // until somebody writes.
    async fn a_store_that_opts_out_finds_the_cache_warm_and_is_served_old_rows(backend: Backend) {
        let mut scene = Scene::new(backend).await;
        let store = scene.store().await;
        for id in 1..=3 {
            store.insert(flight::at(id, "A1")).await.expect("all is well");
        }
        take_snapshot(&scene);
        store.save(flight::moved(1, "B2")).await.expect("all is well");
        store.delete_by_id::<flight::Entity>(2).await.expect("all is well");

        scene.redis.restart();

        let careless = scene.trusting_any_incarnation().await;
        for id in 1..=3 {
            assert_eq!(load(&careless, id).await, (Some("A1".to_owned()), Source::Cache), "flight {id}");
        }
        careless.save(flight::moved(1, "C3")).await.expect("all is well");
        careless.delete_by_id::<flight::Entity>(2).await.expect("all is well");
        for reader in [&careless, &store] {
            assert_eq!(load(reader, 1).await.0.as_deref(), Some("C3"));
            assert_eq!(load(reader, 2).await.0, None);
        }
    }

    // The number is remembered as nobody's, then goes from one ticket to another.
    async fn pointers_from_a_snapshot_lead_nobody_astray(backend: Backend) {
        let mut redis = RedisServer::start([]);
        let stage = Stage::new(backend, CacheKind::Redis).await.on(redis.url());
        stage.create_table(ticket::Entity).await;
        let store = stage.store().await;
        store.insert(ticket::numbered(1, "ann@x")).await.expect("all is well");
        for _ in 0..2 {
            assert_eq!(with_code(&store, 1001).await, Some(1));
            assert_eq!(with_code(&store, 1002).await, None);
        }
        assert_eq!(redis.cli(&["SAVE"]), "OK");
        store.delete_by_id::<ticket::Entity>(1).await.expect("all is well");
        store.insert(ticket::numbered(2, "bob@x")).await.expect("all is well");

        redis.restart();

        let options = RedisOptions::new(redis.url()).trust_any_incarnation(true);
        let careless = stage.builder().redis(options).build().await.expect("a store");
        assert_eq!(with_code(&careless, 1001).await, Some(1), "it came back with the snapshot");
        assert_eq!(with_code(&careless, 1002).await, None, "it came back with the snapshot");
        for reader in [&store, &stage.store().await] {
            assert_eq!(with_code(reader, 1001).await, None);
            assert_eq!(with_code(reader, 1002).await, Some(2));
        }
    }

    async fn a_lease_from_a_snapshot_blocks_nobody_and_takes_no_late_fill(backend: Backend) {
        let mut scene = Scene::new(backend).await;
        let other = scene.store().await;
        other.insert(flight::at(1, "A1")).await.expect("all is well");
        scene.expire(1);
        let reader = scene.behind_gate().await;
        let fill = scene.gate.stop_request(Verb::Fill.mark());
        let (loaded, late) = tokio::join!(load(&reader, 1), async {
            let fill = fill.stopped().await;
            take_snapshot(&scene);
            fill.keep()
        });
        assert_eq!(loaded, (Some("A1".to_owned()), Source::Database));
        other.save(flight::moved(1, "B2")).await.expect("all is well");

        scene.redis.restart();

        assert_eq!(scene.standing(1), Standing::Lease, "it came back with the snapshot");
        scene.load_scripts();
        late.deliver().await;
        assert_eq!(scene.standing(1), Standing::Lease, "what was found before the restart is not kept");
        let fresh = scene.store().await;
        assert_eq!(load(&fresh, 1).await, (Some("B2".to_owned()), Source::Database));
        assert_eq!(load(&fresh, 1).await, (Some("B2".to_owned()), Source::Cache));
    }
}
