//! Those who save: FENCE the row's entry and the pointer of the new value, statement, FINISH both; or statement, FENCE
//! both, `COMMIT`, FINISH both.

use writethrough_core::protocol::{Nonce, Reply, Stamp, Step};

use super::super::key::ENDLESS;
use super::cache::{Content, Name, SERVER};
use super::table::{Answer, Call, Save};
use super::witness::{Client, Witness};
use super::world::{Design, Scene};

/// What a writer is to save, and how it reaches the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Plan {
    Autocommit(Save),
    Transaction(Save),
}

/// What a writer does next, or suffers. Its keys may be on as many servers, so they come in any order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Act {
    /// The statement of a transaction.
    Prepare,
    Fence(Name),
    /// The statement in autocommit, or `COMMIT`.
    Save,
    Finish(Name),
    /// The process dies.
    Die,
    /// The database runs the statement of a process that is gone.
    RunLate,
    /// The database drops the statement of a process that is gone: its timeout has passed.
    TimeOut,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Writer {
    Idle,
    /// In a transaction, after its statement.
    Prepared,
    /// With the tokens that were acknowledged.
    Fencing(Vec<(Name, Stamp)>),
    /// With the tokens that are left, and what the database said.
    Finishing(Vec<(Name, Stamp)>, Answer),
    Done(Answer),
    /// The process is gone.
    Dead(Statement),
}

/// The statement of a process that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Statement {
    NeverSent,
    /// It may yet run.
    Sent,
    RanLate(Answer),
    Over,
}

impl Plan {
    pub(super) fn save(self) -> Save {
        match self {
            Self::Autocommit(save) | Self::Transaction(save) => save,
        }
    }
}

impl Writer {
    /// Whether its process lives and is in the midst of a save.
    pub(super) fn is_in_flight(&self) -> bool {
        matches!(self, Self::Prepared | Self::Fencing(_) | Self::Finishing(..))
    }

    /// Whether its statement cannot change the table any more.
    pub(super) fn is_at_rest(&self) -> bool {
        !matches!(self, Self::Idle | Self::Dead(Statement::Sent)) && !self.is_in_flight()
    }

    /// What it may do next, of its own will.
    pub(super) fn choices<W: Witness>(&self, who: u8, plan: Plan, design: Design, scene: &Scene<W>) -> Vec<Act> {
        let save = plan.save();
        let waits = scene.must_wait(who, save);
        match self {
            Self::Idle => match plan {
                Plan::Autocommit(_) => keys(save, design).map(Act::Fence).collect(),
                Plan::Transaction(_) if waits => vec![],
                Plan::Transaction(_) => vec![Act::Prepare],
            },
            Self::Prepared => keys(save, design).map(Act::Fence).collect(),
            Self::Fencing(held) => {
                let missing = keys(save, design).filter(|key| held.iter().all(|(name, _)| name != key));
                let fences: Vec<_> = missing.map(Act::Fence).collect();
                match fences.is_empty() {
                    true if waits => vec![],
                    true => vec![Act::Save],
                    false => fences,
                }
            }
            Self::Finishing(held, _) => held.iter().map(|(name, _)| Act::Finish(*name)).collect(),
            Self::Dead(Statement::Sent) if waits => vec![Act::TimeOut],
            Self::Dead(Statement::Sent) => vec![Act::RunLate, Act::TimeOut],
            Self::Done(_) | Self::Dead(_) => vec![],
        }
    }

    /// Does it.
    pub(super) fn take<W: Witness>(&self, who: u8, act: Act, plan: Plan, design: Design, scene: &mut Scene<W>) -> Self {
        let save = plan.save();
        match (act, self.clone()) {
            (Act::Prepare, Self::Idle) => {
                scene.witness.begins(Client::Writer(who), Call::Save(save), &scene.table);
                match scene.prepare(who, save) {
                    Answer::Saved => Self::Prepared,
                    refusal => {
                        scene.witness.returns(Client::Writer(who), refusal);
                        Self::Done(refusal)
                    }
                }
            }
            (Act::Fence(name), Self::Idle) => {
                scene.witness.begins(Client::Writer(who), Call::Save(save), &scene.table);
                Self::Fencing(vec![(name, fence(who, name, scene))])
            }
            (Act::Fence(name), Self::Prepared) => Self::Fencing(vec![(name, fence(who, name, scene))]),
            (Act::Fence(name), Self::Fencing(mut held)) => {
                held.push((name, fence(who, name, scene)));
                // In whatever order they were fenced, they are finished in any.
                held.sort_unstable();
                Self::Fencing(held)
            }
            (Act::Save, Self::Fencing(held)) => Self::Finishing(held, scene.save(who, save)),
            (Act::Finish(name), Self::Finishing(held, answer)) => {
                let (done, left): (Vec<_>, Vec<_>) = held.into_iter().partition(|(key, _)| *key == name);
                for (name, stamp) in done {
                    finish(name, stamp, save, answer, scene);
                }
                if !left.is_empty() {
                    return Self::Finishing(left, answer);
                }
                scene.witness.returns(Client::Writer(who), answer);
                Self::Done(answer)
            }
            // A statement that may have been sent stays behind.
            (Act::Die, Self::Fencing(held)) if held.len() == keys(save, design).count() => Self::Dead(Statement::Sent),
            (Act::Die, Self::Prepared | Self::Fencing(_)) => {
                scene.roll_back(who);
                Self::Dead(Statement::NeverSent)
            }
            (Act::Die, Self::Finishing(..)) => Self::Dead(Statement::Over),
            (Act::RunLate, Self::Dead(Statement::Sent)) => Self::Dead(Statement::RanLate(scene.save(who, save))),
            (Act::TimeOut, Self::Dead(Statement::Sent)) => {
                scene.roll_back(who);
                Self::Dead(Statement::Over)
            }
            (act, writer) => panic!("{act:?} while {writer:?}"),
        }
    }
}

/// The keys whose meaning a save changes. Of the value that the row had before, the writer knows nothing.
fn keys(save: Save, design: Design) -> impl Iterator<Item = Name> {
    let pointer = save.value.filter(|_| design != Design::FencesEntriesOnly).map(Name::Pointer);
    [Name::Entry(save.row)].into_iter().chain(pointer)
}

fn fence<W>(who: u8, name: Name, scene: &mut Scene<W>) -> Stamp {
    let step = Step::Fence { nonce: Nonce(u64::from(who)), lasting: ENDLESS };
    match scene.cache.key_mut(name).step(step, &SERVER) {
        Reply::Fenced { stamp, .. } => stamp,
        other => panic!("FENCE was answered with {other:?}"),
    }
}

fn finish<W>(name: Name, stamp: Stamp, save: Save, answer: Answer, scene: &mut Scene<W>) {
    let content = match name {
        Name::Entry(_) => Content::Row(save.value),
        Name::Pointer(_) => Content::Place(Some(save.row)),
    };
    let value = (answer == Answer::Saved).then_some((content, ENDLESS));
    scene.cache.key_mut(name).step(Step::Finish { stamp, value }, &SERVER);
}
