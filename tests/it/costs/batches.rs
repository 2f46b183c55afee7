//! What many rows cost in one call: far less than each by itself.

use std::time::Duration;

use sea_orm::ColumnTrait;
use writethrough::{RedisOptions, Store};

use super::operations::{Bill, create_table};
use crate::support::databases::{Backend, TestDatabase};
use crate::support::entities::flight::{Column, Entity, delay, departure};
use crate::support::redis::RedisServer;
use crate::support::statements::StatementLog;
use crate::support::wire::Monitor;

const ROWS: i32 = 1_000;

/// Statements and commands to Redis of: an insert, a load, a bulk update, a bulk delete of a thousand rows.
async fn measured(backend: Backend) -> Vec<(usize, usize)> {
    let redis = RedisServer::start([]);
    let database = TestDatabase::create(backend).await;
    let mut db = database.connect().await;
    create_table(&db, Entity).await;
    let log = StatementLog::attach(&mut db);
    let builder = Store::builder().database(db).redis(RedisOptions::new(redis.url())).namespace("costs");
    let store = builder.cache_timeout(Duration::from_secs(5)).build().await.expect("a store");
    let mut bill = Bill::new(log, Monitor::of(&redis.url()).await);
    let warm = departure("WT").insert_through(&store).await.expect("insert").id;

    let mut costs = Vec::new();
    let rows = Entity::insert_many_through((0..ROWS).map(|number| departure(&format!("WT {number}"))), &store);
    let (rows, cost) = bill.count(rows).await;
    costs.push(cost);
    let ids: Vec<_> = rows.expect("inserted").iter().map(|row| row.id).collect();
    let (loaded, cost) = bill.count(Entity::load_many_cached(ids.clone(), &store)).await;
    assert!(loaded.expect("loaded").iter().all(Option::is_some));
    costs.push(cost);
    let (saved, cost) = bill.count(Entity::save_many_through(ids.iter().map(|id| delay(*id, *id)), &store)).await;
    assert!(saved.expect("saved").iter().all(|row| row.delay_minutes == row.id));
    costs.push(cost);
    let others = Column::Id.ne(warm);
    let update = Entity::update_many_through().set(Column::Gate, "B1").filter(others.clone());
    let (updated, cost) = bill.count(update.exec(&store)).await;
    assert_eq!(updated.expect("updated"), 1_000);
    costs.push(cost);
    let (deleted, cost) = bill.count(Entity::delete_many_through().filter(others).exec(&store)).await;
    assert_eq!(deleted.expect("deleted"), 1_000);
    costs.push(cost);
    costs
}

#[tokio::test]
async fn a_thousand_rows_cost_a_handful_of_statements_where_rows_are_returned() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        assert_eq!(measured(backend).await, [(1, 4), (0, 2), (4, 4), (1, 4), (1, 4)], "{backend:?}");
    }
}

#[tokio::test]
async fn a_thousand_rows_cost_a_handful_of_statements_where_they_are_read_back() {
    assert_eq!(measured(Backend::MySql).await, [(3, 4), (0, 2), (8, 4), (3, 4), (2, 4)]);
}
