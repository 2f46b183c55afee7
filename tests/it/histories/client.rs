//! The clients of one process: each makes random calls, one after the other, and writes down what it was told.

use std::fmt::Display;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use sea_orm::{ConnectOptions, Database};
use serde::{Deserialize, Serialize};
use tokio::time::{sleep, timeout};
use writethrough::{OnCacheFailure, OutboxOptions, Store, StoreBuilder};

use super::call::Call;
use super::clock::Moment;
use super::naive::{After, Naive};
use super::record::{CallId, End, Record, Records};
use super::row::{codes_of, squads_of};
use super::subject::Subject;
use crate::support::stage::Stage;

/// How long the database may be out of reach when a process starts.
const PATIENCE: Duration = Duration::from_secs(20);
/// Clients of one process.
pub const CLIENTS: u32 = 4;

/// What the clients of a process are to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    pub design: Design,
    pub database: String,
    pub cache: String,
    pub namespace: String,
    /// Where to write down what happened.
    pub file: PathBuf,
    /// No two processes of a run have the same.
    pub process: u32,
    pub task: Task,
}

impl Job {
    /// The job of the next process of a run on this stage.
    pub fn next(records: &mut Records, stage: &Stage, design: Design, task: Task) -> Self {
        let (process, file) = records.next();
        Self {
            design,
            database: stage.database_url(),
            cache: stage.cache_url(),
            namespace: stage.namespace().to_owned(),
            file,
            process,
            task,
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Task {
    /// Random calls on these rows; clients that cancel sometimes do not wait for the end of a call.
    Calls { rows: Rows, begins: Moment, ends: Moment, cancels: bool },
    /// One load of each of these, one by each of its keys, and one of each of its lists.
    LoadEach(Vec<i32>),
}

/// Who keeps the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Design {
    Ours(Tuning),
    Naive(After),
}

/// How stores are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tuning {
    pub ttl: Duration,
    pub cache_timeout: Duration,
    pub write_timeout: Duration,
    pub without_cache: WithoutCache,
}

/// What a write does that the cache does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WithoutCache {
    Fail,
    Degrade,
    /// `degrade`, with an outbox at which a relay looks in this interval.
    Record(Duration),
}

impl Tuning {
    /// Nothing fails, and if it takes long, the machine is busy. Entries expire as soon as they may, so that leases and
    /// fills are as frequent as hits.
    pub const CALM: Self = Self {
        ttl: Duration::from_secs(1),
        cache_timeout: Duration::from_secs(5),
        write_timeout: Duration::from_secs(30),
        without_cache: WithoutCache::Degrade,
    };

    pub fn builder(self, database: &str, cache: &str, namespace: &str) -> StoreBuilder {
        let builder = Store::builder()
            .database_url(database)
            .cache_url(cache)
            .namespace(namespace)
            .default_ttl(self.ttl)
            .cache_timeout(self.cache_timeout)
            .write_timeout(self.write_timeout);
        match self.without_cache {
            WithoutCache::Fail => builder.on_cache_failure(OnCacheFailure::Fail),
            WithoutCache::Degrade => builder.on_cache_failure(OnCacheFailure::Degrade),
            WithoutCache::Record(interval) => builder.outbox(OutboxOptions::new().interval(interval)),
        }
    }
}

/// Which rows are in use. All processes move to fresh ones at the same time: so a history does not grow without bounds,
/// and a fence that a killed process left stands in the way of the cache for a moment only.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Rows {
    pub at_a_time: i32,
    pub moves: Duration,
}

impl Rows {
    /// All that come into use in such a time.
    pub fn all(self, elapsed: Duration) -> Vec<i32> {
        (1..=*self.after(elapsed).last().expect("there are some")).collect()
    }

    fn after(self, elapsed: Duration) -> Vec<i32> {
        let moves = i32::try_from(elapsed.as_millis() / self.moves.as_millis()).expect("a run ends some day");
        let first = 1 + moves * self.at_a_time;
        (first..first + self.at_a_time).collect()
    }
}

