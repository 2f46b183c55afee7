//! Write-behind: a Redis stream takes the write, the entry shows it, and a worker brings it to the database later.

use std::time::Duration;

use fred::interfaces::StreamsInterface;
use fred::types::streams::XReadResponse;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, DbErr, TransactionTrait};
use tokio::time::sleep;

use super::parts::LONG;
use super::{Failure, Parts, Strategy};
use crate::fuse::Steps;
use crate::item;

const GROUP: &str = "workers";
const BATCH: u64 = 100;
/// Between two looks at an empty stream, and before another try.
const PAUSE: Duration = Duration::from_millis(10);

pub struct WriteBehind(pub Parts);

/// A write in the stream: its place, row and value.
type Queued = (String, i32, i64);

impl Strategy for WriteBehind {
    const STEPS: usize = 3;

    async fn read(&self, row: i32) -> Result<Option<i64>, Failure> {
        self.0.read(row, LONG).await
    }

    async fn write(&self, row: i32, value: i64, steps: &Steps) -> Result<(), Failure> {
        let fields = vec![("row", i64::from(row)), ("value", value)];
        steps.pass();
        self.0.redis.xadd::<(), _, _, _, _>(self.stream(), false, None, "*", fields).await?;
        steps.pass();
        // The stream has it: that is what the caller wants to know.
        self.0.set(row, value, LONG).await.ok();
        steps.pass();
        Ok(())
    }
}

impl WriteBehind {
    fn stream(&self) -> String {
        self.0.key("queue")
    }

    /// Brings batches to the database, for ever, each in one transaction. What was not confirmed comes again.
    pub async fn work(&self) {
        loop {
            // The group may be gone with the cache; making it again does no harm.
            self.0.redis.xgroup_create::<(), _, _, _>(self.stream(), GROUP, "0", true).await.ok();
            if self.batch("0").await.is_err() || !matches!(self.batch(">").await, Ok(true)) {
                sleep(PAUSE).await;
            }
        }
    }

    /// Whether there was one: `"0"` asks for what was taken before and not confirmed, `">"` for what is new.
    async fn batch(&self, from: &str) -> Result<bool, fred::error::Error> {
        let response: XReadResponse<String, String, String, i64> =
            self.0.redis.xreadgroup_map(GROUP, "worker", Some(BATCH), None, false, self.stream(), from).await?;
        let entries = response.into_values().flatten();
        let queued = entries.filter_map(|(place, fields)| {
            Some((place, i32::try_from(*fields.get("row")?).ok()?, *fields.get("value")?))
        });
        let queued: Vec<Queued> = queued.collect();
        if queued.is_empty() {
            return Ok(false);
        }
        // What the database refuses is found by halving, and dropped: there is nobody left to be told.
        let mut parts = vec![queued.as_slice()];
        while let Some(part) = parts.pop() {
            if self.together(part).await.is_err() && part.len() > 1 {
                let (earlier, later) = part.split_at(part.len() / 2);
                parts.extend([later, earlier]);
            }
        }
        let places: Vec<String> = queued.into_iter().map(|(place, ..)| place).collect();
        self.0.redis.xack::<(), _, _, _>(self.stream(), GROUP, places.clone()).await?;
        self.0.redis.xdel::<(), _, _>(self.stream(), places).await?;
        Ok(true)
    }

    async fn together(&self, queued: &[Queued]) -> Result<(), DbErr> {
        let transaction = self.0.db.begin().await?;
        for (_, row, value) in queued {
            item::ActiveModel { id: Set(*row), value: Set(*value) }.update(&transaction).await?;
        }
        transaction.commit().await
    }

    /// How many writes wait.
    pub async fn waiting(&self) -> Result<u64, fred::error::Error> {
        self.0.redis.xlen(self.stream()).await
    }
}
