//! A cache that takes every command and answers none: each verb pays its timeout a few times, and then nothing.

use std::pin::Pin;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use sea_orm::sea_query::OnConflict;
use writethrough::{BreakerState, Error, Store};

use super::entities::letter::{self, Column, Entity};
use super::scene::Scene;
use crate::support::{Fault, FaultProxy};

const CACHE_TIMEOUT: Duration = Duration::from_millis(400);
const BUSY_MACHINE: Duration = Duration::from_secs(3);
/// Calls of each verb while the breaker is open: if each paid the timeout, they would take 16 seconds.
const CALLS: i32 = 40;
/// Those of probes and repairs, whose pauses grow.
const FEW_COMMANDS: u64 = 20;

type Call = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// A verb, how many round trips it makes where nothing is answered, and how the n-th call goes.
struct Verb {
    name: &'static str,
    trips: u32,
    call: fn(Store, i32) -> Call,
}

/// Rows that all verbs but inserts work on; each verb has one of its own.
const ROW: i32 = 1_000;

const VERBS: [Verb; 10] = [
    Verb { name: "load", trips: 1, call: |s, _| Box::pin(async move { Entity::load_cached(ROW, &s).await.map(drop) }) },
    Verb {
        name: "load_many",
        trips: 1,
        call: |s, _| Box::pin(async move { Entity::load_many_cached([ROW, ROW + 1], &s).await.map(drop) }),
    },
    Verb {
        name: "load_by_key",
        trips: 1,
        call: |s, _| Box::pin(async move { Entity::load_cached_by_code(ROW, &s).await.map(drop) }),
    },
    Verb {
        name: "save under a known key",
        trips: 2,
        call: |s, n| Box::pin(async move { s.save(letter::rewritten(ROW + 1, format!("A{n}"))).await.map(drop) }),
    },
    Verb {
        name: "save under a generated key",
        trips: 2,
        call: |s, n| Box::pin(async move { s.save(letter::new(5_000 + n, "new")).await.map(drop) }),
    },
    Verb {
        name: "upsert",
        trips: 2,
        call: |s, n| {
            Box::pin(async move {
                let or_update = OnConflict::column(Column::Id).update_column(Column::Text).to_owned();
                s.upsert(letter::at(ROW + 2, ROW + 2, format!("A{n}")), or_update).await.map(drop)
            })
        },
    },
    Verb {
        name: "delete",
        trips: 2,
        call: |s, n| Box::pin(async move { s.delete_by_id::<Entity>(ROW + 100 + n).await.map(drop) }),
    },
    Verb {
        name: "commit",
        trips: 2,
        call: |s, n| {
            Box::pin(async move {
                let text = format!("A{n}");
                s.transaction(async |tx| letter::rewritten(ROW + 3, text).save_through(tx).await.map(drop)).await
            })
        },
    },
    Verb { name: "invalidate", trips: 1, call: |s, _| Box::pin(async move { Entity::invalidate(ROW, &s).await }) },
    Verb { name: "invalidate_all", trips: 2, call: |s, _| Box::pin(async move { Entity::invalidate_all(&s).await }) },
];

impl Verb {
    async fn is_bounded(&self, scene: &Scene) {
        let name = self.name;
        let proxy = FaultProxy::start(scene.redis_addr()).await;
        let builder = scene.builder(proxy.addr()).cache_timeout(CACHE_TIMEOUT);
        let store = builder.namespace(format!("hung {name}")).build().await.expect("a store");
        (self.call)(store.clone(), 0).await.expect("all is well");
        proxy.set(Fault::Stall).await;

        let started = Instant::now();
        (self.call)(store.clone(), 1).await.expect("degrade goes on without the cache");
        let first = started.elapsed();
        assert!(first >= CACHE_TIMEOUT, "{name}: it waits for the cache, {first:?}");
        assert!(first < CACHE_TIMEOUT * self.trips + BUSY_MACHINE, "{name}: {first:?}");

        let mut calls = 1;
        while store.health().breaker != BreakerState::Open {
            calls += 1;
            assert!(calls <= 3, "{name}: the breaker does not open");
            (self.call)(store.clone(), calls).await.expect("degrade goes on without the cache");
        }

        let (before, started) = (proxy.traffic().requests.pieces, Instant::now());
        for call in 0..CALLS {
            (self.call)(store.clone(), calls + 1 + call).await.expect("degrade goes on without the cache");
        }
        let (sent, spent) = (proxy.traffic().requests.pieces - before, started.elapsed());
        assert!(sent <= FEW_COMMANDS, "{name}: {sent} commands");
        assert!(spent < 4 * CACHE_TIMEOUT + 2 * BUSY_MACHINE, "{name}: {spent:?}");
    }
}

on_every_backend! {
    async fn each_verb_pays_the_timeout_a_few_times_and_then_nothing(backend: Backend) {
        let scene = Scene::new(backend).await;
        let store = scene.store().await;
        for id in (ROW..ROW + 4).chain(ROW + 100..ROW + 150) {
            store.insert(letter::at(id, id, "A")).await.expect("all is well");
        }

        join_all(VERBS.iter().map(|verb| verb.is_bounded(&scene))).await;
    }
}
