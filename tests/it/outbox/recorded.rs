//! What a write records, and when that goes.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, Statement};
use writethrough::{Error, OutboxOptions, Source, Store};

use super::{NEVER, builder, emptied, quick, recorded};
use crate::support::entities::flight;
use crate::support::entities::policies::refresh_later;
use crate::support::stage::Stage;

on_every_stage! {
    /// No relay comes by: the store itself removes what the cache has acknowledged.
    async fn every_write_is_recorded_with_its_commit_and_removed_with_its_refresh(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let db = stage.plain().await;
        let store = builder(&stage, OutboxOptions::new().interval(NEVER)).await.register::<flight::Entity>().build().await.expect("a store");
        let first = store.insert(flight::departure("LH 1")).await.expect("inserted").model;
        emptied(&db).await;
        store.update(flight::delay(first.id, 5)).await.expect("updated");
        store.save(flight::gate(first.id, "B2")).await.expect("saved");
        store.insert(flight::numbered(77, "LH 77")).await.expect("inserted under a key of our own");
        let other = OnConflict::column(flight::Column::Id).update_column(flight::Column::Gate).to_owned();
        store.upsert(flight::ActiveModel { gate: Set("C3".to_owned()), ..flight::numbered(77, "x") }, other).await.expect("upserted");
        store.transaction(async |tx| {
            flight::delay(first.id, 9).save_through(tx).await?;
            flight::Entity::delete_by_id_through(77, tx).await.map(drop)
        }).await.expect("committed");
        emptied(&db).await;
        assert_eq!(store.load::<flight::Entity>(first.id).await.expect("loaded").source, Source::Cache);
        store.delete_by_id::<flight::Entity>(first.id).await.expect("deleted");
        emptied(&db).await;
        assert_eq!(ever_recorded(&db).await, 8);
        store.close().await.expect("nothing is left");
    }

    async fn all_keys_of_a_batch_are_recorded_with_its_commit_and_removed_with_its_refresh(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let db = stage.plain().await;
        let store = builder(&stage, OutboxOptions::new().interval(NEVER)).await.register::<flight::Entity>().build().await.expect("a store");
        // More than one statement of the outbox takes.
        let rows = store.insert_many((1..=1_200).map(|id| flight::numbered(id, "LH"))).await.expect("inserted").model;
        emptied(&db).await;
        store.save_many(rows.iter().take(10).map(|row| flight::delay(row.id, 5))).await.expect("saved");
        let update = flight::Entity::update_many_through().set(flight::Column::Gate, "B2");
        store.update_many(update.filter(flight::Column::Id.lte(20))).await.expect("updated");
        let delete = flight::Entity::delete_many_through().filter(flight::Column::Id.lte(5));
        store.delete_many(delete).await.expect("deleted");
        emptied(&db).await;
        assert_eq!(ever_recorded(&db).await, 1_235);
        assert_eq!(store.load::<flight::Entity>(7).await.expect("loaded").source, Source::Cache);
        store.close().await.expect("nothing is left");
    }

    async fn a_transaction_that_is_rolled_back_records_nothing(stage: Stage) {
        stage.create_table(flight::Entity).await;
        let db = stage.plain().await;
        let store = builder(&stage, OutboxOptions::new().interval(NEVER)).await.register::<flight::Entity>().build().await.expect("a store");
        let failed: Result<(), Error> = store.transaction(async |tx| {
            flight::numbered(1, "LH 1").insert_through(tx).await?;
            flight::numbered(1, "LH 1").insert_through(tx).await.map(drop)
        }).await;
        assert!(failed.expect_err("two rows of one key").is_unique_violation());
        store.insert(flight::numbered(2, "LH 2")).await.expect("inserted");
        store.insert(flight::numbered(2, "LH 2")).await.expect_err("two rows of one key");
        emptied(&db).await;
        assert_eq!(ever_recorded(&db).await, 1);
        store.close().await.expect("nothing is left");
    }

    async fn what_is_refreshed_later_stays_recorded_until_then(stage: Stage) {
        stage.create_table(refresh_later::Entity).await;
        let db = stage.plain().await;
        let store = builder(&stage, OutboxOptions::new().interval(NEVER)).await.register::<flight::Entity>().build().await.expect("a store");
        for number in 0..20 {
            store.insert(refresh_later::priced(number, 100)).await.expect("inserted");
        }
        emptied(&db).await;
        store.close().await.expect("nothing is left");
    }
}

#[tokio::test]
async fn a_store_whose_outbox_is_not_there_says_what_to_do() {
    let db = sea_orm::Database::connect("sqlite::memory:").await.expect("a database");
    let built = Store::builder().database(db).outbox(quick()).build().await;
    let error = built.expect_err("there is no table").to_string();
    assert!(error.contains("OutboxOptions::create_table"), "{error}");
}

#[tokio::test]
async fn options_out_of_their_range_are_refused() {
    let build = async |outbox: OutboxOptions| {
        let error = Store::builder().database_url("sqlite::memory:").outbox(outbox).build().await;
        error.expect_err("refused").to_string()
    };
    let short = build(OutboxOptions::new().interval(std::time::Duration::from_millis(1))).await;
    assert!(short.contains("between 100ms and 3600s"), "{short}");
    let quoted = build(OutboxOptions::new().table("a\"b")).await;
    assert!(quoted.contains("no quotes"), "{quoted}");
}

/// Nobody came who knew their table, and no entry is that old.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_outlived_every_entry_are_removed() {
    use crate::support::databases::Backend;
    use crate::support::stage::CacheKind;

    for (backend, long_ago) in [
        (Backend::Sqlite, "datetime('now', '-31 days')"),
        (Backend::Postgres, "now() - interval '31 days'"),
        (Backend::MySql, "now() - interval 31 day"),
    ] {
        let stage = Stage::new(backend, CacheKind::Memory).await;
        let builder = builder(&stage, quick()).await;
        let db = stage.plain().await;
        for recorded_at in [long_ago, "CURRENT_TIMESTAMP"] {
            let insert = format!(
                "INSERT INTO writethrough_outbox (kind, table_name, target, recorded_at) \
                 VALUES ('row', 'gone', '{{}}', {recorded_at})"
            );
            db.execute_unprepared(&insert).await.expect("inserted");
        }
        let _store = builder.build().await.expect("a store");
        super::until("the old row is gone", async || recorded(&db).await == 1).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn close_removes_what_the_cache_has_acknowledged() {
    use crate::support::databases::Backend;
    use crate::support::stage::CacheKind;

    let stage = Stage::new(Backend::Postgres, CacheKind::Redis).await;
    stage.create_table(flight::Entity).await;
    let db = stage.plain().await;
    let store = builder(&stage, OutboxOptions::new().interval(NEVER))
        .await
        .register::<flight::Entity>()
        .build()
        .await
        .expect("a store");
    store.insert(flight::departure("LH 1")).await.expect("inserted");
    store.close().await.expect("nothing is left");
    assert_eq!(recorded(&db).await, 0);
}

/// Rows that ever stood in the outbox: its numbers are not given twice.
async fn ever_recorded(db: &sea_orm::DatabaseConnection) -> i64 {
    let backend = db.get_database_backend();
    let insert = "INSERT INTO writethrough_outbox (kind, table_name, target) VALUES ('key', 'x', 'x')";
    db.execute_unprepared(insert).await.expect("inserted");
    let last = Statement::from_string(backend, "SELECT MAX(id) FROM writethrough_outbox");
    let row = db.query_one_raw(last).await.expect("the table is there").expect("a row");
    row.try_get_by_index::<i64>(0).expect("a number") - 1
}
