//! Upserts: the row that the statement met is the one whose keys change, whichever it was.

use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, EntityTrait};
use writethrough::__private::{load_by_key, upsert};
use writethrough::{CacheEffect, Source, Store};

use crate::support::entities::coded;
use crate::support::entities::keys::airport;
use crate::support::entities::uniques::ticket::{ActiveModel, CODE, Column, Entity, code, numbered};
use crate::support::stage::Stage;

fn by_id() -> OnConflict {
    OnConflict::column(Column::Id).update_columns([Column::Code, Column::Price]).to_owned()
}

fn priced(row: ActiveModel, price: i32) -> ActiveModel {
    ActiveModel { price: Set(price), ..row }
}

async fn two_stores(stage: &Stage) -> (Store, Store) {
    stage.create_table(Entity).await;
    let (store, other) = (stage.store().await, stage.store().await);
    store.insert(numbered(1, "ann@x")).await.unwrap();
    store.insert(numbered(2, "bob@x")).await.unwrap();
    (store, other)
}

async fn price_of(id: i32, store: &Store) -> (Option<i32>, Source) {
    let loaded = store.load::<Entity>(id).await.unwrap();
    (loaded.model.map(|ticket| ticket.price), loaded.source)
}

on_every_stage! {
    async fn a_row_that_nothing_stands_in_the_way_of_is_inserted_and_cached(stage: Stage) {
        let (store, other) = two_stores(&stage).await;
        assert_eq!(load_by_key::<Entity, _>(CODE, code(1003), &other).await.unwrap(), None);
        let saved = store.upsert(numbered(3, "cid@x"), by_id()).await.unwrap().unwrap();
        assert_eq!((saved.model.id, saved.cache), (3, CacheEffect::Refreshed));
        assert_eq!(price_of(3, &other).await, (Some(10), Source::Cache));
        assert_eq!(load_by_key::<Entity, _>(CODE, code(1003), &other).await.unwrap(), Some(saved.model));
    }

    async fn a_key_that_is_unchanged_is_inserted_as_it_is(stage: Stage) {
        stage.create_table(airport::Entity).await;
        let (store, other) = (stage.store().await, stage.store().await);
        let name = async || other.load::<airport::Entity>("HAM").await.unwrap().model.map(|row| row.name);
        assert_eq!(name().await, None);
        for expected in ["Hamburg", "Hamburg-Fuhlsbüttel"] {
            let row = airport::ActiveModel { id: Unchanged("HAM".to_owned()), name: Set(expected.to_owned()) };
            let conflict = OnConflict::column(airport::Column::Id).update_column(airport::Column::Name).to_owned();
            assert_eq!(store.upsert(row, conflict).await.unwrap().unwrap().model.name, expected);
            assert_eq!(name().await.as_deref(), Some(expected));
        }
    }

    async fn the_row_in_the_way_is_updated_and_cached(stage: Stage) {
        let (store, other) = two_stores(&stage).await;
        assert_eq!(load_by_key::<Entity, _>(CODE, code(7), &other).await.unwrap(), None);
        let dearer = ActiveModel { code: Set(Some(7)), ..priced(numbered(1, "new@x"), 99) };
        let saved = store.upsert(dearer, by_id()).await.unwrap().unwrap();
        assert_eq!((saved.model.price, saved.model.mail.as_str()), (99, "ann@x"), "as the database has it");
        assert_eq!(price_of(1, &other).await, (Some(99), Source::Cache));
        assert_eq!(load_by_key::<Entity, _>(CODE, code(7), &other).await.unwrap(), Some(saved.model));
        assert_eq!(load_by_key::<Entity, _>(CODE, code(1001), &other).await.unwrap(), None);
        assert_eq!(price_of(2, &other).await, (Some(10), Source::Cache));
    }

    async fn an_update_to_the_same_values_is_an_update(stage: Stage) {
        let (store, other) = two_stores(&stage).await;
        let saved = store.upsert(numbered(1, "ann@x"), by_id()).await.unwrap().unwrap();
        assert_eq!(saved.model.price, 10);
        assert_eq!(price_of(1, &other).await, (Some(10), Source::Cache));
    }

    async fn doing_nothing_is_told_and_leaves_the_entry_alone(stage: Stage) {
        let (store, other) = two_stores(&stage).await;
        let nothing = || OnConflict::new().do_nothing().to_owned();
        assert_eq!(store.upsert(priced(numbered(1, "new@x"), 99), nothing()).await.unwrap(), None);
        assert_eq!(price_of(1, &other).await, (Some(10), Source::Cache));
        let by_mail = ActiveModel { id: Set(9), ..numbered(1, "ann@x") };
        assert_eq!(store.upsert(by_mail, nothing()).await.unwrap(), None, "whatever key it has in common");
        assert_eq!(price_of(9, &other).await.0, None);
        assert_eq!(store.upsert(numbered(3, "cid@x"), nothing()).await.unwrap().unwrap().model.id, 3);
        assert_eq!(price_of(3, &other).await, (Some(10), Source::Cache));
    }

    /// PostgreSQL and SQLite take the row in the way only by the key that was named, MySQL by any.
    async fn a_conflict_on_another_key_than_the_one_expected_leaves_nothing_stale(stage: Stage) {
        let (store, other) = two_stores(&stage).await;
        let same_code = ActiveModel { code: Set(Some(1001)), ..priced(numbered(5, "eve@x"), 99) };
        let result = store.upsert(same_code, by_id()).await;
        if stage.backend == Backend::MySql {
            assert_eq!(result.unwrap().unwrap().model.id, 1);
            assert_eq!(price_of(1, &other).await, (Some(99), Source::Cache));
        } else {
            assert!(result.unwrap_err().is_unique_violation());
            assert_eq!(price_of(1, &other).await, (Some(10), Source::Cache));
        }
        assert_eq!(price_of(5, &other).await.0, None);
        let stored = Entity::find_by_id(1).one(&stage.plain().await).await.unwrap();
        assert_eq!(load_by_key::<Entity, _>(CODE, code(1001), &other).await.unwrap(), stored);
    }

    async fn a_generated_key_is_that_of_the_row_that_was_met(stage: Stage) {
        stage.create_table(coded::Entity).await;
        let (store, other) = (stage.store().await, stage.store().await);
        let named = |name: &str| coded::ActiveModel { code: Set(name.to_owned()), ..Default::default() };
        let on_code = || OnConflict::column(coded::Column::Code).update_column(coded::Column::Code).to_owned();
        let first = store.upsert(named("a"), on_code()).await.unwrap().unwrap().model;
        let second = store.upsert(named("b"), on_code()).await.unwrap().unwrap().model;
        assert_ne!(first.id, second.id);
        assert_eq!(store.upsert(named("a"), on_code()).await.unwrap().unwrap().model, first);
        for row in [first, second] {
            let loaded = other.load::<coded::Entity>(row.id).await.unwrap();
            assert_eq!((loaded.model, loaded.source), (Some(row), Source::Cache));
        }
    }

    async fn inside_a_transaction_it_comes_with_the_commit(stage: Stage) {
        let (store, other) = two_stores(&stage).await;
        let tx = store.begin().await.unwrap();
        let dearer = upsert::<Entity, _>(priced(numbered(1, "ann@x"), 99), by_id(), &tx).await.unwrap();
        assert_eq!(dearer.unwrap().price, 99);
        assert_eq!(upsert::<Entity, _>(numbered(2, "x"), OnConflict::new().do_nothing().to_owned(), &tx).await.unwrap(), None);
        assert_eq!(price_of(1, &other).await, (Some(10), Source::Cache));
        tx.commit().await.unwrap();
        assert_eq!(price_of(1, &other).await, (Some(99), Source::Cache));
        let tx = store.begin().await.unwrap();
        upsert::<Entity, _>(priced(numbered(1, "ann@x"), 7), by_id(), &tx).await.unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(price_of(1, &other).await, (Some(99), Source::Cache));
    }

    async fn upserts_of_one_row_beside_each_other_leave_cache_and_database_agreeing(stage: Stage) {
        let (store, other) = two_stores(&stage).await;
        let plain = stage.plain().await;
        for round in 0..30 {
            let (one, two, three) = tokio::join!(
                store.upsert(priced(numbered(1, "ann@x"), 100 + round), by_id()),
                other.upsert(priced(numbered(1, "ann@x"), 200 + round), by_id()),
                store.delete_by_id::<Entity>(1),
            );
            for error in [one.err(), two.err(), three.err()].into_iter().flatten() {
                // PostgreSQL takes only a row with the same id for one in the way: two that insert may meet in another key.
                assert!(error.is_retryable() || error.is_unique_violation(), "{error:?}");
            }
            let stored = Entity::find_by_id(1).one(&plain).await.unwrap();
            assert_eq!(other.load::<Entity>(1).await.unwrap().model, stored, "round {round}");
            if stored.is_none() {
                numbered(1, "ann@x").insert(&plain).await.unwrap();
                writethrough::__private::invalidate::<Entity, _>(1, &store).await.unwrap();
            }
        }
    }
}
