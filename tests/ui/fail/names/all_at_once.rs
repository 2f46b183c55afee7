//! Every mistake is told at once, and none of them breaks the calls of the generated methods.

mod flight {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "flight")]
    #[write_through(ttl = "1 hous", negative_ttl = "never", on_write = "refersh", , rename = "f" exact)]
    #[write_through(cache_if = "a b", on_cache_failure = "fail", ttl = "1h")]
    pub struct Model {
        #[sea_orm(primary_key)]
        #[write_through(exact = true)]
        pub id: i32,
        #[write_through(exact, ttl = "1h", verison)]
        pub flight_no: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

async fn calls(store: &writethrough::Store) -> Result<(), writethrough::Error> {
    if let Some(row) = flight::Entity::load_cached(1, store).await? {
        let active: flight::ActiveModel = row.into();
        active.save_through(store).await?.invalidate(store).await?;
    }
    flight::Entity::delete_by_id_through(1, store).await?;
    Ok(())
}

fn main() {}
