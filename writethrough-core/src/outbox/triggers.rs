//! Triggers that record who else changes a table of a cached entity.
//!
//! Each changed row leaves its key columns as JSON. A row whose primary key changes leaves both.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, IdenStatic, Iterable, PrimaryKeyToColumn};
use sha2::{Digest, Sha256};

use crate::entity::{CachedEntity, Spelling, facts, recorded_columns};

/// What of a table's name is kept in those of its triggers: room for a hash and the event in 63 bytes.
const KEPT: usize = 28;

/// The triggers of one entity on one database.
pub(super) struct Triggers {
    backend: DbBackend,
    /// The outbox, quoted.
    outbox: String,
    /// The channel that wakes relays on PostgreSQL, as a literal.
    channel: String,
    /// The entity's table, quoted.
    table: String,
    /// Its schema in front of names of functions and triggers, quoted, with a dot.
    schema: String,
    /// What the relay knows the table by, as a literal.
    label: String,
    /// What names of triggers start with.
    name: String,
    /// Columns of the primary key, quoted.
    primary: Vec<String>,
    /// The columns that are recorded; `None` where they cannot tell the row.
    columns: Option<Vec<(&'static str, Spelling)>>,
}

/// Which image of the row.
#[derive(Clone, Copy)]
enum Image {
    Old,
    New,
}

impl Image {
    fn name(self) -> &'static str {
        match self {
            Self::Old => "OLD",
            Self::New => "NEW",
        }
    }
}

impl Triggers {
    pub(super) fn of<E: CachedEntity>(outbox: &str, backend: DbBackend) -> Self {
        let entity = E::default();
        let schema = entity.schema_name().map(|schema| format!("{}.", quoted(backend, schema))).unwrap_or_default();
        let primary = E::PrimaryKey::iter().map(|part| quoted(backend, part.into_column().as_str()));
        Self {
            backend,
            outbox: quoted(backend, outbox),
            channel: literal(backend, outbox),
            table: format!("{schema}{}", quoted(backend, entity.table_name())),
            schema,
            label: literal(backend, &facts::<E>().table),
            name: unique_name(&[outbox, entity.schema_name().unwrap_or_default(), entity.table_name()]),
            primary: primary.collect(),
            columns: recorded_columns::<E>(),
        }
    }

    pub(super) async fn create(&self, db: &impl ConnectionTrait) -> Result<(), DbErr> {
        execute(db, [self.dropping(), self.creating()].concat()).await
    }

    pub(super) async fn drop(&self, db: &impl ConnectionTrait) -> Result<(), DbErr> {
        execute(db, self.dropping()).await
    }

    /// What was changed before the triggers were there, or between the old ones and the new, is recorded as a whole.
    fn creating(&self) -> Vec<String> {
        let mut statements = match self.backend {
            DbBackend::Postgres => self.creating_on_postgres(),
            DbBackend::MySql => self.creating_elsewhere("BINARY", " <=> "),
            _ => self.creating_elsewhere("BLOB", " IS "),
        };
        statements.push(self.recording_any());
        statements
    }

    fn dropping(&self) -> Vec<String> {
        if self.backend == DbBackend::Postgres {
            let function = self.quoted_name("");
            return vec![format!("DROP FUNCTION IF EXISTS {}{function} CASCADE", self.schema)];
        }
        ["insert", "update", "delete"]
            .map(|event| format!("DROP TRIGGER IF EXISTS {}{}", self.schema, self.quoted_name(event)))
            .into()
    }

    /// One function for all events. It runs with the rights and the search path of whoever creates it, so that the others
    /// need none on the outbox.
    fn creating_on_postgres(&self) -> Vec<String> {
        let Self { table, schema, channel, .. } = self;
        let (function, trigger) = (format!("{schema}{}", self.quoted_name("")), self.quoted_name("row"));
        let (any, old, new) = (self.recording_any(), self.recording(Image::Old), self.recording(Image::New));
        let moved = self.primary.iter().map(|column| format!("OLD.{column} IS DISTINCT FROM NEW.{column}"));
        let moved = moved.collect::<Vec<_>>().join(" OR ");
        vec![
            format!(
                "CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT \
                 AS $outbox$\nBEGIN\n\
                 IF TG_OP = 'TRUNCATE' THEN {any};\n\
                 ELSIF TG_OP = 'DELETE' THEN {old};\n\
                 ELSE {new};\n\
                 IF TG_OP = 'UPDATE' THEN IF {moved} THEN {old}; END IF; END IF;\n\
                 END IF;\n\
                 PERFORM pg_notify({channel}, '');\nRETURN NULL;\nEND\n$outbox$"
            ),
            format!(
                "CREATE TRIGGER {trigger} AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION \
                 {function}()"
            ),
            format!(
                "CREATE TRIGGER {} AFTER TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {function}()",
                self.quoted_name("truncate")
            ),
        ]
    }

    /// One trigger an event. Columns are compared by their bytes, whatever their collation: as such a type, with such an
    /// operator, which takes NULL for a value.
    fn creating_elsewhere(&self, bytes: &str, is: &str) -> Vec<String> {
        let (old, new) = (self.recording(Image::Old), self.recording(Image::New));
        let differs = |column: &String| format!("NOT (CAST(OLD.{column} AS {bytes}){is}CAST(NEW.{column} AS {bytes}))");
        let moved = self.primary.iter().map(differs);
        let moved = moved.collect::<Vec<_>>().join(" OR ");
        let trigger = |event: &str, body: &str| {
            let Self { table, schema, .. } = self;
            let name = self.quoted_name(event);
            let event = event.to_uppercase();
            format!("CREATE TRIGGER {schema}{name} AFTER {event} ON {table} FOR EACH ROW BEGIN {body} END")
        };
        let both = if self.backend == DbBackend::MySql {
            format!("{new}; IF {moved} THEN {old}; END IF;")
        } else {
            format!("{new}; {old} WHERE {moved};")
        };
        vec![trigger("insert", &format!("{new};")), trigger("update", &both), trigger("delete", &format!("{old};"))]
    }

