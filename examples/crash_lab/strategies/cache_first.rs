//! Write-through the other way round: the entry, then the row.

use super::parts::LONG;
use super::{Failure, Parts, Strategy};
use crate::fuse::Steps;

pub struct CacheFirst(pub Parts);

impl Strategy for CacheFirst {
    const STEPS: usize = 3;

    async fn read(&self, row: i32) -> Result<Option<i64>, Failure> {
        self.0.read(row, LONG).await
    }

    async fn write(&self, row: i32, value: i64, steps: &Steps) -> Result<(), Failure> {
        steps.pass();
        self.0.set(row, value, LONG).await?;
        steps.pass();
        self.0.update(row, value).await?;
        steps.pass();
        Ok(())
    }
}
