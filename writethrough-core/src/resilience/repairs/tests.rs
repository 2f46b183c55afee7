//! The queue against a cache that does as it is told.

use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::*;
use crate::cache::{AnyCache, Cache, CacheError, Call, Cursor, Page};
use crate::entry::Payload;
use crate::protocol::{Ending, Micros, Reply, Standing};

/// Writes down what it is sent, and answers each call only when the test allows it.
#[derive(Debug)]
struct Script {
    sent: Mutex<Vec<String>>,
    up: AtomicBool,
    arrived: Semaphore,
    allowed: Semaphore,
}

impl Script {
    fn new(allowed: usize) -> Arc<Self> {
        Arc::new(Self {
            sent: Mutex::default(),
            up: AtomicBool::new(true),
            arrived: Semaphore::new(0),
            allowed: Semaphore::new(allowed),
        })
    }

    fn answering() -> Arc<Self> {
        Self::new(Semaphore::MAX_PERMITS)
    }

    /// What it was sent, sorted within a call.
    fn sent(&self) -> Vec<String> {
        self.sent.lock().expect("no panic under the lock").clone()
    }

    async fn receive(&self, what: String) -> Result<(), CacheError> {
        self.sent.lock().expect("no panic under the lock").push(what);
        self.arrived.add_permits(1);
        self.allowed.acquire().await.expect("never closed").forget();
        if self.up.load(Ordering::SeqCst) { Ok(()) } else { Err(CacheError::Timeout) }
    }

    async fn arrived(&self) {
        self.arrived.acquire().await.expect("never closed").forget();
    }
}

#[async_trait::async_trait]
impl Cache for Script {
    async fn get(&self, _: &CacheKey) -> Result<Standing<Payload>, CacheError> {
        Err(CacheError::Closed)
    }

    async fn apply(&self, calls: Vec<Call>) -> Vec<Result<Reply<Payload>, CacheError>> {
        let mut names: Vec<_> = calls.iter().map(|(key, step)| format!("{} {key}", name_of(step))).collect();
        names.sort();
        let answer = self.receive(names.join(", ")).await.map(|()| Reply::Finished(Ending::Emptied));
        vec![answer; calls.len()]
    }

    async fn invalidate_prefix(&self, prefix: &str) -> Result<u64, CacheError> {
        self.receive(format!("all of {prefix}")).await.map(|()| 1)
    }

    async fn keys(&self, _: &str, _: Cursor) -> Result<Page, CacheError> {
        Err(CacheError::Closed)
    }

    async fn close(&self) {}
}

fn name_of(step: &Step<Payload>) -> &'static str {
    match step {
        Step::Invalidate => "invalidate",
        Step::Finish { value: None, .. } => "finish",
        Step::Fence { .. } => "fence",
        _ => "a step that repairs nothing",
    }
}

fn queue() -> Arc<Repairs> {
    Repairs::new(Duration::from_secs(60), 10_000)
}

fn push(repairs: &Repairs, key: &str, repair: Repair) {
    repairs.push(CacheKey::new(key), repair, all_of("flight"));
}

fn all_of(label: &'static str) -> EntityKeys {
    EntityKeys { label, prefixes: [format!("{label}:"), format!("{label}@"), format!("{label}&")] }
}

fn stamp(nonce: u64) -> Stamp {
    Stamp { at: Micros(1), nonce: Nonce(nonce) }
}

fn run(repairs: &Arc<Repairs>, cache: &Arc<Script>) -> JoinHandle<()> {
    let cache = GuardedCache::new(AnyCache::Scripted(cache.clone()));
    tokio::spawn(repairs.clone().run(cache.into()))
}

async fn drain(repairs: &Repairs) {
    timeout(Duration::from_secs(60), repairs.drained()).await.expect("the queue drains");
}

