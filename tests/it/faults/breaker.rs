//! The circuit breaker, seen from outside: in its gauge.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use metrics::{Counter, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use writethrough::{Source, telemetry};

use super::entities::flight;
use super::scene::{Scene, comes_from_cache, load};
use super::until;
use crate::support::{Backend, Fault};

const CLOSED: f64 = 0.0;
const HALF_OPEN: f64 = 1.0;
const OPEN: f64 = 2.0;

/// Every state that the breaker showed, in order.
#[derive(Clone, Default)]
struct States(Arc<Mutex<Vec<f64>>>);

impl States {
    fn seen(&self) -> Vec<f64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn latest(&self) -> f64 {
        self.seen().last().copied().unwrap_or(CLOSED)
    }
}

impl GaugeFn for States {
    fn increment(&self, _: f64) {
        panic!("a state is set");
    }

    fn decrement(&self, _: f64) {
        panic!("a state is set");
    }

    fn set(&self, state: f64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(state);
    }
}

impl Recorder for States {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        if key.name() == telemetry::BREAKER_STATE { Gauge::from_arc(Arc::new(self.clone())) } else { Gauge::noop() }
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

/// One thread, so that the recorder of this thread records everything.
#[tokio::test(flavor = "current_thread")]
async fn it_opens_after_a_few_timeouts_probes_and_closes_when_the_cache_answers() {
    let states = States::default();
    let _recording = metrics::set_default_local_recorder(&states);
    let scene = Scene::new(Backend::Sqlite).await;
    let store = scene.behind_proxy(Duration::from_millis(100)).await;
    store.insert(flight::at(1, "A1")).await.expect("all is well");
    comes_from_cache(&store, 1, "A1").await;
    assert_eq!(states.latest(), CLOSED);

    scene.proxy.set(Fault::Stall).await;
    for _ in 0..3 {
        assert_eq!(states.latest(), CLOSED, "a failure may happen");
        assert_eq!(load(&store, 1).await.1, Source::Database);
    }
    assert_eq!(states.latest(), OPEN);

    until("probes have failed", async || {
        assert_eq!(load(&store, 1).await.1, Source::Database);
        states.seen().ends_with(&[OPEN, HALF_OPEN, OPEN, HALF_OPEN, OPEN])
    })
    .await;

    scene.proxy.set(Fault::Pass).await;
    until("a few answers have closed it", async || {
        assert_eq!(load(&store, 1).await.0.as_deref(), Some("A1"));
        states.seen().ends_with(&[OPEN, HALF_OPEN, CLOSED])
    })
    .await;
    assert_eq!(load(&store, 1).await.1, Source::Cache);
}

#[tokio::test(flavor = "current_thread")]
async fn a_server_that_refuses_a_command_is_alive() {
    let states = States::default();
    let _recording = metrics::set_default_local_recorder(&states);
    let scene = Scene::new(Backend::Sqlite).await;
    let store = scene.store().await;
    store.insert(flight::at(1, "A1")).await.expect("all is well");
    scene.redis.cli(&["CONFIG", "SET", "maxmemory", "1"]);

    for round in 0..10 {
        store.save(flight::moved(1, format!("B{round}"))).await.expect("degrade goes on without the cache");
    }

    assert_eq!(states.latest(), CLOSED, "{:?}", states.seen());
}
