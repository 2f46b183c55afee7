//! What the textbook does: UPDATE, then SET or DEL; GET, and after a miss SELECT and SET. A cache that does not answer is
//! done without. No crash, no failure and no cancelled call is needed to catch it.

use std::time::Duration;

use fred::clients::Client as Redis;
use fred::interfaces::{ClientLike, KeysInterface};
use fred::types::Expiration;
use fred::types::config::{Config, PerformanceConfig, ReconnectPolicy};
use sea_orm::{ActiveModelTrait, ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use writethrough::Error;

use super::call::{Mix, PLAIN};
use super::operation::State;
use super::record::{Cache, End};
use super::row::{Change, Column, Entity, Values};
use super::subject::{Loaded, Subject, Written};
use super::transaction::Program;

/// What follows a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum After {
    Set,
    Del,
}

/// See the [module](self).
#[derive(Clone)]
pub struct Naive {
    db: DatabaseConnection,
    redis: Redis,
    namespace: String,
    after: After,
}

const TTL: Duration = Duration::from_secs(600);
const TIMEOUT: Duration = Duration::from_millis(250);

impl Naive {
    pub async fn connect(db: DatabaseConnection, cache: &str, namespace: &str, after: After) -> Self {
        let performance = PerformanceConfig { default_command_timeout: TIMEOUT, ..PerformanceConfig::default() };
        let reconnect = ReconnectPolicy::new_constant(0, 20);
        let config = Config { fail_fast: false, ..Config::from_url(cache).expect("a URL") };
        let redis = Redis::new(config, Some(performance), None, Some(reconnect));
        redis.init().await.ok();
        Self { db, redis, namespace: namespace.to_owned(), after }
    }

    fn key(&self, row: i32) -> String {
        format!("{}:{row}", self.namespace)
    }

    async fn get(&self, row: i32) -> State {
        let entry: Option<String> = self.redis.get(self.key(row)).await.ok().flatten();
        entry.map(|entry| serde_json::from_str(&entry).expect("what we wrote"))
    }

    async fn set(&self, row: i32, values: Values) {
        let entry = serde_json::to_string(&values).expect("two numbers");
        let expires = Some(Expiration::EX(TTL.as_secs().try_into().expect("ten minutes")));
        self.redis.set::<(), _, _>(self.key(row), entry, expires, None, false).await.ok();
    }

    async fn del(&self, row: i32) {
        self.redis.del::<(), _>(self.key(row)).await.ok();
    }

    async fn written(&self, row: i32, values: Values) -> Written<Values> {
        match self.after {
            After::Set => self.set(row, values).await,
            After::Del => self.del(row).await,
        }
        Written { result: values, cache: Cache::Told }
    }
}

impl Subject for Naive {
    const MIX: Mix = PLAIN;

    async fn load(&self, row: i32) -> Result<Loaded, Error> {
        if let Some(values) = self.get(row).await {
            return Ok(Loaded { state: Some(values), from_cache: true });
        }
        let state = Entity::find_by_id(row).one(&self.db).await?.map(Values::from);
        if let Some(values) = state {
            self.set(row, values).await;
        }
        Ok(Loaded { state, from_cache: false })
    }

    async fn load_by_code(&self, code: i64) -> Result<State, Error> {
        Ok(Entity::find().filter(Column::Code.eq(code)).one(&self.db).await?.map(Values::from))
    }

    async fn load_by_squad(&self, squad: i64) -> Result<Vec<(i32, Values)>, Error> {
        let models = Entity::find().filter(Column::Squad.eq(squad)).all(&self.db).await?;
        Ok(models.into_iter().map(|model| (model.id, Values::from(model))).collect())
    }

    async fn load_many(&self, rows: &[i32]) -> Result<Vec<State>, Error> {
        let mut states = Vec::new();
        for row in rows {
            states.push(self.load(*row).await?.state);
        }
        Ok(states)
    }

    async fn save(&self, row: i32, change: Change) -> Result<Written<Values>, Error> {
        self.update(row, change).await
    }

    async fn update(&self, row: i32, change: Change) -> Result<Written<Values>, Error> {
        let values = change.to(row).update(&self.db).await?.into();
        Ok(self.written(row, values).await)
    }

    async fn insert(&self, row: i32, values: Values) -> Result<Written<Values>, Error> {
        let values = values.to(row).insert(&self.db).await?.into();
        Ok(self.written(row, values).await)
    }

    async fn upsert(&self, _: i32, _: Values) -> Result<Written<Values>, Error> {
        unreachable!("it is not asked for that")
    }

    async fn save_many(&self, _: &[(i32, Change)]) -> Result<Written<Vec<Values>>, Error> {
        unreachable!("it is not asked for that")
    }

    async fn insert_many(&self, _: &[(i32, Values)]) -> Result<Written<Vec<Values>>, Error> {
        unreachable!("it is not asked for that")
    }

    async fn delete(&self, row: i32) -> Result<Written<bool>, Error> {
        let deleted = Entity::delete_by_id(row).exec(&self.db).await?;
        self.del(row).await;
        Ok(Written { result: deleted.rows_affected > 0, cache: Cache::Told })
    }

    async fn invalidate(&self, row: i32) -> Result<(), Error> {
        self.del(row).await;
        Ok(())
    }

    async fn transact(&self, _: &Program) -> Result<End, Error> {
        unreachable!("it is not asked for that")
    }

    async fn close(&self) {
        self.redis.quit().await.ok();
    }
}
