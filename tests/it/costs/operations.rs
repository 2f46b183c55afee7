//! Every operation once, with what it sends.

use std::fmt::Write;

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseConnection, EntityTrait, ModelTrait, QueryFilter, Schema,
    Value,
};
use writethrough::__private::{invalidate, load_by_key, load_lists};
use writethrough::{RedisOptions, Store, WarmOptions};

use crate::support::databases::{Backend, TestDatabase};
use crate::support::entities::keys::{PassengerId, airport, passenger};
use crate::support::entities::listed::leg;
use crate::support::entities::uniques::ticket;
use crate::support::entities::{coded, flight};
use crate::support::probe::Probe;
use crate::support::redis::RedisServer;
use crate::support::statements::StatementLog;
use crate::support::wire::Monitor;

const NAMESPACE: &str = "costs";

/// The table of all operations.
pub(super) async fn measured(backend: Backend, redis: &RedisServer) -> String {
    let database = TestDatabase::create(backend).await;
    let mut db = database.connect().await;
    create_table(&db, flight::Entity).await;
    create_table(&db, coded::Entity).await;
    create_table(&db, airport::Entity).await;
    create_table(&db, passenger::Entity).await;
    create_table(&db, ticket::Entity).await;
    create_table(&db, leg::Entity).await;
    let log = StatementLog::attach(&mut db);
    let store = Store::builder().database(db).redis(RedisOptions::new(redis.url())).namespace(NAMESPACE);
    let store = store.cache_timeout(std::time::Duration::from_secs(5)).build().await.expect("a store");
    let mut bill = Bill::new(log, Monitor::of(&redis.url()).await);
    warm_up(&store).await;
    let probe = Probe::on_redis(&redis.url(), NAMESPACE).await;
    loads(&mut bill, &store, &probe).await;
    loads_by_key(&mut bill, &store).await;
    loads_of_lists(&mut bill, &store).await;
    inserts(&mut bill, &store).await;
    updates(&mut bill, &store).await;
    saves(&mut bill, &store).await;
    deletes(&mut bill, &store).await;
    together(&mut bill, &store).await;
    let invalidated = flight::Entity::invalidate(1001, &store);
    bill.item("invalidate", invalidated).await.expect("invalidate");
    bill.table
}

/// What is written down.
pub(super) struct Bill {
    log: StatementLog,
    monitor: Monitor,
    pub(super) table: String,
}

impl Bill {
    pub(super) fn new(log: StatementLog, monitor: Monitor) -> Self {
        Self { log, monitor, table: String::new() }
    }

    pub(super) async fn item<T>(&mut self, operation: &str, work: impl Future<Output = T>) -> T {
        self.start().await;
        let result = work.await;
        let commands = self.monitor.take().await;
        let statements = self.log.take();
        // A relay's are not the operation's.
        let is_relays = |sql: &String| !sql.starts_with("INSERT") && sql.contains("writethrough_outbox");
        let statements: Vec<_> = statements.iter().filter(|sql| !is_relays(sql)).map(|sql| shape(sql)).collect();
        writeln!(self.table, "{operation:<36}| {:<21}| {}", listed(&statements), listed(&commands)).expect("a string");
        result
    }

    /// How many statements and commands it takes.
    pub(super) async fn count<T>(&mut self, work: impl Future<Output = T>) -> (T, (usize, usize)) {
        self.start().await;
        let result = work.await;
        let commands = self.monitor.take().await.len();
        (result, (self.log.take().len(), commands))
    }

    /// Forgets what came before.
    async fn start(&mut self) {
        self.monitor.take().await;
        self.log.take();
    }
}

fn listed(items: &[String]) -> String {
    if items.is_empty() { "-".to_owned() } else { items.join(" ") }
}

/// The kind of a statement.
fn shape(sql: &str) -> String {
    let verb = sql.split_whitespace().next().unwrap_or_default();
    if sql.contains("writethrough_outbox") {
        "RECORD".to_owned()
    } else if sql.contains(" FOR UPDATE") {
        format!("{verb}-LOCK")
    } else if sql.contains(" RETURNING ") {
        format!("{verb} RETURNING")
    } else {
        verb.to_owned()
    }
}

