//! An airline.

use sea_orm::entity::prelude::*;
use writethrough::WriteThrough;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
#[sea_orm(table_name = "writethrough_demo_airline")]
#[write_through(ttl = "1d", rename = "airline")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    #[sea_orm(unique)]
    pub iata: String,
    pub name: String,
    pub country: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(has_many = "super::flight::Entity")]
    Flight,
}

impl Related<super::flight::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Flight.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
