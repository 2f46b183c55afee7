//! A Redis that is much too small and evicts whatever it likes: values, leases, and fences of writers under way.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rand::{Rng, SeedableRng};
use sea_orm::EntityTrait;
use writethrough::{CacheEffect, Source, Store};

use super::entities::flight;
use super::scene::{Scene, load};
use crate::support::redis::RedisServer;

const WRITERS: i32 = 4;
const FLIGHTS: std::ops::RangeInclusive<i32> = 1..=1_200;
const ROUNDS: usize = 250;

/// What became of the operations.
#[derive(Debug, Default)]
struct Tally {
    effects: BTreeMap<CacheEffect, usize>,
    hits: usize,
    misses: usize,
}

impl Tally {
    fn saved(&mut self, effect: CacheEffect) {
        *self.effects.entry(effect).or_default() += 1;
    }

    fn loaded(&mut self, source: Source) {
        match source {
            Source::Cache => self.hits += 1,
            _ => self.misses += 1,
        }
    }

    fn and(mut self, other: Self) -> Self {
        for (effect, count) in other.effects {
            *self.effects.entry(effect).or_default() += count;
        }
        Self { hits: self.hits + other.hits, misses: self.misses + other.misses, ..self }
    }
}

/// A gate whose name takes room; its first word is the number.
fn gate(number: u32) -> String {
    format!("{number} {}", "x".repeat(200))
}

fn number(gate: &str) -> u32 {
    gate.split(' ').next().and_then(|number| number.parse().ok()).expect("a number")
}

/// What was acknowledged, by flight.
#[derive(Debug)]
struct Acknowledged(Vec<AtomicU32>);

impl Acknowledged {
    fn of(&self, id: i32) -> &AtomicU32 {
        &self.0[usize::try_from(id).expect("the number of a flight")]
    }
}

/// Saves flights of its own and reads everybody's: each load gives what was acknowledged before it began, or newer.
async fn write_and_read(store: Store, me: i32, saved: Arc<Acknowledged>) -> Tally {
    let mut random = rand::rngs::StdRng::seed_from_u64(u64::from(me.unsigned_abs()));
    let mut tally = Tally::default();
    for _ in 0..ROUNDS {
        let own = random.random_range(0..FLIGHTS.end() / WRITERS) * WRITERS + me;
        let next = saved.of(own).load(Ordering::SeqCst) + 1;
        let effect = store.save(flight::moved(own, gate(next))).await.expect("nothing fails").cache;
        tally.saved(effect);
        saved.of(own).store(next, Ordering::SeqCst);
        for id in [own, random.random_range(FLIGHTS), random.random_range(1..=8)] {
            let floor = saved.of(id).load(Ordering::SeqCst);
            let (found, source) = load(&store, id).await;
            let found = number(&found.expect("there is such a flight"));
            assert!(found >= floor, "flight {id}: {found} from {source:?}, after {floor} was acknowledged");
            tally.loaded(source);
        }
    }
    tally
}

fn info(scene: &Scene, field: &str) -> usize {
    let info = scene.redis.cli(&["INFO", "all"]);
    let value = info.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    value.and_then(|value| value.trim().parse().ok()).unwrap_or_else(|| panic!("the server tells {field}"))
}

/// From now on there is room for a third of what stands there.
fn leave_a_third(scene: &Scene) {
    let full = info(scene, "used_memory");
    scene.redis.cli(&["FLUSHALL", "SYNC"]);
    let empty = info(scene, "used_memory");
    let limit = (empty + full.saturating_sub(empty) / 3).to_string();
    assert_eq!(scene.redis.cli(&["CONFIG", "SET", "maxmemory", &limit]), "OK");
}

async fn all(store: &Store) -> Vec<u32> {
    let flights = flight::Entity::load_many_cached(FLIGHTS, store).await.expect("nothing fails");
    flights.into_iter().map(|flight| number(&flight.expect("there is such a flight").gate)).collect()
}

on_every_backend! {
    async fn a_cache_that_is_much_too_small_costs_queries_and_nothing_else(backend: Backend) {
        let scene = Scene::on(backend, RedisServer::start(["--maxmemory-policy", "allkeys-lru"])).await;
        let rows = FLIGHTS.map(|id| flight::at(id, gate(0)));
        flight::Entity::insert_many(rows).exec(&scene.db).await.expect("the rows can be inserted");
        let stores = [scene.store().await, scene.store().await];
        for store in &stores {
            store.save(flight::moved(1, gate(0))).await.expect("nothing fails");
            all(store).await;
        }
        leave_a_third(&scene);

        let saved = Arc::new(Acknowledged((0..=*FLIGHTS.end()).map(|_| AtomicU32::new(0)).collect()));
        let writers: Vec<_> = (1..=WRITERS)
            .zip(stores.iter().cycle())
            .map(|(me, store)| tokio::spawn(write_and_read(store.clone(), me, saved.clone())))
            .collect();
        let mut tally = Tally::default();
        for writer in writers {
            tally = tally.and(writer.await.expect("every load was right"));
        }

        let evicted = info(&scene, "evicted_keys");
        println!("{backend:?}: {tally:?}, {evicted} keys evicted");
        assert!(evicted > 0, "the cache was large enough");
        assert!(tally.hits > 0 && tally.misses > 0, "{tally:?}");
        let last: Vec<_> = FLIGHTS.map(|id| saved.of(id).load(Ordering::SeqCst)).collect();
        for store in &stores {
            assert_eq!(all(store).await, last);
        }
    }
}