pub(super) async fn create_table<E: EntityTrait>(db: &DatabaseConnection, entity: E) {
    let statement = Schema::new(db.get_database_backend()).create_table_from_entity(entity);
    db.execute(&statement).await.expect("a table");
}

/// Each script once, so that the server knows it.
async fn warm_up(store: &Store) {
    let saved = flight::numbered(1900, "WT").insert_through(store).await.expect("insert");
    saved.invalidate(store).await.expect("invalidate");
    flight::Entity::load_cached(1900, store).await.expect("load");
    airport::Entity::load_cached("warm", store).await.expect("load");
}

async fn loads(bill: &mut Bill, store: &Store, probe: &Probe) {
    let load = |id: i32| flight::Entity::load_cached(id, store);
    flight::numbered(1001, "WT").insert_through(store).await.expect("insert");
    flight::Entity::invalidate(1001, store).await.expect("invalidate");
    bill.item("load, a miss", load(1001)).await.expect("load");
    bill.item("load, a hit", load(1001)).await.expect("load");
    bill.item("load, no such row", load(1099)).await.expect("load");
    bill.item("load, remembered absence", load(1099)).await.expect("load");
    bill.item("load, text key, no such row", airport::Entity::load_cached("XXX", store)).await.expect("load");

    let writer = probe.fence::<flight::Entity>(1001).await;
    bill.item("load while a writer is under way", load(1001)).await.expect("load");
    probe.finish::<flight::Entity>(1001, writer).await;
    load(1001).await.expect("load");

    let many = |ids: [i32; 3]| flight::Entity::load_many_cached(ids, store);
    bill.item("load of 3, one cached", many([1001, 1002, 1003])).await.expect("load");
    bill.item("load of 3, all cached", many([1003, 1002, 1001])).await.expect("load");
}

async fn loads_by_key(bill: &mut Bill, store: &Store) {
    let ann = ticket::numbered(1, "ann@x").insert(store.database()).await.expect("insert");
    let load = |key, values| load_by_key::<ticket::Entity, _>(key, values, store);
    let by_code = |number| load(ticket::CODE, ticket::code(number));
    bill.item("load by key, a miss", by_code(1001)).await.expect("load");
    bill.item("load by key, then the row a miss", by_code(1001)).await.expect("load");
    bill.item("load by key, a hit", by_code(1001)).await.expect("load");
    ann.delete(store.database()).await.expect("delete");
    invalidate::<ticket::Entity, _>(1, store).await.expect("invalidate");
    bill.item("load by key, a pointer left behind", by_code(1001)).await.expect("load");
    bill.item("load by key, no such row", by_code(1002)).await.expect("load");
    bill.item("load by key, remembered absence", by_code(1002)).await.expect("load");
    bill.item("load by key, text, no such row", load(ticket::MAIL, ticket::mail("ann@x"))).await.expect("load");
    bill.item("load by key, NULL", load(ticket::CODE, vec![Value::BigInt(None)])).await.expect("load");
}

async fn loads_of_lists(bill: &mut Bill, store: &Store) {
    for (id, airline) in [(1, 5), (2, 5), (3, 6)] {
        leg::flown(id, airline).insert(store.database()).await.expect("insert");
    }
    let load = |airline| leg::Entity::load_all_cached_by_airline_id(airline, store);
    bill.item("load of a list, a miss", load(5)).await.expect("load");
    bill.item("load of a list, a hit", load(5)).await.expect("load");
    leg::Entity::invalidate(1, store).await.expect("invalidate");
    bill.item("load of a list, a row a miss", load(5)).await.expect("load");
    bill.item("load of a list, no rows", load(7)).await.expect("load");
    bill.item("load of a list, remembered absence", load(7)).await.expect("load");
    let many = || load_lists::<leg::Entity, _>(leg::BY_AIRLINE, [5, 6, 7].map(|id| vec![id.into()]).to_vec(), store);
    bill.item("load of 3 lists, one a miss", many()).await.expect("load");
    bill.item("load of 3 lists, a hit", many()).await.expect("load");
    bill.item("insert into lists", leg::flown(4, 5).insert_through(store)).await.expect("insert");
    bill.item("update to another list", leg::moved(4, 6).update_through(store)).await.expect("update");
    let minutes = leg::ActiveModel { id: Set(4), minutes: Set(61), ..Default::default() };
    bill.item("update within its lists", minutes.update_through(store)).await.expect("update");
}

