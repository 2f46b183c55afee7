//! Those who save: FENCE, statement, FINISH; or statement, FENCE, COMMIT, FINISH.

use writethrough_core::policy::OnWrite;
use writethrough_core::protocol::{Nonce, Reply, Stamp, Step};

use super::key::{ENDLESS, Executor, Row};
use super::scene::Scene;
use super::witness::Witness;

/// How a writer reaches the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Statement {
    /// FENCE, then an `UPDATE` in autocommit.
    Autocommit,
    /// An `UPDATE` in a transaction, then FENCE, then `COMMIT`.
    Transaction,
    /// A save with nothing set in a transaction: it selects, and may lock, the row.
    Select { locks: bool, publishes: bool },
    /// The value goes to the cache, then an `UPDATE` in autocommit.
    CacheFirst,
}

/// What every writer of a scenario has in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Habits {
    pub(super) on_write: OnWrite,
    pub(super) rollbacks: bool,
    pub(super) renewals: bool,
    pub(super) executor: Executor,
}

/// What a writer does next, or suffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Act {
    Select,
    Update,
    Fence,
    Commit,
    /// The statement fails, or the transaction is rolled back, for certain.
    RollBack,
    Renew,
    /// The caller is told that the row is saved, before FINISH.
    Reply,
    Finish,
    /// The value goes to the cache before the statement is sent.
    Publish,
    /// The process dies, or loses its connection and never learns the outcome.
    Die,
    /// The database runs the statement of a process that is gone.
    RunLate,
    /// The database drops the statement of a process that is gone: its timeout has passed.
    TimeOut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Writer {
    Idle,
    /// In a transaction, with the row as it will be.
    Prepared(Row),
    /// With a fence that was acknowledged, before its autocommit statement.
    Fenced(Hold),
    /// In a transaction, with a fence that was acknowledged, before its `COMMIT`.
    Ready(Row, Hold),
    Committed(Row, Hold),
    /// Committed, and the caller knows.
    Replied(Row, Hold),
    RolledBack(Hold),
    /// The process is gone; its statement may yet run.
    Dead(Option<Pending>),
    Done,
}

/// A token, and whether a value may follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Hold {
    stamp: Stamp,
    publishes: bool,
}

/// What the database has yet to do for a process that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Pending {
    Update,
    Commit(Row),
}

impl Writer {
    /// The name under which a writer asks for its fence.
    pub(super) fn nonce(who: u8) -> Nonce {
        Nonce(u64::from(who))
    }

    /// Whether its process lives and is in the midst of a write.
    pub(super) fn is_in_flight(self) -> bool {
        !matches!(self, Self::Idle | Self::Dead(_) | Self::Done)
    }

    /// Whether its statement cannot change the row any more.
    pub(super) fn is_at_rest(self) -> bool {
        matches!(self, Self::Done | Self::Dead(None))
    }

    /// What it may do next, of its own will.
    pub(super) fn choices<W>(self, statement: Statement, habits: &Habits, scene: &Scene<W>) -> Vec<Act> {
        let free = scene.lock.is_none();
        let mut acts = match self {
            Self::Idle => match statement {
                Statement::Autocommit => vec![Act::Fence],
                Statement::Transaction if free => vec![Act::Update],
                Statement::Select { locks, .. } if free || !locks => vec![Act::Select],
                Statement::CacheFirst => vec![Act::Publish],
                Statement::Transaction | Statement::Select { .. } => vec![],
            },
            Self::Prepared(_) => vec![Act::Fence],
            Self::Fenced(_) if free => vec![Act::Update],
            Self::Ready(..) => vec![Act::Commit],
            Self::Committed(..) if habits.on_write == OnWrite::RefreshLater => vec![Act::Reply],
            Self::Committed(..) | Self::Replied(..) | Self::RolledBack(_) => vec![Act::Finish],
            Self::Dead(Some(Pending::Update)) if free => vec![Act::RunLate, Act::TimeOut],
            Self::Dead(Some(Pending::Update)) => vec![Act::TimeOut],
            Self::Dead(Some(Pending::Commit(_))) => vec![Act::RunLate, Act::TimeOut],
            Self::Fenced(_) | Self::Dead(None) | Self::Done => vec![],
        };
        if habits.rollbacks && matches!(self, Self::Prepared(_) | Self::Fenced(_) | Self::Ready(..)) {
            acts.push(Act::RollBack);
        }
        if habits.renewals
            && matches!(self, Self::Fenced(_) | Self::Ready(..) | Self::Committed(..) | Self::Replied(..))
        {
            acts.push(Act::Renew);
        }
        acts
    }

