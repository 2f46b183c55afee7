//! A call that nobody awaits does nothing, and says so.

#![deny(unused_must_use)]

mod flight {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "flight")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

fn calls(store: &writethrough::Store, flight: flight::ActiveModel) {
    flight.save_through(store);
    flight::Entity::load_cached(1, store);
}

fn main() {}