async fn inserts(bill: &mut Bill, store: &Store) {
    bill.item("insert, generated key", flight::departure("WT").insert_through(store)).await.expect("insert");
    bill.item("insert, own key", flight::numbered(1050, "WT").insert_through(store)).await.expect("insert");
    bill.item("insert, text key", airport::named("BER".into(), "Berlin").insert_through(store)).await.expect("insert");
    let duplicate = flight::numbered(1050, "WT").insert_through(store);
    bill.item("insert, duplicate key", duplicate).await.expect_err("a duplicate");
    let code = || coded::ActiveModel { code: Set("one".into()), ..Default::default() };
    code().insert_through(store).await.expect("insert");
    bill.item("insert, duplicate value", code().insert_through(store)).await.expect_err("a duplicate");
}

async fn updates(bill: &mut Bill, store: &Store) {
    let delay = |id, minutes| flight::delay(id, minutes).update_through(store);
    let nothing = |id| flight::ActiveModel { id: Set(id), ..Default::default() }.update_through(store);
    bill.item("update", delay(1050, 10)).await.expect("update");
    let text = airport::named("BER".into(), "Brandenburg").update_through(store);
    bill.item("update, text key", text).await.expect("update");
    bill.item("update, the same value", delay(1050, 10)).await.expect("update");
    bill.item("update, nothing set", nothing(1050)).await.expect("update");
    bill.item("update, no such row", delay(1098, 10)).await.expect_err("no such row");
    bill.item("update, nothing set, no such row", nothing(1098)).await.expect_err("no such row");
    let without_key = flight::departure("WT").update_through(store);
    bill.item("update without a key", without_key).await.expect_err("no key");
}

async fn saves(bill: &mut Bill, store: &Store) {
    bill.item("save, no key", flight::departure("WT").save_through(store)).await.expect("insert");
    bill.item("save, known key", flight::delay(1050, 20).save_through(store)).await.expect("update");
    let fresh = passenger::named(PassengerId::from_u128(1), "Amelia").save_through(store);
    bill.item("save, new key of our own", fresh).await.expect_err("no such row");
}

async fn deletes(bill: &mut Bill, store: &Store) {
    let delete = |id: i32| flight::delay(id, 0).delete_through(store);
    assert!(bill.item("delete", delete(1050)).await.expect("delete"));
    assert!(!bill.item("delete, no such row", delete(1050)).await.expect("delete"));
    assert!(bill.item("delete by id", flight::Entity::delete_by_id_through(1001, store)).await.expect("delete"));
    let text = || airport::Entity::delete_by_id_through("BER", store);
    assert!(bill.item("delete, text key", text()).await.expect("delete"));
    assert!(!bill.item("delete, text key, no such row", text()).await.expect("delete"));
    let without_key = flight::departure("WT").delete_through(store);
    bill.item("delete without a key", without_key).await.expect_err("no key");
}

async fn together(bill: &mut Bill, store: &Store) {
    for id in 1101..=1103 {
        flight::numbered(id, "WT").insert_through(store).await.expect("insert");
    }
    let three = store.transaction(async |tx| {
        for id in 1101..=1103 {
            flight::delay(id, 5).update_through(tx).await?;
        }
        Ok::<_, writethrough::Error>(())
    });
    bill.item("a transaction of 3 updates", three).await.expect("a transaction");
    let rolled_back = async {
        let tx = store.begin().await.expect("a transaction");
        flight::delay(1101, 6).update_through(&tx).await.expect("update");
        tx.rollback().await.expect("rollback");
    };
    bill.item("a transaction that is rolled back", rolled_back).await;
    let later = OnConflict::column(flight::Column::Id).update_column(flight::Column::DelayMinutes).to_owned();
    let upsert = flight::numbered(1101, "WT").upsert_through(later, store);
    bill.item("upsert", upsert).await.expect("upsert");
    flight::Entity::invalidate_all(store).await.expect("invalidate");
    let three = flight::Entity::find().filter(flight::Column::Id.between(1101, 1103));
    let warm = || flight::Entity::warm(three.clone(), WarmOptions::new(), store);
    bill.item("warm, 3 rows missing", warm()).await.expect("a warm-up");
    bill.item("warm, 3 rows cached", warm()).await.expect("a warm-up");
}
