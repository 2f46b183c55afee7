//! The row that everybody reads and writes. Its value tells which write it came from.

use sea_orm::entity::prelude::*;
use writethrough::WriteThrough;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
#[sea_orm(table_name = "writethrough_crash_lab_item")]
#[write_through(rename = "item")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// The database refuses negative ones.
    pub value: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
