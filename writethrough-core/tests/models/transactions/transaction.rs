//! A user's transaction: statements and savepoints, then FENCE all keys, `COMMIT`, FINISH all keys.

use writethrough_core::protocol::{Nonce, Reply, Stamp, Step};

use super::super::key::{ENDLESS, Executor, Row};
use super::super::witness::Witness;
use super::ledger::Ledger;
use super::levels::{Levels, Note};
use super::program::{Program, Statement};
use super::world::{Design, Scene};

/// By this name the transaction holds locks and asks for fences.
pub(super) const NAME: u8 = 9;

/// What a transaction does next, or suffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Act {
    Run(Statement),
    Fence(u8),
    Commit,
    /// `COMMIT` fails, for certain.
    FailToCommit,
    RollBack,
    Finish(u8),
    /// The process dies, or loses its connection and never learns the outcome.
    Die,
    /// The database runs the `COMMIT` of a process that is gone.
    RunLate,
    /// The database drops the `COMMIT` of a process that is gone.
    TimeOut,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Transaction {
    pub(super) stage: Stage,
    levels: Levels,
    /// How many statements have been run.
    statements: u8,
    /// The database has ended it; what is sent now is in autocommit.
    ended: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    Open,
    /// With the tokens that were acknowledged.
    Fencing(Vec<(u8, Stamp)>),
    /// With the tokens that are left, after `COMMIT` was answered.
    Finishing(Vec<(u8, Stamp)>, Outcome),
    Done(Outcome),
    /// The process is gone.
    Dead(Orphan),
}

/// What the caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Outcome {
    Committed,
    RolledBack,
}

/// The `COMMIT` of a process that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Orphan {
    /// It may yet run.
    Pending,
    RanLate,
    /// It was not sent, or answered already, or dropped.
    Gone,
}

impl Transaction {
    pub(super) fn new(rows: usize) -> Self {
        Self { stage: Stage::Open, levels: Levels::new(rows), statements: 0, ended: false }
    }

    pub(super) fn nonce() -> Nonce {
        Nonce(u64::from(NAME))
    }

    /// Whether its process lives and is in the midst of it.
    pub(super) fn is_in_flight(&self) -> bool {
        !matches!(self.stage, Stage::Done(_) | Stage::Dead(_))
    }

    /// Whether it cannot change a row any more.
    pub(super) fn is_at_rest(&self) -> bool {
        matches!(self.stage, Stage::Done(_) | Stage::Dead(Orphan::RanLate | Orphan::Gone))
    }

    /// Whether a statement failed and no savepoint absorbed it, or the database has ended it.
    pub(super) fn is_poisoned(&self) -> bool {
        self.levels.has_failed() || self.ended
    }

    /// Whether the layer rolls back instead of sending `COMMIT`.
    fn is_refused(&self, design: Design) -> bool {
        match design {
            Design::BelievesTheAnswerToCommit => self.ended,
            Design::GoesOnAfterADeadlock => self.levels.has_failed(),
            _ => self.is_poisoned(),
        }
    }

    /// What it may do next, of its own will.
    pub(super) fn choices(&self, program: &Program, design: Design, scenes: &[Scene]) -> Vec<Act> {
        match &self.stage {
            Stage::Open => {
                let statements = program.statements(self.statements, scenes.len()).into_iter();
                let possible = statements.filter(|statement| self.can_run(*statement, program, design, scenes));
                let mut acts: Vec<_> = possible.map(Act::Run).collect();
                acts.push(Act::RollBack);
                if !self.is_refused(design) && self.levels.savepoints() == 0 && program.may_end(self.statements) {
                    acts.extend(self.fences(&[]));
                }
                acts
            }
            Stage::Fencing(held) => {
                let mut acts = self.fences(held);
                acts.push(Act::FailToCommit);
                acts
            }
            Stage::Finishing(held, _) => held.iter().map(|(row, _)| Act::Finish(*row)).collect(),
            Stage::Dead(Orphan::Pending) => vec![Act::RunLate, Act::TimeOut],
            Stage::Done(_) | Stage::Dead(Orphan::RanLate | Orphan::Gone) => vec![],
        }
    }

    fn can_run(&self, statement: Statement, program: &Program, design: Design, scenes: &[Scene]) -> bool {
        let failed = self.levels.has_failed();
        let goes_on = design == Design::GoesOnAfterADeadlock && matches!(statement, Statement::Save(_));
        match statement {
            _ if self.ended && !goes_on => false,
            Statement::Save(row) => !failed && scenes[usize::from(row)].lock.is_none_or(|owner| owner == NAME),
            // Of a plain write to a row that was never saved nobody knows: it is a write behind the store's back.
            Statement::PlainWrite(row) => !failed && self.levels.written(row).is_some(),
            Statement::Savepoint => !failed && program.savepoints() > self.levels.savepoints(),
            Statement::Release => !failed && self.levels.savepoints() > 0,
            Statement::RollBackTo => self.levels.savepoints() > 0,
            Statement::Fail | Statement::Deadlock => !failed,
        }
    }

    /// The keys that are not fenced yet; when there are none, `COMMIT`.
    fn fences(&self, held: &[(u8, Stamp)]) -> Vec<Act> {
        let missing = self.levels.noted().filter(|noted| held.iter().all(|(row, _)| row != noted));
        let fences: Vec<_> = missing.map(Act::Fence).collect();
        if fences.is_empty() { vec![Act::Commit] } else { fences }
    }

