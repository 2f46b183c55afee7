//! The servers of a run, the network before them, and the processes of clients: what acts are done to.

use std::time::Duration;

use super::faults::{Act, Server, Whom, Wires};
use super::run::PROCESSES;
use crate::faults::scene::{address_of, through};
use crate::histories::client::Job;
use crate::histories::clock::Moment;
use crate::histories::process::Process;
use crate::support::redis::RedisServer;
use crate::support::{Fault, FaultProxy};

/// See the [module](self).
pub struct World {
    pub redis: RedisServer,
    replica: Option<RedisServer>,
    lanes: Vec<Lane>,
    /// The way to the cache of those to whom nothing happens: to whichever server it is.
    front: FaultProxy,
    /// When the cache was away for everybody.
    pub outages: Vec<Outage>,
}

/// A time without a cache, until whoever has lost it has found it again.
#[derive(Clone, Copy, Debug)]
pub struct Outage {
    pub from: Moment,
    pub to: Moment,
}

/// How one process reaches the servers.
struct Lane {
    cache: FaultProxy,
    database: FaultProxy,
}

/// How long a store may wait until it connects again.
const RECONNECTS: Duration = Duration::from_secs(1);

impl World {
    pub async fn start(database_url: &str) -> Self {
        let redis = RedisServer::start(["--maxmemory-policy", "allkeys-lru", "--repl-diskless-sync-delay", "0"]);
        let mut lanes = Vec::new();
        for _ in 0..PROCESSES {
            let cache = FaultProxy::start(address_of(&redis.url())).await;
            lanes.push(Lane { cache, database: FaultProxy::start(address_of(database_url)).await });
        }
        let front = FaultProxy::start(address_of(&redis.url())).await;
        Self { redis, replica: None, lanes, front, outages: Vec::new() }
    }

    /// Where the cache is, whichever server it is.
    pub fn cache_url(&self) -> String {
        format!("redis://{}", self.front.addr())
    }

    /// The job as this process does it: its servers are behind its network.
    pub fn behind_network(&self, process: usize, job: Job) -> Job {
        let Lane { cache, database } = &self.lanes[process];
        Job { cache: through(&job.cache, cache.addr()), database: through(&job.database, database.addr()), ..job }
    }

    /// Does it; `again` tells the job of a process that takes the place of one that was killed.
    pub async fn act(&mut self, act: Act, processes: &mut [Process], again: impl FnOnce(&Self, usize) -> Job) {
        match act {
            Act::Network(wires, fault) => self.network(wires, fault).await,
            Act::Kill(process) => {
                processes[process].kill();
                processes[process] = Process::start(&again(self, process));
            }
            Act::Stop(process) => processes[process].stop(true),
            Act::Continue(process) => processes[process].stop(false),
            Act::LoseFences => self.lose_fences(),
            Act::Flush => drop(self.redis.cli(&["FLUSHALL"])),
            Act::Snapshot => drop(self.redis.cli(&["SAVE"])),
            Act::Restart => {
                let from = Moment::now();
                tokio::task::block_in_place(|| self.redis.restart());
                self.outages.push(Outage { from, to: Moment::now().after(RECONNECTS) });
            }
            Act::Replicate => tokio::task::block_in_place(|| self.replicate()),
            Act::Lag => self.lag(),
            Act::FailOver => self.fail_over(),
            Act::Squeeze => self.squeeze(),
            Act::Relax => self.limit(0),
        }
    }

    /// Everything is well again.
    pub async fn heal(&mut self, processes: &[Process]) {
        self.limit(0);
        for to in [Server::Cache, Server::Database] {
            self.network(Wires { to, of: Whom::All }, Fault::Pass).await;
        }
        processes.iter().for_each(|process| process.stop(false));
    }

    async fn network(&self, wires: Wires, fault: Fault) {
        let lanes = match wires.of {
            Whom::One(process) => &self.lanes[process..=process],
            Whom::All => &self.lanes[..],
        };
        for lane in lanes {
            let proxy = if wires.to == Server::Cache { &lane.cache } else { &lane.database };
            proxy.set(fault).await;
        }
    }

    fn replicate(&mut self) {
        if self.replica.is_none() {
            let port = self.redis.port().to_string();
            let replica = RedisServer::start(["--maxmemory-policy", "allkeys-lru", "--repl-diskless-sync-delay", "0"]);
            // Told, not started so: once it has taken over, a restart must not make it a replica of the dead again.
            assert_eq!(replica.cli(&["REPLICAOF", "127.0.0.1", &port]), "OK");
            self.replica = Some(replica);
        }
    }

    fn lag(&self) {
        if let Some(replica) = &self.replica {
            replica.freeze(true);
            self.redis.cli(&["CLIENT", "KILL", "TYPE", "replica"]);
        }
    }

    fn fail_over(&mut self) {
        let Some(replica) = self.replica.take() else { return };
        let from = Moment::now();
        self.redis.kill();
        replica.freeze(false);
        assert_eq!(replica.cli(&["REPLICAOF", "NO", "ONE"]), "OK");
        for proxy in self.lanes.iter().map(|lane| &lane.cache).chain([&self.front]) {
            proxy.lead_to(address_of(&replica.url()));
        }
        self.redis = replica;
        self.outages.push(Outage { from, to: Moment::now().after(RECONNECTS) });
    }

    fn lose_fences(&self) {
        let script = "for _, key in ipairs(redis.call('KEYS', '*')) do \
                      if redis.call('GETRANGE', key, 0, 0) == 'F' then redis.call('UNLINK', key) end end";
        self.redis.cli(&["EVAL", script, "0"]);
    }

    fn squeeze(&self) {
        let memory = self.redis.cli(&["INFO", "memory"]);
        let used = memory.lines().find_map(|line| line.strip_prefix("used_memory:")).expect("it tells");
        let used: u64 = used.trim().parse().expect("a number");
        self.limit(used - used / 100);
    }

    fn limit(&self, bytes: u64) {
        assert_eq!(self.redis.cli(&["CONFIG", "SET", "maxmemory", &bytes.to_string()]), "OK");
    }
}
