//! Hooks and other code of the user that panic: nothing is left half done.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use futures_util::future::join_all;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, EntityTrait, PaginatorTrait};
use writethrough::{Error, Source, Store};

use super::entities::{letter, parcel};
use super::scene::Scene;
use super::until;
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

/// The statement stands in a transaction, whose keys are fenced only after it.
async fn a_panic_in_an_upsert(backend: Backend) {
    let (scene, writer, other) = a_parcel(backend).await;
    let upserting = tokio::spawn({
        let store = writer.clone();
        async move {
            let or_update = OnConflict::column(parcel::Column::Id).update_column(parcel::Column::Label).to_owned();
            store.upsert(parcel::at(1, "panics in between"), or_update).await.map(drop)
        }
    });
    assert!(upserting.await.expect_err("it panics").is_panic());

    assert_eq!(stored(&scene, 1).await, "first", "rolled back");
    assert_eq!(label_of(&other, 1).await.0.as_deref(), Some("first"));
    all_is_well(&writer, &other).await;
}

/// The work goes on after the panic as if nothing had been, and does not get away with it: nobody learnt which row the upsert
/// wrote.
async fn a_panic_in_a_transaction(backend: Backend) {
    let (scene, writer, other) = a_parcel(backend).await;
    let second = writer.insert(parcel::new("second")).await.expect("all is well").model.id;
    for upserts in [false, true] {
        let committed = writer
            .transaction(async |tx| {
                parcel::relabelled(second, "changed").save_through(tx).await?;
                let or_update = OnConflict::column(parcel::Column::Id).update_column(parcel::Column::Label).to_owned();
                let panicked = if upserts {
                    let upsert = parcel::at(1, "panics in between").upsert_through(or_update, tx);
                    AssertUnwindSafe(upsert).catch_unwind().await.is_err()
                } else {
                    let save = parcel::relabelled(1, "panics in between").save_through(tx);
                    AssertUnwindSafe(save).catch_unwind().await.is_err()
                };
                assert!(panicked);
                Ok::<_, Error>(())
            })
            .await;

        assert!(committed.expect_err("something in it panicked").is_rolled_back());
        for (id, label) in [(1, "first"), (second, "second")] {
            assert_eq!(stored(&scene, id).await, label);
            assert_eq!(label_of(&other, id).await, (Some(label.to_owned()), Source::Cache));
        }
    }
    all_is_well(&writer, &other).await;
}

/// A load panics between its query and its fill, with a lease and perhaps with others that wait for it.
async fn a_panic_in_a_load(backend: Backend) {
    let scene = Scene::new(backend).await;
    let (reader, other) = (scene.store().await, scene.store().await);
    letter::at(1, 11, "panics").insert(&scene.db).await.expect("behind the stores' backs");
    for by_key in [false, true] {
        let loads = (0..5).map(|_| tokio::spawn(load_letter(reader.clone(), by_key)));
        let panicked = join_all(loads).await.into_iter().filter(Result::is_err).count();
        assert!(panicked > 0, "who has the lease asks whether the row may be kept");
    }
    letter::rewritten(1, "fine").update(&scene.db).await.expect("behind the stores' backs");

    until("the leases are given back", async || {
        load_letter(reader.clone(), true).await;
        let loaded = other.load::<letter::Entity>(1).await.expect("a load needs only the database");
        assert_eq!(loaded.model.expect("it is stored").text, "fine");
        loaded.source == Source::Cache
    })
    .await;
    reader.close().await.expect("nothing is left to do");
}

async fn load_letter(store: Store, by_key: bool) {
    let loaded = match by_key {
        true => letter::Entity::load_cached_by_code(11, &store).await,
        false => letter::Entity::load_cached(1, &store).await,
    };
    assert_eq!(loaded.expect("a load needs only the database").expect("it is stored").code, 11);
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
    a_panic_in_the_transaction_of_an_upsert_rolls_it_back: a_panic_in_an_upsert;
    a_panic_that_is_caught_in_a_transaction_rolls_it_back: a_panic_in_a_transaction;
    a_panic_of_a_load_leaves_no_lease_and_nobody_waiting: a_panic_in_a_load;
}
