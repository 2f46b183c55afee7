//! One run: processes, clients, what happens to them, and what is to be said of the history in the end.

use std::fmt;
use std::time::{Duration, Instant};

use rand::Rng;
use tokio::time::sleep;

use super::client::{Design, Job, Rows, Task, work};
use super::clock::Moment;
use super::history::{Broken, History};
use super::look::look;
use super::process::Process;
use super::record::Records;
use super::row::Entity;
use crate::support::databases::Backend;
use crate::support::stage::{CacheKind, Stage};

/// Processes at a time.
const PROCESSES: u32 = 4;
/// One in so many troubles is a kill.
const KILLED: u32 = 12;
/// Until all processes are ready.
const START: Duration = Duration::from_millis(500);

/// What is run.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    pub backend: Backend,
    pub cache: CacheKind,
    pub design: Design,
    pub rows: Rows,
    pub trouble: Trouble,
    pub lasts: Duration,
}

/// What happens to clients; each of these includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    Nothing,
    /// They cancel calls, and processes stand still for some milliseconds, so that steps that belong together happen far
    /// apart.
    Delays,
    /// Processes are killed.
    Kills,
}

/// What came of it.
pub struct Report {
    pub history: History,
    pub stops: u32,
    pub kills: u32,
    pub verdict: Result<(), Broken>,
    checking: Duration,
    scenario: Scenario,
}

impl Scenario {
    pub async fn run(self) -> Report {
        let stage = Stage::new(self.backend, self.cache).await;
        stage.create_table(Entity).await;
        // An embedded cache lives as long as somebody has it.
        let lives = stage.store().await;
        let begins = Moment::now().after(START);
        let mut run = Run { scenario: self, begins, stage, records: Records::new(), stops: 0, kills: 0 };
        match self.cache {
            CacheKind::Redis => run.in_processes().await,
            CacheKind::Memory => run.in_tasks().await,
        }
        let rows = History::of(run.records.events()).rows.into_keys().collect();
        run.look_at_the_end(rows).await;
        lives.close().await.expect("it did nothing");
        let history = History::of(run.records.events());
        let started = Instant::now();
        let verdict = history.check(run.begins);
        let Run { stops, kills, .. } = run;
        Report { history, stops, kills, verdict, checking: started.elapsed(), scenario: self }
    }
}

struct Run {
    scenario: Scenario,
    stage: Stage,
    records: Records,
    begins: Moment,
    stops: u32,
    kills: u32,
}

impl Run {
    fn calls(&mut self) -> Job {
        let Scenario { rows, trouble, .. } = self.scenario;
        let cancels = trouble >= Trouble::Delays;
        self.job(Task::Calls { rows, begins: self.begins, ends: self.ends(), cancels })
    }

    fn ends(&self) -> Moment {
        self.begins.after(self.scenario.lasts)
    }

    fn job(&mut self, task: Task) -> Job {
        Job::next(&mut self.records, &self.stage, self.scenario.design, task)
    }

    async fn in_processes(&mut self) {
        let mut processes: Vec<_> = (0..PROCESSES).map(|_| Process::start(&self.calls())).collect();
        sleep(self.begins.since(Moment::now())).await;
        while self.scenario.trouble > Trouble::Nothing && Moment::now() < self.ends() {
            self.trouble(&mut processes).await;
        }
        sleep(self.ends().since(Moment::now())).await;
        for process in &mut processes {
            process.finished().await;
        }
    }

    /// Stops one process for a while, or for ever.
    async fn trouble(&mut self, processes: &mut [Process]) {
        let milliseconds = |range| Duration::from_millis(rand::rng().random_range(range));
        sleep(milliseconds(2..30)).await;
        let victim = &mut processes[rand::rng().random_range(0..PROCESSES as usize)];
        if self.scenario.trouble == Trouble::Kills && (self.stops + self.kills) % KILLED == KILLED - 1 {
            victim.kill();
            *victim = Process::start(&self.calls());
            self.kills += 1;
        } else {
            victim.stop(true);
            sleep(milliseconds(1..40)).await;
            victim.stop(false);
            self.stops += 1;
        }
    }

    /// An embedded cache lives in one process: the stores share that.
    async fn in_tasks(&mut self) {
        let tasks: Vec<_> = (0..PROCESSES).map(|_| tokio::spawn(work(self.calls()))).collect();
        for task in tasks {
            task.await.expect("clients do not panic");
        }
    }

    /// Every row once more by a load and from the database; so what was left in the cache is seen by somebody.
    async fn look_at_the_end(&mut self, rows: Vec<i32>) {
        work(self.job(Task::LoadEach(rows.clone()))).await;
        look(&mut self.records, &self.stage.plain().await, rows).await;
    }
}

/// The numbers, for people.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Scenario { backend, cache, design, rows, lasts, .. } = self.scenario;
        let (at_a_time, count, stops, kills) = (rows.at_a_time, self.history.rows.len(), self.stops, self.kills);
        write!(f, "{design:?} on {backend:?} and {cache:?}, rows at a time: {at_a_time}, for {lasts:?}; ")?;
        writeln!(f, "processes stopped {stops} times and killed {kills} times")?;
        for (kind, count) in &self.history.counts {
            writeln!(f, "  {kind:<10} {count}")?;
        }
        writeln!(f, "  {:<10} {}", "in all", self.history.total())?;
        for (error, times) in &self.history.errors {
            writeln!(f, "  {times} times: {error}")?;
        }
        let longest = self.history.rows.values().map(|row| row.operations.len()).max().unwrap_or_default();
        let verdict = if self.verdict.is_ok() { "linearizable" } else { "NOT linearizable" };
        write!(f, "  {count} rows, up to {longest} operations on one, checked in {:?}: {verdict}", self.checking)
    }
}
