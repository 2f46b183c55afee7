//! What rows cost that refer to others, and those that bear a version.

use std::time::Duration;

use writethrough::{CachedLoader, Error, RedisOptions, Store};

use super::operations::{Bill, create_table};
use crate::support::databases::{Backend, TestDatabase};
use crate::support::entities::fleet::{airline, engine, plane, visit};
use crate::support::entities::versioned::account;
use crate::support::redis::RedisServer;
use crate::support::statements::StatementLog;
use crate::support::wire::Monitor;

async fn measured(backend: Backend) -> String {
    let redis = RedisServer::start([]);
    let database = TestDatabase::create(backend).await;
    let mut db = database.connect().await;
    create_table(&db, airline::Entity).await;
    create_table(&db, plane::Entity).await;
    create_table(&db, engine::Entity).await;
    create_table(&db, visit::Entity).await;
    create_table(&db, account::Entity).await;
    let log = StatementLog::attach(&mut db);
    let builder = Store::builder().database(db).redis(RedisOptions::new(redis.url())).namespace("costs");
    let store = builder.cache_timeout(Duration::from_secs(5)).build().await.expect("a store");
    let mut bill = Bill::new(log, Monitor::of(&redis.url()).await);
    relations(&mut bill, &store).await.expect("relations");
    versions(&mut bill, &store).await.expect("versions");
    bill.table
}

async fn relations(bill: &mut Bill, store: &Store) -> Result<(), Error> {
    let airlines = [1, 2, 3].map(|id| airline::numbered(id, "air"));
    let airlines = airline::Entity::insert_many_through(airlines, store).await?;
    let planes = [(11, 1), (12, 1), (21, 2), (31, 3)].map(|(id, airline)| plane::of(id, airline));
    let planes = plane::Entity::insert_many_through(planes, store).await?;
    engine::Entity::insert_many_through([engine::of(111, 11), engine::of(112, 11)], store).await?;
    airline::Entity::invalidate_all(store).await?;
    airline::Entity::load_cached(9, store).await?;

    bill.item("load_one of 4 rows, misses", planes.load_one_cached(airline::Entity, store)).await?;
    bill.item("load_one of 4 rows, hits", planes.load_one_cached(airline::Entity, store)).await?;
    bill.item("load_many of 3 rows, lists missing", airlines.load_many_cached(plane::Entity, store)).await?;
    bill.item("load_many of 3 rows, hits", airlines.load_many_cached(plane::Entity, store)).await?;
    bill.item("delete with what goes with it", airline::Entity::delete_by_id_through(1, store)).await?;
    bill.item("delete, nothing goes with it", engine::Entity::delete_by_id_through(1, store)).await?;
    Ok(())
}

async fn versions(bill: &mut Bill, store: &Store) -> Result<(), Error> {
    let old = account::opened(1, 5).insert_through(store).await?;
    let new = bill.item("update of a version", old.clone().with(6).save_through(store)).await?;
    let lost = bill.item("update of a version, a lost race", old.clone().with(7).save_through(store)).await;
    assert!(lost.is_err_and(|error| error.is_conflict()));
    let lost = bill.item("delete of a version, a lost race", old.delete_through(store)).await;
    assert!(lost.is_err_and(|error| error.is_conflict()));
    bill.item("delete of a version", new.delete_through(store)).await?;
    Ok(())
}

/// Each line: operation | statements | commands to Redis.
const WITH_RETURNING: &str = "\
load_one of 4 rows, misses          | SELECT               | MGET EVALSHA EVALSHA
load_one of 4 rows, hits            | -                    | MGET
load_many of 3 rows, lists missing  | SELECT               | MGET EVALSHA EVALSHA MGET
load_many of 3 rows, hits           | -                    | MGET MGET
delete with what goes with it       | SELECT-LOCK SELECT-LOCK SELECT-LOCK SELECT-LOCK SELECT-LOCK DELETE| EVALSHA EVALSHA
delete, nothing goes with it        | DELETE               | EVALSHA EVALSHA
update of a version                 | UPDATE RETURNING     | EVALSHA EVALSHA
update of a version, a lost race    | UPDATE RETURNING SELECT| EVALSHA EVALSHA EVALSHA
delete of a version, a lost race    | DELETE SELECT        | EVALSHA EVALSHA EVALSHA
delete of a version                 | DELETE               | EVALSHA EVALSHA
";

/// The same where rows have to be read back.
const WITHOUT_RETURNING: &str = "\
load_one of 4 rows, misses          | SELECT               | MGET EVALSHA EVALSHA
load_one of 4 rows, hits            | -                    | MGET
load_many of 3 rows, lists missing  | SELECT               | MGET EVALSHA EVALSHA MGET
load_many of 3 rows, hits           | -                    | MGET MGET
delete with what goes with it       | SELECT-LOCK SELECT-LOCK SELECT-LOCK SELECT-LOCK SELECT-LOCK DELETE| EVALSHA EVALSHA
delete, nothing goes with it        | DELETE               | EVALSHA EVALSHA
update of a version                 | UPDATE SELECT-LOCK   | EVALSHA EVALSHA
update of a version, a lost race    | UPDATE SELECT        | EVALSHA EVALSHA EVALSHA
delete of a version, a lost race    | DELETE SELECT        | EVALSHA EVALSHA EVALSHA
delete of a version                 | DELETE               | EVALSHA EVALSHA
";

#[tokio::test]
async fn relations_and_versions_cost_as_much_as_they_must_where_rows_are_returned() {
    let measured = measured(Backend::Postgres).await;
    assert_eq!(measured, WITH_RETURNING, "measured:\n{measured}");
}

#[tokio::test]
async fn relations_and_versions_cost_as_much_as_they_must_where_rows_are_read_back() {
    let measured = measured(Backend::MySql).await;
    assert_eq!(measured, WITHOUT_RETURNING, "measured:\n{measured}");
}
