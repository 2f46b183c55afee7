//! A transaction that SeaORM began by itself has nobody to tell the cache of its commit.

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

async fn calls(store: &writethrough::Store, flight: flight::ActiveModel) -> Result<(), writethrough::Error> {
    use sea_orm::TransactionTrait;

    let tx = store.database().begin().await?;
    let _ = flight.save_through(&tx);
    tx.commit().await?;
    Ok(())
}

fn main() {}
