//! Rows that somebody else changes: plain SQL, bulk statements, foreign keys.

use sea_orm::{ActiveValue::Set, ConnectionTrait, DatabaseConnection, EntityTrait, Schema};
use writethrough::__private::load_by_key;
use writethrough::{CachedEntity, PkValue, Source, Store};

use super::{NEVER, builder, emptied, quick, recorded, until};
use crate::support::databases::Backend;
use crate::support::entities::flight;
use crate::support::entities::keys::{Cabin, airline, airport, baggage, cabin_price, gate, passenger, seat, token};
use crate::support::entities::listed::leg;
use crate::support::entities::uniques::ticket;
use crate::support::stage::CacheKind;
use crate::support::stage::Stage;

/// The table, its triggers, and a store that knows the entity.
async fn watched<E: CachedEntity>(stage: &Stage, entity: E) -> (Store, DatabaseConnection) {
    stage.create_table(entity).await;
    let builder = builder(stage, quick()).await;
    let db = stage.plain().await;
    quick().create_triggers::<E>(&db).await.expect("triggers can be created");
    (builder.register::<E>().build().await.expect("a store"), db)
}

async fn run(db: &DatabaseConnection, sql: &str) {
    db.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

async fn load<E: CachedEntity>(store: &Store, id: impl Into<PkValue<E>>) -> (Option<E::Model>, Source) {
    let loaded = store.load::<E>(id).await.expect("loaded");
    (loaded.model, loaded.source)
}

/// Waits until the load gives this, and until it comes from the cache again.
async fn becomes<E>(store: &Store, id: impl Into<PkValue<E>> + Clone, expected: impl Fn(&Option<E::Model>) -> bool)
where
    E: CachedEntity,
{
    until("the change is read", async || expected(&load::<E>(store, id.clone()).await.0)).await;
}

on_every_stage! {
    async fn what_plain_statements_change_is_read_soon(stage: Stage) {
        let (store, db) = watched(&stage, flight::Entity).await;
        for id in 1..=3 {
            store.insert(flight::numbered(id, "LH")).await.expect("inserted");
        }
        assert!(load::<flight::Entity>(&store, 9).await.0.is_none(), "absence is remembered");
        emptied(&db).await;
        run(&db, "UPDATE flight SET gate = 'Z9' WHERE id <= 2").await;
        becomes::<flight::Entity>(&store, 1, |row| row.as_ref().is_some_and(|row| row.gate == "Z9")).await;
        becomes::<flight::Entity>(&store, 2, |row| row.as_ref().is_some_and(|row| row.gate == "Z9")).await;
        run(&db, "DELETE FROM flight WHERE id = 1").await;
        becomes::<flight::Entity>(&store, 1, Option::is_none).await;
        run(&db, "INSERT INTO flight (id, flight_no, gate, delay_minutes) VALUES (9, 'LH 9', 'A1', 0)").await;
        becomes::<flight::Entity>(&store, 9, Option::is_some).await;
        run(&db, "UPDATE flight SET id = 4 WHERE id = 3").await;
        becomes::<flight::Entity>(&store, 3, Option::is_none).await;
        becomes::<flight::Entity>(&store, 4, Option::is_some).await;
        emptied(&db).await;
    }

    async fn a_value_that_a_row_is_given_is_no_longer_taken_for_free(stage: Stage) {
        let (store, db) = watched(&stage, ticket::Entity).await;
        store.insert(ticket::numbered(1, "ann@example.com")).await.expect("inserted");
        emptied(&db).await;
        let by_code = async |code: i64| {
            load_by_key::<ticket::Entity, _>(ticket::CODE, vec![code.into()], &store).await.expect("loaded")
        };
        assert!(by_code(5).await.is_none() && by_code(6).await.is_none(), "absence is remembered");
        run(&db, "UPDATE ticket_unique SET code = 5 WHERE id = 1").await;
        until("the row is found by its new code", async || by_code(5).await.is_some()).await;
        run(&db, "UPDATE ticket_unique SET code = NULL WHERE id = 1").await;
        until("the row is not found by its old code", async || by_code(5).await.is_none()).await;
        emptied(&db).await;
    }

    async fn a_row_that_is_given_a_value_or_inserted_with_it_is_in_its_list(stage: Stage) {
        let (store, db) = watched(&stage, leg::Entity).await;
        store.insert(leg::flown(1, 5)).await.expect("inserted");
        emptied(&db).await;
        let by_airline = async |airline: i32| {
            leg::ids(&leg::Entity::load_all_cached_by_airline_id(airline, &store).await.expect("loaded"))
        };
        assert_eq!((by_airline(5).await, by_airline(6).await), (vec![1], vec![]));
        run(&db, "UPDATE leg SET airline_id = 6 WHERE id = 1").await;
        until("the row has moved", async || (by_airline(5).await, by_airline(6).await) == (vec![], vec![1])).await;
        run(&db, "INSERT INTO leg (id, airline_id, day, minutes) VALUES (2, 5, 1, 60)").await;
        until("the row is there", async || by_airline(5).await == [2]).await;
        run(&db, "DELETE FROM leg WHERE id = 2").await;
        until("the row is gone", async || by_airline(5).await.is_empty()).await;
        emptied(&db).await;
    }

    async fn keys_of_every_kind_are_found_again(stage: Stage) {
        let id = sea_orm::prelude::Uuid::from_u128(0x0193_e1d4_5c2f_7a3b_8c4d_5e6f_7081_92a3);
        let named = |store: &Store, name: &'static str| (store.clone(), name);
        macro_rules! seen {
            ($module:ident, $id:expr, $table:literal) => {{
                let stage = Stage::new(stage.backend, stage.cache).await;
                let (store, db) = watched(&stage, $module::Entity).await;
                let (store, name) = named(&store, "new");
                store.insert($module::named($id, "old")).await.expect("inserted");
                emptied(&db).await;
                // Our own write has fired the trigger, too.
                until("it is cached", async || load::<$module::Entity>(&store, $id).await.1 == Source::Cache).await;
                run(&db, concat!("UPDATE ", $table, " SET name = 'new'")).await;
                becomes::<$module::Entity>(&store, $id, |row| row.as_ref().is_some_and(|row| row.name == name)).await;
                emptied(&db).await;
                store.close().await.expect("nothing is left");
            }};
        }
        seen!(airport, "Zürich \"ZRH\" \\ {x}:%".to_owned(), "airport");
        seen!(airline, "l'été".to_owned(), "airline");
        seen!(passenger, id, "passenger");
        seen!(token, vec![0_u8, 255, 10], "token");
        seen!(cabin_price, Cabin::Business, "cabin_price");
        seen!(baggage, i64::MIN, "baggage");
        seen!(gate, true, "gate");
        seen!(seat, (115, "12A".to_owned()), "seat");
    }

    /// Nobody here knows the table when the row is recorded; a store that meets the entity later sees to it.
    async fn a_row_of_a_table_that_nobody_knows_waits_for_somebody_who_does(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let db = stage.plain().await;
        let plain = stage.store().await;
        plain.insert(flight::numbered(1, "LH 1")).await.expect("inserted");
        let store = builder(&stage, quick()).await.build().await.expect("a store");
        quick().create_triggers::<flight::Entity>(&db).await.expect("triggers can be created");
        run(&db, "UPDATE flight SET gate = 'Z9'").await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert_eq!(recorded(&db).await, 2, "the triggers and the row: nobody knows whose they are");
        let (row, _) = load::<flight::Entity>(&store, 1).await;
        assert_eq!(row.expect("a row").gate, "Z9", "the first load looks before it trusts the cache");
        emptied(&db).await;
    }

    /// A collation may take the two spellings of the key for one.
    async fn a_key_that_changes_its_case_leaves_no_old_row(stage: Stage) {
        let (store, db) = watched(&stage, airport::Entity).await;
        store.insert(airport::named("BER".to_owned(), "old")).await.expect("inserted");
        emptied(&db).await;
        until("it is cached", async || load::<airport::Entity>(&store, "BER").await.1 == Source::Cache).await;
        run(&db, "UPDATE airport SET id = 'ber', name = 'new' WHERE id = 'BER'").await;
        becomes::<airport::Entity>(&store, "BER", |row| row.as_ref().is_none_or(|row| row.name == "new")).await;
        emptied(&db).await;
    }

    async fn dropped_triggers_record_nothing(stage: Stage) {
        let (store, db) = watched(&stage, flight::Entity).await;
        store.insert(flight::numbered(1, "LH 1")).await.expect("inserted");
        quick().create_triggers::<flight::Entity>(&db).await.expect("triggers can be created again");
        quick().drop_triggers::<flight::Entity>(&db).await.expect("triggers can be dropped");
        quick().drop_triggers::<flight::Entity>(&db).await.expect("there are none any more");
        emptied(&db).await;
        run(&db, "UPDATE flight SET gate = 'Z9'").await;
        assert_eq!(recorded(&db).await, 0);
    }
}

/// A relay that looks once an hour is woken by the database itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_wakes_the_relay_at_once() {
    let stage = Stage::new(Backend::Postgres, CacheKind::Redis).await;
    stage.create_table(flight::Entity).await;
    let patient = writethrough::OutboxOptions::new().interval(NEVER);
    let builder = builder(&stage, patient.clone()).await;
    let db = stage.plain().await;
    patient.create_triggers::<flight::Entity>(&db).await.expect("triggers can be created");
    let store = builder.register::<flight::Entity>().build().await.expect("a store");
    store.insert(flight::numbered(1, "LH 1")).await.expect("inserted");
    emptied(&db).await;
    run(&db, "UPDATE flight SET gate = 'Z9'").await;
    becomes::<flight::Entity>(&store, 1, |row| row.as_ref().is_some_and(|row| row.gate == "Z9")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_tells_of_a_truncated_table() {
    let stage = Stage::new(Backend::Postgres, CacheKind::Redis).await;
    let (store, db) = watched(&stage, flight::Entity).await;
    store.insert(flight::numbered(1, "LH 1")).await.expect("inserted");
    emptied(&db).await;
    run(&db, "TRUNCATE flight").await;
    becomes::<flight::Entity>(&store, 1, Option::is_none).await;
}

/// Triggers run in every write of everybody: the table must take what the tables take.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_another_character_set_takes_every_key() {
    let stage = Stage::new(Backend::MySql, CacheKind::Redis).await;
    let db = stage.plain().await;
    run(&db, "ALTER DATABASE CHARACTER SET latin1").await;
    let outbox = builder(&stage, quick()).await;
    run(&db, "CREATE TABLE airport (id VARCHAR(64) CHARACTER SET utf8mb4 PRIMARY KEY, name VARCHAR(64))").await;
    quick().create_triggers::<airport::Entity>(&db).await.expect("triggers can be created");
    let store = outbox.register::<airport::Entity>().build().await.expect("a store");
    run(&db, "INSERT INTO airport (id, name) VALUES ('東京', 'old')").await;
    emptied(&db).await;
    until("it is cached", async || load::<airport::Entity>(&store, "東京").await.1 == Source::Cache).await;
    run(&db, "UPDATE airport SET name = 'new'").await;
    becomes::<airport::Entity>(&store, "東京", |row| row.as_ref().is_some_and(|row| row.name == "new")).await;
}

/// The rows that a foreign key's action changes fire triggers on PostgreSQL and SQLite, and none on MariaDB.
async fn what_a_foreign_key_deletes(backend: Backend) {
    let stage = Stage::new(backend, CacheKind::Redis).await;
    let db = stage.plain().await;
    let outbox = builder(&stage, quick()).await;
    run(&db, "CREATE TABLE parent (id INT PRIMARY KEY)").await;
    let schema = Schema::new(db.get_database_backend());
    let mut table = schema.create_table_from_entity(flight::Entity);
    let mut to_parent = sea_orm::sea_query::ForeignKey::create();
    let cascade = sea_orm::sea_query::ForeignKeyAction::Cascade;
    to_parent.from(flight::Entity, flight::Column::DelayMinutes).to("parent", "id").on_delete(cascade);
    db.execute(table.foreign_key(&mut to_parent)).await.expect("the table can be created");
    run(&db, "INSERT INTO parent (id) VALUES (7)").await;
    quick().create_triggers::<flight::Entity>(&db).await.expect("triggers can be created");
    let store = outbox.register::<flight::Entity>().build().await.expect("a store");
    let child = flight::ActiveModel { delay_minutes: Set(7), ..flight::numbered(1, "LH 1") };
    store.insert(child).await.expect("inserted");
    emptied(&db).await;
    run(&db, "DELETE FROM parent").await;
    assert!(flight::Entity::find().one(&db).await.expect("the database answers").is_none());
    becomes::<flight::Entity>(&store, 1, Option::is_none).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_foreign_key_deletes_is_seen_on_postgres() {
    what_a_foreign_key_deletes(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_foreign_key_deletes_is_seen_on_sqlite() {
    what_a_foreign_key_deletes(Backend::Sqlite).await;
}
