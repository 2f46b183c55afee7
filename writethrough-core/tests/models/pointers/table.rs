//! The database: two rows and a unique column, of whose values two are told apart.

use stateright::semantics::SequentialSpec;

/// A row, by its primary key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Id {
    One,
    Two,
}

/// A value of the unique column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Value {
    A,
    B,
}

/// What the unique column holds; `None` where there is no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Table {
    one: Option<Value>,
    two: Option<Value>,
}

/// What a client asks of the database, by way of the cache or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Call {
    Save(Save),
    Find(Value),
}

/// An insert or an update of a row, or its delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Save {
    pub(super) row: Id,
    pub(super) value: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Answer {
    Saved,
    /// Another row has the value: a unique violation.
    Taken,
    Found(Option<Id>),
}

impl Table {
    /// The first row has the first value; there is no second row.
    pub(super) const START: Self = Self { one: Some(Value::A), two: None };

    pub(super) fn get(&self, row: Id) -> Option<Value> {
        match row {
            Id::One => self.one,
            Id::Two => self.two,
        }
    }

    pub(super) fn find(&self, value: Value) -> Option<Id> {
        [Id::One, Id::Two].into_iter().find(|&row| self.get(row) == Some(value))
    }

    /// Whether a save must wait until it is known what becomes of another: both change a row, or one wants a value that
    /// the other takes or gives up.
    pub(super) fn collide(&self, save: Save, other: Save) -> bool {
        let wants_its_value = save.value.is_some() && (save.value == other.value || save.value == self.get(other.row));
        save.row == other.row || wants_its_value
    }

    pub(super) fn save(&mut self, Save { row, value }: Save) -> Answer {
        if value.and_then(|value| self.find(value)).is_some_and(|owner| owner != row) {
            return Answer::Taken;
        }
        match row {
            Id::One => self.one = value,
            Id::Two => self.two = value,
        }
        Answer::Saved
    }
}

impl SequentialSpec for Table {
    type Op = Call;
    type Ret = Answer;

    fn invoke(&mut self, call: &Call) -> Answer {
        match *call {
            Call::Save(save) => self.save(save),
            Call::Find(value) => Answer::Found(self.find(value)),
        }
    }
}
