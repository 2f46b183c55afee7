//! Warm-ups: what they fill, in which steps, and what they leave to others.

mod beside;
mod ended;
mod filled;
mod resumed;
mod selects;

use std::ops::ControlFlow;

use sea_orm::EntityTrait;
use writethrough::{WarmOptions, WarmProgress};

use crate::support::entities::flight;
use crate::support::stage::Stage;

/// A table of so many flights, none of them cached.
async fn flights(stage: &Stage, count: i32) {
    stage.create_table(flight::Entity).await;
    if count > 0 {
        let flights = (1..=count).map(|id| flight::numbered(id, "WT 1"));
        flight::Entity::insert_many(flights).exec(&stage.plain().await).await.unwrap();
    }
}

/// Collects what a warm-up tells.
fn listening(told: &mut Vec<WarmProgress>) -> WarmOptions<'_> {
    WarmOptions::new().progress(|progress| {
        told.push(progress.clone());
        ControlFlow::Continue(())
    })
}

/// The numbers of what was told.
fn counts(told: &[WarmProgress]) -> Vec<(u64, u64)> {
    told.iter().map(|progress| (progress.seen, progress.filled)).collect()
}
