//! What the database deletes or changes with a row that we delete, nobody finds in the cache afterwards.

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::EntityTrait;
use writethrough::{CacheEffect, Error, Store};

use crate::support::entities::fleet::{airline, engine, plane, visit};
use crate::support::probe::{Probe, Seen, recorded};
use crate::support::stage::Stage;

/// The tables, in the order of their foreign keys.
pub(super) async fn create_tables(stage: &Stage) {
    stage.create_table(airline::Entity).await;
    stage.create_table(plane::Entity).await;
    stage.create_table(engine::Entity).await;
    stage.create_table(visit::Entity).await;
}

/// Airline 1 with the planes 11 and 12, which have an engine each and were visited; airline 2 with plane 21.
pub(super) async fn fleet(stage: &Stage) -> Store {
    create_tables(stage).await;
    let store = stage.store().await;
    for id in [1, 2] {
        airline::numbered(id, "WT").insert_through(&store).await.unwrap();
    }
    for (id, airline) in [(11, 1), (12, 1), (21, 2)] {
        plane::of(id, airline).insert_through(&store).await.unwrap();
        engine::of(id * 10, id).insert_through(&store).await.unwrap();
        visit::of(id * 10, id).insert_through(&store).await.unwrap();
    }
    store
}

/// The ids of planes, of engines, and of visits with their planes.
pub(super) type Found = (Vec<i32>, Vec<i32>, Vec<(i32, Option<i32>)>);

/// All of it through the cache.
pub(super) async fn seen(store: &Store) -> Found {
    let planes = plane::Entity::load_many_cached([11, 12, 21], store).await.unwrap();
    let engines = engine::Entity::load_many_cached([110, 120, 210], store).await.unwrap();
    let visits = visit::Entity::load_many_cached([110, 120, 210], store).await.unwrap();
    (
        planes.into_iter().flatten().map(|plane| plane.id).collect(),
        engines.into_iter().flatten().map(|engine| engine.id).collect(),
        visits.into_iter().flatten().map(|visit| (visit.id, visit.plane_id)).collect(),
    )
}

pub(super) fn before() -> Found {
    (vec![11, 12, 21], vec![110, 120, 210], vec![(110, Some(11)), (120, Some(12)), (210, Some(21))])
}

pub(super) fn after() -> Found {
    (vec![21], vec![210], vec![(110, None), (120, None), (210, Some(21))])
}

/// The kind of a statement, and its table.
fn shape(sql: &str) -> String {
    let mut words = sql.split_whitespace();
    let verb = words.next().unwrap_or_default();
    let table = words.skip_while(|word| *word != "FROM").nth(1).unwrap_or_default();
    format!("{verb} {}", table.trim_matches(['"', '`']).trim_start_matches("fleet_"))
}

