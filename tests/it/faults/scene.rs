//! A private Redis server with a faulty network in front of it, a database, and stores on both.

use std::net::SocketAddr;
use std::time::Duration;

use fred::util::sha1_hash;
use sea_orm::{ConnectionTrait, DatabaseConnection, EntityTrait, Schema};
use writethrough::{Loaded, RedisOptions, Source, Store, StoreBuilder};

use super::entities::{booking, flight, letter, parcel};
use super::gate::Gate;
use super::until;
use crate::support::redis::RedisServer;
use crate::support::{Backend, FaultProxy, StatementLog, TestDatabase};

/// One test's world.
pub struct Scene {
    pub redis: RedisServer,
    /// Between [`Scene::behind_proxy`] and Redis.
    pub proxy: FaultProxy,
    /// Between [`Scene::behind_gate`] and Redis.
    pub gate: Gate,
    pub database: TestDatabase,
    /// Beside all stores: for the truth, and for locks.
    pub db: DatabaseConnection,
}

impl Scene {
    pub async fn new(backend: Backend) -> Self {
        Self::on(backend, RedisServer::start([])).await
    }

    pub async fn on(backend: Backend, redis: RedisServer) -> Self {
        let address = address_of(&redis.url());
        let database = TestDatabase::create(backend).await;
        let db = database.connect().await;
        let schema = Schema::new(db.get_database_backend());
        for table in [
            schema.create_table_from_entity(flight::Entity),
            schema.create_table_from_entity(booking::Entity),
            schema.create_table_from_entity(parcel::Entity),
            schema.create_table_from_entity(letter::Entity),
        ] {
            db.execute(&table).await.expect("create the table");
        }
        Self { redis, proxy: FaultProxy::start(address).await, gate: Gate::start(address).await, database, db }
    }

    /// A store on this scene's database, with its cache at this address.
    pub fn builder(&self, cache: SocketAddr) -> StoreBuilder {
        Store::builder()
            .database_url(self.database.url())
            .cache_url(format!("redis://{cache}"))
            .namespace("shop")
            .cache_timeout(Duration::from_secs(5))
    }

    pub fn redis_addr(&self) -> SocketAddr {
        address_of(&self.redis.url())
    }

    /// Another process, to which nothing happens.
    pub async fn store(&self) -> Store {
        self.builder(self.redis_addr()).build().await.expect("a store")
    }

    /// A process whose network to Redis fails as the proxy is told.
    pub async fn behind_proxy(&self, cache_timeout: Duration) -> Store {
        self.builder(self.proxy.addr()).cache_timeout(cache_timeout).build().await.expect("a store")
    }

    /// A process whose commands to Redis are stopped at the gate.
    pub async fn behind_gate(&self) -> Store {
        self.load_scripts();
        self.builder(self.gate.addr()).build().await.expect("a store")
    }

    /// Lets the server know the scripts, so that every command bears the name of its own.
    pub fn load_scripts(&self) {
        for verb in Verb::ALL {
            self.redis.cli(&["SCRIPT", "LOAD", &verb.script()]);
        }
    }

    /// A process whose statements are recorded, with this cache.
    pub async fn recorded(&self, cache_url: String) -> (Store, StatementLog) {
        let mut db = self.database.connect().await;
        let log = StatementLog::attach(&mut db);
        let builder = self.builder(self.redis_addr()).database(db).cache_url(cache_url);
        (builder.build().await.expect("a store"), log)
    }

    /// A process that has opted out: entries count whichever life of the server wrote them.
    pub async fn trusting_any_incarnation(&self) -> Store {
        let options = RedisOptions::new(self.redis.url()).trust_any_incarnation(true);
        self.builder(self.redis_addr()).redis(options).build().await.expect("a store")
    }

    /// The gate of a flight as the database has it.
    pub async fn truth(&self, id: i32) -> Option<String> {
        let flight = flight::Entity::find_by_id(id).one(&self.db).await.expect("the database answers");
        flight.map(|flight| flight.gate)
    }

