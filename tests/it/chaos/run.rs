//! One run: processes, what happens to them, and what came of it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DatabaseConnection};
use tokio::time::sleep;
use writethrough::{OutboxOptions, Store};

use super::faults::{Act, Menu, draw};
use super::promise::{Broken, Promise};
use super::settled::{Settled, compare};
use super::world::World;
use crate::faults::{locks, until};
use crate::histories::client::{Design, Job, Rows, Task, WithoutCache, work};
use crate::histories::clock::Moment;
use crate::histories::history::{Count, History};
use crate::histories::look::look;
use crate::histories::process::Process;
use crate::histories::record::Records;
use crate::histories::row::Entity;
use crate::support::databases::Backend;
use crate::support::stage::{CacheKind, Stage};

/// Processes at a time.
pub const PROCESSES: usize = 4;
/// Until all processes are ready.
const START: Duration = Duration::from_millis(500);
/// On so many rows at a time, so that they meet; and soon others, because a fence that a killed process left stands in the
/// way of the cache.
const ROWS: Rows = Rows { at_a_time: 20, moves: Duration::from_secs(3) };

/// What is run.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    pub backend: Backend,
    pub design: Design,
    pub menu: Menu,
    pub promise: Promise,
}

/// What came of it.
pub struct Report {
    run: Run,
    seed: u64,
    lasts: Duration,
    pub acts: BTreeMap<String, usize>,
    pub history: History,
    pub broken: BTreeMap<i32, Vec<Broken>>,
    pub settled: Settled,
    /// So many of the differences are of rows whose entries may differ.
    pub excused: usize,
    /// Until the outbox was empty, with everything well again.
    repaired: Duration,
    begins: Moment,
}

impl Run {
    /// Runs the acts of this seed for so long.
    pub async fn run(self, seed: u64, lasts: Duration) -> Report {
        let stage = Stage::new(self.backend, CacheKind::Redis).await;
        stage.create_table(Entity).await;
        let plain = stage.plain().await;
        let mut world = World::start(&stage.database_url()).await;
        let stage = stage.on(world.cache_url());
        let bystander = self.bystander(&stage, &plain).await;
        let begins = Moment::now().after(START);
        let mut running = Running { run: self, stage, begins, ends: begins.after(lasts), records: Records::new() };

        let acts = draw(seed, self.menu, lasts);
        running.conduct(&mut world, &acts).await;
        locks::nobody_works_on(&plain).await;
        let healed = Instant::now();
        self.repaired(&plain).await;
        let repaired = healed.elapsed();

        let rows = ROWS.all(lasts);
        let settled = match self.design {
            Design::Ours(_) => compare(&world.redis, running.stage.namespace(), &plain, &rows).await,
            Design::Naive(_) => Settled::default(),
        };
        work(running.job(Task::LoadEach(rows.clone()))).await;
        let database = look(&mut running.records, &plain, rows).await;
        if let Some(bystander) = bystander {
            bystander.close().await.expect("nothing is left to do");
        }
        let history = self.promise.history(running.records.events(), &world.outages);
        let broken = self.promise.judge(&history, database, begins);
        let differences = settled.differences.iter().map(|(row, _)| history.rows.get(row));
        let excused = differences.flatten().filter(|row| self.promise.excuses(row)).count();
        let mut counts = BTreeMap::new();
        for kind in acts.iter().filter_map(|(_, act)| act.kind()) {
            *counts.entry(kind).or_default() += 1;
        }
        Report { run: self, seed, lasts, acts: counts, history, broken, settled, excused, repaired, begins }
    }

    /// With an outbox, a process to which nothing happens and whose clients do nothing; its relay puts right what others
    /// leave.
    async fn bystander(self, stage: &Stage, plain: &DatabaseConnection) -> Option<Store> {
        let Design::Ours(tuning) = self.design else { return None };
        let WithoutCache::Record(_) = tuning.without_cache else { return None };
        OutboxOptions::new().create_table(plain).await.expect("the table can be created");
        let builder = tuning.builder(&stage.database_url(), &stage.cache_url(), stage.namespace());
        Some(builder.build().await.expect("a store"))
    }

    /// Waits until relays have put right what is left.
    async fn repaired(self, plain: &DatabaseConnection) {
        if let Design::Ours(tuning) = self.design
            && let WithoutCache::Record(_) = tuning.without_cache
        {
            until("the outbox is empty", async || {
                let left = "SELECT id FROM writethrough_outbox LIMIT 1";
                let left = sea_orm::Statement::from_string(plain.get_database_backend(), left);
                plain.query_one_raw(left).await.expect("the database answers").is_none()
            })
            .await;
        }
    }
}

struct Running {
    run: Run,
    stage: Stage,
    begins: Moment,
    ends: Moment,
    records: Records,
}

impl Running {
    /// One more process's.
    fn job(&mut self, task: Task) -> Job {
        Job::next(&mut self.records, &self.stage, self.run.design, task)
    }

    fn calls(&mut self) -> Job {
        let task = Task::Calls { rows: ROWS, begins: self.begins, ends: self.ends, cancels: true };
        self.job(task)
    }

    /// Lets processes work, and everything go wrong meanwhile.
    async fn conduct(&mut self, world: &mut World, acts: &[(Duration, Act)]) {
        let mut processes = Vec::new();
        for process in 0..PROCESSES {
            let job = self.calls();
            processes.push(Process::start(&world.behind_network(process, job)));
        }
        for (after, act) in acts {
            sleep(self.begins.after(*after).since(Moment::now())).await;
            world.act(*act, &mut processes, |world, process| world.behind_network(process, self.calls())).await;
        }
        sleep(self.ends.since(Moment::now())).await;
        world.heal(&processes).await;
        for process in &mut processes {
            process.finished().await;
        }
    }
}

impl Report {
    /// Calls whose end was told.
    pub fn total(&self) -> Count {
        self.history.total()
    }

    /// Everything that happened to a row, to be looked at.
    pub fn describe(&self, row: i32) -> String {
        self.history.rows.get(&row).map(|row| row.describe(self.begins)).unwrap_or_default()
    }
}

/// The numbers, for people.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { run: Run { backend, design, menu, promise }, seed, lasts, .. } = self;
        writeln!(f, "{design:?} on {backend:?}, {menu:?} for {lasts:?}, seed {seed}")?;
        for (kind, count) in &self.history.counts {
            writeln!(f, "  {kind:<10} {count}")?;
        }
        writeln!(f, "  {:<10} {}", "in all", self.total())?;
        for (error, times) in &self.history.errors {
            writeln!(f, "  {times} times: {error}")?;
        }
        let acts: Vec<_> = self.acts.iter().map(|(kind, count)| format!("{count} × {kind}")).collect();
        writeln!(f, "  faults: {} ({})", self.acts.values().sum::<usize>(), acts.join(", "))?;
        let Settled { entries, differences } = &self.settled;
        write!(f, "  in the end, after {:?} of repairs, {entries} entries; ", self.repaired)?;
        writeln!(f, "{} differ from the database, {} of which may", differences.len(), self.excused)?;
        let all = self.broken.values().flatten();
        let count = |of: fn(&Broken) -> bool| all.clone().filter(|broken| of(broken)).count();
        write!(
            f,
            "  {promise:?}: {} stale loads, {} rows out of order, {} rows with lost writes",
            count(|broken| matches!(broken, Broken::Stale(_))),
            count(|broken| matches!(broken, Broken::Disordered(_))),
            count(|broken| matches!(broken, Broken::Lost(_)))
        )
    }
}
