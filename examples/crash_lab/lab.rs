//! One strategy under the whole schedule: processes that are killed and started again, a cache that fails, and a
//! database that is watched.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::ProgressBar;
use tokio::time::sleep;

use crate::BoxError;
use crate::clients::connect;
use crate::faults::{self, Happened};
use crate::judge::{History, Verdict, judge};
use crate::process::{Job, Life, Process, Task};
use crate::record::{self, Moment};
use crate::servers::Servers;
use crate::strategies::Design;
use crate::{rows, truth};

/// Of clients, at a time; those that have none are numbered after them.
const PROCESSES: u32 = 3;
const WORKER: u32 = PROCESSES;
const LAST_READER: u32 = PROCESSES + 1;
/// Until all processes are ready.
const START: Duration = Duration::from_millis(800);
/// Between two looks at the processes.
const PAUSE: Duration = Duration::from_millis(10);
/// How long after its job a process may end.
const PATIENCE: Duration = Duration::from_secs(15);

/// What came of a strategy.
pub struct Outcome {
    pub design: Design,
    pub verdict: Verdict,
    pub happened: Happened,
}

/// Runs the strategy for that long.
pub async fn run(
    design: Design,
    servers: &mut Servers,
    seed: u64,
    lasts: Duration,
    bar: &ProgressBar,
) -> Result<Outcome, BoxError> {
    let db = connect(&servers.database_url).await?;
    truth::create(&db, rows::used(lasts)).await?;
    let begins = Moment::now().after(START);
    let job = Job {
        design,
        database_url: servers.database_url.clone(),
        cache_url: servers.cache_url.clone(),
        // Of this run alone, so that nothing needs to be flushed, and nothing of anybody else is touched.
        namespace: format!("crash-lab-{:x}", begins.0),
        directory: servers.directory.path().to_owned(),
        seed,
        process: 0,
        life: 0,
        begins,
        ends: begins.after(lasts),
        task: Task::Calls,
    };
    let mut jobs: Vec<_> = (0..PROCESSES).map(|process| job.of(process, Task::Calls)).collect();
    if design == Design::WriteBehind {
        jobs.push(job.of(WORKER, Task::Work));
    }

    let happened = Mutex::new(Happened::default());
    let mut seen = Vec::new();
    let faults = async {
        match &mut servers.redis {
            Some(redis) => faults::inflict(&faults::schedule(seed, lasts), redis, begins, &happened).await,
            None => Ok(()),
        }
    };
    let watching = async { Ok(truth::watch(&db, job.ends, &mut seen).await?) };
    tokio::try_join!(keep_alive(&jobs, &happened, bar), faults, watching)?;

    // What the database holds in the end must be what everybody reads from then on.
    if design == Design::WriteBehind {
        Process::start(&job.of(WORKER, Task::WorkOff))?.finished(PATIENCE).await;
    }
    truth::look(&db, &mut seen).await?;
    let reader = job.of(LAST_READER, Task::ReadEach);
    Process::start(&reader)?.finished(PATIENCE).await;

    let events = jobs.iter().chain([&reader]).flat_map(|job| record::read(&job.record())).collect();
    let history = History { journal: truth::journal(&db).await?, seen, events };
    truth::drop_tables(&db).await?;
    let verdict = judge(&history);
    if verdict.reads.count() == 0 {
        let complaints = std::fs::read_to_string(job.complaints()).unwrap_or_default();
        let last = complaints.lines().last().unwrap_or("they did not say why");
        return Err(format!("the processes of {design} could not work: {last}").into());
    }
    let happened = *happened.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(Outcome { design, verdict, happened })
}

/// Starts the processes, and each again that has died, to the end; then waits for them.
async fn keep_alive(jobs: &[Job], happened: &Mutex<Happened>, bar: &ProgressBar) -> Result<(), BoxError> {
    let before = bar.position();
    let mut alive = Vec::new();
    for job in jobs {
        alive.push((job.clone(), Process::start(job)?));
    }
    while let Some(job) = jobs.first()
        && Moment::now() < job.ends
    {
        for (job, process) in &mut alive {
            let life = process.life();
            if life == Life::Goes {
                continue;
            }
            // One that could not connect may as well try again.
            job.life += 1;
            *process = Process::start(job)?;
            if life == Life::Killed {
                happened.lock().unwrap_or_else(PoisonError::into_inner).kills += 1;
            }
        }
        sleep(PAUSE).await;
        let elapsed = Moment::now().since(job.begins);
        bar.set_position(before + u64::try_from(elapsed.as_millis())?);
    }
    for (job, process) in alive {
        match job.task {
            Task::Work => drop(process),
            _ => process.finished(PATIENCE).await,
        }
    }
    Ok(())
}
