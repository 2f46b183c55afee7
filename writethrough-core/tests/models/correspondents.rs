//! Writers and readers that cannot rely on the network between them and the cache.

use writethrough_core::policy::OnCacheFailure;
use writethrough_core::protocol::{Nonce, Reply, Stamp, Standing};

use super::key::{Executor, FIRST, Row};
use super::network::{Command, Fate, Network, Stamping, Stamps};
use super::scene::Scene;
use super::witness::{Versions, Witness};

/// How a write is repaired that went on without a fence. All but the first are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repair {
    /// INVALIDATE, sent after the commit was acknowledged; a FENCE left to expire, if the outcome is unknown.
    AfterTheCommit,
    /// INVALIDATE, sent as soon as the cache answers again.
    BeforeTheCommit,
    /// INVALIDATE, even though the statement may run later.
    InvalidatesTheUnknown,
    /// FINISH with the row, under the name that the fence has if it ever was put up.
    ByFinish,
}

/// What a writer does next, or suffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Saves {
    Fence(Fate),
    Renew(Fate),
    Update,
    Finish(Fate),
    /// The connection to the database is lost while the statement is under way.
    LoseConnection,
    /// The cache answers again, and the key is invalidated.
    Invalidate,
    /// The cache answers again, and a fence is put up and left to expire.
    FenceAndLeave,
    /// The repair that went before the commit counts.
    CallItRepaired,
    FinishUnderAGuess,
    /// The database runs the statement whose connection was lost.
    RunLate,
    TimeOut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Saver {
    Idle,
    Fenced(Stamp),
    Committed(Stamp, Row),
    /// Goes on without an acknowledged fence; whether the key was invalidated meanwhile.
    Unfenced {
        invalidated: bool,
    },
    /// Committed without a fence, not repaired yet.
    Exposed {
        row: Row,
        invalidated: bool,
    },
    /// Does not know the outcome; whether the statement may yet run, and what was done about it.
    InDoubt {
        pending: bool,
        answer: Answer,
    },
    GaveUp,
    Done,
}

/// What was done about an outcome that is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Answer {
    Nothing,
    LeftFence(Stamp),
    Invalidated,
}

impl Saver {
    /// Whether its fence is up for a statement that may yet run, or whose row it may yet publish.
    pub(super) fn relies_on(self, stamp: Stamp) -> bool {
        match self {
            Self::Fenced(held) | Self::Committed(held, _) => held == stamp,
            Self::InDoubt { pending: true, answer: Answer::LeftFence(held) } => held == stamp,
            _ => false,
        }
    }

    pub(super) fn is_at_rest(self) -> bool {
        match self {
            Self::GaveUp | Self::Done => true,
            Self::InDoubt { pending, answer } => !pending && answer != Answer::Nothing,
            _ => false,
        }
    }

    pub(super) fn choices(self, repair: Repair, renewals: bool, may_lose: bool, network: &Network) -> Vec<Saves> {
        let renew = || network.fates().filter(|_| renewals).map(Saves::Renew);
        let lose = may_lose.then_some(Saves::LoseConnection);
        match self {
            Self::Idle => network.fates().map(Saves::Fence).collect(),
            Self::Fenced(_) => renew().chain([Saves::Update]).chain(lose).collect(),
            Self::Committed(..) => renew().chain(network.fates().map(Saves::Finish)).collect(),
            Self::Unfenced { invalidated } => {
                let early = (repair == Repair::BeforeTheCommit && !invalidated).then_some(Saves::Invalidate);
                [Saves::Update].into_iter().chain(lose).chain(early).collect()
            }
            Self::Exposed { invalidated: true, .. } => vec![Saves::CallItRepaired],
            Self::Exposed { .. } if repair == Repair::ByFinish => vec![Saves::FinishUnderAGuess],
            Self::Exposed { .. } => vec![Saves::Invalidate],
            Self::InDoubt { pending, answer } => {
                let repairs = match repair {
                    _ if answer != Answer::Nothing => None,
                    Repair::InvalidatesTheUnknown => Some(Saves::Invalidate),
                    _ => Some(Saves::FenceAndLeave),
                };
                repairs.into_iter().chain([Saves::RunLate, Saves::TimeOut].into_iter().filter(|_| pending)).collect()
            }
            Self::GaveUp | Self::Done => vec![],
        }
    }