#[tokio::test(start_paused = true)]
async fn repairs_of_one_key_merge_into_one_that_does_what_each_would() {
    use Repair::{Fence, Finish, Invalidate};
    let (first, second) = (Finish(stamp(1)), Finish(stamp(2)));
    for (pushed, sent) in [
        (vec![first, first], "finish"),
        (vec![first, second], "invalidate"),
        (vec![Invalidate, first], "invalidate"),
        (vec![first, Invalidate], "invalidate"),
        (vec![Fence, first, Invalidate], "fence"),
        (vec![Invalidate, second, Fence], "fence"),
    ] {
        let (repairs, cache) = (queue(), Script::answering());
        for repair in &pushed {
            push(&repairs, "flight:1", *repair);
        }
        assert_eq!(repairs.waiting(), 1);
        run(&repairs, &cache);
        drain(&repairs).await;
        assert_eq!(cache.sent(), [format!("{sent} flight:1")], "{pushed:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_call_carries_repairs_of_one_kind() {
    let (repairs, cache) = (queue(), Script::answering());
    for (key, repair) in [
        ("flight:1", Repair::Invalidate),
        ("flight:2", Repair::Finish(stamp(2))),
        ("flight:3", Repair::Fence),
        ("flight:4", Repair::Invalidate),
    ] {
        push(&repairs, key, repair);
    }
    run(&repairs, &cache);
    drain(&repairs).await;
    assert_eq!(cache.sent(), ["fence flight:3", "finish flight:2", "invalidate flight:1, invalidate flight:4"]);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_marks_the_entity_as_a_whole() {
    let (repairs, cache) = (Repairs::new(Duration::from_secs(60), 2), Script::answering());
    for key in ["flight:1", "flight@no:2", "flight:3", "flight:4"] {
        push(&repairs, key, Repair::Invalidate);
    }
    assert_eq!(repairs.lengths(), (0, 1), "the mark covers the keys before it and those after it");
    run(&repairs, &cache);
    drain(&repairs).await;
    let sent = cache.sent();
    for prefix in all_of("flight").prefixes {
        assert!(sent.contains(&format!("all of {prefix}")), "{sent:?}");
    }
    assert!(!sent.iter().any(|call| call.contains("flight:1") || call.contains("flight@no:2")), "{sent:?}");
}

#[tokio::test(start_paused = true)]
async fn a_key_of_unknown_outcome_gets_its_fence_although_the_queue_is_full() {
    let (repairs, cache) = (Repairs::new(Duration::from_secs(60), 2), Script::answering());
    for key in ["flight:1", "flight:2"] {
        push(&repairs, key, Repair::Invalidate);
    }
    push(&repairs, "flight:3", Repair::Fence);
    run(&repairs, &cache);
    drain(&repairs).await;
    assert_eq!(cache.sent(), ["fence flight:3", "all of flight:", "all of flight@", "all of flight&"]);
}

#[tokio::test(start_paused = true)]
async fn a_key_pushed_again_while_its_repair_is_under_way_stays() {
    let (repairs, cache) = (queue(), Script::new(0));
    run(&repairs, &cache);
    push(&repairs, "flight:1", Repair::Invalidate);
    cache.arrived().await;
    push(&repairs, "flight:1", Repair::Invalidate);
    cache.allowed.add_permits(1);
    cache.arrived().await;
    assert!(!repairs.is_drained(), "the second write may have committed after the first repair was sent");
    cache.allowed.add_permits(1);
    drain(&repairs).await;
    assert_eq!(cache.sent(), ["invalidate flight:1", "invalidate flight:1"]);
}

#[tokio::test(start_paused = true)]
async fn an_entity_marked_again_while_its_repair_is_under_way_stays() {
    let (repairs, cache) = (queue(), Script::new(0));
    run(&repairs, &cache);
    repairs.push_entity(all_of("flight"));
    cache.arrived().await;
    repairs.push_entity(all_of("flight"));
    for _ in 0..5 {
        cache.allowed.add_permits(1);
        cache.arrived().await;
        assert!(!repairs.is_drained());
    }
    cache.allowed.add_permits(1);
    drain(&repairs).await;
    let once = ["all of flight:", "all of flight@", "all of flight&"];
    assert_eq!(cache.sent(), [once, once].concat());
}

#[tokio::test(start_paused = true)]
async fn what_is_not_acknowledged_is_tried_again_and_counts_as_waiting() {
    let (repairs, cache) = (queue(), Script::answering());
    cache.up.store(false, Ordering::SeqCst);
    run(&repairs, &cache);
    push(&repairs, "flight:1", Repair::Finish(stamp(1)));
    repairs.push_entity(all_of("seat"));
    for _ in 0..6 {
        cache.arrived().await;
        assert_eq!(repairs.waiting(), 2, "the key, and the entity");
    }
    cache.up.store(true, Ordering::SeqCst);
    drain(&repairs).await;
}

#[tokio::test(start_paused = true)]
async fn a_key_that_failed_merges_with_what_was_pushed_meanwhile() {
    let (repairs, cache) = (queue(), Script::new(0));
    cache.up.store(false, Ordering::SeqCst);
    run(&repairs, &cache);
    push(&repairs, "flight:1", Repair::Fence);
    cache.arrived().await;
    push(&repairs, "flight:1", Repair::Invalidate);
    cache.allowed.add_permits(1);
    cache.arrived().await;
    cache.up.store(true, Ordering::SeqCst);
    cache.allowed.add_permits(1);
    drain(&repairs).await;
    assert_eq!(cache.sent(), ["fence flight:1", "fence flight:1"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_is_woken_when_the_queue_drains() {
    let (repairs, cache) = (queue(), Script::new(0));
    run(&repairs, &cache);
    push(&repairs, "flight:1", Repair::Invalidate);
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let repairs = repairs.clone();
            tokio::spawn(async move { repairs.drained().await })
        })
        .collect();
    cache.arrived().await;
    assert!(waiting.iter().all(|waiting| !waiting.is_finished()));
    cache.allowed.add_permits(1);
    for waiting in waiting {
        timeout(Duration::from_secs(60), waiting).await.expect("it is woken").expect("it does not panic");
    }
}

#[tokio::test(start_paused = true)]
async fn the_task_ends_when_nobody_pushes_any_more_and_nothing_waits() {
    let (repairs, cache) = (queue(), Script::new(0));
    let task = run(&repairs, &cache);
    push(&repairs, "flight:1", Repair::Invalidate);
    cache.arrived().await;
    repairs.close();
    assert!(!task.is_finished());
    cache.allowed.add_permits(1);
    timeout(Duration::from_secs(60), task).await.expect("it ends").expect("it does not panic");
}

#[tokio::test(start_paused = true)]
async fn the_task_ends_when_the_cache_was_closed_although_something_waits() {
    let (repairs, cache) = (queue(), Script::answering());
    cache.up.store(false, Ordering::SeqCst);
    let task = run(&repairs, &cache);
    push(&repairs, "flight:1", Repair::Invalidate);
    cache.arrived().await;
    repairs.give_up();
    timeout(Duration::from_secs(60), task).await.expect("it ends").expect("it does not panic");
    assert_eq!(repairs.waiting(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_backlog_names_tables_and_counts_and_no_key() {
    let repairs = Repairs::new(Duration::from_secs(60), 2);
    repairs.push(CacheKey::new("seat:1"), Repair::Invalidate, all_of("seat"));
    assert_eq!(repairs.backlog().to_string(), "1 key of `seat`");
    push(&repairs, "flight:s3cret", Repair::Invalidate);
    assert_eq!(repairs.backlog().to_string(), "1 key of `flight`, 1 key of `seat`");
    push(&repairs, "flight:2", Repair::Invalidate);
    for key in ["flight:3", "flight:4"] {
        push(&repairs, key, Repair::Fence);
    }
    assert_eq!(repairs.backlog().to_string(), "2 keys of `flight`, 1 key of `seat`, all of `flight`");
}

#[tokio::test(start_paused = true)]
async fn what_is_under_way_is_part_of_the_backlog() {
    let (repairs, cache) = (queue(), Script::new(0));
    run(&repairs, &cache);
    push(&repairs, "flight:1", Repair::Invalidate);
    repairs.push_entity(all_of("seat"));
    cache.arrived().await;
    assert_eq!(repairs.lengths(), (1, 1));
    assert_eq!(repairs.backlog().to_string(), "1 key of `flight`, all of `seat`");
}

#[tokio::test(start_paused = true)]
async fn an_entity_of_which_half_was_removed_is_removed_again() {
    let (repairs, cache) = (queue(), Script::new(0));
    run(&repairs, &cache);
    repairs.push_entity(all_of("seat"));
    cache.arrived().await;
    cache.allowed.add_permits(1);
    cache.arrived().await;
    cache.up.store(false, Ordering::SeqCst);
    cache.allowed.add_permits(1);
    cache.arrived().await;
    cache.up.store(true, Ordering::SeqCst);
    cache.allowed.add_permits(3);
    drain(&repairs).await;
    let half = ["all of seat:", "all of seat@"].as_slice();
    assert_eq!(cache.sent(), [half, half, &["all of seat&"]].concat());
}
