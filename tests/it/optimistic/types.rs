//! Every type that a version may have, on every database.

macro_rules! counted {
    ($($(#[$attr:meta])* $name:ident: $ty:ty, $last:expr;)+) => {
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

                let last = row(2, $last).insert_through(&store).await.unwrap();
                let error = change(&last, 1).save_through(&store).await.unwrap_err();
                assert!(error.is_bad_input(), "{error:?}");
                assert_eq!(Entity::load_cached(2, &other).await.unwrap(), Some(last.clone()));
                let before = change(&last, 1).version.unwrap() - 1;
                let before = row(3, before).insert_through(&store).await.unwrap();
                assert_eq!(change(&before, 1).save_through(&store).await.unwrap().version, last.version);
            }
        )+}
    };
}

use sea_orm::Set;
use sea_orm::sea_query::OnConflict;

counted! {
    small: i16, i16::MAX;
    middle: i32, i32::MAX;
    big: i64, i64::MAX;
    big_unsigned: u64, u64::try_from(i64::MAX).unwrap();
}
