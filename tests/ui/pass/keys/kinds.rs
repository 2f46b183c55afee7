//! Every kind of primary key, called with what SeaORM's `find_by_id` takes.

use sea_orm::entity::prelude::*;

macro_rules! entity {
    ($name:ident { $($field:tt)* }) => {
        mod $name {
            use super::*;
            use writethrough::WriteThrough;

            #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
            #[sea_orm(table_name = "t")]
            pub struct Model {
                $($field)*
            }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}
        }
    };
}

entity!(integer { #[sea_orm(primary_key)] pub id: i64 });
entity!(string {
    #[sea_orm(primary_key, auto_increment = false)]
    #[write_through(exact)]
    pub id: String
});
entity!(uuid { #[sea_orm(primary_key, auto_increment = false)] pub id: Uuid });
entity!(bytes { #[sea_orm(primary_key, auto_increment = false)] pub id: Vec<u8> });
entity!(active_enum { #[sea_orm(primary_key, auto_increment = false)] pub id: Cabin });
entity!(newtype { #[sea_orm(primary_key, auto_increment = false)] pub id: FlightId });
entity!(timestamp { #[sea_orm(primary_key, auto_increment = false)] pub id: DateTimeUtc });
entity!(composite {
    #[sea_orm(primary_key, auto_increment = false)]
    pub flight: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    #[write_through(exact)]
    pub row: String,
    #[sea_orm(primary_key, auto_increment = false)]
    #[write_through(exact)]
    pub cabin: Cabin,
    pub price: Decimal
});

mod values {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "String(StringLen::N(1))")]
    pub enum Cabin {
        #[sea_orm(string_value = "E")]
        Economy,
        #[sea_orm(string_value = "B")]
        Business,
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, DeriveValueType)]
    #[sea_orm(try_from_u64)]
    pub struct FlightId(pub i64);

    impl From<i64> for FlightId {
        fn from(id: i64) -> Self {
            Self(id)
        }
    }
}

use values::{Cabin, FlightId};

#[allow(dead_code)]
async fn calls(store: &writethrough::Store) -> Result<(), writethrough::Error> {
    integer::Entity::load_cached(1, store).await?;
    integer::Entity::load_many_cached(1..=3, store).await?;
    integer::Entity::load_many_cached([1_i32, 2], store).await?;
    string::Entity::load_cached("LH1", store).await?;
    string::Entity::load_cached(String::from("LH1"), store).await?;
    string::Entity::load_many_cached(["LH1", "LH2"], store).await?;
    uuid::Entity::load_cached(Uuid::nil(), store).await?;
    bytes::Entity::load_cached(b"LH1".to_vec(), store).await?;
    bytes::Entity::load_cached(*b"LH1", store).await?;
    active_enum::Entity::load_cached(Cabin::Economy, store).await?;
    newtype::Entity::load_cached(FlightId(1), store).await?;
    newtype::Entity::load_cached(1, store).await?;
    timestamp::Entity::load_cached(DateTimeUtc::UNIX_EPOCH, store).await?;
    composite::Entity::load_cached((1, "A".into(), Cabin::Business), store).await?;
    composite::Entity::load_many_cached(vec![(1, "A".into(), Cabin::Business)], store).await?;
    composite::Entity::delete_by_id_through((1, "A".into(), Cabin::Business), store).await?;
    composite::Entity::invalidate((1, "A".into(), Cabin::Business), store).await?;
    Ok(())
}

#[test]
fn each_exact_column_of_a_key_is_told() {
    use writethrough::CachedEntity;

    assert!(matches!(string::Entity::exact_columns(), [string::Column::Id]));
    assert!(matches!(composite::Entity::exact_columns(), [composite::Column::Row, composite::Column::Cabin]));
    assert!(newtype::Entity::exact_columns().is_empty());
}
