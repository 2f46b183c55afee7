//! Write-behind: a Redis stream takes the write, the entry shows it, and a worker brings it to the database later.

use std::time::Duration;

use fred::interfaces::{KeysInterface, StreamsInterface};
use fred::types::streams::XReadValue;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, DbErr, TransactionTrait};
use tokio::time::sleep;

use super::parts::LONG;
use super::{Failure, Parts, Strategy};
use crate::fuse::Steps;
use crate::item;

const BATCH: u64 = 100;
/// Before another look at an empty stream, and before another try.
const PAUSE: Duration = Duration::from_millis(10);

pub struct WriteBehind(pub Parts);

/// A write in the stream: its place, row and value.
type Queued = (String, i32, i64);

enum Took {
    Some,
    Nothing,
}

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

    /// Brings batches to the database, for ever, each in one transaction. What a worker before this one did not take
    /// out of the stream comes again.
    pub async fn work(&self) {
        loop {
            if !matches!(self.batch().await, Ok(Took::Some)) {
                sleep(PAUSE).await;
            }
        }
    }

    async fn batch(&self) -> Result<Took, fred::error::Error> {
        let queued: Vec<XReadValue<String, String, i64>> =
            self.0.redis.xrange_values(self.stream(), "-", "+", Some(BATCH)).await?;
        let queued = queued.into_iter().filter_map(|(place, fields)| {
            Some((place, i32::try_from(*fields.get("row")?).ok()?, *fields.get("value")?))
        });
        let queued: Vec<Queued> = queued.collect();
        if queued.is_empty() {
            return Ok(Took::Nothing);
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
        self.0.redis.xdel::<(), _, _>(self.stream(), places).await?;
        Ok(Took::Some)
    }

    async fn together(&self, queued: &[Queued]) -> Result<(), DbErr> {
        let transaction = self.0.db.begin().await?;
        for (_, row, value) in queued {
            item::ActiveModel { id: Set(*row), value: Set(*value) }.update(&transaction).await?;
        }
        transaction.commit().await
    }

    /// Works until nothing waits, and leaves nothing behind.
    pub async fn work_off(&self) {
        let emptied = async {
            while !matches!(self.0.redis.xlen(self.stream()).await, Ok(0)) {
                sleep(PAUSE).await;
            }
        };
        tokio::select! {
            () = self.work() => {}
            () = emptied => {}
        }
        self.0.redis.del::<(), _>(self.stream()).await.ok();
    }
}
