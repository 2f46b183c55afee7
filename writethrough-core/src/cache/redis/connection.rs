//! One connection, one life.
//!
//! A fred client here never reconnects: it lives for exactly one connection to one process of the server (on a
//! cluster: one to each primary), so that its answers are that process's for certain, nothing waits for a server that
//! is gone, and no command is sent again. [`supervisor`](super::supervisor) makes the next one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use fred::bytes_utils::Str;
use fred::clients::Client;
use fred::error::{Error, ErrorKind};
use fred::interfaces::{ClientLike, EventInterface, KeysInterface};
use fred::types::config::{Config, ConnectionConfig, Options, PerformanceConfig, Server, TcpConfig};
use fred::types::{ClusterHash, ClusterStateChange, ConnectHandle, CustomCommand, Key, Value};
use futures_util::future::join_all;
use tokio::sync::Notify;
use tokio::sync::broadcast::Receiver;
use tokio::task::JoinHandle;

use super::error::{refused, unacknowledged};
use super::owners::{Owners, PATIENCE, patiently};
use super::scripts::Script;
use crate::cache::{CacheError, CacheKey, Cursor, Page};
use crate::entry::{Payload, frame};
use crate::protocol::{Standing, State, Trust};

/// What every connection of a cache is made from.
#[derive(Clone)]
pub(super) struct Setup {
    pub(super) config: Config,
    pub(super) timeout: Duration,
    pub(super) trust: Trust,
}

/// A live connection, as callers see it.
pub(super) struct Connection {
    client: Client,
    timeout: Duration,
    trust: Trust,
    owners: Owners,
    /// A command timed out: is the server still there?
    doubt: Notify,
    /// The server is of no use any more.
    retired: Notify,
}

/// The keeper's side of a connection: dropping it cuts the connection.
pub(super) struct Life {
    pub(super) connection: Arc<Connection>,
    router: Router,
    errors: Receiver<(Error, Option<Server>)>,
    changes: Receiver<Vec<ClusterStateChange>>,
}

impl Life {
    /// Connects, and learns who answers. Takes a few times [`PATIENCE`] at most.
    ///
    /// In a task of its own, because fred goes on connecting when its future is dropped.
    pub(super) fn begin(setup: Setup) -> JoinHandle<Result<Self, CacheError>> {
        tokio::spawn(Self::connect(setup))
    }

    async fn connect(setup: Setup) -> Result<Self, CacheError> {
        let performance = PerformanceConfig { default_command_timeout: setup.timeout, ..PerformanceConfig::default() };
        let connection = ConnectionConfig {
            connection_timeout: PATIENCE,
            internal_command_timeout: PATIENCE,
            max_command_attempts: 1,
            tcp: TcpConfig { nodelay: Some(true), ..TcpConfig::default() },
            ..ConnectionConfig::default()
        };
        let client = Client::new(setup.config, Some(performance), Some(connection), None);
        let errors = client.error_rx();
        let router = Router(client.init().await.map_err(|error| unacknowledged(&error))?);
        // Subscribed after the first topology was announced, and before any server is asked which life it is in.
        let changes = client.cluster_change_rx();
        let owners = Owners::learn(&client).await?;
        let connection = Connection {
            client,
            timeout: setup.timeout,
            trust: setup.trust,
            owners,
            doubt: Notify::new(),
            retired: Notify::new(),
        };
        connection.owners.unchanged()?;
        Ok(Self { connection: connection.into(), router, errors, changes })
    }

    /// Waits until the connection is of no use any more; says why.
    pub(super) async fn end(&mut self) -> CacheError {
        let lost = |why: &str| CacheError::Unavailable(why.to_owned());
        tokio::select! {
            result = &mut self.router.0 => match result {
                Ok(Err(error)) => CacheError::Unavailable(error.details().to_owned()),
                _ => lost("the connection was closed"),
            },
            error = self.errors.recv() => match error {
                Ok((error, _)) => CacheError::Unavailable(error.details().to_owned()),
                Err(_) => lost("the connection was closed"),
            },
            _ = self.changes.recv() => lost("the cluster changed"),
            () = self.connection.retired.notified() => lost("the server is no primary any more, or still loading"),
            () = self.connection.hangs() => lost("the server does not answer"),
        }
    }

    /// Says goodbye, within a bound.
    pub(super) async fn close(mut self, bound: Duration) {
        let goodbye = async {
            let _ = self.connection.client.quit().await;
            let _ = (&mut self.router.0).await;
        };
        let _ = tokio::time::timeout(bound, goodbye).await;
    }
}

/// The task that is the connection: with it goes the socket.
struct Router(ConnectHandle);