on_every_stage! {
    async fn what_goes_with_a_deleted_row_is_not_served_any_more(stage: Stage) {
        fleet(&stage).await;
        let (writer, reader) = (stage.store().await, stage.store().await);
        assert_eq!(seen(&reader).await, before());
        let deleted = writer.delete_by_id::<airline::Entity>(1).await.unwrap();
        assert_eq!((deleted.existed, deleted.cache), (true, CacheEffect::Invalidated));
        assert_eq!(seen(&reader).await, after());
        assert_eq!(airline::Entity::load_cached(1, &reader).await.unwrap(), None);
        assert!(airline::Entity::load_cached(2, &reader).await.unwrap().is_some());
    }

    async fn a_delete_leaves_the_entries_of_rows_that_depend_on_others(stage: Stage) {
        let store = fleet(&stage).await;
        let probe = Probe::of(&stage).await;
        seen(&store).await;
        airline::Entity::delete_by_id_through(1, &store).await.unwrap();
        assert_eq!(probe.look::<airline::Entity>(1).await, Seen::NoSuchRow);
        assert!(matches!(probe.look::<airline::Entity>(2).await, Seen::Row(_)));
        for (id, is_left) in [(11, false), (12, false), (21, true)] {
            assert_eq!(matches!(probe.look::<plane::Entity>(id).await, Seen::Row(_)), is_left);
            assert_eq!(matches!(probe.look::<engine::Entity>(id * 10).await, Seen::Row(_)), is_left);
            assert_eq!(matches!(probe.look::<visit::Entity>(id * 10).await, Seen::Row(_)), is_left);
            assert!(is_left || probe.look::<plane::Entity>(id).await == Seen::Nothing);
        }
    }

    async fn what_goes_with_a_row_that_a_transaction_deletes_goes_with_its_commit(stage: Stage) {
        fleet(&stage).await;
        let (writer, reader) = (stage.store().await, stage.store().await);
        seen(&reader).await;
        writer
            .transaction(async |tx| {
                assert!(airline::Entity::delete_by_id_through(1, tx).await?);
                assert_eq!(plane::Entity::load_cached(11, tx).await?, None);
                Ok::<_, Error>(())
            })
            .await
            .unwrap();
        assert_eq!(seen(&reader).await, after());
    }

    async fn what_is_written_again_after_the_delete_is_what_follows(stage: Stage) {
        fleet(&stage).await;
        let (writer, reader) = (stage.store().await, stage.store().await);
        seen(&reader).await;
        writer
            .transaction(async |tx| {
                plane::ActiveModel { id: Set(11), name: Set("lost".to_owned()), ..Default::default() }.save_through(tx).await?;
                airline::Entity::delete_by_id_through(1, tx).await?;
                plane::of(12, 2).insert_through(tx).await?;
                Ok::<_, Error>(())
            })
            .await
            .unwrap();
        assert_eq!(plane::Entity::load_cached(11, &reader).await.unwrap(), None);
        let again = plane::Entity::load_cached(12, &reader).await.unwrap();
        assert_eq!(again.and_then(|plane| plane.airline_id), Some(2));
    }

    async fn a_rolled_back_delete_leaves_everything_that_would_have_gone_with_it(stage: Stage) {
        fleet(&stage).await;
        let (writer, reader) = (stage.store().await, stage.store().await);
        assert_eq!(seen(&reader).await, before());
        let tx = writer.begin().await.unwrap();
        airline::Entity::delete_by_id_through(1, &tx).await.unwrap();
        tx.rollback().await.unwrap();
        let tx = writer.begin().await.unwrap();
        let nested = tx.begin().await.unwrap();
        airline::Entity::delete_by_id_through(1, &nested).await.unwrap();
        nested.rollback().await.unwrap();
        tx.commit().await.unwrap();
        let probe = Probe::of(&stage).await;
        assert!(matches!(probe.look::<plane::Entity>(11).await, Seen::Row(_)));
        assert!(matches!(probe.look::<visit::Entity>(110).await, Seen::Row(_)));
        assert_eq!(seen(&reader).await, before());
    }

    async fn rows_that_refer_to_their_own_table_go_with_each_other_and_a_circle_ends(stage: Stage) {
        fleet(&stage).await;
        let (writer, reader) = (stage.store().await, stage.store().await);
        let after = |id, model| plane::ActiveModel { id: Set(id), model_id: Set(Some(model)), ..Default::default() };
        after(12, 11).save_through(&writer).await.unwrap();
        after(21, 12).save_through(&writer).await.unwrap();
        after(11, 21).save_through(&writer).await.unwrap();
        assert_eq!(seen(&reader).await, before());
        assert!(plane::Entity::delete_by_id_through(11, &writer).await.unwrap());
        let (planes, engines, visits) = seen(&reader).await;
        assert_eq!((planes, engines, visits), (vec![], vec![], vec![(110, None), (120, None), (210, None)]));
    }

    async fn a_batch_may_have_rows_that_refer_to_rows_given_before_them(stage: Stage) {
        let store = fleet(&stage).await;
        let plane = |id, model_id| {
            plane::ActiveModel { id: Set(id), airline_id: Set(Some(1)), model_id, name: Set("new".to_owned()) }
        };
        // The first and the last set the same columns; the last refers to the one between them.
        let rows = [plane(91, Set(None)), plane(92, NotSet), plane(93, Set(Some(92)))];
        let rows = plane::Entity::insert_many_through(rows, &store).await.unwrap();
        let told: Vec<_> = rows.iter().map(|row| (row.id, row.model_id)).collect();
        assert_eq!(told, [(91, None), (92, None), (93, Some(92))]);
    }

    async fn a_delete_that_the_database_refuses_changes_nothing(stage: Stage) {
        let store = fleet(&stage).await;
        assert_eq!(seen(&store).await, before());
        // A table that the program knows nothing of refuses.
        let db = stage.plain().await;
        let sql = "CREATE TABLE guard (id int PRIMARY KEY, plane_id int NOT NULL, FOREIGN KEY (plane_id) REFERENCES fleet_plane (id))";
        sea_orm::ConnectionTrait::execute_unprepared(&db, sql).await.unwrap();
        sea_orm::ConnectionTrait::execute_unprepared(&db, "INSERT INTO guard VALUES (1, 12)").await.unwrap();
        let refused = airline::Entity::delete_by_id_through(1, &store).await.unwrap_err();
        assert_eq!(refused.outcome(), writethrough::Outcome::NotCommitted);
        let probe = Probe::of(&stage).await;
        assert!(matches!(probe.look::<plane::Entity>(11).await, Seen::Row(_)));
        assert_eq!(seen(&stage.store().await).await, before());
    }

    async fn a_delete_of_a_missing_parent_forgets_an_old_entry_of_it(stage: Stage) {
        let store = fleet(&stage).await;
        airline::Entity::load_cached(2, &store).await.unwrap();
        let db = stage.plain().await;
        airline::Entity::delete_by_id(2).exec(&db).await.unwrap();
        assert!(!airline::Entity::delete_by_id_through(2, &store).await.unwrap());
        assert_eq!(airline::Entity::load_cached(2, &store).await.unwrap(), None);
    }

    async fn a_delete_locks_and_lists_before_it_deletes(stage: Stage) {
        fleet(&stage).await;
        let (store, log) = recorded(&stage).await;
        log.take();
        airline::Entity::delete_by_id_through(1, &store).await.unwrap();
        let statements: Vec<_> = log.take().iter().map(|sql| shape(sql)).collect();
        let statements: Vec<_> = statements.iter().map(String::as_str).collect();
        let listed = [
            "SELECT airline",
            "SELECT plane",
            "SELECT engine",
            "SELECT plane",
            "SELECT visit",
            "DELETE airline",
        ];
        // Nothing is locked on SQLite but by a write, so there is one that writes nothing.
        let first: &[&str] = if stage.backend == Backend::Sqlite { &["DELETE airline"] } else { &[] };
        assert_eq!(statements, [first, &listed].concat());
        // An entity on which nobody depends costs what it did.
        log.take();
        engine::Entity::delete_by_id_through(210, &store).await.unwrap();
        assert_eq!(log.take().len(), 1);
    }
}
