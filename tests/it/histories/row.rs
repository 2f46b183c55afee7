//! The row that the clients write: two columns, so that a change of one must not lose the other.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use writethrough::WriteThrough;

/// Entries expire as soon as they may, so that leases and fills are as frequent as hits.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
#[sea_orm(table_name = "contended")]
#[write_through(ttl = "1s", negative_ttl = "1s")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    pub gate: i64,
    pub pilot: i64,
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
        ActiveModel { id: Set(id), gate: set(self.gate), pilot: set(self.pilot) }
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
        ActiveModel { id: Set(id), gate: Set(self.gate), pilot: Set(self.pilot) }
    }
}

impl From<Model> for Values {
    fn from(Model { gate, pilot, .. }: Model) -> Self {
        Self { gate, pilot }
    }
}

/// One column's value: written once, read by anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cell {
    Gate(i64),
    Pilot(i64),
}
