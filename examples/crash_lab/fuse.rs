//! When, and at which step of a write, a process kills itself.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rand::Rng;
use rand::rngs::SmallRng;
use rustix::process::{Signal, getpid, kill_process};

/// How long a process lives before the write in which it dies: as long for every strategy, however fast it writes.
const SHORTEST_LIFE: Duration = Duration::from_millis(300);
const LONGEST_LIFE: Duration = Duration::from_millis(1500);
/// About as long as a write takes when others are at the same row.
const LONGEST_WRITE: Duration = Duration::from_millis(4);

/// Drawn once for the life of a process.
#[derive(Debug)]
pub struct Fuse {
    burns_until: Instant,
    has_gone_off: AtomicBool,
    death: Death,
}

#[derive(Clone, Copy, Debug)]
enum Death {
    /// At a step that the strategy shows, counted round and round.
    AtStep(usize),
    /// At any moment, so that steps within a library are met as well.
    After(Duration),
}

impl Fuse {
    pub fn draw(random: &mut SmallRng) -> Self {
        let death = if random.random_ratio(1, 2) {
            Death::AtStep(random.random_range(0..60))
        } else {
            Death::After(LONGEST_WRITE.mul_f64(random.random_range(0.0..1.0)))
        };
        let life = SHORTEST_LIFE + (LONGEST_LIFE - SHORTEST_LIFE).mul_f64(random.random_range(0.0..1.0));
        Self { burns_until: Instant::now() + life, has_gone_off: AtomicBool::new(false), death }
    }

    /// Another write begins. `steps` is how many the strategy shows.
    pub fn write(&self, steps: usize) -> Steps {
        let is_the_one = Instant::now() > self.burns_until && !self.has_gone_off.swap(true, Ordering::Relaxed);
        let at = match self.death {
            Death::AtStep(step) if is_the_one => Some(step % steps.max(1)),
            Death::After(moment) if is_the_one => {
                std::thread::spawn(move || {
                    std::thread::sleep(moment);
                    die();
                });
                None
            }
            _ => None,
        };
        Steps { at, passed: AtomicUsize::new(0) }
    }
}

/// The steps of one write.
#[derive(Debug)]
pub struct Steps {
    at: Option<usize>,
    passed: AtomicUsize,
}

impl Steps {
    /// Between two lines of a strategy: the process may end here.
    pub fn pass(&self) {
        if Some(self.passed.fetch_add(1, Ordering::Relaxed)) == self.at {
            die();
        }
    }
}

/// Nothing is cleaned up, nobody is told.
fn die() {
    kill_process(getpid(), Signal::KILL).ok();
}
