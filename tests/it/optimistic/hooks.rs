//! Hooks of a row that has a version: `before_save` sees what the caller knows, `after_save` the new version.

use sea_orm::Set;

use super::assert_conflict;
use crate::support::entities::versioned::hooked::{ActiveModel, Entity, journal_of, named};

on_every_stage! {
    async fn hooks_run_around_a_save_that_checks_the_version(stage: Stage) {
        stage.create_table(Entity).await;
        let store = stage.store().await;
        let (inserted, told) = journal_of(named(1, "one").insert_through(&store)).await;
        assert_eq!(told, ["before_save Set(1)", "after_save 1"]);
        let inserted = inserted.unwrap();

        let change = |name: &str| ActiveModel { name: Set(name.to_owned()), ..inserted.clone().into() };
        let (saved, told) = journal_of(change("two").save_through(&store)).await;
        assert_eq!(told, ["before_save Unchanged(1)", "after_save 2"]);
        assert_eq!(saved.unwrap().version, 2);

        let (lost, told) = journal_of(change("three").save_through(&store)).await;
        assert_conflict(lost);
        assert_eq!(told, ["before_save Unchanged(1)"], "nothing was saved");
    }

    async fn hooks_run_around_a_delete_that_checks_the_version(stage: Stage) {
        stage.create_table(Entity).await;
        let store = stage.store().await;
        let (inserted, _) = journal_of(named(1, "one").insert_through(&store)).await;
        let inserted = inserted.unwrap();
        let row = ActiveModel { name: Set("two".into()), ..inserted.clone().into() };
        let saved = journal_of(row.save_through(&store)).await.0.unwrap();

        let (lost, told) = journal_of(inserted.delete_through(&store)).await;
        assert_conflict(lost);
        assert_eq!(told, ["before_delete Unchanged(1)"], "nothing was deleted");
        let (deleted, told) = journal_of(saved.delete_through(&store)).await;
        assert!(deleted.unwrap());
        assert_eq!(told, ["before_delete Unchanged(2)", "after_delete Unchanged(2)"]);
    }

    async fn in_a_transaction_they_run_as_well(stage: Stage) {
        stage.create_table(Entity).await;
        let store = stage.store().await;
        let (inserted, _) = journal_of(named(1, "one").insert_through(&store)).await;
        let tx = store.begin().await.unwrap();
        let row = ActiveModel { name: Set("two".into()), ..inserted.unwrap().into() };
        let (saved, told) = journal_of(row.clone().save_through(&tx)).await;
        assert_eq!((saved.unwrap().version, told), (2, vec!["before_save Unchanged(1)".to_owned(), "after_save 2".to_owned()]));
        let (lost, told) = journal_of(row.save_through(&tx)).await;
        assert_conflict(lost);
        assert_eq!(told, ["before_save Unchanged(1)"]);
        tx.commit().await.unwrap();
        assert_eq!(Entity::load_cached(1, &store).await.unwrap().unwrap().version, 2);
    }
}
