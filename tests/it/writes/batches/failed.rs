//! A row in the middle that fails: nothing is written, nothing is cached.

use sea_orm::{EntityTrait, PaginatorTrait};
use writethrough::{Error, Outcome, Store};

use crate::support::entities::flight::{Entity, Model, departure, gate, numbered};
use crate::support::entities::hooked;
use crate::support::probe::{Probe, Seen};
use crate::support::stage::Stage;

/// Twenty rows; and what stands in the cache is what stood there before.
async fn assert_untouched(store: &Store, probe: &Probe, before: &[Model]) {
    assert_eq!(Entity::find().all(store.database()).await.unwrap(), before);
    for row in before {
        assert_eq!(probe.look::<Entity>(row.id).await, Seen::Row(row.clone()));
    }
    for id in 21..=50 {
        assert_eq!(probe.look::<Entity>(id).await, Seen::Nothing, "{id}");
    }
}

async fn twenty(stage: &Stage) -> (Store, Probe, Vec<Model>) {
    stage.create_table(Entity).await;
    let (store, probe) = (stage.store().await, Probe::of(stage).await);
    let rows = Entity::insert_many_through((1..=20).map(|_| departure("WT")), &store).await.unwrap();
    (store, probe, rows)
}

on_every_stage! {
    async fn a_duplicate_in_the_middle_leaves_nothing(stage: Stage) {
        let (store, probe, before) = twenty(&stage).await;
        let rows = (30..50).map(|id| numbered(if id == 40 { 7 } else { id }, "new"));
        let error = Entity::insert_many_through(rows, &store).await.unwrap_err();
        assert!(error.is_unique_violation(), "{error}");
        assert_eq!(error.outcome(), Outcome::NotCommitted);
        assert_untouched(&store, &probe, &before).await;
    }

    async fn a_row_that_is_not_there_undoes_what_was_saved_before_it(stage: Stage) {
        let (store, probe, before) = twenty(&stage).await;
        let saves = [gate(1, "B1"), departure("new"), gate(99, "B99"), gate(2, "B2")];
        let error = Entity::save_many_through(saves, &store).await.unwrap_err();
        assert!(error.is_not_found(), "{error}");
        assert!(error.to_string().contains("insert_through"), "it tells the remedy: {error}");
        assert_eq!(error.outcome(), Outcome::NotCommitted);
        assert_untouched(&store, &probe, &before).await;
    }

    async fn a_transaction_is_not_committed_with_half_a_batch(stage: Stage) {
        let (store, probe, before) = twenty(&stage).await;
        let tx = store.begin().await.unwrap();
        let error = Entity::save_many_through([gate(1, "B1"), gate(99, "B99")], &tx).await.unwrap_err();
        assert!(error.is_not_found(), "{error}");
        assert!(gate(3, "B3").save_through(&tx).await.is_err(), "it takes no more statements");
        assert!(tx.commit().await.unwrap_err().is_rolled_back());
        assert_untouched(&store, &probe, &before).await;

        // A savepoint undoes it.
        let tx = store.begin().await.unwrap();
        let nested = tx.transaction(async |nested| {
            Entity::insert_many_through([numbered(60, "new"), numbered(3, "taken")], nested).await.map(drop)
        }).await;
        assert!(nested.unwrap_err().is_unique_violation());
        let saved = gate(3, "B3").save_through(&tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(Entity::find().count(store.database()).await.unwrap(), 20);
        assert_eq!(probe.look::<Entity>(3).await, Seen::Row(saved));
        assert_eq!(probe.look::<Entity>(60).await, Seen::Nothing);
    }

    async fn a_hook_that_refuses_leaves_the_transaction_as_it_was(stage: Stage) {
        let (store, _, before) = twenty(&stage).await;
        stage.create_table(hooked::Entity).await;
        let tx = store.begin().await.unwrap();
        let rows = [hooked::named(1, "a"), hooked::named(2, hooked::REFUSED_BEFORE)];
        let (refused, _) = hooked::journal_of(hooked::Entity::insert_many_through(rows, &tx)).await;
        assert!(refused.unwrap_err().to_string().contains("the hook refuses"));
        // Nothing was sent: the transaction goes on.
        let saved = gate(1, "B1").save_through(&tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(Entity::load_cached(1, &store).await.unwrap(), Some(saved));
        assert_eq!(Entity::find().count(store.database()).await.unwrap(), before.len() as u64);
        assert_eq!(hooked::Entity::find().count(store.database()).await.unwrap(), 0);
    }
}

/// The same error from a single save and from a batch.
#[tokio::test]
async fn a_closed_store_refuses_a_batch() {
    let store = Store::connect("sqlite::memory:", "memory:").await.unwrap();
    store.close().await.unwrap();
    let refused: Error = Entity::insert_many_through([departure("A")], &store).await.unwrap_err();
    assert!(refused.is_bad_input(), "{refused}");
}
