//! Reading URLs without ever showing a password.

use crate::error::{Error, Result};

/// The name of a `memory:` or `memory:NAME` cache (empty without a name); `None` for another scheme.
pub(super) fn memory_name(cache_url: &str) -> Result<Option<&str>> {
    let Some(name) = cache_url.strip_prefix("memory:") else {
        return Ok(None);
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.chars().all(is_name) {
        return Ok(Some(name));
    }
    Err(Error::input("the name of a memory cache consists of letters, digits, `_`, `-` and `.`, as in memory:shop"))
}

/// Which database a URL means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DatabaseScheme {
    /// In memory: it is gone with its last connection.
    SqliteMemory,
    /// A file.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL or MariaDB.
    MySql,
}

/// Two other usual spellings, of MariaDB and of SQLite in memory, that SeaORM does not know.
pub(super) fn as_seaorm_spells_it(database_url: &str) -> String {
    for (usual, known) in [("mariadb:", "mysql:"), ("sqlite://:memory:", "sqlite::memory:")] {
        if let Some(rest) = database_url.strip_prefix(usual) {
            return format!("{known}{rest}");
        }
    }
    database_url.to_owned()
}

/// Checks a database URL before SeaORM sees it: its own errors quote the URL, password and all.
pub(super) fn database_scheme(database_url: &str) -> Result<DatabaseScheme> {
    let Ok(parsed) = ::url::Url::parse(database_url) else {
        return Err(Error::input(
            "the database URL cannot be parsed; write for instance postgres://user:password@localhost/app, and \
             percent-encode special characters in the password",
        ));
    };
    let is_memory = database_url.contains(":memory:") || database_url.contains("mode=memory");
    match parsed.scheme() {
        "sqlite" if is_memory => Ok(DatabaseScheme::SqliteMemory),
        "sqlite" => Ok(DatabaseScheme::Sqlite),
        "postgres" | "postgresql" => Ok(DatabaseScheme::Postgres),
        "mysql" => Ok(DatabaseScheme::MySql),
        other => {
            Err(Error::input(format!("`{other}` is no database this crate knows; use sqlite:, postgres: or mysql:")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_does_not_parse_is_refused_without_showing_its_password() {
        for url in ["postgres://user:s3cret@[broken/app", "oracle://user:s3cret@host/app", "not a url s3cret"] {
            let error = database_scheme(url).expect_err(url);
            assert!(error.is_bad_input());
            assert!(!format!("{error} {error:?}").contains("s3cret"));
        }
    }

    #[test]
    fn memory_caches_have_plain_names() {
        assert_eq!(memory_name("memory:").expect("anonymous"), Some(""));
        assert_eq!(memory_name("memory:shop-1").expect("named"), Some("shop-1"));
        assert_eq!(memory_name("redis://localhost").expect("another scheme"), None);
        assert!(memory_name("memory:a b").is_err());
    }
}
