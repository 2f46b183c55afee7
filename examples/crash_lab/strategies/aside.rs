//! Cache-aside: the entry is deleted after the row was written; the next reader brings it back.

use super::parts::LONG;
use super::{Failure, Parts, Strategy};
use crate::fuse::Steps;

pub struct CacheAside(pub Parts);

impl Strategy for CacheAside {
    const STEPS: usize = 3;

    async fn read(&self, row: i32) -> Result<Option<i64>, Failure> {
        self.0.read(row, LONG).await
    }

    async fn write(&self, row: i32, value: i64, steps: &Steps) -> Result<(), Failure> {
        steps.pass();
        self.0.update(row, value).await?;
        steps.pass();
        // The row is written: a cache that fails is no reason to tell the caller otherwise.
        self.0.del(row).await.ok();
        steps.pass();
        Ok(())
    }
}
