//! Which rows are in use.
//!
//! A few at a time, so that writers meet; then the next few, while readers still come back to those before. So it is
//! seen what a cache keeps of a row that nobody writes any more.

use std::ops::RangeInclusive;
use std::time::Duration;

use rand::Rng;
use rand::rngs::SmallRng;

const AT_A_TIME: i32 = 6;
const FOR: Duration = Duration::from_millis(500);
/// So many in a hundred reads are of hot rows.
const HOT: u32 = 70;

/// Those of a moment.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    first_hot: i32,
}

impl Rows {
    /// So long after the beginning.
    pub fn after(elapsed: Duration) -> Self {
        let spells = i32::try_from(elapsed.as_millis() / FOR.as_millis()).unwrap_or(0);
        Self { first_hot: 1 + spells * AT_A_TIME }
    }

    pub fn hot(self, random: &mut SmallRng) -> i32 {
        self.first_hot + random.random_range(0..AT_A_TIME)
    }

    pub fn any(self, random: &mut SmallRng) -> i32 {
        if random.random_ratio(HOT, 100) {
            self.hot(random)
        } else {
            random.random_range(1..self.first_hot + AT_A_TIME)
        }
    }
}

/// All rows of a run that lasts so long.
pub fn used(lasts: Duration) -> RangeInclusive<i32> {
    1..=Rows::after(lasts).first_hot + AT_A_TIME - 1
}
