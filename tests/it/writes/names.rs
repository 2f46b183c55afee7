//! The names under which rows are kept.

use sea_orm::ConnectionTrait;
use writethrough::Store;
use writethrough_core::cache::CacheKey;

use crate::support::databases::Backend;
use crate::support::entities::flight;
use crate::support::entities::policies::{in_schema, renamed};
use crate::support::probe::{Probe, Seen};
use crate::support::stage::{CacheKind, Stage};

/// The key of this name in a stage's namespace.
fn key(stage: &Stage, name: &str) -> CacheKey {
    CacheKey::new(format!("{}:{name}", stage.namespace()))
}

on_every_stage! {
    async fn a_row_is_kept_under_namespace_table_and_key(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let saved = flight::numbered(115, "WT").insert_through(&store).await.unwrap();
        assert_eq!(probe.look_at::<flight::Entity>(&key(&stage, "flight:115")).await, Seen::Row(saved));
    }

    async fn rename_replaces_the_table_in_keys(stage: Stage) {
        stage.create_table(renamed::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let saved = renamed::priced(1, 5).insert_through(&store).await.unwrap();
        assert_eq!(probe.look_at::<renamed::Entity>(&key(&stage, "old%20ticket:1")).await, Seen::Row(saved));
        assert_eq!(probe.look_at::<renamed::Entity>(&key(&stage, "ticket_renamed:1")).await, Seen::Nothing);
    }
}

#[tokio::test]
async fn a_schema_is_part_of_the_name() {
    for cache in [CacheKind::Memory, CacheKind::Redis] {
        let stage = Stage::new(Backend::Postgres, cache).await;
        stage.plain().await.execute_unprepared("CREATE SCHEMA sales").await.unwrap();
        stage.create_table(in_schema::Entity).await;
        let store = stage.store().await;
        let saved = in_schema::priced(1, 5).insert_through(&store).await.unwrap();
        let probe = Probe::of(&stage).await;
        assert_eq!(probe.look_at::<in_schema::Entity>(&key(&stage, "sales.ticket:1")).await, Seen::Row(saved));
        assert!(in_schema::Entity::delete_by_id_through(1, &store).await.unwrap());
        assert_eq!(in_schema::Entity::load_many_cached([1], &store).await.unwrap(), [None]);
    }
}

#[tokio::test]
async fn without_a_namespace_the_database_names_it() {
    for backend in [Backend::Postgres, Backend::MySql] {
        let stage = Stage::new(backend, CacheKind::Redis).await;
        stage.create_table(flight::Entity).await;
        let store = Store::connect(&stage.database_url(), &stage.cache_url()).await.unwrap();
        let saved = flight::numbered(1, "WT").insert_through(&store).await.unwrap();
        let url = stage.database_url();
        let (_, database) = url.rsplit_once('/').unwrap();
        assert_eq!(Probe::at(&stage, database).await.look::<flight::Entity>(1).await, Seen::Row(saved));
    }
}

#[tokio::test]
async fn without_a_namespace_a_file_names_it() {
    let stage = Stage::new(Backend::Sqlite, CacheKind::Memory).await;
    stage.create_table(flight::Entity).await;
    let store = Store::builder().database_url(stage.database_url()).cache_url(stage.cache_url()).build().await.unwrap();
    let saved = flight::numbered(1, "WT").insert_through(&store).await.unwrap();
    // The fixture's file is test.db.
    assert_eq!(Probe::at(&stage, "test").await.look::<flight::Entity>(1).await, Seen::Row(saved));
}

#[tokio::test]
async fn two_databases_in_memory_never_share_a_namespace() {
    let stage = Stage::new(Backend::Sqlite, CacheKind::Memory).await;
    let mut stores = Vec::new();
    for flight_no in ["one", "other"] {
        let store = Store::connect("sqlite::memory:", &stage.cache_url()).await.unwrap();
        let schema = sea_orm::Schema::new(sea_orm::DbBackend::Sqlite);
        store.database().execute(&schema.create_table_from_entity(flight::Entity)).await.unwrap();
        flight::numbered(1, flight_no).insert_through(&store).await.unwrap();
        stores.push((store, flight_no));
    }
    for (store, flight_no) in &stores {
        assert_eq!(flight::Entity::load_cached(1, store).await.unwrap().unwrap().flight_no, *flight_no);
    }
}
