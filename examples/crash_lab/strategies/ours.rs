//! This crate: the derive is in `item.rs`, the rest is one line each.

use sea_orm::ActiveValue::Set;
use writethrough::{OnCacheFailure, Store};

use super::{Failure, Strategy};
use crate::fuse::Steps;
use crate::item::{ActiveModel, Entity};

pub struct Ours(Store);

impl Ours {
    pub async fn connect(
        database_url: &str,
        cache_url: &str,
        namespace: &str,
        policy: OnCacheFailure,
    ) -> Result<Self, writethrough::Error> {
        let builder = Store::builder().database_url(database_url).cache_url(cache_url).namespace(namespace);
        builder.on_cache_failure(policy).build().await.map(Self)
    }
}

impl Strategy for Ours {
    const STEPS: usize = 2;

    async fn read(&self, row: i32) -> Result<Option<i64>, Failure> {
        Ok(Entity::load_cached(row, &self.0).await?.map(|item| item.value))
    }

    async fn write(&self, row: i32, value: i64, steps: &Steps) -> Result<(), Failure> {
        steps.pass();
        ActiveModel { id: Set(row), value: Set(value) }.save_through(&self.0).await?;
        steps.pass();
        Ok(())
    }

    async fn close(&self) {
        self.0.close().await.ok();
    }
}
