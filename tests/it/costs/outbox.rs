//! What the outbox costs: one more statement in the transaction of each write, whatever number of keys it has, and no more
//! commands to Redis. The rows are removed in the background, those of many writes by one statement.

use std::time::Duration;

use writethrough::{Error, OutboxOptions, RedisOptions, Store};

use super::operations::{Bill, create_table};
use crate::support::databases::{Backend, TestDatabase};
use crate::support::entities::flight;
use crate::support::entities::keys::airport;
use crate::support::redis::RedisServer;
use crate::support::statements::StatementLog;
use crate::support::wire::Monitor;

const WITH_RETURNING: &str = "\
load, a miss                        | SELECT               | GET EVALSHA EVALSHA
load, a hit                         | -                    | GET
insert, generated key               | INSERT RETURNING RECORD| EVALSHA EVALSHA
update                              | UPDATE RETURNING RECORD| EVALSHA EVALSHA
delete                              | DELETE RECORD        | EVALSHA EVALSHA
delete, text key                    | DELETE RETURNING RECORD| EVALSHA EVALSHA
a transaction of 3 updates          | UPDATE RETURNING UPDATE RETURNING UPDATE RETURNING RECORD| EVALSHA EVALSHA
a transaction that is rolled back   | UPDATE RETURNING     | -
";

const WITHOUT_RETURNING: &str = "\
load, a miss                        | SELECT               | GET EVALSHA EVALSHA
load, a hit                         | -                    | GET
insert, generated key               | INSERT SELECT-LOCK RECORD| EVALSHA EVALSHA
update                              | UPDATE SELECT-LOCK RECORD| EVALSHA EVALSHA
delete                              | DELETE RECORD        | EVALSHA EVALSHA
delete, text key                    | SELECT-LOCK DELETE RECORD| EVALSHA EVALSHA
a transaction of 3 updates          | UPDATE SELECT-LOCK UPDATE SELECT-LOCK UPDATE SELECT-LOCK RECORD| EVALSHA EVALSHA
a transaction that is rolled back   | UPDATE SELECT-LOCK   | -
";

async fn measured(backend: Backend) -> String {
    let redis = RedisServer::start([]);
    let database = TestDatabase::create(backend).await;
    let mut db = database.connect().await;
    create_table(&db, flight::Entity).await;
    create_table(&db, airport::Entity).await;
    let outbox = OutboxOptions::new().interval(Duration::from_secs(3600));
    outbox.create_table(&db).await.expect("a table");
    let log = StatementLog::attach(&mut db);
    let builder = Store::builder().database(db).redis(RedisOptions::new(redis.url())).namespace("costs").outbox(outbox);
    let builder = builder.register::<flight::Entity>().register::<airport::Entity>();
    let store = builder.cache_timeout(Duration::from_secs(5)).build().await.expect("a store");
    let mut bill = Bill::new(log, Monitor::of(&redis.url()).await);

    let id = flight::departure("WT").insert_through(&store).await.expect("insert").id;
    airport::named("BER".into(), "Berlin").insert_through(&store).await.expect("insert");
    flight::Entity::invalidate(id, &store).await.expect("invalidate");
    flight::Entity::load_cached(id, &store).await.expect("load");
    flight::Entity::invalidate(id, &store).await.expect("invalidate");
    bill.item("load, a miss", flight::Entity::load_cached(id, &store)).await.expect("load");
    bill.item("load, a hit", flight::Entity::load_cached(id, &store)).await.expect("load");
    bill.item("insert, generated key", flight::departure("WT").insert_through(&store)).await.expect("insert");
    bill.item("update", flight::delay(id, 10).update_through(&store)).await.expect("update");
    bill.item("delete", flight::Entity::delete_by_id_through(id, &store)).await.expect("delete");
    bill.item("delete, text key", airport::Entity::delete_by_id_through("BER", &store)).await.expect("delete");
    let mut rows = Vec::new();
    for _ in 0..3 {
        rows.push(flight::departure("WT").insert_through(&store).await.expect("insert").id);
    }
    let three = store.transaction(async |tx| {
        for id in &rows {
            flight::delay(*id, 5).update_through(tx).await?;
        }
        Ok::<_, Error>(())
    });
    bill.item("a transaction of 3 updates", three).await.expect("a transaction");
    let rolled_back = async {
        let tx = store.begin().await.expect("a transaction");
        flight::delay(rows[0], 6).update_through(&tx).await.expect("update");
        tx.rollback().await.expect("rollback");
    };
    bill.item("a transaction that is rolled back", rolled_back).await;
    bill.table
}

#[tokio::test]
async fn what_the_outbox_costs_on_sqlite() {
    assert_eq!(measured(Backend::Sqlite).await, WITH_RETURNING);
}

#[tokio::test]
async fn what_the_outbox_costs_on_postgres() {
    assert_eq!(measured(Backend::Postgres).await, WITH_RETURNING);
}

#[tokio::test]
async fn what_the_outbox_costs_on_mysql() {
    assert_eq!(measured(Backend::MySql).await, WITHOUT_RETURNING);
}

/// Rows of many writes go by one statement.
#[tokio::test]
async fn rows_of_many_writes_are_removed_together() {
    let database = TestDatabase::create(Backend::Postgres).await;
    let mut db = database.connect().await;
    create_table(&db, flight::Entity).await;
    let outbox = OutboxOptions::new().interval(Duration::from_secs(3600));
    outbox.create_table(&db).await.expect("a table");
    let log = StatementLog::attach(&mut db);
    let store = Store::builder().database(db.clone()).namespace("costs").outbox(outbox).build().await.expect("a store");
    let rows = (0..40).map(|_| flight::departure("WT").insert_through(&store));
    futures_util::future::try_join_all(rows).await.expect("inserted");
    store.close().await.expect("nothing is left");
    let removals = log.take().iter().filter(|sql| sql.starts_with("DELETE")).count();
    assert!((1..40).contains(&removals), "{removals} statements");
}
