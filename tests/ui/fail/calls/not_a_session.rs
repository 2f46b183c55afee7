//! A plain connection would leave the cache stale, so the methods want a session.

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

fn calls(db: &sea_orm::DatabaseConnection, flight: flight::ActiveModel) {
    let _ = flight.save_through(db);
    let _ = flight::Entity::load_cached(1, db);
}

fn main() {}