    /// Does it.
    pub(super) fn take(&mut self, act: Act, design: Design, scenes: &mut [Scene]) {
        let stage = std::mem::replace(&mut self.stage, Stage::Open);
        self.stage = match (act, stage) {
            (Act::Run(statement), Stage::Open) => {
                self.run(statement, design, scenes);
                Stage::Open
            }
            (Act::Fence(row), Stage::Open) => Stage::Fencing(vec![(row, fence(row, scenes))]),
            (Act::Fence(row), Stage::Fencing(mut held)) => {
                held.push((row, fence(row, scenes)));
                // In whatever order they were fenced, they are finished in any.
                held.sort_unstable();
                Stage::Fencing(held)
            }
            (Act::Commit, Stage::Open) => {
                self.commit(scenes);
                self.finishing(vec![], Outcome::Committed, scenes)
            }
            (Act::Commit, Stage::Fencing(held)) => {
                self.commit(scenes);
                Stage::Finishing(held, Outcome::Committed)
            }
            (Act::FailToCommit, Stage::Fencing(held)) => {
                unlock(scenes);
                Stage::Finishing(held, Outcome::RolledBack)
            }
            (Act::RollBack, Stage::Open) => {
                unlock(scenes);
                Stage::Done(Outcome::RolledBack)
            }
            (Act::Finish(row), Stage::Finishing(held, outcome)) => {
                let (done, left): (Vec<_>, Vec<_>) = held.into_iter().partition(|(key, _)| *key == row);
                for (row, stamp) in done {
                    let value = match self.levels.note(row) {
                        Note::Finish(value) if outcome == Outcome::Committed => value,
                        _ => None,
                    };
                    finish(row, stamp, value, scenes);
                }
                self.finishing(left, outcome, scenes)
            }
            // A `COMMIT` that may have been sent stays behind.
            (Act::Die, Stage::Fencing(held)) if held.len() == self.levels.noted().count() => {
                Stage::Dead(Orphan::Pending)
            }
            (Act::Die, Stage::Open | Stage::Fencing(_)) => {
                unlock(scenes);
                Stage::Dead(Orphan::Gone)
            }
            (Act::Die, Stage::Finishing(..)) => Stage::Dead(Orphan::Gone),
            (Act::RunLate, Stage::Dead(Orphan::Pending)) => {
                self.commit(scenes);
                Stage::Dead(Orphan::RanLate)
            }
            (Act::TimeOut, Stage::Dead(Orphan::Pending)) => {
                unlock(scenes);
                Stage::Dead(Orphan::Gone)
            }
            (act, stage) => panic!("{act:?} while {stage:?}"),
        };
    }

    fn run(&mut self, statement: Statement, design: Design, scenes: &mut [Scene]) {
        let value = Ledger::written_by_transaction(self.statements);
        self.statements += 1;
        match statement {
            Statement::Save(row) if design == Design::FinishesBeforeCommit => {
                let stamp = fence(row, scenes);
                self.levels.save(row, value, design);
                finish(row, stamp, Some(value), scenes);
            }
            Statement::Save(row) => {
                self.levels.save(row, value, design);
                // What the layer takes for a statement of its transaction is one in autocommit.
                if self.ended {
                    commit(row, value, scenes);
                }
            }
            Statement::PlainWrite(row) => self.levels.write_plainly(row, value, design),
            Statement::Savepoint => self.levels.open(),
            Statement::RollBackTo => self.levels.roll_back(design),
            Statement::Release => self.levels.release(design),
            Statement::Fail => self.levels.fail(),
            Statement::Deadlock => {
                self.levels = Levels::new(scenes.len());
                self.ended = true;
            }
        }
        self.lock(scenes);
    }

    /// Locked is what is written; a savepoint that is rolled back gives up the locks it took.
    fn lock(&self, scenes: &mut [Scene]) {
        unlock(scenes);
        for (row, scene) in (0..).zip(scenes) {
            if self.levels.written(row).is_some() && !self.ended {
                scene.lock = Some(NAME);
            }
        }
    }

    /// The database answers with success, even where it rolls back because a statement had failed.
    fn commit(&self, scenes: &mut [Scene]) {
        if !self.is_poisoned() {
            for row in 0..u8::try_from(scenes.len()).expect("a handful of rows") {
                if let Some(value) = self.levels.written(row) {
                    commit(row, value, scenes);
                }
            }
        }
        unlock(scenes);
    }

    /// When the last key is finished, the caller is told.
    fn finishing(&self, left: Vec<(u8, Stamp)>, outcome: Outcome, scenes: &mut [Scene]) -> Stage {
        if !left.is_empty() {
            return Stage::Finishing(left, outcome);
        }
        if outcome == Outcome::Committed {
            for (row, scene) in (0..).zip(scenes) {
                if let Some(value) = self.levels.written(row) {
                    scene.witness.write_returns(NAME, value);
                }
            }
        }
        Stage::Done(outcome)
    }
}

fn fence(row: u8, scenes: &mut [Scene]) -> Stamp {
    let step = Step::Fence { nonce: Transaction::nonce(), lasting: ENDLESS };
    match scenes[usize::from(row)].key.step(step, &Executor::RIGHT) {
        Reply::Fenced { stamp, .. } => stamp,
        other => panic!("FENCE was answered with {other:?}"),
    }
}

fn finish(row: u8, stamp: Stamp, value: Option<Row>, scenes: &mut [Scene]) {
    let value = value.map(|value| (value, ENDLESS));
    scenes[usize::from(row)].key.step(Step::Finish { stamp, value }, &Executor::RIGHT);
}

fn commit(row: u8, value: Row, scenes: &mut [Scene]) {
    let scene = &mut scenes[usize::from(row)];
    scene.committed = value;
    scene.witness.note(value);
}

fn unlock(scenes: &mut [Scene]) {
    scenes.iter_mut().filter(|scene| scene.lock == Some(NAME)).for_each(|scene| scene.lock = None);
}