    pub(super) fn take(
        self,
        who: u8,
        saves: Saves,
        policy: OnCacheFailure,
        stamps: Stamps,
        network: &mut Network,
        scene: &mut Scene<Versions>,
    ) -> Self {
        let fence = Command::Fence(Nonce(u64::from(who)));
        let mut send = |command, fate, scene: &mut Scene<Versions>| {
            let mut server = Stamping { key: &mut scene.key, executor: &Executor::RIGHT, stamps };
            network.send(command, fate, &mut server)
        };
        match (saves, self) {
            (Saves::Fence(fate), Self::Idle) => match send(fence, fate, scene) {
                Some(Reply::Fenced { stamp, .. }) => Self::Fenced(stamp),
                _ if policy == OnCacheFailure::Degrade => Self::Unfenced { invalidated: false },
                _ => Self::GaveUp,
            },
            (Saves::Renew(fate), Self::Fenced(stamp) | Self::Committed(stamp, _)) => {
                send(Command::Renew(stamp), fate, scene);
                self
            }
            (Saves::Update, Self::Fenced(stamp)) => Self::Committed(stamp, update(who, scene)),
            (Saves::Update, Self::Unfenced { invalidated }) => Self::Exposed { row: update(who, scene), invalidated },
            (Saves::Finish(fate), Self::Committed(stamp, row)) => {
                send(Command::Finish(stamp, row), fate, scene);
                acknowledge(who, row, scene)
            }
            (Saves::LoseConnection, Self::Fenced(stamp)) => {
                Self::InDoubt { pending: true, answer: Answer::LeftFence(stamp) }
            }
            (Saves::LoseConnection, Self::Unfenced { .. }) => Self::InDoubt { pending: true, answer: Answer::Nothing },
            (Saves::Invalidate, before) => {
                send(Command::Invalidate, Fate::Answered, scene);
                match before {
                    Self::Exposed { row, .. } => acknowledge(who, row, scene),
                    Self::InDoubt { pending, .. } => Self::InDoubt { pending, answer: Answer::Invalidated },
                    _ => Self::Unfenced { invalidated: true },
                }
            }
            (Saves::CallItRepaired, Self::Exposed { row, .. }) => acknowledge(who, row, scene),
            (Saves::FinishUnderAGuess, Self::Exposed { row, .. }) => {
                let guess = Stamp { at: FIRST, nonce: Nonce(u64::from(who)) };
                send(Command::Finish(guess, row), Fate::Answered, scene);
                acknowledge(who, row, scene)
            }
            (Saves::FenceAndLeave, Self::InDoubt { pending, .. }) => {
                match send(Command::Fence(Nonce(10 + u64::from(who))), Fate::Answered, scene) {
                    Some(Reply::Fenced { stamp, .. }) => Self::InDoubt { pending, answer: Answer::LeftFence(stamp) },
                    other => panic!("FENCE was answered with {other:?}"),
                }
            }
            (Saves::RunLate, Self::InDoubt { answer, .. }) => {
                update(who, scene);
                Self::InDoubt { pending: false, answer }
            }
            (Saves::TimeOut, Self::InDoubt { answer, .. }) => Self::InDoubt { pending: false, answer },
            (saves, saver) => panic!("{saves:?} while {saver:?}"),
        }
    }
}

fn update(who: u8, scene: &mut Scene<Versions>) -> Row {
    scene.committed = Versions::row(who, scene.committed);
    scene.committed
}

/// The save counts from here on; for a write without a fence, that is when it was repaired.
fn acknowledge(who: u8, row: Row, scene: &mut Scene<Versions>) -> Saver {
    scene.witness.write_returns(who, row);
    Saver::Done
}

/// What a reader does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loads {
    Get,
    /// The cache does not answer.
    GetInVain,
    Lease(Fate),
    Query,
    Fill(Fate),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Loader {
    load: Load,
    left: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Load {
    Idle,
    Missed,
    Leased(Stamp),
    Bypassing,
    Loaded(Stamp, Row),
}

impl Loader {
    pub(super) fn new(loads: u8) -> Self {
        Self { load: Load::Idle, left: loads }
    }

    pub(super) fn choices(self, network: &Network) -> Vec<Loads> {
        match self.load {
            Load::Idle if self.left == 0 => vec![],
            Load::Idle => vec![Loads::Get, Loads::GetInVain],
            Load::Missed => network.fates().map(Loads::Lease).collect(),
            Load::Leased(_) | Load::Bypassing => vec![Loads::Query],
            Load::Loaded(..) => network.fates().map(Loads::Fill).collect(),
        }
    }

    pub(super) fn take(
        &mut self,
        who: u8,
        loads: Loads,
        stamps: Stamps,
        network: &mut Network,
        scene: &mut Scene<Versions>,
    ) {
        // Each load has its own name: a late FILL of an earlier one must not fit the lease of a later one.
        let nonce = Nonce(100 + 10 * u64::from(who) + u64::from(self.left));
        let mut send = |command, fate, scene: &mut Scene<Versions>| {
            let mut server = Stamping { key: &mut scene.key, executor: &Executor::RIGHT, stamps };
            network.send(command, fate, &mut server)
        };
        self.load = match (loads, self.load) {
            (Loads::Get | Loads::GetInVain, Load::Idle) => {
                self.left -= 1;
                scene.witness.read_begins(who);
                match scene.key.get(&Executor::RIGHT) {
                    _ if loads == Loads::GetInVain => Load::Bypassing,
                    Standing::Value { value, .. } => {
                        scene.hit(who, value);
                        Load::Idle
                    }
                    Standing::Absent => Load::Missed,
                    Standing::Leased | Standing::Fenced => Load::Bypassing,
                }
            }
            (Loads::Lease(fate), Load::Missed) => match send(Command::Lease(nonce), fate, scene) {
                Some(Reply::Leased(stamp)) => Load::Leased(stamp),
                _ => Load::Bypassing,
            },
            (Loads::Query, Load::Leased(stamp)) => Load::Loaded(stamp, scene.query()),
            (Loads::Query, Load::Bypassing) => {
                let row = scene.query();
                scene.answer(who, row);
                Load::Idle
            }
            (Loads::Fill(fate), Load::Loaded(stamp, row)) => {
                send(Command::Fill(stamp, row), fate, scene);
                scene.answer(who, row);
                Load::Idle
            }
            (loads, load) => panic!("{loads:?} while {load:?}"),
        };
    }
}
