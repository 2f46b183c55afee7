//! Hooks of each row, as if it were saved alone.

use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::EntityTrait;
use writethrough::Outcome;

use crate::support::entities::hooked::{ActiveModel, Entity, Model, REFUSED_AFTER, REFUSED_BEFORE, journal_of, named};
use crate::support::probe::{Probe, Seen};

/// The hooks, and which row each was told of.
fn calls(journal: &[String]) -> Vec<String> {
    let call = |line: &String| {
        let hook = line.split(' ').next().unwrap();
        let insert = line.contains("insert=true");
        let name = line.split('"').nth(1).unwrap_or("?");
        format!("{hook} {insert} {name}")
    };
    journal.iter().map(call).collect()
}

on_every_stage! {
    async fn every_row_has_its_hooks_in_the_order_given(stage: Stage) {
        stage.create_table(Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let (rows, journal) =
            journal_of(Entity::insert_many_through([named(3, "c"), named(1, "a"), named(2, "b")], &store)).await;
        let rows = rows.unwrap();
        let expected = ["before_save true c", "before_save true a", "before_save true b"];
        let after = ["after_save true c", "after_save true a", "after_save true b"];
        assert_eq!(calls(&journal), [expected, after].concat());
        assert!(journal[..3].iter().all(|line| line.contains("with 0 rows")), "before the statements: {journal:?}");
        assert!(journal[3..].iter().all(|line| line.contains("with 3 rows")), "after the commit: {journal:?}");

        // What before_save made of the row is stored and cached, what after_save made of it is returned.
        assert_eq!(rows[1], Model { id: 1, name: "a as after_save shows it".into(), revision: 2 });
        let stored = Model { id: 1, name: "a".into(), revision: 2 };
        assert_eq!(Entity::find_by_id(1).one(store.database()).await.unwrap(), Some(stored.clone()));
        assert_eq!(probe.look::<Entity>(1).await, Seen::Row(stored));
    }

    async fn a_save_tells_its_hooks_whether_it_inserts(stage: Stage) {
        stage.create_table(Entity).await;
        let store = stage.store().await;
        journal_of(named(1, "one").insert_through(&store)).await.0.unwrap();
        let nothing_set = ActiveModel { id: Unchanged(1), ..Default::default() };
        let (rows, journal) = journal_of(Entity::save_many_through([named(1, "uno"), nothing_set], &store)).await;
        rows.unwrap();
        assert_eq!(journal.iter().filter(|line| line.contains("insert=false")).count(), 4);
        assert_eq!(journal.len(), 4);
    }

    async fn hooks_run_inside_a_transaction(stage: Stage) {
        stage.create_table(Entity).await;
        let store = stage.store().await;
        let work = store.transaction(async |tx| Entity::insert_many_through([named(1, "a"), named(2, "b")], tx).await);
        let (rows, journal) = journal_of(work).await;
        assert_eq!(rows.unwrap().len(), 2);
        assert!(journal.iter().all(|line| line.contains("Transaction")), "{journal:?}");
        assert!(journal[2..].iter().all(|line| line.contains("with 2 rows")), "{journal:?}");
    }

    async fn a_row_that_before_save_refuses_keeps_all_out(stage: Stage) {
        stage.create_table(Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let rows = [named(1, "a"), named(2, REFUSED_BEFORE), named(3, "c")];
        let (refused, journal) = journal_of(Entity::insert_many_through(rows, &store)).await;
        assert_eq!(refused.unwrap_err().outcome(), Outcome::NotCommitted);
        assert_eq!(journal.len(), 2, "the third row is not looked at");
        assert_eq!(Entity::find().all(store.database()).await.unwrap(), []);
        assert_eq!(probe.look::<Entity>(1).await, Seen::Nothing);
    }

    async fn an_after_save_that_refuses_says_that_all_rows_are_saved(stage: Stage) {
        stage.create_table(Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let rows = [named(1, "a"), named(2, REFUSED_AFTER), named(3, "c")];
        let (refused, journal) = journal_of(Entity::insert_many_through(rows, &store)).await;
        let error = refused.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Committed);
        assert!(error.to_string().contains("the hook refuses"), "{error}");
        assert_eq!(journal.len(), 6, "every row is saved, so every row's hook runs");
        for id in 1..=3 {
            let stored = Entity::find_by_id(id).one(store.database()).await.unwrap().unwrap();
            assert_eq!(probe.look::<Entity>(id).await, Seen::Row(stored));
        }
    }
}

/// Hooks may make two rows of one.
#[tokio::test]
async fn what_the_hooks_make_of_the_rows_is_what_is_written() {
    let store = writethrough::Store::connect("sqlite::memory:", "memory:").await.unwrap();
    let schema = sea_orm::Schema::new(sea_orm::DbBackend::Sqlite);
    sea_orm::ConnectionTrait::execute(store.database(), &schema.create_table_from_entity(Entity)).await.unwrap();
    let rows = (1..=5).map(|id| ActiveModel { revision: Set(10 * id), ..named(id, "x") });
    let rows = journal_of(Entity::insert_many_through(rows, &store)).await.0.unwrap();
    assert_eq!(rows.iter().map(|row| row.revision).collect::<Vec<_>>(), [11, 21, 31, 41, 51]);
}
