//! One run: processes, clients, kills, and what is to be said of the history in the end.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rand::Rng;
use sea_orm::EntityTrait;
use tempfile::TempDir;
use tokio::time::sleep;

use super::client::{CLIENTS, Design, Job, Rows, Task, work};
use super::clock::Moment;
use super::history::History;
use super::operation::Effect;
use super::process::Process;
use super::record::{CallId, End, Event, Record, read};
use super::row::{Entity, Values};
use crate::support::databases::Backend;
use crate::support::stage::{CacheKind, Stage};

/// Processes at a time.
const PROCESSES: u32 = 4;
/// Until all processes are ready.
const START: Duration = Duration::from_millis(500);

/// What is run.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    pub backend: Backend,
    pub cache: CacheKind,
    pub design: Design,
    pub rows: Rows,
    pub kills: bool,
    pub cancels: bool,
    pub lasts: Duration,
}

/// What came of it.
pub struct Report {
    pub history: History,
    pub kills: u32,
    pub verdict: Result<(), String>,
    checking: Duration,
    scenario: Scenario,
}

impl Scenario {
    pub async fn run(self) -> Report {
        let stage = Stage::new(self.backend, self.cache).await;
        stage.create_table(Entity).await;
        let directory = tempfile::tempdir().expect("a temporary directory");
        // An embedded cache lives as long as somebody has it.
        let lives = stage.store().await;
        let mut run = Run { scenario: self, begins: Moment::now().after(START), stage, directory, processes: 0 };
        let kills = match self.cache {
            CacheKind::Redis => run.in_processes().await,
            CacheKind::Memory => run.in_tasks().await,
        };
        let rows = History::of(run.events()).rows.into_keys().collect();
        run.look_at_the_end(rows).await;
        lives.close().await.expect("it did nothing");
        let history = History::of(run.events());
        let started = Instant::now();
        let verdict = history.check(run.begins);
        Report { history, kills, verdict, checking: started.elapsed(), scenario: self }
    }
}

struct Run {
    scenario: Scenario,
    stage: Stage,
    directory: TempDir,
    begins: Moment,
    /// So many were started.
    processes: u32,
}

impl Run {
    fn file(&self, process: u32) -> PathBuf {
        self.directory.path().join(format!("{process}.jsonl"))
    }

    fn calls(&mut self) -> Job {
        let Scenario { rows, cancels, lasts, .. } = self.scenario;
        self.job(Task::Calls { rows, begins: self.begins, ends: self.begins.after(lasts), cancels })
    }

    fn job(&mut self, task: Task) -> Job {
        let process = self.processes;
        self.processes += 1;
        Job {
            design: self.scenario.design,
            database: self.stage.database_url(),
            cache: self.stage.cache_url(),
            namespace: self.stage.namespace().to_owned(),
            file: self.file(process),
            process,
            task,
        }
    }

    /// Returns how many processes were killed.
    async fn in_processes(&mut self) -> u32 {
        let mut processes: Vec<_> = (0..PROCESSES).map(|_| Process::start(&self.calls())).collect();
        let ends = self.begins.after(self.scenario.lasts);
        let mut kills = 0;
        while self.scenario.kills {
            let pause = Duration::from_millis(rand::rng().random_range(100..1_000));
            let next = Moment::now().max(self.begins).after(pause);
            if next >= ends {
                break;
            }
            sleep(next.since(Moment::now())).await;
            let victim = rand::rng().random_range(0..processes.len());
            processes[victim].kill();
            kills += 1;
            processes[victim] = Process::start(&self.calls());
        }
        sleep(ends.since(Moment::now())).await;
        for process in &mut processes {
            process.finished().await;
        }
        kills
    }

    /// An embedded cache lives in one process: the stores share that.
    async fn in_tasks(&mut self) -> u32 {
        let tasks: Vec<_> = (0..PROCESSES).map(|_| tokio::spawn(work(self.calls()))).collect();
        for task in tasks {
            task.await.expect("clients do not panic");
        }
        0
    }

    /// Every row once more by a load and from the database; so what was left in the cache is seen by somebody.
    async fn look_at_the_end(&mut self, rows: Vec<i32>) {
        work(self.job(Task::LoadEach(rows.clone()))).await;
        let (process, plain) = (self.processes, self.stage.plain().await);
        let record = Record::create(&self.file(process));
        self.processes += 1;
        for (number, row) in (0..).zip(rows) {
            let call = CallId { client: process * CLIENTS, number };
            record.begun(call, "look", Vec::new());
            let model = Entity::find_by_id(row).one(&plain).await.expect("the database answers");
            let effects = vec![(row, Effect::Loaded(model.map(Values::from)))];
            record.ended(call, End::Done { effects, from_cache: false });
        }
    }

    fn events(&self) -> Vec<Event> {
        let files = (0..self.processes).map(|process| self.file(process));
        // A process that was killed before it began has none.
        files.filter(|file| file.exists()).flat_map(|file| read(&file)).collect()
    }
}

/// The numbers, for people.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Scenario { backend, cache, design, rows, kills, lasts, .. } = self.scenario;
        let killed = if kills { format!("{} kills", self.kills) } else { "no kills".to_owned() };
        let (at_a_time, count) = (rows.at_a_time, self.history.rows.len());
        writeln!(f, "{design:?} on {backend:?} and {cache:?}, {at_a_time} rows at a time, {killed}, {lasts:?}:")?;
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
