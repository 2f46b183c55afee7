//! Plain SeaORM statements on a transaction: what their text tells of the rows they may touch.
//!
//! The text is searched, not parsed, and errs on one side: a statement that is not certainly a read counts as a write, and
//! a table's name counts wherever it stands as a word of its own.

use sea_orm::DbBackend;

/// Statements that begin or end a transaction: only the handle may, because it knows what the cache has to be told.
const SESSION: [&str; 9] =
    ["BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE", "PREPARE TRANSACTION"];

/// Those of them that can stand behind another statement; `END` ends blocks of many kinds.
const SESSION_INSIDE: [&str; 5] = ["COMMIT", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE"];

/// Statements before which MySQL and MariaDB commit.
const COMMIT_ON_MYSQL: [&str; 21] = [
    "CREATE",
    "ALTER",
    "DROP",
    "TRUNCATE",
    "RENAME",
    "GRANT",
    "REVOKE",
    "LOCK",
    "UNLOCK",
    "ANALYZE",
    "OPTIMIZE",
    "REPAIR",
    "CHECK",
    "FLUSH",
    "RESET",
    "INSTALL",
    "UNINSTALL",
    "CACHE INDEX",
    "LOAD INDEX",
    "SET PASSWORD",
    "XA",
];

/// Why this statement must not be sent inside a transaction, if it must not.
pub(super) fn ends_the_transaction(sql: &str, backend: DbBackend) -> Option<&'static str> {
    let text = head(sql);
    let begins_with_any = |text: &str, words: &[&str]| words.iter().any(|word| begins_with(text, word));
    let mut further = statements(sql).skip(1).map(head);
    if begins_with_any(text, &SESSION) || further.any(|text| begins_with_any(text, &SESSION_INSIDE)) {
        return Some("a transaction is ended by `commit` or `rollback`, and nested by `begin`, not by a statement");
    }
    if backend != DbBackend::MySql {
        return None;
    }
    if text.starts_with("/*") {
        return Some("a comment that the database executes may end the transaction; write the statement without it");
    }
    let is_implicit = |text| {
        let temporary = begins_with(text, "CREATE TEMPORARY") || begins_with(text, "DROP TEMPORARY");
        !temporary && begins_with_any(text, &COMMIT_ON_MYSQL)
    };
    statements(sql)
        .any(|statement| is_implicit(head(statement)))
        .then_some("MySQL and MariaDB commit before such a statement; run it outside of the transaction")
}

/// The statements of a text, taken apart at semicolons that do not stand between single quotes.
fn statements(sql: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    sql.split(move |c| {
        quoted ^= c == '\'';
        c == ';' && !quoted
    })
}

/// Whether the statement certainly changes nothing.
pub(super) fn is_read(sql: &str) -> bool {
    let text = head(sql).trim_start_matches(['(', ' ']);
    let single = statements(sql).skip(1).all(|rest| rest.trim().is_empty());
    single && ["SELECT", "SHOW", "VALUES", "PRAGMA TABLE_INFO"].iter().any(|word| begins_with(text, word))
}

/// Whether the name stands in the text as a word of its own, in whatever case.
pub(super) fn names(sql: &str, table: &str) -> bool {
    let (sql, table) = (sql.to_lowercase(), table.to_lowercase());
    let is_part_of_a_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    sql.match_indices(&table).any(|(at, found)| {
        let before = sql.get(..at).and_then(|text| text.chars().next_back());
        let after = sql.get(at + found.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(is_part_of_a_word) && !after.is_some_and(is_part_of_a_word)
    })
}

/// The text without what may stand in front of its first word.
fn head(sql: &str) -> &str {
    let mut text = sql.trim_start();
    loop {
        let rest = if let Some(comment) = text.strip_prefix("--") {
            comment.split_once('\n').map(|(_, rest)| rest)
        } else if let Some(comment) = text.strip_prefix("/*").filter(|comment| !is_executed(comment)) {
            comment.split_once("*/").map(|(_, rest)| rest)
        } else {
            return text;
        };
        text = rest.unwrap_or_default().trim_start();
    }
}

/// MySQL and MariaDB execute the text of such comments.
fn is_executed(comment: &str) -> bool {
    comment.starts_with('!') || comment.starts_with("M!")
}

fn begins_with(text: &str, words: &str) -> bool {
    let Some((start, rest)) = text.split_at_checked(words.len()) else { return false };
    start.eq_ignore_ascii_case(words) && !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_counts_only_as_a_word_of_its_own() {
        for sql in [
            "UPDATE flight SET gate = 1",
            "delete from \"Flight\"",
            "UPDATE `app`.`flight` SET x=1",
            "UPDATE app.flight",
        ] {
            assert!(names(sql, "flight"), "{sql}");
        }
        for sql in ["UPDATE flights SET gate = 1", "DELETE FROM flight_log", "UPDATE inflight", "UPDATE seat"] {
            assert!(!names(sql, "flight"), "{sql}");
        }
        assert!(names("UPDATE Maße SET x = 1", "maße"));
    }

    #[test]
    fn what_is_not_certainly_a_read_is_a_write() {
        for sql in
            ["SELECT 1", " (select * from flight)", "-- why\nSELECT 1", "/* a */ /* b */ SELECT 1;", "SHOW TABLES"]
        {
            assert!(is_read(sql), "{sql}");
        }
        for sql in [
            "UPDATE flight",
            "WITH x AS (UPDATE flight) SELECT 1",
            "SELECT 1; DELETE FROM flight",
            "CALL f()",
            "/*! DROP */ SELECT 1",
        ] {
            assert!(!is_read(sql), "{sql}");
        }
    }

    #[test]
    fn only_the_handle_ends_a_transaction() {
        for sql in [
            "COMMIT",
            "rollback to x",
            "/* c */ BEGIN",
            "savepoint a",
            "release a",
            "UPDATE t SET a = ';'; -- x\n commit",
        ] {
            assert!(ends_the_transaction(sql, DbBackend::Postgres).is_some(), "{sql}");
        }
        for sql in ["ENDPOINT", "INSERT INTO t VALUES ('so; commit')", "DO $$ BEGIN x(); END $$"] {
            assert!(ends_the_transaction(sql, DbBackend::Postgres).is_none(), "{sql}");
        }
        for sql in ["/*!40000 ALTER TABLE t */", "UPDATE t SET a = 1; DROP TABLE u", "unlock tables"] {
            assert!(ends_the_transaction(sql, DbBackend::MySql).is_some(), "{sql}");
        }
        assert!(ends_the_transaction("CREATE TABLE t (id int)", DbBackend::MySql).is_some());
        assert!(ends_the_transaction("CREATE TEMPORARY TABLE t (id int)", DbBackend::MySql).is_none());
        assert!(ends_the_transaction("CREATE TABLE t (id int)", DbBackend::Postgres).is_none());
    }
}
