//! What the database and the layer know of an open transaction, for each savepoint that is open.

use super::super::key::Row;
use super::world::Design;

/// The transaction itself and its open savepoints, outermost first. Each begins as a copy of the one before it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Levels(Vec<Level>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Level {
    rows: Vec<Slot>,
    /// A statement failed. The database accepts nothing more but a rollback; the layer remembers to do just that.
    failed: bool,
}

/// One row in a transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Slot {
    /// In the database: the row as `COMMIT` will leave it, locked until then.
    written: Option<Row>,
    /// In the layer.
    noted: Note,
}

/// What the layer means to do with a row's key after `COMMIT`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Note {
    /// It knows of no write.
    #[default]
    Nothing,
    /// To finish with this row, or with nothing.
    Finish(Option<Row>),
}

impl Levels {
    pub(super) fn new(rows: usize) -> Self {
        Self(vec![Level { rows: vec![Slot::default(); rows], failed: false }])
    }

    pub(super) fn savepoints(&self) -> usize {
        self.0.len() - 1
    }

    pub(super) fn has_failed(&self) -> bool {
        self.top().failed
    }

    /// Which keys the layer has noted.
    pub(super) fn noted(&self) -> impl Iterator<Item = u8> {
        (0..).zip(&self.top().rows).filter(|(_, slot)| slot.noted != Note::Nothing).map(|(row, _)| row)
    }

    /// The row as `COMMIT` will leave it, if the transaction has changed it.
    pub(super) fn written(&self, row: u8) -> Option<Row> {
        self.top().rows[usize::from(row)].written
    }

    pub(super) fn note(&self, row: u8) -> Note {
        self.top().rows[usize::from(row)].noted
    }

    /// A save by way of the layer, which notes the key and the row that the database returned.
    pub(super) fn save(&mut self, row: u8, value: Row, design: Design) {
        let noted = match design {
            Design::FinishesBeforeCommit => Note::Nothing,
            _ => Note::Finish(Some(value)),
        };
        self.top_mut().rows[usize::from(row)] = Slot { written: Some(value), noted };
    }

    /// A write past the layer, which sees no more than the table's name; so it trusts no row of it that it has noted.
    pub(super) fn write_plainly(&mut self, row: u8, value: Row, design: Design) {
        let rows = &mut self.top_mut().rows;
        rows[usize::from(row)].written = Some(value);
        if design != Design::TrustsRowsFromBeforeAPlainWrite {
            rows.iter_mut().filter(|slot| slot.noted != Note::Nothing).for_each(|slot| slot.noted = Note::Finish(None));
        }
    }

    pub(super) fn fail(&mut self) {
        self.top_mut().failed = true;
    }

    pub(super) fn open(&mut self) {
        self.0.push(self.top().clone());
    }

    /// `ROLLBACK TO`: everything is as it was, in the database and in the layer.
    pub(super) fn roll_back(&mut self, design: Design) {
        let inner = self.0.pop().expect("a savepoint is open");
        if design == Design::KeepsWhatASavepointRolledBack {
            self.notes_of(&inner);
        }
    }

    /// `RELEASE`: what the savepoint wrote and noted is the outer level's from now on.
    pub(super) fn release(&mut self, design: Design) {
        let inner = self.0.pop().expect("a savepoint is open");
        let outer = std::mem::replace(self.top_mut(), inner);
        if design == Design::ForgetsTheKeysOfAReleasedSavepoint {
            self.notes_of(&outer);
        }
    }

    fn notes_of(&mut self, other: &Level) {
        for (slot, other) in self.top_mut().rows.iter_mut().zip(&other.rows) {
            slot.noted = other.noted;
        }
    }

    fn top(&self) -> &Level {
        self.0.last().expect("the transaction itself is a level")
    }

    fn top_mut(&mut self) -> &mut Level {
        self.0.last_mut().expect("the transaction itself is a level")
    }
}
