//! What an open transaction will have to tell the cache when it commits, and whether it still may.
//!
//! Pure bookkeeping, one [`Level`] for the transaction and one for each savepoint in it:
//!
//! 1. A key is noted before the statement that changes its meaning is sent, so that none is forgotten whatever becomes of
//!    the statement. All noted keys are fenced, each once.
//! 2. A key keeps a value only from a statement that changed or locked its row, and was followed by no other statement that
//!    can have touched the row. Statements are sent one at a time, and what one left is noted before the next is sent.
//! 3. A level that is rolled back takes its keys, its values and its failure with it; the outer level is what it was.
//! 4. A failure that no rollback to a savepoint has undone ends the whole transaction.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::cache::CacheKey;
use crate::entity::Owner;
use crate::ops::claim::{Claim, Settled};
use crate::ops::fence::Value;

/// Why a transaction cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) why: &'static str,
    /// The database says that the same work may succeed if it is tried again.
    pub(super) retryable: bool,
}

impl Failure {
    pub(super) fn new(why: &'static str) -> Self {
        Self { why, retryable: false }
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Ledger {
    /// The transaction itself, then its savepoints; never empty.
    levels: Vec<Level>,
    /// Failed for good: no savepoint can undo it.
    failure: Option<Failure>,
    /// Whether one of the failures, undone or not, may not happen again.
    retryable: bool,
}

#[derive(Clone, Debug, Default)]
struct Level {
    /// Shared with the level below until one of them changes.
    notes: Arc<IndexMap<CacheKey, Note>>,
    /// Entities to be invalidated as a whole, by their name in keys.
    sweeps: BTreeMap<&'static str, Owner>,
    failure: Option<Failure>,
}

#[derive(Clone, Debug)]
struct Note {
    owner: Owner,
    value: Value,
}

/// What a transaction leaves to be done after its commit.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) settled: Vec<Settled>,
    pub(super) sweeps: Vec<Owner>,
}

impl Ledger {
    pub(super) fn new() -> Self {
        Self { levels: vec![Level::default()], failure: None, retryable: false }
    }

    /// How many levels are open: 1 without savepoints.
    pub(super) fn depth(&self) -> usize {
        self.levels.len()
    }

    /// Why the innermost level cannot go on, if it cannot.
    pub(super) fn failure(&self) -> Option<Failure> {
        self.failure.or(self.top().failure)
    }

    /// Whether a deadlock or a serialization failure was among the failures, so that the same work may succeed if it is
    /// tried again.
    pub(super) fn is_retryable(&self) -> bool {
        self.retryable
    }

    /// [`failure`](Self::failure), and whether the same work may succeed if it is tried again.
    pub(super) fn verdict(&self) -> (Option<Failure>, bool) {
        (self.failure(), self.retryable)
    }

    /// The innermost level has failed; rolling it back undoes that.
    pub(super) fn fail(&mut self, failure: Failure) {
        self.retryable |= failure.retryable;
        self.top_mut().failure.get_or_insert(failure);
    }

    /// The whole transaction has failed.
    pub(super) fn fail_for_good(&mut self, failure: Failure) {
        self.retryable |= failure.retryable;
        self.failure.get_or_insert(failure);
    }

    /// A savepoint was set.
    pub(super) fn open_level(&mut self) {
        let inner = Level { failure: None, ..self.top().clone() };
        self.levels.push(inner);
    }

    /// The savepoint was released: its level replaces the outer one.
    pub(super) fn release_level(&mut self) {
        if self.levels.len() > 1
            && let Some(inner) = self.levels.pop()
        {
            *self.top_mut() = inner;
        }
    }

    /// The database has rolled back to the savepoint.
    pub(super) fn roll_back_level(&mut self) {
        if self.levels.len() > 1 {
            self.levels.pop();
        }
    }

