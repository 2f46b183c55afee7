//! What the strategies written by hand are made of: a row in the database, an entry in Redis.

use std::time::Duration;

use fred::clients::Client as Redis;
use fred::interfaces::{ClientLike, KeysInterface};
use fred::types::Expiration;
use fred::types::config::{Config, PerformanceConfig, ReconnectPolicy};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, DatabaseConnection, DbErr, EntityTrait};

use super::Failure;
use crate::item;

/// As our own store has it by default.
const COMMAND_TIMEOUT: Duration = Duration::from_millis(100);
/// Longer than a run: whatever is wrong then stays wrong, as it would for an hour elsewhere.
pub const LONG: Duration = Duration::from_secs(3600);

/// See the [module](self).
#[derive(Clone)]
pub struct Parts {
    pub db: DatabaseConnection,
    pub redis: Redis,
    namespace: String,
}

impl Parts {
    pub async fn connect(db: DatabaseConnection, cache_url: &str, namespace: &str) -> Result<Self, fred::error::Error> {
        let performance = PerformanceConfig { default_command_timeout: COMMAND_TIMEOUT, ..Default::default() };
        let reconnect = ReconnectPolicy::new_constant(0, 20);
        let redis = Redis::new(Config::from_url(cache_url)?, Some(performance), None, Some(reconnect));
        redis.connect();
        // It may be away at the moment; then it is found later.
        tokio::time::timeout(COMMAND_TIMEOUT, redis.wait_for_connect()).await.ok();
        Ok(Self { db, redis, namespace: namespace.to_owned() })
    }

    /// The name of something in Redis.
    pub fn key(&self, name: impl std::fmt::Display) -> String {
        format!("{}:{name}", self.namespace)
    }

    /// The entry, or else the row, which then becomes the entry. A cache that fails is a cache that has nothing.
    pub async fn read(&self, row: i32, ttl: Duration) -> Result<Option<i64>, Failure> {
        if let Ok(Some(value)) = self.redis.get(self.key(row)).await {
            return Ok(Some(value));
        }
        let value = item::Entity::find_by_id(row).one(&self.db).await?.map(|item| item.value);
        if let Some(value) = value {
            self.set(row, value, ttl).await.ok();
        }
        Ok(value)
    }

    pub async fn update(&self, row: i32, value: i64) -> Result<(), DbErr> {
        item::ActiveModel { id: Set(row), value: Set(value) }.update(&self.db).await.map(drop)
    }

    pub async fn set(&self, row: i32, value: i64, ttl: Duration) -> Result<(), fred::error::Error> {
        let expires = Expiration::PX(i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX));
        self.redis.set(self.key(row), value, Some(expires), None, false).await
    }

    pub async fn del(&self, row: i32) -> Result<(), fred::error::Error> {
        self.redis.del(self.key(row)).await
    }
}
