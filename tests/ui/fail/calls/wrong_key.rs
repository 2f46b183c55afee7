//! A key of another type than the primary key.

mod flight {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "flight")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: super::FlightId,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[derive(Clone, Debug, PartialEq, sea_orm::DeriveValueType)]
#[sea_orm(try_from_u64)]
pub(crate) struct FlightId(i32);

fn calls(store: &writethrough::Store) {
    let _ = flight::Entity::load_cached("LH400", store);
    let _ = flight::Entity::load_many_cached([1, 2], store);
    let _ = flight::Entity::delete_by_id_through((FlightId(1), 2), store);
    let _ = store.load::<flight::Entity>("LH400");
}

fn main() {}
