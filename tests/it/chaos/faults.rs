//! What goes wrong, and when: drawn from a seed before the run, so that the same can go wrong again.

use std::time::Duration;

use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use super::run::PROCESSES;
use crate::support::Fault;

/// One thing that is done to the servers, the network or a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Network(Wires, Fault),
    Kill(usize),
    Stop(usize),
    Continue(usize),
    /// All fences of all writers are gone, as if each had been evicted, or had expired while its writer stood still.
    LoseFences,
    Flush,
    /// What stands in the cache now comes back with its next restart.
    Snapshot,
    Restart,
    /// The cache gets a replica.
    Replicate,
    /// From now on the replica misses what the cache is told.
    Lag,
    /// The cache dies, and its replica takes over.
    FailOver,
    /// The memory of the cache is less than it uses.
    Squeeze,
    Relax,
}

/// Connections between processes and a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wires {
    pub to: Server,
    pub of: Whom,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    Cache,
    Database,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    One(usize),
    All,
}

/// What may go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Menu {
    /// The network and the processes fail; no fence is lost.
    Clients,
    /// So does the cache, and it forgets.
    Everything,
}

/// How long writes and commands wait in a chaos run; faults last for less and for more than that.
pub const CACHE_TIMEOUT: Duration = Duration::from_millis(250);
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(1);
/// From here on a run is long enough for a process to stand still for longer than its fence stands.
const LONG: Duration = Duration::from_secs(120);
const CALM: Duration = Duration::from_millis(1500);
const FENCE: Duration = Duration::from_secs(31);

/// The acts of a run that lasts so long, by the time after its beginning.
pub fn draw(seed: u64, menu: Menu, lasts: Duration) -> Vec<(Duration, Act)> {
    let mut random = SmallRng::seed_from_u64(seed);
    let mut acts = Vec::new();
    let mut at = Duration::ZERO;
    loop {
        at += milliseconds(&mut random, 100, 400);
        if at >= lasts {
            break;
        }
        acts.extend(event(&mut random, menu).into_iter().map(|(after, act)| (at + after, act)));
    }
    if menu == Menu::Everything && lasts >= LONG {
        let process = random.random_range(0..PROCESSES);
        let (stops, goes_on) = (lasts / 4, lasts / 4 + FENCE + Duration::from_secs(4));
        acts.retain(|(at, act)| !(stops..=goes_on).contains(at) || !act.is_on(process));
        acts.extend([(stops, Act::Stop(process)), (goes_on, Act::Continue(process))]);
    }
    // In the end there is something in the cache to be looked at.
    acts.retain(|(at, _)| *at + CALM < lasts);
    acts.sort_by_key(|(at, _)| *at);
    acts
}

/// Something that goes wrong now, and its end.
fn event(random: &mut SmallRng, menu: Menu) -> Vec<(Duration, Act)> {
    let kinds = if menu == Menu::Everything { 24 } else { 15 };
    let process = random.random_range(0..PROCESSES);
    let soon = milliseconds(random, 20, 600);
    let now = Duration::ZERO;
    match random.random_range(0..kinds) {
        0..=8 => network(random),
        9..=10 => vec![(now, Act::Kill(process))],
        11..=12 => vec![(now, Act::Stop(process)), (soon, Act::Continue(process))],
        13..=14 => {
            vec![(now, alone(process, Fault::Refuse)), (soon, Act::Kill(process)), (soon, alone(process, Fault::Pass))]
        }
        15..=16 => vec![(now, Act::Stop(process)), (soon / 2, Act::LoseFences), (soon, Act::Continue(process))],
        17 => vec![(now, Act::LoseFences)],
        18 => vec![(now, Act::Flush)],
        19..=20 => vec![(now, Act::Snapshot), (soon, Act::Restart)],
        21..=22 => vec![(now, Act::Replicate), (soon / 2, Act::Lag), (soon, Act::FailOver)],
        _ => vec![(now, Act::Squeeze), (soon, Act::Relax)],
    }
}

/// Without the cache a process writes what it cannot tell, until it dies.
fn alone(process: usize, fault: Fault) -> Act {
    Act::Network(Wires { to: Server::Cache, of: Whom::One(process) }, fault)
}

fn network(random: &mut SmallRng) -> Vec<(Duration, Act)> {
    let to = if random.random_bool(0.6) { Server::Cache } else { Server::Database };
    let timeout = if to == Server::Cache { CACHE_TIMEOUT } else { WRITE_TIMEOUT };
    let of = if random.random_bool(0.7) { Whom::One(random.random_range(0..PROCESSES)) } else { Whom::All };
    let wires = Wires { to, of };
    let delay = Fault::Delay(milliseconds(random, 1, 40));
    let faults = [
        Fault::Cut,
        Fault::Stall,
        Fault::Stall,
        Fault::HoldReplies,
        Fault::DropReplies,
        delay,
        Fault::HalfClose,
        Fault::Refuse,
    ];
    let fault = *faults.choose(random).expect("there are some");
    let lasts = timeout.mul_f64(random.random_range(0.2..1.8));
    vec![(Duration::ZERO, Act::Network(wires, fault)), (lasts, Act::Network(wires, Fault::Pass))]
}

fn milliseconds(random: &mut SmallRng, from: u64, to: u64) -> Duration {
    Duration::from_millis(random.random_range(from..to))
}

impl Act {
    /// Whether it is done to this process.
    fn is_on(self, process: usize) -> bool {
        matches!(self, Self::Kill(one) | Self::Stop(one) | Self::Continue(one) if one == process)
    }

    /// Its name in the account of a run; ends of faults have none.
    pub fn kind(self) -> Option<String> {
        Some(match self {
            Self::Network(_, Fault::Pass)
            | Self::Continue(_)
            | Self::Snapshot
            | Self::Replicate
            | Self::Lag
            | Self::Relax => return None,
            Self::Network(Wires { to, .. }, fault) => {
                let fault = match fault {
                    Fault::Delay(_) => "delay".to_owned(),
                    fault => format!("{fault:?}").to_lowercase(),
                };
                format!("{fault} {to:?}").to_lowercase()
            }
            Self::Kill(_) => "kill".to_owned(),
            Self::Stop(_) => "stop".to_owned(),
            Self::LoseFences => "lose fences".to_owned(),
            Self::Flush => "flush".to_owned(),
            Self::Restart => "restart from a snapshot".to_owned(),
            Self::FailOver => "fail over to a replica that lags".to_owned(),
            Self::Squeeze => "squeeze".to_owned(),
        })
    }
}
