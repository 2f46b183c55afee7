//! The entry of a row is the row, to the last bit, for every column type of every database.

use sea_orm::{ConnectionTrait, DbBackend};
use writethrough::{CachedEntity, PkValue, Source, Store};

use crate::support::databases::Backend;
use crate::support::entities::every_column::{mysql, postgres, sqlite};
use crate::support::probe::{Probe, Seen};
use crate::support::stage::{CacheKind, Stage};

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
