//! The row that the clients write: two columns, so that a change of one must not lose the other, and a unique key.
//!
//! The key follows from the first column, which no two writes give the same value. Each row has a few keys of its own and
//! moves between them, so a key is left, and taken again, all the time; and that no row has a key says something about
//! one row only, which can be checked like everything else.
//!
//! So does the squad, of which a few rows share two: a row joins one and leaves the other all the time.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use writethrough::WriteThrough;

/// How long entries live, the store decides.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
#[sea_orm(table_name = "contended")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    pub gate: i64,
    pub pilot: i64,
    #[sea_orm(unique)]
    #[write_through(key)]
    pub code: i64,
    #[write_through(index)]
    pub squad: i64,
}

/// How many keys a row has.
pub const CODES: i64 = 3;

/// The keys that a row may have.
pub fn codes_of(id: i32) -> impl Iterator<Item = i64> {
    (0..CODES).map(move |number| code_of(id, number))
}

/// The key of the row with this gate.
pub fn code_of(id: i32, gate: i64) -> i64 {
    i64::from(id) * CODES + gate.rem_euclid(CODES)
}

/// How many rows share their squads, and how many squads those are.
const COMRADES: i32 = 10;
const SQUADS: i64 = 2;

/// The squads that a row may be in.
pub fn squads_of(id: i32) -> impl Iterator<Item = i64> {
    (0..SQUADS).map(move |number| i64::from(id / COMRADES) * SQUADS + number)
}

/// The squad of the row with this gate.
pub fn squad_of(id: i32, gate: i64) -> i64 {
    i64::from(id / COMRADES) * SQUADS + squad_number(gate)
}

/// Whether these two rows share their squads.
pub fn are_comrades(one: i32, other: i32) -> bool {
    one / COMRADES == other / COMRADES
}

/// What is written is a multiple of eight, mostly.
fn squad_number(gate: i64) -> i64 {
    gate.rem_euclid(5) % SQUADS
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What a row bears beside its key. No value is written twice, so that whoever reads it knows who wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Values {
    pub gate: i64,
    pub pilot: i64,
}

/// What an update sets, and what it leaves alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Change {
    pub gate: Option<i64>,
    pub pilot: Option<i64>,
}

impl Change {
    pub fn of(self, before: Values) -> Values {
        Values { gate: self.gate.unwrap_or(before.gate), pilot: self.pilot.unwrap_or(before.pilot) }
    }

    /// The change as SeaORM has it.
    pub fn to(self, id: i32) -> ActiveModel {
        let set = |value: Option<i64>| value.map_or(NotSet, Set);
        let code = self.gate.map(|gate| code_of(id, gate));
        let squad = self.gate.map(|gate| squad_of(id, gate));
        ActiveModel { id: Set(id), gate: set(self.gate), pilot: set(self.pilot), code: set(code), squad: set(squad) }
    }

    /// This one, and then another.
    pub fn then(self, later: Self) -> Self {
        Self { gate: later.gate.or(self.gate), pilot: later.pilot.or(self.pilot) }
    }

    /// The columns that it sets.
    pub fn cells(self) -> impl Iterator<Item = Cell> {
        self.gate.map(Cell::Gate).into_iter().chain(self.pilot.map(Cell::Pilot))
    }
}

impl Values {
    pub fn cells(self) -> [Cell; 2] {
        [Cell::Gate(self.gate), Cell::Pilot(self.pilot)]
    }

    /// A new row as SeaORM has it.
    pub fn to(self, id: i32) -> ActiveModel {
        self.all().to(id)
    }

    /// The change that sets all columns.
    pub fn all(self) -> Change {
        Change { gate: Some(self.gate), pilot: Some(self.pilot) }
    }

    /// Whether it stands under this key, one of its row's. What nobody knows stands under none.
    pub fn is_under(self, code: i64) -> bool {
        self.gate != i64::MIN && (self.gate - code).rem_euclid(CODES) == 0
    }

    /// Whether it is in this squad, one of its row's.
    pub fn is_in(self, squad: i64) -> bool {
        self.gate != i64::MIN && is_in(self.gate, squad)
    }
}

/// Whether a row with this gate is in this squad, one of its own.
pub fn is_in(gate: i64, squad: i64) -> bool {
    squad_number(gate) == squad.rem_euclid(SQUADS)
}

impl From<Model> for Values {
    fn from(Model { id, gate, pilot, code, squad }: Model) -> Self {
        let follow = (code_of(id, gate), squad_of(id, gate));
        assert_eq!((code, squad), follow, "of row {id} the key and the index and the column that they follow from");
        Self { gate, pilot }
    }
}

/// One column's value: written once, read by anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cell {
    Gate(i64),
    Pilot(i64),
}
