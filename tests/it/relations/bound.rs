//! A delete that changes more rows than are listed.

use metrics_util::debugging::DebuggingRecorder;
use writethrough::{Error, Store, telemetry};

use crate::support::Backend;
use crate::support::entities::fleet::{airline, engine, plane, visit};
use crate::support::probe::{Probe, Seen};
use crate::support::stage::{CacheKind, Stage};

use super::cascades::{after, fleet, seen};

/// Whether the rows that airline 2 is left with stand in the cache.
async fn is_kept(stage: &Stage) -> [bool; 3] {
    let probe = Probe::of(stage).await;
    [
        matches!(probe.look::<plane::Entity>(21).await, Seen::Row(_)),
        matches!(probe.look::<engine::Entity>(210).await, Seen::Row(_)),
        matches!(probe.look::<visit::Entity>(210).await, Seen::Row(_)),
    ]
}

async fn limited(stage: &Stage, rows: usize) -> Store {
    stage.builder().bulk_limit(rows).build().await.unwrap()
}

on_every_stage! {
    async fn up_to_the_bound_rows_are_invalidated_one_by_one(stage: Stage) {
        let reader = fleet(&stage).await;
        let writer = limited(&stage, 6).await;
        seen(&reader).await;
        airline::Entity::delete_by_id_through(1, &writer).await.unwrap();
        assert_eq!(is_kept(&stage).await, [true, true, true]);
        assert_eq!(seen(&reader).await, after());
    }

    async fn beyond_the_bound_their_entity_is_invalidated_and_what_hangs_on_it(stage: Stage) {
        let reader = fleet(&stage).await;
        let writer = limited(&stage, 1).await;
        seen(&reader).await;
        airline::Entity::delete_by_id_through(1, &writer).await.unwrap();
        assert_eq!(is_kept(&stage).await, [false, false, false]);
        assert_eq!(seen(&reader).await, after());
    }

    async fn beyond_the_bound_only_that_entity_is_invalidated(stage: Stage) {
        let reader = fleet(&stage).await;
        let writer = limited(&stage, 2).await;
        seen(&reader).await;
        airline::Entity::delete_by_id_through(1, &writer).await.unwrap();
        assert_eq!(is_kept(&stage).await, [true, false, false]);
        assert_eq!(seen(&reader).await, after());
    }

    async fn beyond_the_bound_a_transaction_invalidates_with_its_commit(stage: Stage) {
        let reader = fleet(&stage).await;
        let writer = limited(&stage, 1).await;
        seen(&reader).await;
        writer
            .transaction(async |tx| {
                airline::Entity::delete_by_id_through(1, tx).await?;
                assert_eq!(is_kept(&stage).await, [true, true, true]);
                Ok::<_, Error>(())
            })
            .await
            .unwrap();
        assert_eq!(is_kept(&stage).await, [false, false, false]);
        assert_eq!(seen(&reader).await, after());
    }
}

#[test]
fn an_entity_that_is_invalidated_by_a_delete_is_counted() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let stage = Stage::new(Backend::Sqlite, CacheKind::Memory).await;
            fleet(&stage).await;
            airline::Entity::delete_by_id_through(1, &limited(&stage, 1).await).await.unwrap();
        });
    });
    let overflows = snapshotter
        .snapshot()
        .into_vec()
        .into_iter()
        .filter(|(key, ..)| key.key().name() == telemetry::CASCADE_OVERFLOWS);
    let mut entities: Vec<_> =
        overflows.map(|(key, ..)| key.key().labels().next().unwrap().value().to_owned()).collect();
    entities.sort();
    assert_eq!(entities, ["fleet_engine", "fleet_plane", "fleet_visit"]);
}

#[tokio::test]
async fn a_bound_of_nothing_is_refused() {
    let refused = Store::builder().database_url("sqlite::memory:").bulk_limit(0).build().await.unwrap_err();
    assert!(refused.is_bad_input() && refused.to_string().contains("bulk_limit"), "{refused}");
}