    /// The savepoint will be rolled back, and nobody will learn whether that succeeded: its keys stay, without values, and
    /// so does its failure.
    pub(super) fn abandon_level(&mut self) {
        if self.levels.len() < 2 {
            return;
        }
        let Some(inner) = self.levels.pop() else { return };
        if let Some(failure) = inner.failure {
            self.fail(failure);
        }
        let outer = self.top().notes.clone();
        let is_news = |key: &CacheKey, note: &Note| outer.get(key).is_none_or(|known| known.value != note.value);
        for (key, note) in inner.notes.iter().filter(|(key, note)| is_news(key, note)) {
            self.note(Claim { key: key.clone(), owner: note.owner });
        }
    }

    /// The meaning of this key changes; no value is known for it.
    pub(super) fn note(&mut self, claim: Claim) {
        let note = Note { owner: claim.owner, value: None };
        Arc::make_mut(&mut self.top_mut().notes).insert(claim.key, note);
    }

    /// A statement left this.
    pub(super) fn settle(&mut self, settled: Settled) {
        let Settled { claim, value } = settled;
        let note = Note { owner: claim.owner, value };
        Arc::make_mut(&mut self.top_mut().notes).insert(claim.key, note);
    }

    /// A statement that we know nothing of may have touched rows of this table: no value of them is certain any more.
    pub(super) fn doubt(&mut self, table: &str) {
        let top = self.top_mut();
        let is_doubtful = |note: &Note| note.owner.entity.label == table && note.value.is_some();
        if top.notes.values().any(is_doubtful) {
            let notes = Arc::make_mut(&mut top.notes).values_mut();
            notes.filter(|note| note.owner.entity.label == table).for_each(|note| note.value = None);
        }
    }

    /// All entries of this entity are to be invalidated with the commit.
    pub(super) fn sweep(&mut self, owner: Owner) {
        self.doubt(owner.entity.label);
        self.top_mut().sweeps.insert(&owner.entity.name, owner);
    }

    /// What is to be done after the commit.
    pub(super) fn account(&self) -> Account {
        let top = self.top();
        let settled = |(key, note): (&CacheKey, &Note)| Settled {
            claim: Claim { key: key.clone(), owner: note.owner },
            value: note.value.clone(),
        };
        Account { settled: top.notes.iter().map(settled).collect(), sweeps: top.sweeps.values().copied().collect() }
    }

    fn top(&self) -> &Level {
        self.levels.last().expect("the level of the transaction itself is never popped")
    }

