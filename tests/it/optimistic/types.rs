//! Every type that a version may have, on every database from which SeaORM can read it.

use sea_orm::Set;
use sea_orm::sea_query::OnConflict;

macro_rules! counted {
    ($($(#[$attr:meta])* $name:ident: $ty:ty, [$($backend:ident)*];)+) => {
        mod entities {$(
            pub mod $name {
                use sea_orm::entity::prelude::*;
                use writethrough::WriteThrough;

                #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
                #[sea_orm(table_name = "counted")]
                pub struct Model {
                    #[sea_orm(primary_key, auto_increment = false)]
                    pub id: i32,
                    pub n: i32,
                    #[write_through(version)]
                    pub version: $ty,
                }

                #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
                pub enum Relation {}

                impl ActiveModelBehavior for ActiveModel {}
            }
        )+}

        on_every_stage! {$(
            $(#[$attr])*
            async fn $name(stage: Stage) {
                use entities::$name::{ActiveModel, Column, Entity, Model};
                if ![$(Backend::$backend),*].contains(&stage.backend) {
                    return;
                }
                stage.create_table(Entity).await;
                let (store, other) = (stage.store().await, stage.store().await);
                let row = |id, version| ActiveModel { id: Set(id), n: Set(0), version: Set(version) };
                let first = row(1, 0).insert_through(&store).await.unwrap();
                let change = |row: &Model, n| ActiveModel { n: Set(n), ..row.clone().into() };
                let second = change(&first, 1).save_through(&other).await.unwrap();
                assert_eq!(second, Model { id: 1, n: 1, version: 1 });
                assert!(change(&first, 2).save_through(&store).await.unwrap_err().is_conflict());
                assert!(first.delete_through(&store).await.unwrap_err().is_conflict());
                assert_eq!(Entity::load_cached(1, &store).await.unwrap(), Some(second.clone()));
                let by_id = OnConflict::column(Column::Id).update_column(Column::N).to_owned();
                let third = ActiveModel { n: Set(3), ..row(1, 0) }.upsert_through(by_id, &store).await.unwrap();
                assert_eq!(third, Some(Model { id: 1, n: 3, version: 2 }));
                assert!(third.unwrap().delete_through(&other).await.unwrap());

                let last = row(2, <$ty>::MAX).insert_through(&store).await.unwrap();
                let error = change(&last, 1).save_through(&store).await.unwrap_err();
                assert!(error.is_bad_input(), "{error:?}");
                assert_eq!(Entity::load_cached(2, &other).await.unwrap(), Some(last.clone()));
                let before = row(3, <$ty>::MAX - 1).insert_through(&store).await.unwrap();
                assert_eq!(change(&before, 1).save_through(&store).await.unwrap().version, last.version);
            }
        )+}
    };
}

counted! {
    small: i16, [Sqlite Postgres MySql];
    middle: i32, [Sqlite Postgres MySql];
    big: i64, [Sqlite Postgres MySql];
    small_unsigned: u16, [Sqlite MySql];
    unsigned: u32, [Sqlite MySql];
    big_unsigned: u64, [MySql];
}
