//! The servers of a run: private ones, started for it and stopped with it, or those that the environment names.

mod postgres;
mod program;
mod redis;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

use self::postgres::Postgres;
use self::program::Owner;
pub use self::redis::Redis;
use crate::BoxError;

/// See the [module](self). The directory goes last.
pub struct Servers {
    pub database_url: String,
    pub cache_url: String,
    /// What can be frozen and restarted; a server that is not ours is left in peace.
    pub redis: Option<Redis>,
    /// What a reader of the results should know.
    pub notes: Vec<String>,
    _postgres: Option<Postgres>,
    pub directory: TempDir,
}

impl Servers {
    pub async fn start() -> Result<Self, BoxError> {
        let directory = tempfile::Builder::new().prefix("crash-lab.").tempdir()?;
        // Servers run as somebody else when we are root.
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o711))?;
        let owner = Owner::of_servers()?;
        let mut notes = Vec::new();

        let (cache_url, redis) = match std::env::var("CACHE_URL") {
            Ok(url) => {
                notes.push("CACHE_URL names the cache: it is neither cut off, frozen nor restarted".to_owned());
                (url, None)
            }
            Err(_) => {
                let redis = Redis::start(directory.path(), &owner).await?;
                (redis.url(), Some(redis))
            }
        };
        let (database_url, postgres) = match std::env::var("DATABASE_URL") {
            Ok(url) => (url, None),
            Err(_) => match Postgres::start(directory.path(), &owner).await? {
                Some(postgres) => (postgres.url(), Some(postgres)),
                None => {
                    notes
                        .push("PostgreSQL is not installed (Debian: apt-get install postgresql): on SQLite".to_owned());
                    (format!("sqlite://{}?mode=rwc", directory.path().join("lab.sqlite").display()), None)
                }
            },
        };
        Ok(Self { database_url, cache_url, redis, notes, _postgres: postgres, directory })
    }

    /// What they are, for people.
    pub fn kinds(&self) -> String {
        let database = match self.database_url.split(':').next() {
            Some("sqlite") => "SQLite",
            Some("mysql" | "mariadb") => "MySQL",
            _ => "PostgreSQL",
        };
        format!("{database} and Redis")
    }
}