impl Drop for Router {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Connection {
    /// What stands under one key.
    pub(super) async fn get(&self, key: &CacheKey) -> Result<Standing<Payload>, CacheError> {
        match self.client.get::<Option<Bytes>, _>(key.as_str()).await {
            Ok(raw) => {
                self.owners.unchanged()?;
                Ok(self.standing(key, raw))
            }
            Err(error) if error.details().starts_with("WRONGTYPE") => Ok(Standing::Absent),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// What stands under many keys of one slot.
    pub(super) async fn get_many(&self, keys: &[CacheKey]) -> Result<Vec<Standing<Payload>>, CacheError> {
        let names: Vec<Key> = keys.iter().map(|key| key.as_str().into()).collect();
        let raws: Vec<Option<Bytes>> = self.client.mget(names).await.map_err(|error| self.failed(&error))?;
        self.owners.unchanged()?;
        Ok(keys.iter().zip(raws).map(|(key, raw)| self.standing(key, raw)).collect())
    }

    /// Runs a script on keys of one slot.
    ///
    /// A server that does not know it has not executed anything, so it is told once.
    pub(super) async fn run(
        &self,
        script: &Script,
        slot: u16,
        arguments: Vec<Value>,
    ) -> Result<Vec<Bytes>, CacheError> {
        let command = |name| CustomCommand::new_static(name, ClusterHash::Custom(slot), false);
        let with = |text: &Str| {
            let mut whole = Vec::with_capacity(arguments.len() + 1);
            whole.push(Value::String(text.clone()));
            whole.extend_from_slice(&arguments);
            whole
        };
        let began = Instant::now();
        let result = match self.client.custom(command("EVALSHA"), with(&script.sha)).await {
            Err(error) if error.details().starts_with("NOSCRIPT") => {
                let left = self.timeout.saturating_sub(began.elapsed()).max(Duration::from_millis(1));
                let options = Options { timeout: Some(left), ..Options::default() };
                self.client.with_options(&options).custom(command("EVAL"), with(&script.source)).await
            }
            result => result,
        };
        result.map_err(|error| self.failed(&error))
    }

    /// Which servers hold keys; `None` stands for the only one.
    pub(super) fn nodes(&self) -> Vec<Option<Server>> {
        self.owners.nodes()
    }

    /// One page of the keys that match; server by server.
    pub(super) async fn scan(&self, pattern: &str, from: Cursor) -> Result<Page, CacheError> {
        let nodes = self.nodes();
        let Some(node) = nodes.get(from.part) else {
            return Ok(Page::default());
        };
        let cursor = from.at.to_string();
        let arguments: Vec<Value> = vec![cursor.into(), "MATCH".into(), pattern.into(), "COUNT".into(), 1000.into()];
        let command = CustomCommand::new_static("SCAN", ClusterHash::Random, false);
        let options = Options { cluster_node: node.clone(), ..Options::default() };
        let page = self.client.with_options(&options).custom(command, arguments).await;
        let (rest, keys): (u64, Vec<Bytes>) = page.map_err(|error| self.failed(&error))?;
        self.owners.unchanged()?;
        // Keys that are not UTF-8 are not ours.
        let keys = keys.iter().filter_map(|key| std::str::from_utf8(key).ok()).map(CacheKey::new).collect();
        Ok(Page::of(keys, from, rest, nodes.len()))
    }

    /// Gives the connection up.
    pub(super) fn retire(&self) {
        self.retired.notify_one();
    }

    fn standing(&self, key: &CacheKey, raw: Option<Bytes>) -> Standing<Payload> {
        let Some(frame) = raw.as_ref().and_then(frame::parse) else {
            return Standing::Absent;
        };
        if self.trust == Trust::Own && self.owners.of(key) != Some(frame.incarnation) {
            return Standing::Absent;
        }
        match frame.state {
            State::Value { written_at, value } => Standing::Value { written_at, value },
            State::Lease { .. } => Standing::Leased,
            State::Fence { .. } => Standing::Fenced,
        }
    }

    fn failed(&self, error: &Error) -> CacheError {
        let error = unacknowledged(error);
        if error == CacheError::Timeout {
            self.doubt.notify_one();
        }
        error
    }

    /// Ends when a command timed out and the server does not even answer a ping.
    async fn hangs(&self) {
        loop {
            self.doubt.notified().await;
            let pings = self.nodes().into_iter().map(|node| {
                Box::pin(async move { self.client.with_options(&patiently(node.as_ref())).ping::<Value>(None).await })
            });
            let answers = join_all(pings).await;
            if answers.iter().any(|answer| matches!(answer, Err(error) if *error.kind() == ErrorKind::Timeout)) {
                return;
            }
        }
    }
}

/// What a server's refusal of one key among many means.
pub(super) fn refusal(text: &[u8]) -> CacheError {
    refused(&String::from_utf8_lossy(text))
}
