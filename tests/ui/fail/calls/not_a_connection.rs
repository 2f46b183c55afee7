//! SeaORM's own writes would leave the cache stale, so a store is no connection.

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
    let _ = sea_orm::ActiveModelTrait::save(flight, store);
}

fn main() {}
