//! A PostgreSQL of our own.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use tokio::time::{Instant, sleep};

use super::program::{Owner, Server, find, free_port};
use crate::BoxError;

const STARTS_WITHIN: Duration = Duration::from_secs(60);

pub struct Postgres {
    port: u16,
    _server: Server,
}

impl Postgres {
    /// None, if it is not installed.
    pub async fn start(home: &Path, owner: &Owner) -> Result<Option<Self>, BoxError> {
        let Some(programs) = programs() else { return Ok(None) };
        let directory = owner.directory(home, "postgres")?;
        let mut initdb = owner.command(&programs.join("initdb"), &directory);
        initdb.args(["--pgdata=data", "--username=postgres", "--auth=trust"]);
        let status = initdb.args(["--encoding=UTF8", "--locale=C", "--no-sync"]).status()?;
        if !status.success() {
            return Err(format!("initdb failed ({status}); set DATABASE_URL to use another database").into());
        }
        let port = free_port();
        let mut postgres = owner.command(&programs.join("postgres"), &directory);
        postgres.args(["-D", "data", "-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
        postgres.args(["-c", "unix_socket_directories="]);
        // This signal ends it at once, but lets it take its shared memory along.
        let mut server = Server::start(&mut postgres, Signal::QUIT)?;
        let deadline = Instant::now() + STARTS_WITHIN;
        while !is_ready(&directory) {
            if !server.is_running() || Instant::now() > deadline {
                return Err("PostgreSQL does not start; set DATABASE_URL to use another database".into());
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(Some(Self { port, _server: server }))
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

/// The directory of its programs, of the newest version if there are several: Debian keeps them out of the PATH.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let version = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions.map(|entry| entry.path()).max_by_key(version).map(|path| path.join("bin"));
    let has_initdb = |programs: &PathBuf| programs.join("initdb").is_file();
    newest.filter(has_initdb).or_else(|| Some(fs::canonicalize(find("initdb")?).ok()?.parent()?.to_owned()))
}

fn is_ready(directory: &Path) -> bool {
    let pid_file = fs::read_to_string(directory.join("data/postmaster.pid")).unwrap_or_default();
    pid_file.lines().any(|line| line.starts_with("ready"))
}
