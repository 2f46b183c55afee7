//! Those who save: FENCE the row's entry and the list of the new value, statement, FINISH both; or statement, FENCE both,
//! `COMMIT`, FINISH both.

use writethrough_core::protocol::{Nonce, Reply, Stamp, Step};

use super::super::key::ENDLESS;
use super::scene::{Content, Name, SERVER, Save, Scene};
use super::world::Design;

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
    /// With the tokens that are left.
    Finishing(Vec<(Name, Stamp)>),
    Done,
    /// The process is gone.
    Dead(Statement),
}

/// The statement of a process that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Statement {
    NeverSent,
    /// It may yet run.
    Sent,
    RanLate,
    Over,
}

impl Plan {
    fn save(self) -> Save {
        match self {
            Self::Autocommit(save) | Self::Transaction(save) => save,
        }
    }
}

impl Writer {
    /// Whether its process lives and is in the midst of a save.
    pub(super) fn is_in_flight(&self) -> bool {
        matches!(self, Self::Prepared | Self::Fencing(_) | Self::Finishing(_))
    }

    /// Whether its statement cannot change the table any more.
    pub(super) fn is_at_rest(&self) -> bool {
        !matches!(self, Self::Idle | Self::Dead(Statement::Sent)) && !self.is_in_flight()
    }

    /// What it may do next, of its own will.
    pub(super) fn choices(&self, who: u8, plan: Plan, design: Design, scene: &Scene) -> Vec<Act> {
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
            Self::Finishing(held) => held.iter().map(|(name, _)| Act::Finish(*name)).collect(),
            Self::Dead(Statement::Sent) if waits => vec![Act::TimeOut],
            Self::Dead(Statement::Sent) => vec![Act::RunLate, Act::TimeOut],
            Self::Done | Self::Dead(_) => vec![],
        }
    }

    /// Does it.
    pub(super) fn take(&self, who: u8, act: Act, plan: Plan, design: Design, scene: &mut Scene) -> Self {
        let save = plan.save();
        match (act, self.clone()) {
            (Act::Prepare, Self::Idle) => {
                scene.prepare(who, save);
                Self::Prepared
            }
            (Act::Fence(name), Self::Idle | Self::Prepared) => Self::Fencing(vec![(name, fence(who, name, scene))]),
            (Act::Fence(name), Self::Fencing(mut held)) => {
                held.push((name, fence(who, name, scene)));
                // In whatever order they were fenced, they are finished in any.
                held.sort_unstable();
                Self::Fencing(held)
            }
            (Act::Save, Self::Fencing(held)) => {
                scene.save(who, save);
                Self::Finishing(held)
            }
            (Act::Finish(name), Self::Finishing(held)) => {
                let (done, left): (Vec<_>, Vec<_>) = held.into_iter().partition(|(key, _)| *key == name);
                done.into_iter().for_each(|(name, stamp)| finish(name, stamp, save, scene));
                if left.is_empty() { Self::Done } else { Self::Finishing(left) }
            }
            // A statement that may have been sent stays behind.
            (Act::Die, Self::Fencing(held)) if held.len() == keys(save, design).count() => Self::Dead(Statement::Sent),
            (Act::Die, Self::Prepared | Self::Fencing(_)) => {
                scene.roll_back(who);
                Self::Dead(Statement::NeverSent)
            }
            (Act::Die, Self::Finishing(_)) => Self::Dead(Statement::Over),
            (Act::RunLate, Self::Dead(Statement::Sent)) => {
                scene.save(who, save);
                Self::Dead(Statement::RanLate)
            }
            (Act::TimeOut, Self::Dead(Statement::Sent)) => {
                scene.roll_back(who);
                Self::Dead(Statement::Over)
            }
            (act, writer) => panic!("{act:?} while {writer:?}"),
        }
    }
}

/// The keys whose meaning a save changes. Of the value that the row had before, a right writer knows nothing.
fn keys(save: Save, design: Design) -> impl Iterator<Item = Name> {
    let list = match design {
        Design::FencesEntriesOnly => None,
        Design::FencesTheOldList => save.from,
        _ => save.value,
    };
    [Name::Entry(save.row)].into_iter().chain(list.map(Name::List))
}

fn fence(who: u8, name: Name, scene: &mut Scene) -> Stamp {
    let step = Step::Fence { nonce: Nonce(u64::from(who)), lasting: ENDLESS };
    match scene.cache.key_mut(name).step(step, &SERVER) {
        Reply::Fenced { stamp, .. } => stamp,
        other => panic!("FENCE was answered with {other:?}"),
    }
}

/// The row is published; of the list nobody knows what else is in it.
fn finish(name: Name, stamp: Stamp, save: Save, scene: &mut Scene) {
    let value = match name {
        Name::Entry(_) => Some((Content::Row(save.value), ENDLESS)),
        Name::List(_) => None,
    };
    scene.cache.key_mut(name).step(Step::Finish { stamp, value }, &SERVER);
}
