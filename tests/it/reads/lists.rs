//! Loading all rows that have a value of an index.

use sea_orm::sea_query::IntoValueTuple;
use sea_orm::{ActiveModelTrait, DatabaseConnection};
use writethrough::__private::load_lists;

use crate::support::entities::listed::leg::{BY_AIRLINE, Entity, Model, flown, ids};
use crate::support::probe::{Probe, Seen, recorded};
use crate::support::stage::Stage;

/// Three legs of the fifth airline, two of the sixth.
async fn legs(stage: &Stage) -> DatabaseConnection {
    stage.create_table(Entity).await;
    let plain = stage.plain().await;
    for (id, airline) in [(3, 5), (1, 5), (2, 6), (5, 5), (4, 6)] {
        flown(id, airline).insert(&plain).await.unwrap();
    }
    plain
}

fn pks(ids: &[i32]) -> Seen<Vec<sea_orm::sea_query::ValueTuple>> {
    Seen::Row(ids.iter().map(|id| id.into_value_tuple()).collect())
}

on_every_stage! {
    async fn a_list_comes_by_primary_key_and_the_second_time_without_a_statement(stage: Stage) {
        legs(&stage).await;
        let (store, log) = recorded(&stage).await;
        let first = Entity::load_all_cached_by_airline_id(5, &store).await.unwrap();
        assert_eq!(ids(&first), [1, 3, 5]);
        let statements = log.take();
        assert_eq!(statements.len(), 2, "the primary keys, then the rows: {statements:?}");
        assert!(!statements[0].contains("minutes"), "{statements:?}");
        assert_eq!(Entity::load_all_cached_by_airline_id(5, &store).await.unwrap(), first);
        assert_eq!(log.take(), Vec::<String>::new());
        // The rows are entries like any others.
        assert_eq!(Entity::load_cached(3, &store).await.unwrap().as_ref(), first.get(1));
        assert_eq!(log.take(), Vec::<String>::new());
        let probe = Probe::of(&stage).await;
        assert_eq!(probe.look_at_list::<Entity>(BY_AIRLINE, &[5.into()]).await, pks(&[1, 3, 5]));
    }

    async fn many_lists_cost_two_statements_and_then_none(stage: Stage) {
        legs(&stage).await;
        let (store, log) = recorded(&stage).await;
        let asked = || [6, 7, 5, 6].map(|airline| vec![airline.into()]).to_vec();
        for statements in [2, 0] {
            let lists: Vec<Vec<Model>> = load_lists::<Entity, _>(BY_AIRLINE, asked(), &store).await.unwrap();
            let lists: Vec<_> = lists.iter().map(|list| ids(list)).collect();
            assert_eq!(lists, [vec![2, 4], vec![], vec![1, 3, 5], vec![2, 4]]);
            assert_eq!(log.take().len(), statements);
        }
        let probe = Probe::of(&stage).await;
        assert_eq!(probe.look_at_list::<Entity>(BY_AIRLINE, &[7.into()]).await, pks(&[]));
    }
}
