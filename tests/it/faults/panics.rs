//! Hooks that panic: nothing is left half done.

use sea_orm::{EntityTrait, PaginatorTrait};
use writethrough::{Source, Store};

use super::entities::parcel;
use super::scene::Scene;
use crate::support::Backend;

async fn label_of(store: &Store, id: i32) -> (Option<String>, Source) {
    let loaded = store.load::<parcel::Entity>(id).await.expect("a load needs only the database");
    (loaded.model.map(|parcel| parcel.label), loaded.source)
}

async fn stored(scene: &Scene, id: i32) -> String {
    let row = parcel::Entity::find_by_id(id).one(&scene.db).await.expect("the database answers");
    row.expect("it is stored").label
}

/// Saves in a task of its own, which panics.
async fn save_panics(store: &Store, parcel: parcel::ActiveModel) {
    let store = store.clone();
    let saving = tokio::spawn(async move { store.save(parcel).await.map(|saved| saved.cache) });
    assert!(saving.await.expect_err("it panics").is_panic());
}

async fn a_parcel(backend: Backend) -> (Scene, Store, Store) {
    let scene = Scene::new(backend).await;
    let (writer, other) = (scene.store().await, scene.store().await);
    writer.insert(parcel::new("first")).await.expect("all is well");
    (scene, writer, other)
}

/// The store is as good as new.
async fn all_is_well(writer: &Store, other: &Store) {
    let id = writer.insert(parcel::new("next")).await.expect("all is well").model.id;
    assert_eq!(label_of(other, id).await, (Some("next".to_owned()), Source::Cache));
    writer.close().await.expect("nothing is left to do");
}

async fn a_panic_before_the_statement(backend: Backend) {
    let (scene, writer, other) = a_parcel(backend).await;

    save_panics(&writer, parcel::relabelled(1, "panics before")).await;

    assert_eq!(stored(&scene, 1).await, "first");
    assert_eq!(label_of(&other, 1).await, (Some("first".to_owned()), Source::Cache));
    all_is_well(&writer, &other).await;
}

async fn a_panic_after_the_statement(backend: Backend) {
    let (scene, writer, other) = a_parcel(backend).await;

    save_panics(&writer, parcel::relabelled(1, "panics after")).await;

    assert_eq!(stored(&scene, 1).await, "panics after");
    assert_eq!(label_of(&other, 1).await, (Some("panics after".to_owned()), Source::Cache));
    all_is_well(&writer, &other).await;
}

/// On MariaDB the statement stands in a transaction, which is rolled back; elsewhere it has committed.
async fn a_panic_between_statement_and_cache(backend: Backend) {
    let (scene, writer, other) = a_parcel(backend).await;

    save_panics(&writer, parcel::relabelled(1, "panics in between")).await;

    let expected = if backend == Backend::MySql { "first" } else { "panics in between" };
    assert_eq!(stored(&scene, 1).await, expected);
    assert_eq!(label_of(&other, 1).await, (Some(expected.to_owned()), Source::Database), "the fence stands");
    all_is_well(&writer, &other).await;
}

async fn a_panic_in_an_insert(backend: Backend) {
    let (scene, writer, other) = a_parcel(backend).await;
    assert_eq!(label_of(&other, 2).await.0, None);

    save_panics(&writer, parcel::new("panics in between")).await;

    assert_eq!(parcel::Entity::find().count(&scene.db).await.expect("the database answers"), 1, "rolled back");
    assert_eq!(label_of(&other, 2).await.0, None);
    all_is_well(&writer, &other).await;
}

macro_rules! on_every_database {
    ($($name:ident: $test:ident;)+) => {$(
        mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() { $test(Backend::Sqlite).await }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() { $test(Backend::Postgres).await }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn mariadb() { $test(Backend::MySql).await }
        }
    )+};
}

on_every_database! {
    a_hook_that_panics_before_the_statement_changes_nothing: a_panic_before_the_statement;
    a_hook_that_panics_after_the_statement_finds_row_and_entry_written: a_panic_after_the_statement;
    a_panic_between_statement_and_cache_leaves_the_row_to_the_database: a_panic_between_statement_and_cache;
    a_panic_in_the_transaction_of_an_insert_rolls_it_back: a_panic_in_an_insert;
}
