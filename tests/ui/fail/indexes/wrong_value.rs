//! The values of an index, by their columns' types, without their `Option`.

mod legs {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "flight")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[write_through(index)]
        pub airline: Option<i32>,
        #[write_through(index)]
        pub crew: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

async fn load(store: &writethrough::Store) {
    let _ = legs::Entity::load_all_cached_by_airline(Some(5), store).await;
    let _ = legs::Entity::load_all_cached_by_crew("crew", store).await;
}

fn main() {}