    fn top_mut(&mut self) -> &mut Level {
        self.levels.last_mut().expect("the level of the transaction itself is never popped")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::entity::samples::{flight, odd, seat};
    use crate::entry::Payload;

    fn key(text: &str) -> Claim {
        Claim::new::<flight::Entity>(CacheKey::new(text))
    }

    fn row(text: &'static str) -> Value {
        Some((Payload(bytes::Bytes::from_static(text.as_bytes())), Duration::from_secs(60)))
    }

    fn write(ledger: &mut Ledger, name: &str, value: &'static str) {
        ledger.note(key(name));
        ledger.settle(Settled { claim: key(name), value: row(value) });
    }

    fn left(ledger: &Ledger) -> Vec<(String, Value)> {
        let settled = ledger.account().settled.into_iter();
        settled.map(|settled| (settled.claim.key.as_str().to_owned(), settled.value)).collect()
    }

    #[test]
    fn the_last_write_of_a_key_is_what_follows() {
        let mut ledger = Ledger::new();
        write(&mut ledger, "a", "1");
        write(&mut ledger, "b", "1");
        write(&mut ledger, "a", "2");
        assert_eq!(left(&ledger), [("a".to_owned(), row("2")), ("b".to_owned(), row("1"))]);
    }

    #[test]
    fn a_key_whose_statement_left_no_row_is_fenced_without_a_value() {
        let mut ledger = Ledger::new();
        write(&mut ledger, "a", "1");
        ledger.note(key("a"));
        assert_eq!(left(&ledger), [("a".to_owned(), None)]);
    }

    #[test]
    fn rolling_back_a_savepoint_restores_keys_values_and_health() {
        let mut ledger = Ledger::new();
        write(&mut ledger, "a", "1");
        ledger.open_level();
        write(&mut ledger, "a", "2");
        write(&mut ledger, "b", "2");
        ledger.sweep(Owner::of::<seat::Entity>());
        ledger.fail(Failure::new("a statement failed"));
        ledger.roll_back_level();
        assert_eq!(left(&ledger), [("a".to_owned(), row("1"))]);
        assert!(ledger.account().sweeps.is_empty());
        assert_eq!(ledger.failure(), None);
    }

    #[test]
    fn releasing_a_savepoint_keeps_what_it_noted() {
        let mut ledger = Ledger::new();
        write(&mut ledger, "a", "1");
        ledger.open_level();
        write(&mut ledger, "a", "2");
        ledger.open_level();
        write(&mut ledger, "b", "3");
        ledger.release_level();
        ledger.release_level();
        assert_eq!(left(&ledger), [("a".to_owned(), row("2")), ("b".to_owned(), row("3"))]);
    }

    #[test]
    fn a_savepoint_that_was_dropped_leaves_its_keys_without_values() {
        let mut ledger = Ledger::new();
        write(&mut ledger, "a", "1");
        write(&mut ledger, "b", "1");
        ledger.open_level();
        write(&mut ledger, "b", "2");
        write(&mut ledger, "c", "2");
        ledger.abandon_level();
        let expected = [("a".to_owned(), row("1")), ("b".to_owned(), None), ("c".to_owned(), None)];
        assert_eq!(left(&ledger), expected);
        assert_eq!(ledger.failure(), None);
    }

    #[test]
    fn a_failed_savepoint_that_was_dropped_fails_the_level_around_it() {
        let mut ledger = Ledger::new();
        ledger.open_level();
        ledger.open_level();
        ledger.fail(Failure::new("a statement failed"));
        ledger.abandon_level();
        assert_eq!(ledger.failure(), Some(Failure::new("a statement failed")));
        ledger.roll_back_level();
        assert_eq!(ledger.failure(), None);
    }

    #[test]
    fn no_rollback_undoes_a_failure_for_good() {
        let mut ledger = Ledger::new();
        ledger.open_level();
        ledger.fail_for_good(Failure::new("the savepoint is gone"));
        ledger.roll_back_level();
        assert_eq!(ledger.failure(), Some(Failure::new("the savepoint is gone")));
    }

    #[test]
    fn a_statement_on_the_table_takes_the_values_but_not_those_of_other_tables() {
        let mut ledger = Ledger::new();
        write(&mut ledger, "a", "1");
        let other = Claim::new::<seat::Entity>(CacheKey::new("s"));
        ledger.settle(Settled { claim: other, value: row("1") });
        ledger.doubt("flight");
        assert_eq!(left(&ledger), [("a".to_owned(), None), ("s".to_owned(), row("1"))]);
    }

    #[test]
    fn a_doubt_inside_a_savepoint_goes_with_it() {
        let mut ledger = Ledger::new();
        write(&mut ledger, "a", "1");
        ledger.open_level();
        ledger.doubt("flight");
        ledger.roll_back_level();
        assert_eq!(left(&ledger), [("a".to_owned(), row("1"))]);
    }

    #[test]
    fn two_entities_of_one_table_are_both_swept() {
        let mut ledger = Ledger::new();
        ledger.sweep(Owner::of::<flight::Entity>());
        ledger.sweep(Owner::of::<odd::wider_flight::Entity>());
        ledger.sweep(Owner::of::<odd::renamed::Entity>());
        let names: Vec<_> = ledger.account().sweeps.iter().map(|owner| owner.entity.name.as_str()).collect();
        assert_eq!(names, ["flight", "old%2Ename"]);
    }

    #[test]
    fn that_the_work_may_be_tried_again_is_not_forgotten_with_the_savepoint() {
        let mut ledger = Ledger::new();
        ledger.open_level();
        ledger.fail(Failure { why: "a statement failed", retryable: true });
        ledger.roll_back_level();
        assert!(ledger.failure().is_none() && ledger.is_retryable());
    }
}