/// Does the job to its end.
pub async fn work(job: Job) {
    match job.design {
        Design::Ours(tuning) => {
            let store = patiently(|| tuning.builder(&job.database, &job.cache, &job.namespace).build().boxed()).await;
            work_on(store, job).await;
        }
        Design::Naive(after) => {
            let mut options = ConnectOptions::new(&job.database);
            options.sqlx_logging(false);
            let db = patiently(|| Database::connect(options.clone()).boxed()).await;
            work_on(Naive::connect(db, &job.cache, &job.namespace, after).await, job).await;
        }
    }
}

/// Tries again until the database can be reached.
async fn patiently<T, E: Display>(connect: impl Fn() -> BoxFuture<'static, Result<T, E>>) -> T {
    let started = Instant::now();
    loop {
        match connect().await {
            Ok(connected) => return connected,
            Err(error) => assert!(started.elapsed() < PATIENCE, "{error}"),
        }
        sleep(Duration::from_millis(20)).await;
    }
}

async fn work_on(subject: impl Subject, job: Job) {
    let record = Arc::new(Record::create(&job.file));
    let client = |number: u32| Client {
        id: job.process * CLIENTS + number,
        calls: 0,
        subject: subject.clone(),
        record: record.clone(),
        random: SmallRng::from_os_rng(),
    };
    match job.task {
        Task::Calls { rows, begins, ends, cancels } => {
            sleep(begins.since(Moment::now())).await;
            let clients = (0..CLIENTS).map(|number| tokio::spawn(client(number).call(rows, begins, ends, cancels)));
            for client in clients.collect::<Vec<_>>() {
                client.await.expect("a client does not panic");
            }
        }
        Task::LoadEach(rows) => client(0).load_each(rows).await,
    }
    subject.close().await;
}

struct Client<S> {
    id: u32,
    calls: u32,
    subject: S,
    record: Arc<Record>,
    random: SmallRng,
}

/// For so long all clients write as they like, then fewer of their writes are kept, in the end none: now writers are to
/// meet, then readers and writers, and in the end the cache is to have its say, so that what went wrong is seen.
const SPELL: Duration = Duration::from_millis(100);
const KEEPS: [f64; 4] = [1.0, 0.3, 0.1, 0.0];

/// Which part of the writes is kept.
fn keeps(elapsed: Duration) -> f64 {
    let spells = usize::try_from(elapsed.as_millis() / SPELL.as_millis()).expect("a run ends some day");
    KEEPS[spells % KEEPS.len()]
}

/// More than the calls of a client, and than the values that one of them writes.
const CALLS: i64 = 1_000_000_000;
const VALUES: i64 = 8;

impl<S: Subject> Client<S> {
    async fn call(mut self, rows: Rows, begins: Moment, ends: Moment, cancels: bool) {
        loop {
            let now = Moment::now();
            if now >= ends {
                break;
            }
            let value = (i64::from(self.id) * CALLS + i64::from(self.calls)) * VALUES;
            let elapsed = now.since(begins);
            let call = Call::draw(&mut self.random, S::MIX, &rows.after(elapsed), keeps(elapsed), value);
            let cancelled = cancels && self.random.random_ratio(1, 12);
            let patience = cancelled.then(|| Duration::from_micros(self.random.random_range(0..8_000)));
            self.make(call, patience).await;
            if self.random.random_ratio(1, 2) {
                sleep(Duration::from_micros(self.random.random_range(0..3_000))).await;
            }
        }
    }

    async fn load_each(mut self, rows: Vec<i32>) {
        for row in rows {
            self.make(Call::Load(row), None).await;
            for code in codes_of(row) {
                self.make(Call::LoadByCode(row, code), None).await;
            }
            for squad in squads_of(row) {
                self.make(Call::LoadAll(vec![row], squad), None).await;
            }
        }
    }

    async fn make(&mut self, call: Call, patience: Option<Duration>) {
        let id = CallId { client: self.id, number: self.calls };
        self.calls += 1;
        self.record.begun(id, call.kind(), call.writes());
        let whole = call.make(&self.subject);
        let end = match patience {
            Some(patience) => timeout(patience, whole).await.unwrap_or(End::Cancelled),
            None => whole.await,
        };
        self.record.ended(id, end);
    }
}
