//! Warm-ups without their cache, of a closed store, and their pace.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use sea_orm::{ActiveModelTrait, EntityTrait};
use writethrough::{OutboxOptions, WarmOptions};

use super::{counts, flights, listening};
use crate::support::databases::Backend;
use crate::support::entities::flight::{Entity, delay};
use crate::support::entities::gated;
use crate::support::probe::recorded;
use crate::support::redis::RedisServer;
use crate::support::stage::{CacheKind, Stage};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warm_up_whose_cache_dies_says_so_and_goes_on_when_it_is_back() {
    for backend in Backend::ALL {
        let mut redis = RedisServer::start([]);
        let stage = Stage::new(backend, CacheKind::Redis).await.on(redis.url());
        flights(&stage, 12).await;
        let store = stage.store().await;
        let mut last = None;
        let options = WarmOptions::new().page_size(5).progress(|progress| {
            last = Some(progress.cursor.clone());
            redis.kill();
            ControlFlow::Continue(())
        });
        let error = Entity::warm(Entity::find(), options, &store).await.unwrap_err();
        assert!(error.is_cache_unavailable(), "{error}");
        assert!(error.to_string().contains("`resume_after`"), "{error}");

        redis.restart();
        let started = Instant::now();
        while !store.health().is_healthy() {
            assert!(started.elapsed() < Duration::from_secs(20), "{:?}", store.health());
            Entity::load_cached(1, &store).await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let mut told = Vec::new();
        let options = listening(&mut told).page_size(5).resume_after(last.unwrap());
        assert_eq!(Entity::warm(Entity::find(), options, &store).await.unwrap(), 7);
        assert_eq!(counts(&told), [(5, 5), (7, 7)]);
    }
}

/// Held between its query and its fills, as the cache dies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warm_up_whose_fills_are_not_acknowledged_does_not_count_their_page() {
    let mut redis = RedisServer::start([]);
    let stage = Stage::new(Backend::Sqlite, CacheKind::Redis).await.on(redis.url());
    stage.create_table(gated::Entity).await;
    for id in 1..=3 {
        gated::priced(id, 10).insert(&stage.plain().await).await.unwrap();
    }
    let store = stage.store().await;
    let warm_up = gated::held(async move {
        let mut told = Vec::new();
        let warmed = gated::Entity::warm(gated::Entity::find(), listening(&mut told), &store).await;
        (warmed, told)
    });
    let warm_up = warm_up.await;
    redis.kill();
    let (warmed, told) = warm_up.release().await;
    assert!(warmed.unwrap_err().is_cache_unavailable());
    assert_eq!(told, []);
}

/// The server hangs for longer than a command may take, as a page begins.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_whose_commands_were_lost_is_tried_again() {
    let redis = RedisServer::start([]);
    let stage = Stage::new(Backend::Sqlite, CacheKind::Redis).await.on(redis.url());
    flights(&stage, 12).await;
    let store = stage.builder().cache_timeout(Duration::from_millis(300)).build().await.unwrap();
    let mut told = Vec::new();
    let options = WarmOptions::new().page_size(5).progress(|progress| {
        told.push(progress.clone());
        if told.len() == 1 {
            assert_eq!(redis.cli(&["CLIENT", "PAUSE", "400"]), "OK");
        }
        ControlFlow::Continue(())
    });
    assert_eq!(Entity::warm(Entity::find(), options, &store).await.unwrap(), 12);
    assert_eq!(counts(&told), [(5, 5), (10, 10), (12, 12)]);
}

#[tokio::test]
async fn a_warm_up_without_a_cache_asks_for_no_rows() {
    let stage = Stage::new(Backend::Sqlite, CacheKind::Memory).await;
    flights(&stage, 3).await;
    let (stored, log) = recorded(&stage).await;
    let broken = stage.builder().database(stored.database().clone()).cache_url("redis://127.0.0.1:1");
    let broken = broken.build().await.unwrap();
    log.take();
    let error = Entity::warm(Entity::find(), WarmOptions::new(), &broken).await.unwrap_err();
    assert!(error.is_cache_unavailable(), "{error}");
    assert_eq!(log.take().len(), 1, "of the keys alone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warm_up_waits_until_what_is_to_be_repaired_is() {
    let mut redis = RedisServer::start([]);
    let stage = Stage::new(Backend::Sqlite, CacheKind::Redis).await.on(redis.url());
    flights(&stage, 6).await;
    let store = stage.builder().close_timeout(Duration::from_millis(10)).build().await.unwrap();
    redis.kill();
    delay(3, 120).update_through(&store).await.unwrap();
    redis.restart();
    // Repairs are the first to learn that it answers again.
    let started = Instant::now();
    let filled = loop {
        match Entity::warm(Entity::find(), WarmOptions::new(), &store).await {
            Ok(filled) => break filled,
            Err(error) => {
                assert!(error.is_cache_unavailable() && started.elapsed() < Duration::from_secs(20), "{error}")
            }
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    };
    assert_eq!(filled, 6);
    assert_eq!(Entity::load_cached(3, &store).await.unwrap().unwrap().delay_minutes, 120);
}

on_every_stage! {
    /// An entity that the store has not met yet: what stands in the outbox may be about it.
    async fn a_warm_up_waits_until_the_outbox_was_consulted(stage: Stage) {
        flights(&stage, 6).await;
        let outbox = OutboxOptions::new().interval(Duration::from_millis(100));
        outbox.create_table(&stage.plain().await).await.unwrap();
        let store = stage.builder().outbox(outbox).build().await.unwrap();
        assert_eq!(Entity::warm(Entity::find(), WarmOptions::new(), &store).await.unwrap(), 6);
        store.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warm_up_ends_with_its_store() {
    let stage = Stage::new(Backend::Sqlite, CacheKind::Memory).await;
    flights(&stage, 5).await;
    let store = stage.store().await;
    let mut pages = 0;
    let options = WarmOptions::new().page_size(2).progress(|_| {
        pages += 1;
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(store.close())).unwrap();
        ControlFlow::Continue(())
    });
    let error = Entity::warm(Entity::find(), options, &store).await.unwrap_err();
    assert!(error.is_bad_input() && error.to_string().contains("closed"), "{error}");
    assert_eq!(pages, 1);
    assert!(Entity::warm(Entity::find(), WarmOptions::new(), &store).await.unwrap_err().is_bad_input());
}

#[tokio::test]
async fn a_warm_up_is_no_faster_than_it_may_be() {
    let stage = Stage::new(Backend::Sqlite, CacheKind::Memory).await;
    flights(&stage, 50).await;
    let started = Instant::now();
    let mut told = Vec::new();
    let options = listening(&mut told).rows_per_second(40);
    assert_eq!(Entity::warm(Entity::find(), options, &stage.store().await).await.unwrap(), 50);
    assert_eq!(counts(&told), [(40, 40), (50, 50)], "a page takes no longer than a second");
    // The first second's worth goes at once.
    assert!(started.elapsed() >= Duration::from_secs(1), "{:?}", started.elapsed());
}
