//! A key is asked for by values of its columns.

mod flight {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "flight")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[write_through(key)]
        pub seats: Option<i32>,
        #[write_through(key)]
        pub kind: super::Kind,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Clone, Debug, PartialEq, sea_orm::DeriveValueType)]
pub(crate) struct Kind(i32);

fn calls(store: &writethrough::Store, db: &sea_orm::DatabaseConnection) {
    let _ = flight::Entity::load_cached_by_seats(None, store);
    let _ = flight::Entity::load_cached_by_kind(1, store);
    let _ = flight::Entity::load_cached_by_seats(1, db);
}

fn main() {}
