//! The closed loop: tasks that each begin the next operation when the last one ended.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::stage::ROWS;
use crate::{Result, machine};

/// One of the ways that a scenario compares.
pub(crate) struct Variant {
    pub(crate) name: &'static str,
    turn: Box<dyn Fn(Turn) -> Measured>,
}

/// One turn of a variant, under way.
type Measured = Pin<Box<dyn Future<Output = Result<Sample>>>>;

/// How many tasks, and how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    pub(crate) tasks: usize,
    pub(crate) lasting: Duration,
}

/// What one turn of one variant gave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Median time of an operation, in microseconds.
    pub(crate) p50: f64,
    /// Operations a second.
    pub(crate) throughput: f64,
    /// Processor time of this process per operation, in microseconds; zero where the system does not tell.
    pub(crate) cpu: f64,
}

impl Variant {
    /// `operation` gets the number of a row. What runs in the loop is not boxed.
    pub(crate) fn new<F, Fut>(name: &'static str, operation: F) -> Self
    where
        F: Fn(i64) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = Result<()>> + Send + 'static,
    {
        let turn = move |turn| -> Pin<Box<dyn Future<Output = _>>> { Box::pin(take_turn(operation.clone(), turn)) };
        Self { name, turn: Box::new(turn) }
    }
}

/// Gives every variant its turn in every repetition, beginning with another one each time; a first repetition warms up.
///
/// The samples come by repetition, in the order of the variants.
pub(crate) async fn compare(variants: &[Variant], turn: Turn, repetitions: usize) -> Result<Vec<Vec<Sample>>> {
    let mut rounds = Vec::with_capacity(repetitions);
    for repetition in 0..=repetitions {
        let mut samples = Vec::with_capacity(variants.len());
        for step in 0..variants.len() {
            let index = (repetition + step) % variants.len();
            if let Some(variant) = variants.get(index) {
                samples.push((index, (variant.turn)(turn).await?));
            }
        }
        samples.sort_by_key(|(index, _)| *index);
        if repetition > 0 {
            rounds.push(samples.into_iter().map(|(_, sample)| sample).collect());
        }
    }
    Ok(rounds)
}

async fn take_turn<F, Fut>(operation: F, turn: Turn) -> Result<Sample>
where
    F: Fn(i64) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Result<()>> + Send + 'static,
{
    let cpu_before = machine::processor_time();
    let began = Instant::now();
    let until = began + turn.lasting;
    let tasks = (0..turn.tasks).map(|_| tokio::spawn(closed_loop(operation.clone(), until)));
    let mut times = Vec::new();
    for task in join_all(tasks).await {
        times.extend(task??);
    }
    let elapsed = began.elapsed();
    let cpu = machine::processor_time().saturating_sub(cpu_before);

    let operations = times.len();
    let (_, p50, _) = times.select_nth_unstable(operations / 2);
    Ok(Sample {
        p50: p50.as_secs_f64() * 1e6,
        throughput: operations as f64 / elapsed.as_secs_f64(),
        cpu: cpu.as_secs_f64() * 1e6 / operations as f64,
    })
}

async fn closed_loop<F, Fut>(operation: F, until: Instant) -> Result<Vec<Duration>>
where
    F: Fn(i64) -> Fut,
    Fut: Future<Output = Result<()>>,
{
    let mut random = SmallRng::from_rng(&mut rand::rng());
    let mut times = Vec::with_capacity(16 * 1024);
    let mut began = Instant::now();
    // At least one operation, however short the turn.
    loop {
        operation(random.random_range(0..ROWS)).await?;
        let ended = Instant::now();
        times.push(ended - began);
        if ended >= until {
            return Ok(times);
        }
        began = ended;
    }
}
