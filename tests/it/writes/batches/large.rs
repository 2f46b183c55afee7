//! More than one statement takes.

use std::collections::HashSet;

use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait};

use crate::support::entities::flight::{ActiveModel, Entity, departure, numbered};
use crate::support::probe::recorded;

on_every_stage! {
    async fn rows_beyond_the_bind_limit_go_in_several_statements(stage: Stage) {
        stage.create_table(Entity).await;
        let (store, log) = recorded(&stage).await;
        // Three columns a row, and 65,535 or 32,766 parameters a statement.
        let rows = 22_000;
        let names = (0..rows).map(|number| format!("WT {number}"));
        let saved = Entity::insert_many_through(names.clone().map(|name| departure(&name)), &store).await.unwrap();
        let inserts = log.take().iter().filter(|sql| sql.starts_with("INSERT")).count();
        assert_eq!(inserts, if stage.backend == Backend::Sqlite { 3 } else { 2 });
        assert!(saved.iter().zip(names).all(|(row, name)| row.flight_no == name));
        assert_eq!(saved.iter().map(|row| row.id).collect::<HashSet<_>>().len(), rows);
        assert_eq!(Entity::find().count(store.database()).await.unwrap(), rows as u64);
        let sample: Vec<_> = saved.iter().step_by(997).cloned().collect();
        log.take();
        let loaded = Entity::load_many_cached(sample.iter().map(|row| row.id), &store).await.unwrap();
        assert_eq!(loaded.into_iter().flatten().collect::<Vec<_>>(), sample);
        assert_eq!(log.take(), Vec::<String>::new(), "they come from the cache");
    }

    async fn large_rows_go_in_several_statements(stage: Stage) {
        let text = if stage.backend == Backend::MySql { "longtext" } else { "text" };
        let table = format!("CREATE TABLE wide (id integer PRIMARY KEY, text {text} NOT NULL)");
        stage.plain().await.execute_unprepared(&table).await.unwrap();
        let (store, log) = recorded(&stage).await;
        let text = |id: i32| char::from(b'a' + u8::try_from(id % 26).unwrap()).to_string().repeat(300_000);
        let rows = (1..=20).map(|id| wide::ActiveModel { id: Set(id), text: Set(text(id)) });
        let saved = wide::Entity::insert_many_through(rows, &store).await.unwrap();
        let inserts = log.take().iter().filter(|sql| sql.starts_with("INSERT")).count();
        assert_eq!(inserts, 4, "six rows in 2 MiB");
        assert!(saved.iter().zip(1..).all(|(row, id)| row.id == id && row.text == text(id)));
        let loaded = wide::Entity::load_many_cached(1..=20, &store).await.unwrap();
        assert!(loaded.into_iter().flatten().eq(saved));
        assert_eq!(log.take(), Vec::<String>::new(), "they come from the cache");
    }

    async fn a_failure_in_a_later_statement_undoes_the_first(stage: Stage) {
        stage.create_table(Entity).await;
        let store = stage.store().await;
        let rows = (1..=22_000).map(|id| numbered(if id == 21_999 { 5 } else { id }, "WT"));
        assert!(Entity::insert_many_through(rows, &store).await.unwrap_err().is_unique_violation());
        assert_eq!(Entity::find().count(store.database()).await.unwrap(), 0);
        assert_eq!(Entity::load_cached(1, &store).await.unwrap(), None);
        ActiveModel { id: Set(1), ..departure("WT") }.insert_through(&store).await.unwrap();
    }
}

/// A long text.
mod wide {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "wide")]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(super) id: i32,
        pub(super) text: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