    /// Loads while the database rests, so that there is one right answer, and it is given.
    pub async fn assert_agree(&self, store: &Store, id: i32) {
        until("the database rests for the length of a load", async || {
            let before = self.truth(id).await;
            let (loaded, source) = load(store, id).await;
            let rests = before == self.truth(id).await;
            assert!(!rests || loaded == before, "{loaded:?} from {source:?} instead of {before:?}");
            rests
        })
        .await;
    }

    /// What stands under the flight's key.
    pub fn standing(&self, id: i32) -> Standing {
        match self.redis.cli(&["GETRANGE", &key(id), "0", "0"]).as_str() {
            "" => Standing::Absent,
            "V" => Standing::Value,
            "L" => Standing::Lease,
            "F" => Standing::Fence,
            other => panic!("{other} is no entry"),
        }
    }

    /// How long what stands under the flight's key will stand.
    pub fn time_left(&self, id: i32) -> Duration {
        let left = self.redis.cli(&["PTTL", &key(id)]);
        Duration::from_millis(left.parse().unwrap_or_else(|_| panic!("{left}: no entry that expires")))
    }

    /// Ends what stands under the flight's key, as its time to live would.
    pub fn expire(&self, id: i32) {
        self.redis.cli(&["PEXPIRE", &key(id), "0"]);
    }
}

/// What can be seen of an entry from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Absent,
    Value,
    Lease,
    Fence,
}

/// A load of a flight's gate, and where it came from.
pub async fn load(store: &Store, id: i32) -> (Option<String>, Source) {
    let Loaded { model, source, .. } = store.load::<flight::Entity>(id).await.expect("a load needs only the database");
    (model.map(|flight| flight.gate), source)
}

/// A flight's gate.
pub async fn gate_of(store: &Store, id: i32) -> String {
    load(store, id).await.0.expect("there is such a flight")
}

/// Waits until the store's answer comes from the cache; every answer on the way is this one.
pub async fn comes_from_cache(store: &Store, id: i32, gate: &str) {
    until("the row comes from the cache", async || {
        let (loaded, source) = load(store, id).await;
        assert_eq!(loaded.as_deref(), Some(gate));
        source == Source::Cache
    })
    .await;
}

/// The protocol's commands, as the gate tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Lease,
    Fill,
    Fence,
    Finish,
    Invalidate,
}

impl Verb {
    pub const ALL: [Self; 5] = [Self::Lease, Self::Fill, Self::Fence, Self::Finish, Self::Invalidate];

    /// What a request of this kind bears: the name of its script.
    pub fn mark(self) -> String {
        sha1_hash(&self.script())
    }

    fn script(self) -> String {
        macro_rules! script {
            ($file:literal) => {
                include_str!(concat!("../../../writethrough-core/src/cache/redis/scripts/", $file))
            };
        }
        let own = match self {
            Self::Lease => script!("lease.lua"),
            Self::Fill => script!("fill.lua"),
            Self::Fence => script!("fence.lua"),
            Self::Finish => script!("finish.lua"),
            Self::Invalidate => script!("invalidate.lua"),
        };
        [script!("common.lua"), own].concat()
    }
}

fn key(id: i32) -> String {
    format!("shop:flight:{id}")
}

/// Host and port of a URL of a server on this machine.
pub fn address_of(url: &str) -> SocketAddr {
    let url = url::Url::parse(url).expect("a URL");
    let usual = match url.scheme() {
        "redis" => 6379,
        "mysql" => 3306,
        _ => 5432,
    };
    SocketAddr::from(([127, 0, 0, 1], url.port().unwrap_or(usual)))
}

/// The same server by way of this address.
pub fn through(url: &str, address: SocketAddr) -> String {
    let mut url = url::Url::parse(url).expect("the URL of a test server");
    url.set_host(Some("127.0.0.1")).expect("it has a host");
    url.set_port(Some(address.port())).expect("it has a port");
    url.into()
}
