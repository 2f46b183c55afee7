//! The table that the matrix is played on.

use sea_orm::ActiveValue::{NotSet, Set, Unchanged};
use sea_orm::entity::prelude::*;
use writethrough::{CachedEntity, EntityPolicy};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "plane")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    #[sea_orm(unique)]
    pub tail: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl CachedEntity for Entity {
    const POLICY: EntityPolicy = EntityPolicy::new();

    fn unique_keys() -> &'static [&'static [Column]] {
        &[&[Column::Tail]]
    }
}

/// Whose four bytes are the same in every order and in no other message, so that a gate knows its statement.
pub const ID: i32 = 0x5757_5757;
pub const MARK: &str = "WWWW";
/// Another plane.
pub const OTHER: i32 = 1_000_000;

/// What the plane bears before the operation and after it.
pub const BEFORE: i64 = 11;
pub const AFTER: i64 = 22;

pub fn at(id: i32, tail: i64) -> ActiveModel {
    ActiveModel { id: Set(id), tail: Set(tail) }
}

/// The database chooses the key.
pub fn new(tail: i64) -> ActiveModel {
    ActiveModel { id: NotSet, tail: Set(tail) }
}

pub fn changed(id: i32, tail: i64) -> ActiveModel {
    ActiveModel { id: Unchanged(id), tail: Set(tail) }
}
