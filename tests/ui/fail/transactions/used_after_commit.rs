//! A transaction is gone with its commit or rollback.

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
    let tx = store.begin().await?;
    tx.commit().await?;
    flight.save_through(&tx).await?;
    let tx = store.begin().await?;
    tx.rollback().await?;
    tx.commit().await
}

fn main() {}
