//! Rows that no entry can hold are never cached, and stay right; the log says so.

use sea_orm::{ActiveModelTrait, EntityTrait};
use writethrough::{CacheEffect, Source};

use super::spans::told;
use crate::support::databases::Backend;
use crate::support::probe::{Probe, Seen};
use crate::support::stage::{CacheKind, Stage};

mod document {
    use sea_orm::entity::prelude::*;
    use sea_orm::sea_query::{ArrayType, ValueType, ValueTypeErr};
    use sea_orm::{ActiveValue::Set, QueryResult, TryGetError, TryGetable};
    use writethrough::WriteThrough;

    /// A value that is more than an entry can hold: as many nested lists as it says.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Nested(pub usize);

    impl From<Nested> for Value {
        fn from(nested: Nested) -> Self {
            let lists = (0..nested.0).fold(Json::Null, |inner, _| Json::Array(vec![inner]));
            Self::Json(Some(Box::new(lists)))
        }
    }

    impl TryGetable for Nested {
        fn try_get_by<I: sea_orm::ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
            Ok(Self(String::try_get_by(row, index)?.matches('[').count()))
        }
    }

    impl ValueType for Nested {
        fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
            match value {
                Value::Json(Some(lists)) => Ok(Self(lists.to_string().matches('[').count())),
                _ => Err(ValueTypeErr),
            }
        }

        fn type_name() -> String {
            "Nested".to_owned()
        }

        fn array_type() -> ArrayType {
            ArrayType::Json
        }

        fn column_type() -> ColumnType {
            ColumnType::Text
        }
    }

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "document")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub lists: Nested,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    pub fn of(id: i32, depth: usize) -> ActiveModel {
        ActiveModel { id: Set(id), lists: Set(Nested(depth)) }
    }
}

#[test]
fn a_row_that_no_entry_can_hold_is_never_cached_and_the_log_says_so() {
    let told = told(async {
        let stage = Stage::new(Backend::Sqlite, CacheKind::Memory).await;
        stage.create_table(document::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let saved = store.insert(document::of(1, 3)).await.unwrap();
        assert_eq!(saved.cache, CacheEffect::Refreshed);
        assert_eq!(probe.look::<document::Entity>(1).await, Seen::Row(saved.model));

        let saved = store.update(document::of(1, 500)).await.unwrap();
        assert_eq!((saved.model.lists.0, saved.cache), (500, CacheEffect::Invalidated));
        assert_eq!(probe.look::<document::Entity>(1).await, Seen::Nothing);
        for _ in 0..2 {
            let loaded = store.load::<document::Entity>(1).await.unwrap();
            assert_eq!((loaded.model.as_ref(), loaded.source), (Some(&saved.model), Source::Database));
            let many = document::Entity::load_many_cached([1], &store).await.unwrap();
            assert_eq!(many, [Some(saved.model.clone())]);
            assert_eq!(probe.look::<document::Entity>(1).await, Seen::Nothing);
        }
        store.transaction(async |tx| document::of(1, 600).update_through(tx).await).await.unwrap();
        assert_eq!(probe.look::<document::Entity>(1).await, Seen::Nothing);
        let stored = document::Entity::find_by_id(1).one(store.database()).await.unwrap();
        assert_eq!(stored.as_ref().map(|row| row.lists.0), Some(600));
        assert_eq!(document::Entity::load_cached(1, &store).await.unwrap(), stored);

        let saved = document::of(1, 2).update_through(&store).await.unwrap();
        assert_eq!(probe.look::<document::Entity>(1).await, Seen::Row(saved));
        document::of(9, 1).insert(store.database()).await.unwrap();
    });
    let said: Vec<_> = told.iter().filter(|line| line.contains("the row cannot be cached")).collect();
    assert!(said.len() >= 3, "{told:#?}");
    for line in said {
        assert!(line.contains("entity=\"document\"") && line.contains("column `lists` cannot be cached"), "{line}");
    }
}
