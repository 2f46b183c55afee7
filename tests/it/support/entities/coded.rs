//! A generated key, and a column that the database keeps unique.

use sea_orm::entity::prelude::*;
use writethrough::WriteThrough;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
#[sea_orm(table_name = "coded")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i32,
    #[sea_orm(unique)]
    #[write_through(key)]
    pub code: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
