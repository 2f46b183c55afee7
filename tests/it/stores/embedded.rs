//! Databases and caches inside of the process.

use futures_util::future::try_join_all;
use sea_orm::{ConnectionTrait, DbBackend, Schema};
use writethrough::{Source, Store};

use crate::support::databases::Backend;
use crate::support::entities::flight;
use crate::support::stage::{CacheKind, Stage};

#[tokio::test]
async fn clones_are_the_same_store() {
    let store = in_memory().await;
    let saved = flight::departure("WT 1").save_through(&store).await.unwrap();
    let loaded = store.clone().load::<flight::Entity>(saved.id).await.unwrap();
    assert_eq!((loaded.model, loaded.source), (Some(saved), Source::Cache));
}

#[tokio::test]
async fn a_memory_cache_without_a_name_belongs_to_one_store_and_one_with_a_name_to_all() {
    let stage = Stage::new(Backend::Sqlite, CacheKind::Memory).await;
    stage.create_table(flight::Entity).await;
    let writer = stage.store().await;
    let saved = flight::departure("WT 1").save_through(&writer).await.unwrap();
    for (cache, source) in [("memory:".to_owned(), Source::Database), (stage.cache_url(), Source::Cache)] {
        let store = stage.builder().cache_url(cache).build().await.unwrap();
        assert_eq!(store.load::<flight::Entity>(saved.id).await.unwrap().source, source);
    }
    let other_name = stage.builder().cache_url(format!("{}-other", stage.cache_url())).build().await.unwrap();
    assert_eq!(other_name.load::<flight::Entity>(saved.id).await.unwrap().source, Source::Database);
}

#[tokio::test]
async fn without_a_cache_url_the_cache_is_embedded() {
    let stage = Stage::new(Backend::Sqlite, CacheKind::Memory).await;
    stage.create_table(flight::Entity).await;
    let store = Store::builder().database_url(stage.database_url()).build().await.unwrap();
    let saved = flight::departure("WT 1").save_through(&store).await.unwrap();
    assert_eq!(store.load::<flight::Entity>(saved.id).await.unwrap().source, Source::Cache);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_in_memory_is_one_and_lives_as_long_as_the_store() {
    for url in ["sqlite::memory:", "sqlite:flights?mode=memory", "sqlite://?mode=memory"] {
        let store = Store::connect(url, "memory:").await.unwrap_or_else(|error| panic!("{url}: {error}"));
        create_table(&store).await;
        // A second connection would have a database without the table.
        try_join_all((0..50).map(|_| flight::departure("WT").save_through(&store))).await.unwrap();
        try_join_all((0..50).map(|id| flight::Entity::load_cached(id, &store))).await.unwrap();

        let pool = store.database().get_sqlite_connection_pool();
        let options = pool.options();
        assert_eq!((options.get_min_connections(), options.get_max_connections()), (1, 1), "{url}");
        assert_eq!((options.get_idle_timeout(), options.get_max_lifetime()), (None, None), "{url}");
    }
}

async fn in_memory() -> Store {
    let store = Store::connect("sqlite::memory:", "memory:").await.unwrap();
    create_table(&store).await;
    store
}

async fn create_table(store: &Store) {
    let statement = Schema::new(DbBackend::Sqlite).create_table_from_entity(flight::Entity);
    store.database().execute(&statement).await.unwrap();
}