    /// Does it.
    pub(super) fn take<W: Witness>(
        self,
        who: u8,
        act: Act,
        statement: Statement,
        habits: &Habits,
        scene: &mut Scene<W>,
    ) -> Self {
        let executor = &habits.executor;
        match (act, self) {
            (Act::Select, Self::Idle) => {
                if matches!(statement, Statement::Select { locks: true, .. }) {
                    scene.lock = Some(who);
                }
                Self::Prepared(scene.committed)
            }
            (Act::Update, Self::Idle) => {
                scene.witness.write_begins(who);
                scene.lock = Some(who);
                Self::Prepared(W::row(who, scene.committed))
            }
            (Act::Fence, Self::Idle) => {
                scene.witness.write_begins(who);
                Self::Fenced(fence(who, statement, habits, scene))
            }
            (Act::Fence, Self::Prepared(row)) => Self::Ready(row, fence(who, statement, habits, scene)),
            (Act::Publish, Self::Idle) => {
                scene.witness.write_begins(who);
                let hold = fence(who, statement, habits, scene);
                finish(hold, Some(W::row(who, scene.committed)), scene, executor);
                Self::Fenced(hold)
            }
            (Act::Update, Self::Fenced(hold)) => {
                scene.committed = W::row(who, scene.committed);
                Self::Committed(scene.committed, hold)
            }
            (Act::Commit, Self::Ready(row, hold)) => {
                commit(who, row, scene);
                Self::Committed(row, hold)
            }
            (Act::RollBack, Self::Prepared(_)) => {
                unlock(who, scene);
                Self::Done
            }
            (Act::RollBack, Self::Fenced(hold) | Self::Ready(_, hold)) => {
                unlock(who, scene);
                Self::RolledBack(hold)
            }
            (
                Act::Renew,
                Self::Fenced(hold) | Self::Ready(_, hold) | Self::Committed(_, hold) | Self::Replied(_, hold),
            ) => {
                scene.key.step(Step::Renew { stamp: hold.stamp, lasting: ENDLESS }, executor);
                self
            }
            (Act::Reply, Self::Committed(row, hold)) => {
                acknowledge(who, row, statement, scene);
                Self::Replied(row, hold)
            }
            (Act::Finish, Self::Committed(row, hold)) => {
                finish(hold, Some(row), scene, executor);
                acknowledge(who, row, statement, scene);
                Self::Done
            }
            (Act::Finish, Self::Replied(row, hold)) => {
                finish(hold, Some(row), scene, executor);
                Self::Done
            }
            (Act::Finish, Self::RolledBack(hold)) => {
                finish(hold, None, scene, executor);
                Self::Done
            }
            (Act::Die, _) => self.die(who, scene),
            (Act::RunLate, Self::Dead(Some(Pending::Update))) => {
                scene.committed = W::row(who, scene.committed);
                Self::Dead(None)
            }
            (Act::RunLate, Self::Dead(Some(Pending::Commit(row)))) => {
                commit(who, row, scene);
                Self::Dead(None)
            }
            (Act::TimeOut, Self::Dead(Some(_))) => {
                unlock(who, scene);
                Self::Dead(None)
            }
            (act, writer) => panic!("{act:?} while {writer:?}"),
        }
    }

    /// A statement that may have been sent stays behind; a transaction whose `COMMIT` was not sent is rolled back.
    fn die<W>(self, who: u8, scene: &mut Scene<W>) -> Self {
        Self::Dead(match self {
            Self::Fenced(_) => Some(Pending::Update),
            Self::Ready(row, _) => Some(Pending::Commit(row)),
            Self::Prepared(_) => {
                unlock(who, scene);
                None
            }
            _ => None,
        })
    }
}

fn fence<W>(who: u8, statement: Statement, habits: &Habits, scene: &mut Scene<W>) -> Hold {
    let step = Step::Fence { nonce: Writer::nonce(who), lasting: ENDLESS };
    let Reply::Fenced { stamp, was_cached } = scene.key.step(step, &habits.executor) else {
        panic!("FENCE was answered with something else");
    };
    let wanted = match habits.on_write {
        OnWrite::Invalidate => false,
        OnWrite::RefreshIfCached => was_cached,
        _ => true,
    };
    Hold { stamp, publishes: wanted && !matches!(statement, Statement::Select { publishes: false, .. }) }
}

fn finish<W>(hold: Hold, row: Option<Row>, scene: &mut Scene<W>, executor: &Executor) {
    let value = row.filter(|_| hold.publishes).map(|row| (row, ENDLESS));
    scene.key.step(Step::Finish { stamp: hold.stamp, value }, executor);
}

/// A save that only selected leaves no row behind, so it promises none.
fn acknowledge<W: Witness>(who: u8, row: Row, statement: Statement, scene: &mut Scene<W>) {
    if !matches!(statement, Statement::Select { .. }) {
        scene.witness.write_returns(who, row);
    }
}

/// Those who selected without a lock have nothing to commit.
fn commit<W>(who: u8, row: Row, scene: &mut Scene<W>) {
    if scene.lock == Some(who) {
        scene.committed = row;
    }
    unlock(who, scene);
}

fn unlock<W>(who: u8, scene: &mut Scene<W>) {
    if scene.lock == Some(who) {
        scene.lock = None;
    }
}
