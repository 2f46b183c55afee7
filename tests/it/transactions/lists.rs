//! Lists in transactions: read through the transaction, fenced with its commit.

use writethrough::{Error, Store};

use crate::support::entities::listed::leg::{BY_AIRLINE, Entity, flown, ids, moved};
use crate::support::probe::{Probe, Seen, recorded};
use crate::support::stage::Stage;

/// Two legs of the fifth airline, one of the sixth, and their lists in the cache.
async fn listed(stage: &Stage) -> Store {
    stage.create_table(Entity).await;
    let store = stage.store().await;
    for (id, airline) in [(1, 5), (2, 6), (3, 5)] {
        flown(id, airline).insert_through(&store).await.unwrap();
    }
    assert_eq!(both(&store).await, (vec![1, 3], vec![2]));
    store
}

async fn by_airline<S: writethrough::Session>(airline: i32, s: &S) -> Vec<i32> {
    ids(&Entity::load_all_cached_by_airline_id(airline, s).await.unwrap())
}

async fn both<S: writethrough::Session>(s: &S) -> (Vec<i32>, Vec<i32>) {
    (by_airline(5, s).await, by_airline(6, s).await)
}

on_every_stage! {
    async fn a_transaction_reads_its_own_lists_and_others_see_them_with_its_commit(stage: Stage) {
        let store = listed(&stage).await;
        let tx = store.begin().await.unwrap();
        moved(1, 6).save_through(&tx).await.unwrap();
        flown(4, 5).insert_through(&tx).await.unwrap();
        assert_eq!(both(&tx).await, (vec![3, 4], vec![1, 2]));
        if stage.backend != Backend::Sqlite {
            assert_eq!(both(&stage.store().await).await, (vec![1, 3], vec![2]));
        }
        tx.commit().await.unwrap();
        assert_eq!(both(&store).await, (vec![3, 4], vec![1, 2]));
        assert_eq!(both(&stage.store().await).await, (vec![3, 4], vec![1, 2]));
    }

    async fn a_transaction_that_is_rolled_back_leaves_the_lists_alone(stage: Stage) {
        let _holds_the_cache = listed(&stage).await;
        let (store, log) = recorded(&stage).await;
        let refused = store.transaction(async |tx| {
            moved(1, 6).save_through(tx).await?;
            Err::<(), _>(Error::from(sea_orm::DbErr::Custom("no".to_owned())))
        });
        refused.await.unwrap_err();
        log.take();
        assert_eq!(both(&store).await, (vec![1, 3], vec![2]));
        assert_eq!(log.take(), Vec::<String>::new());
    }

    async fn what_a_savepoint_takes_back_changes_no_list(stage: Stage) {
        let store = listed(&stage).await;
        let probe = Probe::of(&stage).await;
        let tx = store.begin().await.unwrap();
        let nested = tx.begin().await.unwrap();
        moved(1, 6).save_through(&nested).await.unwrap();
        assert_eq!(both(&nested).await, (vec![3], vec![1, 2]));
        nested.rollback().await.unwrap();
        assert_eq!(both(&tx).await, (vec![1, 3], vec![2]));
        let nested = tx.begin().await.unwrap();
        moved(2, 5).save_through(&nested).await.unwrap();
        nested.commit().await.unwrap();
        tx.commit().await.unwrap();
        let look = async |airline: i32| probe.look_at_list::<Entity>(BY_AIRLINE, &[airline.into()]).await;
        assert_eq!(look(5).await, Seen::Nothing, "it has gained a row");
        assert!(matches!(look(6).await, Seen::Row(_)), "what was taken back fences nothing");
        assert_eq!(both(&store).await, (vec![1, 2, 3], vec![]));
    }

    async fn a_row_is_invalidated_with_its_lists_by_the_commit(stage: Stage) {
        let store = listed(&stage).await;
        let probe = Probe::of(&stage).await;
        let row = Entity::load_cached(1, &store).await.unwrap().unwrap();
        let tx = store.begin().await.unwrap();
        row.invalidate(&tx).await.unwrap();
        assert!(matches!(probe.look_at_list::<Entity>(BY_AIRLINE, &[5.into()]).await, Seen::Row(_)));
        tx.commit().await.unwrap();
        assert_eq!(probe.look_at_list::<Entity>(BY_AIRLINE, &[5.into()]).await, Seen::Nothing);
    }
}
