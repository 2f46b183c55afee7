//! Whoever comes between a delete and what goes with it.

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DatabaseConnection, EntityTrait, Statement};

use crate::support::Backend;
use crate::support::entities::fleet::{airline, engine, plane};
use crate::support::entities::gated::held;

use super::cascades::{after, before, fleet, seen};

/// Waits until a statement waits for a lock. SQLite tells nobody.
async fn somebody_waits(db: &DatabaseConnection, backend: Backend) {
    let count = match backend {
        Backend::Sqlite => return tokio::task::yield_now().await,
        Backend::Postgres => {
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        }
        Backend::MySql => {
            "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE 'SELECT%FOR UPDATE'"
        }
    };
    let started = Instant::now();
    loop {
        let count = Statement::from_string(db.get_database_backend(), count);
        let row = db.query_one_raw(count).await.unwrap().unwrap();
        if row.try_get_by_index::<i64>(0).unwrap() > 0 {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "nobody waits for a lock");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

on_every_stage! {
    async fn a_row_that_comes_to_refer_to_one_that_is_being_deleted_is_found(stage: Stage) {
        let reader = fleet(&stage).await;
        let (writer, other) = (stage.store().await, stage.store().await);
        assert_eq!(seen(&reader).await, before());
        let newcomer = other.begin().await.unwrap();
        plane::of(13, 1).insert_through(&newcomer).await.unwrap();
        let deleting = tokio::spawn({
            let writer = writer.clone();
            async move { airline::Entity::delete_by_id_through(1, &writer).await }
        });
        somebody_waits(&stage.plain().await, stage.backend).await;
        newcomer.commit().await.unwrap();
        while !deleting.is_finished() {
            plane::Entity::load_cached(13, &reader).await.unwrap();
            tokio::task::yield_now().await;
        }
        assert!(deleting.await.unwrap().unwrap());
        assert_eq!(plane::Entity::find_by_id(13).one(&stage.plain().await).await.unwrap(), None);
        for store in [&reader, &writer, &other] {
            assert_eq!(plane::Entity::load_cached(13, store).await.unwrap(), None);
        }
        assert_eq!(seen(&reader).await, after());
    }

    async fn a_row_that_moves_away_in_time_stays(stage: Stage) {
        let reader = fleet(&stage).await;
        let (writer, other) = (stage.store().await, stage.store().await);
        seen(&reader).await;
        let mover = other.begin().await.unwrap();
        plane::of(12, 2).update_through(&mover).await.unwrap();
        let deleting = tokio::spawn(async move { airline::Entity::delete_by_id_through(1, &writer).await });
        if stage.backend != Backend::Sqlite {
            somebody_waits(&stage.plain().await, stage.backend).await;
        }
        mover.commit().await.unwrap();
        assert!(deleting.await.unwrap().unwrap());
        let (planes, ..) = seen(&reader).await;
        let stored = plane::Entity::find().order_by_id_asc().all(&stage.plain().await).await.unwrap();
        assert_eq!(planes, stored.iter().map(|plane| plane.id).collect::<Vec<_>>());
        assert!(stage.backend == Backend::Sqlite || planes == [12, 21]);
        let loaded = plane::Entity::load_many_cached([12, 21], &reader).await.unwrap();
        assert_eq!(loaded.into_iter().flatten().collect::<Vec<_>>(), stored);
    }

    async fn a_reader_of_a_row_that_goes_with_another_does_not_fill(stage: Stage) {
        let writer = fleet(&stage).await;
        engine::Entity::invalidate(110, &writer).await.unwrap();
        let reading = stage.store().await;
        let reader = held(async move { engine::Entity::load_cached(110, &reading).await }).await;
        airline::Entity::delete_by_id_through(1, &writer).await.unwrap();
        assert!(reader.release().await.unwrap().is_some(), "it asked before the delete");
        assert_eq!(engine::Entity::load_cached(110, &writer).await.unwrap(), None);
        assert_eq!(engine::Entity::load_cached(110, &stage.store().await).await.unwrap(), None);
    }
}
