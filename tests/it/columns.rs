//! The entry of a row is the row, to the last bit, for every column type of every database.

use sea_orm::{ActiveModelTrait, ConnectionTrait, DbBackend};
use writethrough::{CachedEntity, Outcome, PkValue, Source, Store};

use crate::support::databases::Backend;
use crate::support::entities::every_column::{mysql, postgres, sqlite, unsigned, vectors};
use crate::support::probe::{Probe, Seen};
use crate::support::stage::{CacheKind, Stage};

/// A type as the extension `pgvector` has it, in whose absence it keeps the bytes that come over the wire as they are.
const VECTOR: &str = "CREATE TYPE vector;
    CREATE FUNCTION vector_in(cstring) RETURNS vector LANGUAGE internal IMMUTABLE STRICT AS 'byteain';
    CREATE FUNCTION vector_out(vector) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'byteaout';
    CREATE FUNCTION vector_recv(internal) RETURNS vector LANGUAGE internal IMMUTABLE STRICT AS 'bytearecv';
    CREATE FUNCTION vector_send(vector) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT AS 'byteasend';
    CREATE TYPE vector (INPUT = vector_in, OUTPUT = vector_out, RECEIVE = vector_recv, SEND = vector_send,
                        INTERNALLENGTH = VARIABLE, STORAGE = extended)";

/// The row of key 1 as a fresh SELECT has it. Text, because a NaN is not equal to itself.
async fn fresh<E>(store: &Store) -> String
where
    E: CachedEntity,
    i32: Into<PkValue<E>>,
{
    format!("{:?}", E::find_by_id(1.into()).one(store.database()).await.unwrap().expect("there is a row"))
}

/// The row of key 1 as its entry has it.
async fn cached<E>(probe: &Probe, store: &Store) -> String
where
    E: CachedEntity,
    i32: Into<PkValue<E>>,
{
    let Seen::Row(seen) = probe.look::<E>(1).await else { panic!("the row is not cached") };
    let loaded = store.load::<E>(1).await.unwrap();
    assert_eq!(loaded.source, Source::Cache);
    assert_eq!(format!("{:?}", loaded.model.unwrap()), format!("{seen:?}"));
    format!("{seen:?}")
}

/// Inserts, updates and fills; after each the entry is the row.
async fn agree<E>(stage: &Stage, entity: E, one: fn(i32) -> E::ActiveModel, other: fn(i32) -> E::ActiveModel)
where
    E: CachedEntity,
    i32: Into<PkValue<E>>,
{
    let plain = stage.plain().await;
    if plain.get_database_backend() == DbBackend::Postgres {
        plain.execute_unprepared("CREATE TYPE mood AS ENUM ('happy', 'sad')").await.unwrap();
        plain.execute_unprepared(VECTOR).await.unwrap();
    }
    stage.create_table(entity).await;
    let (writer, reader, probe) = (stage.store().await, stage.store().await, Probe::of(stage).await);

    let inserted = writer.insert(one(1)).await.unwrap().model;
    assert_eq!(format!("{inserted:?}"), fresh::<E>(&writer).await);
    assert_eq!(cached::<E>(&probe, &reader).await, fresh::<E>(&writer).await, "after the insert");

    let mut rows = vec![fresh::<E>(&writer).await];
    for values in [other, one, other] {
        let updated = writer.update(values(1)).await.unwrap().model;
        assert_eq!(format!("{updated:?}"), fresh::<E>(&writer).await);
        assert_eq!(cached::<E>(&probe, &reader).await, fresh::<E>(&writer).await, "after the update");
        rows.push(fresh::<E>(&writer).await);

        probe.invalidate::<E>(1).await;
        assert_eq!(reader.load::<E>(1).await.unwrap().source, Source::Database);
        assert_eq!(cached::<E>(&probe, &reader).await, fresh::<E>(&writer).await, "after the fill");
    }
    assert!(rows[0] == rows[2] && rows[1] == rows[3] && rows[0] != rows[1], "{rows:#?}");
    many_agree::<E>(&writer, one, other).await;
}

/// Rows that are written together are stored and returned as if each were written alone.
async fn many_agree<E>(store: &Store, one: fn(i32) -> E::ActiveModel, other: fn(i32) -> E::ActiveModel)
where
    E: CachedEntity,
    i32: Into<PkValue<E>>,
{
    let fresh = async |id: i32| E::find_by_id(id.into()).one(store.database()).await.unwrap().expect("there is a row");
    let inserted = store.insert_many([one(2), other(3), one(4), other(5)]).await.unwrap().model;
    for (row, id) in inserted.iter().zip(2..) {
        assert_eq!(format!("{row:?}"), format!("{:?}", fresh(id).await));
    }
    let saves = || [other(2), one(3), other(4), one(5)];
    let together = store.save_many(saves()).await.unwrap().model;
    for (row, values) in together.iter().zip(saves()) {
        let alone = store.update(values).await.unwrap().model;
        assert_eq!(format!("{row:?}"), format!("{alone:?}"));
    }
}

#[tokio::test]
async fn the_entry_is_the_row_on_sqlite() {
    for cache in [CacheKind::Memory, CacheKind::Redis] {
        agree(&Stage::new(Backend::Sqlite, cache).await, sqlite::Entity, sqlite::one, sqlite::other).await;
    }
}

#[tokio::test]
async fn the_entry_is_the_row_on_postgres() {
    for cache in [CacheKind::Memory, CacheKind::Redis] {
        agree(&Stage::new(Backend::Postgres, cache).await, postgres::Entity, postgres::one, postgres::other).await;
    }
}

#[tokio::test]
async fn the_entry_is_the_row_on_mysql() {
    for cache in [CacheKind::Memory, CacheKind::Redis] {
        agree(&Stage::new(Backend::MySql, cache).await, mysql::Entity, mysql::one, mysql::other).await;
    }
}

#[tokio::test]
async fn the_entry_is_the_row_for_vectors_of_postgres() {
    for cache in [CacheKind::Memory, CacheKind::Redis] {
        agree(&Stage::new(Backend::Postgres, cache).await, vectors::Entity, vectors::one, vectors::other).await;
    }
}

/// The one column type of SeaORM that cannot be read on SQLite, with us as without us: a statement may have stored it by the
/// time that its row cannot be read, so nobody knows the outcome, and nothing is kept.
#[tokio::test]
async fn u64_on_sqlite_is_a_clear_error_and_no_entry() {
    for cache in [CacheKind::Memory, CacheKind::Redis] {
        let stage = Stage::new(Backend::Sqlite, cache).await;
        stage.create_table(unsigned::Entity).await;
        let (store, plain, probe) = (stage.store().await, stage.plain().await, Probe::of(&stage).await);
        let without_us = unsigned::one(2).insert(&plain).await.unwrap_err().to_string();
        assert!(without_us.contains("u64 unsupported by sqlx-sqlite"), "{without_us}");

        let error = store.insert(unsigned::one(1)).await.unwrap_err();
        assert!(error.to_string().contains("u64 unsupported by sqlx-sqlite"), "{error}");
        assert_eq!(error.outcome(), Outcome::Unknown);
        let error = store.load::<unsigned::Entity>(1).await.unwrap_err();
        assert!(error.to_string().contains("u64 unsupported by sqlx-sqlite"), "{error}");
        assert!(!matches!(probe.look::<unsigned::Entity>(1).await, Seen::Row(_) | Seen::NoSuchRow));
    }
}
