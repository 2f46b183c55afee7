//! A Redis of our own, and what can be done to it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::program::{Owner, Server, find, free_port};
use crate::BoxError;

const STARTS_WITHIN: Duration = Duration::from_secs(30);

pub struct Redis {
    port: u16,
    command: Command,
    server: Server,
}

impl Redis {
    pub async fn start(home: &Path, owner: &Owner) -> Result<Self, BoxError> {
        let program: PathBuf = find("redis-server")
            .ok_or("redis-server not found: install it (Debian: apt-get install redis-server) or set CACHE_URL")?;
        let directory = owner.directory(home, "redis")?;
        let port = free_port();
        let mut command = owner.command(&program, &directory);
        command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no"]);
        let server = Server::start(&mut command, Signal::KILL)?;
        let mut redis = Self { port, command, server };
        redis.ready().await?;
        Ok(redis)
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Writes all that it holds to its file.
    pub async fn snapshot(&self) -> io::Result<()> {
        self.ask("SAVE").await.map(drop)
    }

    /// Ends all connections of clients.
    pub async fn cut(&self) -> io::Result<()> {
        self.ask("CLIENT KILL TYPE normal").await.map(drop)
    }

    /// Lets it stand still for a while; connections stay.
    pub async fn freeze(&mut self, lasts: Duration) {
        self.server.signal(Signal::STOP);
        sleep(lasts).await;
        self.server.signal(Signal::CONT);
    }

    /// Kills it and starts it again with what the last snapshot holds.
    pub async fn restart(&mut self) -> Result<(), BoxError> {
        self.server.signal(Signal::KILL);
        while self.server.is_running() {
            sleep(Duration::from_millis(1)).await;
        }
        self.server = Server::start(&mut self.command, Signal::KILL)?;
        self.ready().await
    }

    async fn ready(&mut self) -> Result<(), BoxError> {
        let deadline = Instant::now() + STARTS_WITHIN;
        while !self.ask("PING").await.is_ok_and(|answer| answer.starts_with("+PONG")) {
            if !self.server.is_running() || Instant::now() > deadline {
                return Err("redis-server does not start; set CACHE_URL to use another one".into());
            }
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// One command on a connection of its own, since ours are cut as well.
    async fn ask(&self, command: &str) -> io::Result<String> {
        let answer = async {
            let mut connection = TcpStream::connect(("127.0.0.1", self.port)).await?;
            connection.write_all(format!("{command}\r\n").as_bytes()).await?;
            let mut answer = [0; 256];
            let length = connection.read(&mut answer).await?;
            Ok(String::from_utf8_lossy(answer.get(..length).unwrap_or_default()).into_owned())
        };
        timeout(Duration::from_secs(5), answer).await?
    }
}
