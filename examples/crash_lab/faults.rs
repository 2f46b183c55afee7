//! What happens to the cache during a run, and when: drawn from the seed, the same for every strategy.

use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::time::sleep;

use crate::BoxError;
use crate::record::Moment;
use crate::servers::Redis;

/// About one round of faults in so long a time.
const ROUND: Duration = Duration::from_secs(3);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No harm yet: what a restart will bring back.
    Snapshot,
    /// All connections end at once.
    Cut,
    /// It stands still, and answers later what it was asked.
    Freeze(Duration),
    /// It is killed, and started with the last snapshot.
    Restart,
}

/// What happened, for people.
#[derive(Clone, Copy, Debug, Default)]
pub struct Happened {
    pub kills: u32,
    pub cuts: u32,
    pub freezes: u32,
    pub restarts: u32,
}

/// How long after the beginning which fault happens.
pub fn schedule(seed: u64, lasts: Duration) -> Vec<(Duration, Fault)> {
    let mut random = SmallRng::seed_from_u64(seed);
    let rounds = u32::try_from(lasts.as_millis() / ROUND.as_millis()).unwrap_or(1).max(1);
    // The last one is over before the end.
    let slot = lasts.mul_f64(0.9) / (rounds * 4);
    let faults = (0..rounds).flat_map(|_| [Fault::Snapshot, Fault::Cut, Fault::Freeze(slot / 3), Fault::Restart]);
    faults
        .zip(0..)
        .map(|(fault, number)| (slot * number + slot.mul_f64(random.random_range(0.2..0.6)), fault))
        .collect()
}

/// Does all of them in time.
pub async fn inflict(
    schedule: &[(Duration, Fault)],
    redis: &mut Redis,
    begins: Moment,
    happened: &std::sync::Mutex<Happened>,
) -> Result<(), BoxError> {
    let count = |count: fn(&mut Happened)| count(&mut happened.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
    for (at, fault) in schedule {
        sleep(begins.after(*at).since(Moment::now())).await;
        match fault {
            Fault::Snapshot => redis.snapshot().await?,
            Fault::Cut => {
                redis.cut().await?;
                count(|happened| happened.cuts += 1);
            }
            Fault::Freeze(lasts) => {
                redis.freeze(*lasts).await;
                count(|happened| happened.freezes += 1);
            }
            Fault::Restart => {
                redis.restart().await?;
                count(|happened| happened.restarts += 1);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_is_that_of_its_seed_and_ends_before_the_run() {
        for lasts in [1, 10, 60].map(Duration::from_secs) {
            let faults = schedule(7, lasts);
            assert_eq!(faults, schedule(7, lasts));
            assert_ne!(faults, schedule(8, lasts));
            assert!(faults.is_sorted_by_key(|(at, _)| *at));
            assert!(faults.iter().all(|(at, _)| *at < lasts));
            assert!(faults.iter().any(|(_, fault)| *fault == Fault::Restart));
        }
    }
}
