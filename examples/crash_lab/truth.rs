//! What the database says: a trigger writes down every change in its order, and somebody looks at the rows all along.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, EntityTrait, Schema, Statement};
use tokio::time::sleep;

use crate::item;
use crate::record::Moment;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Somebody saw this value in the database, not later than at that moment.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    pub at: Moment,
    pub row: i32,
    pub value: i64,
}

/// Tables for a run, with all rows at 0.
pub async fn create(db: &DatabaseConnection, rows: impl Iterator<Item = i32>) -> Result<(), DbErr> {
    drop_tables(db).await?;
    let backend = db.get_database_backend();
    let table = Schema::new(backend).create_table_from_entity(item::Entity);
    db.execute(&table).await?;
    let (sequence, trigger) = match backend {
        DbBackend::Postgres => {
            db.execute_unprepared(
                "CREATE OR REPLACE FUNCTION writethrough_crash_lab_note() RETURNS trigger LANGUAGE plpgsql AS $$ \
                 BEGIN INSERT INTO writethrough_crash_lab_journal (item, value) VALUES (NEW.id, NEW.value); \
                 RETURN NULL; END $$",
            )
            .await?;
            ("BIGSERIAL PRIMARY KEY", "EXECUTE FUNCTION writethrough_crash_lab_note()")
        }
        DbBackend::MySql => (
            "BIGINT AUTO_INCREMENT PRIMARY KEY",
            "INSERT INTO writethrough_crash_lab_journal (item, value) VALUES (NEW.id, NEW.value)",
        ),
        _ => {
            // Writers of several processes wait less for each other.
            db.execute_unprepared("PRAGMA journal_mode = WAL").await?;
            (
                "INTEGER PRIMARY KEY AUTOINCREMENT",
                "BEGIN INSERT INTO writethrough_crash_lab_journal (item, value) VALUES (NEW.id, NEW.value); END",
            )
        }
    };
    db.execute_unprepared(&format!(
        "CREATE TABLE writethrough_crash_lab_journal \
         (sequence {sequence}, item INTEGER NOT NULL, value BIGINT NOT NULL CHECK (value >= 0))"
    ))
    .await?;
    db.execute_unprepared(&format!(
        "CREATE TRIGGER writethrough_crash_lab_note AFTER UPDATE ON writethrough_crash_lab_item FOR EACH ROW {trigger}"
    ))
    .await?;
    let rows = rows.map(|id| item::ActiveModel { id: sea_orm::Set(id), value: sea_orm::Set(0) });
    item::Entity::insert_many(rows).exec_without_returning(db).await?;
    Ok(())
}

pub async fn drop_tables(db: &DatabaseConnection) -> Result<(), DbErr> {
    for table in ["writethrough_crash_lab_item", "writethrough_crash_lab_journal"] {
        db.execute_unprepared(&format!("DROP TABLE IF EXISTS {table}")).await?;
    }
    if db.get_database_backend() == DbBackend::Postgres {
        db.execute_unprepared("DROP FUNCTION IF EXISTS writethrough_crash_lab_note").await?;
    }
    Ok(())
}

/// Row and value of every committed change, in the database's order.
pub async fn journal(db: &DatabaseConnection) -> Result<Vec<(i32, i64)>, DbErr> {
    let question = "SELECT item, value FROM writethrough_crash_lab_journal ORDER BY sequence";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), question)).await?;
    rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
}

/// One look at all rows.
pub async fn look(db: &DatabaseConnection, seen: &mut Vec<Seen>) -> Result<(), DbErr> {
    let items = item::Entity::find().all(db).await?;
    let at = Moment::now();
    seen.extend(items.into_iter().map(|item| Seen { at, row: item.id, value: item.value }));
    Ok(())
}

/// Looks until then.
pub async fn watch(db: &DatabaseConnection, ends: Moment, seen: &mut Vec<Seen>) -> Result<(), DbErr> {
    while Moment::now() < ends {
        look(db, seen).await?;
        sleep(PAUSE).await;
    }
    Ok(())
}
