//! What a process of the run does: its clients read and write at random, and write down what they were told.

use std::sync::Arc;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use tokio::time::sleep;
use writethrough::OnCacheFailure;

use crate::BoxError;
use crate::fuse::Fuse;
use crate::process::{Job, Task};
use crate::record::{Event, Moment, Record, Told};
use crate::rows::{self, Rows};
use crate::strategies::{
    CacheAside, CacheFirst, Design, Failure, NaiveWriteThrough, Ours, Parts, Strategy, WriteAround, WriteBehind,
};

/// Of one process.
const CLIENTS: u32 = 4;
/// So many calls in a hundred are writes, and so many writes in a hundred are such as the database refuses.
const WRITES: u32 = 15;
const INVALID: u32 = 1;
/// A client thinks for up to so long before its next call.
const THINKS: Duration = Duration::from_millis(4);

/// Does the job to its end.
pub async fn work(job: Job) -> Result<(), BoxError> {
    let parts = async |job: &Job| {
        let db = connect(&job.database_url).await?;
        Ok::<_, BoxError>(Parts::connect(db, &job.cache_url, &job.namespace).await?)
    };
    let ours = async |job: &Job, policy| Ours::connect(&job.database_url, &job.cache_url, &job.namespace, policy).await;
    match job.design {
        Design::CacheAside => call(CacheAside(parts(&job).await?), job).await,
        Design::NaiveWriteThrough => call(NaiveWriteThrough(parts(&job).await?), job).await,
        Design::CacheFirst => call(CacheFirst(parts(&job).await?), job).await,
        Design::WriteAround => call(WriteAround(parts(&job).await?), job).await,
        Design::OursDegrade => call(ours(&job, OnCacheFailure::Degrade).await?, job).await,
        Design::OursFail => call(ours(&job, OnCacheFailure::Fail).await?, job).await,
        Design::WriteBehind => {
            let strategy = WriteBehind(parts(&job).await?);
            match job.task {
                Task::Work => work_until_killed(&strategy, &job).await,
                Task::WorkOff => strategy.work_off().await,
                Task::Calls | Task::ReadEach => return call(strategy, job).await,
            }
            Ok(())
        }
    }
}

/// The database, as one opens it.
pub async fn connect(url: &str) -> Result<DatabaseConnection, sea_orm::DbErr> {
    let mut options = ConnectOptions::new(url);
    options.sqlx_logging(false);
    Database::connect(options).await
}

/// Dies after a while, like everybody.
async fn work_until_killed(strategy: &WriteBehind, job: &Job) {
    let life = job.lasts().mul_f64(random(job, 0).random_range(0.1..0.4));
    tokio::time::timeout(life, strategy.work()).await.ok();
}

async fn call<S: Strategy>(strategy: S, job: Job) -> Result<(), BoxError> {
    let strategy = Arc::new(strategy);
    let record = Arc::new(Record::open(&job.record())?);
    match job.task {
        Task::ReadEach => {
            for row in rows::used(job.lasts()) {
                read(&*strategy, row, &record).await;
            }
        }
        _ => {
            sleep(job.begins.since(Moment::now())).await;
            let fuse = Arc::new(Fuse::draw(&mut random(&job, 0)));
            let clients = (1..=CLIENTS).map(|number| {
                let client = Client {
                    strategy: strategy.clone(),
                    record: record.clone(),
                    fuse: fuse.clone(),
                    random: random(&job, number),
                    next_value: first_value(&job, number),
                };
                tokio::spawn(client.call(job.begins, job.ends))
            });
            for client in clients.collect::<Vec<_>>() {
                client.await?;
            }
        }
    }
    strategy.close().await;
    Ok(())
}

/// The same for the same seed, in each place.
fn random(job: &Job, client: u32) -> SmallRng {
    let place = (u64::from(job.process) << 32) + (u64::from(job.life) << 8) + u64::from(client);
    SmallRng::seed_from_u64(job.seed ^ place.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// No other client of the run has it or one of the million after it.
fn first_value(job: &Job, client: u32) -> i64 {
    let clients = i64::from(job.life) * 1000 + i64::from(job.process * CLIENTS + client);
    clients * 1_000_000
}

struct Client<S> {
    strategy: Arc<S>,
    record: Arc<Record>,
    fuse: Arc<Fuse>,
    random: SmallRng,
    next_value: i64,
}

impl<S: Strategy> Client<S> {
    async fn call(mut self, begins: Moment, ends: Moment) {
        loop {
            let now = Moment::now();
            if now >= ends {
                return;
            }
            let rows = Rows::after(now.since(begins));
            if self.random.random_ratio(WRITES, 100) {
                let row = rows.hot(&mut self.random);
                self.write(row).await;
            } else {
                let row = rows.any(&mut self.random);
                read(&*self.strategy, row, &self.record).await;
            }
            sleep(THINKS.mul_f64(self.random.random_range(0.0..1.0))).await;
        }
    }

    async fn write(&mut self, row: i32) {
        self.next_value += 1;
        let value = if self.random.random_ratio(INVALID, 100) { -self.next_value } else { self.next_value };
        let steps = self.fuse.write(S::STEPS);
        self.record.note(&Event::WriteBegan { row, value, at: Moment::now() });
        let told = match self.strategy.write(row, value, &steps).await {
            Ok(()) => Told::Ok,
            Err(Failure::Refused) => Told::Refused,
            Err(Failure::Unknown) => Told::Unknown,
        };
        self.record.note(&Event::WriteEnded { value, at: Moment::now(), told });
    }
}

async fn read(strategy: &impl Strategy, row: i32, record: &Record) {
    let began = Moment::now();
    let event = match strategy.read(row).await {
        Ok(value) => Event::Read { row, value, began, ended: Moment::now() },
        Err(_) => Event::ReadFailed,
    };
    record.note(&event);
}
