//! A warm-up fills the cache, which a transaction does not.

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

async fn in_a_transaction(tx: &writethrough::Transaction) {
    let find = <flight::Entity as sea_orm::EntityTrait>::find();
    let _ = flight::Entity::warm(find, writethrough::WarmOptions::new(), tx);
}

fn main() {}