    /// The statement that records a row.
    fn recording(&self, image: Image) -> String {
        match &self.columns {
            Some(columns) => self.inserting("row", &self.json(image, columns)),
            None => self.recording_any(),
        }
    }

    /// The statement that records that any row may have changed.
    fn recording_any(&self) -> String {
        self.inserting("table", "''")
    }

    /// A SELECT, so that a condition may follow.
    fn inserting(&self, kind: &str, target: &str) -> String {
        let Self { outbox, label, .. } = self;
        format!("INSERT INTO {outbox} (kind, table_name, target) SELECT '{kind}', {label}, {target}")
    }

    fn json(&self, image: Image, columns: &[(&'static str, Spelling)]) -> String {
        let member = |(name, spelling): &(&str, Spelling)| {
            let column = format!("{}.{}", image.name(), quoted(self.backend, name));
            format!("{}, {}", literal(self.backend, name), self.spelt(&column, *spelling))
        };
        let members = columns.iter().map(member).collect::<Vec<_>>().join(", ");
        match self.backend {
            DbBackend::Postgres => format!("json_build_object({members})::text"),
            _ => format!("JSON_OBJECT({members})"),
        }
    }

    /// The column's value as text, spelt as the relay reads it.
    fn spelt(&self, column: &str, spelling: Spelling) -> String {
        match (self.backend, spelling) {
            (DbBackend::Postgres, Spelling::Bytes) => format!("encode({column}, 'hex')"),
            (DbBackend::Postgres, Spelling::Date) => format!("to_char({column}, 'YYYY-MM-DD')"),
            (DbBackend::Postgres, _) => format!("{column}::text"),
            (DbBackend::MySql, Spelling::Bytes | Spelling::Uuid) => format!("HEX({column})"),
            (DbBackend::MySql, _) => format!("CONVERT(CAST({column} AS CHAR) USING utf8mb4)"),
            (_, Spelling::Bytes) => hex_or_null(column),
            (_, Spelling::Uuid) => format!("CASE typeof({column}) WHEN 'blob' THEN hex({column}) ELSE {column} END"),
            _ => format!("CAST({column} AS TEXT)"),
        }
    }

    fn quoted_name(&self, event: &str) -> String {
        let name = if event.is_empty() { self.name.clone() } else { format!("{}_{event}", self.name) };
        quoted(self.backend, &name)
    }
}

/// SQLite's `hex` makes an empty text of NULL.
fn hex_or_null(column: &str) -> String {
    format!("CASE WHEN {column} IS NOT NULL THEN hex({column}) END")
}

async fn execute(db: &impl ConnectionTrait, mut statements: Vec<String>) -> Result<(), DbErr> {
    if db.get_database_backend() != DbBackend::MySql {
        // On one connection: another one of SQLite's pool may take a trigger for present that this one has dropped. And at
        // once: PostgreSQL makes one transaction of it.
        statements = vec![statements.join(";\n")];
    }
    for statement in statements {
        // Unprepared: MySQL prepares no CREATE TRIGGER.
        db.execute_unprepared(&statement).await?;
    }
    Ok(())
}

fn quoted(backend: DbBackend, name: &str) -> String {
    match backend {
        DbBackend::MySql => format!("`{}`", name.replace('`', "``")),
        _ => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

fn literal(backend: DbBackend, text: &str) -> String {
    match backend {
        DbBackend::MySql => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''")),
        _ => format!("'{}'", text.replace('\'', "''")),
    }
}

/// The last of these names, cut, and a hash of all of them.
fn unique_name(names: &[&str]) -> String {
    let hash = Sha256::digest(names.join("\0"));
    let digits: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let name = names.last().copied().unwrap_or_default();
    let cut = (0..=KEPT.min(name.len())).rev().find(|at| name.is_char_boundary(*at)).unwrap_or_default();
    format!("writethrough_{}_{digits}", name.get(..cut).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::samples::{flight, odd};

    #[test]
    fn names_are_short_and_nobody_elses() {
        let (long, longer) = ("é".repeat(60), "é".repeat(61));
        assert!(unique_name(&["outbox", "", &long]).len() + "_truncate".len() <= 63);
        assert_ne!(unique_name(&["outbox", "", &long]), unique_name(&["outbox", "", &longer]));
        assert_ne!(unique_name(&["x", "", "a_b"]), unique_name(&["x_a", "", "b"]));
    }

    #[test]
    fn a_key_that_cannot_be_spelt_records_the_table() {
        let triggers = Triggers::of::<odd::char_key::Entity>("outbox", DbBackend::Postgres);
        assert!(triggers.columns.is_none());
        assert!(!triggers.creating().concat().contains("'row'"));
    }

    #[test]
    fn quotes_in_names_do_not_end_them() {
        assert_eq!(quoted(DbBackend::Postgres, "a\"b"), "\"a\"\"b\"");
        assert_eq!(quoted(DbBackend::MySql, "a`b"), "`a``b`");
        assert_eq!(literal(DbBackend::MySql, "a'b\\c"), "'a''b\\\\c'");
    }

    #[test]
    fn every_event_records_the_row_by_its_key() {
        for backend in [DbBackend::Postgres, DbBackend::MySql, DbBackend::Sqlite] {
            let statements = Triggers::of::<flight::Entity>("outbox", backend).creating().concat();
            assert!(
                statements.contains("NEW.") && statements.contains("OLD.") && statements.contains("'row', 'flight'")
            );
        }
    }
}
