//! Loading all rows that have a value of an index.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{IntoValueTuple, ValueTuple};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DatabaseConnection, Value};
use writethrough::__private::load_lists;
use writethrough::Store;
use writethrough_core::entry::{Payload, encode_list, encode_row};

use crate::support::databases::Backend;
use crate::support::entities::listed::fare::{self, BY_CODE, BY_ROUTE};
use crate::support::entities::listed::leg::{
    ActiveModel, BY_AIRLINE, BY_DAY, BY_GATE, Entity, Model, flown, ids, moved,
};
use crate::support::probe::{Probe, Seen, recorded};
use crate::support::stage::{CacheKind, Stage};
use crate::support::statements::StatementLog;
use crate::support::wire::Wire;

/// Three legs of the fifth airline, two of the sixth.
async fn legs(stage: &Stage) -> DatabaseConnection {
    stage.create_table(Entity).await;
    let plain = stage.plain().await;
    for (id, airline) in [(3, 5), (1, 5), (2, 6), (5, 5), (4, 6)] {
        flown(id, airline).insert(&plain).await.unwrap();
    }
    plain
}

async fn by_airline(airline: i32, store: &Store) -> Vec<i32> {
    ids(&Entity::load_all_cached_by_airline_id(airline, store).await.unwrap())
}

async fn fares(index: usize, value: &str, store: &Store) -> Vec<i32> {
    let lists = load_lists::<fare::Entity, _>(index, vec![vec![value.into()]], store).await.unwrap();
    lists.iter().flatten().map(|fare| fare.id).collect()
}

fn list(ids: &[i32]) -> Seen<Vec<ValueTuple>> {
    Seen::Row(pks(ids))
}

fn pks(ids: &[i32]) -> Vec<ValueTuple> {
    ids.iter().map(|id| id.into_value_tuple()).collect()
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
        assert_eq!(probe.look_at_list::<Entity>(BY_AIRLINE, &[5.into()]).await, list(&[1, 3, 5]));
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
        assert_eq!(probe.look_at_list::<Entity>(BY_AIRLINE, &[7.into()]).await, list(&[]));
        // One that is missing is asked for alone, and so is a row.
        probe.invalidate_at(&probe.list::<Entity>(BY_AIRLINE, &[6.into()])).await;
        probe.invalidate::<Entity>(3).await;
        load_lists::<Entity, _>(BY_AIRLINE, asked(), &store).await.unwrap();
        let statements = log.take();
        assert_eq!(statements.iter().map(|sql| sql.matches(['?', '$']).count()).collect::<Vec<_>>(), [2, 1], "{statements:?}");
    }

    async fn rows_that_are_saved_move_or_go_are_where_they_belong(stage: Stage) {
        legs(&stage).await;
        let (store, other) = (stage.store().await, stage.store().await);
        let both = async || (by_airline(5, &other).await, by_airline(6, &other).await);
        assert_eq!(both().await, (vec![1, 3, 5], vec![2, 4]));
        moved(3, 6).update_through(&store).await.unwrap();
        assert_eq!(both().await, (vec![1, 5], vec![2, 3, 4]));
        flown(0, 5).insert_through(&store).await.unwrap();
        assert_eq!(both().await, (vec![0, 1, 5], vec![2, 3, 4]));
        assert!(Entity::delete_by_id_through(1, &store).await.unwrap());
        assert_eq!(both().await, (vec![0, 5], vec![2, 3, 4]));
        moved(3, 5).save_through(&store).await.unwrap();
        assert_eq!(both().await, (vec![0, 3, 5], vec![2, 4]));
        let later = ActiveModel { id: Set(3), minutes: Set(99), ..Default::default() }.update_through(&store).await.unwrap();
        assert_eq!(Entity::load_all_cached_by_airline_id(5, &other).await.unwrap()[1], later);
    }

    async fn a_write_that_leaves_the_index_alone_costs_no_list(stage: Stage) {
        legs(&stage).await;
        let (store, log) = recorded(&stage).await;
        by_airline(5, &store).await;
        ActiveModel { id: Set(3), minutes: Set(99), ..Default::default() }.update_through(&store).await.unwrap();
        moved(1, 6).update_through(&store).await.unwrap();
        assert!(Entity::delete_by_id_through(5, &store).await.unwrap());
        log.take();
        assert_eq!(by_airline(5, &store).await, [3], "what is left of the list is verified");
        assert_eq!(log.take(), Vec::<String>::new());
        let probe = Probe::of(&stage).await;
        assert_eq!(probe.look_at_list::<Entity>(BY_AIRLINE, &[5.into()]).await, list(&[1, 3, 5]));
    }

    async fn an_index_of_two_columns_takes_both(stage: Stage) {
        let plain = legs(&stage).await;
        ActiveModel { day: Set(2), ..flown(7, 5) }.insert(&plain).await.unwrap();
        let (store, log) = recorded(&stage).await;
        let on = async |day| ids(&Entity::load_all_cached_by_airline_id_and_day(5, day, &store).await.unwrap());
        assert_eq!((on(1).await, on(2).await, on(3).await), (vec![1, 3, 5], vec![7], vec![]));
        log.take();
        let asked = vec![vec![5.into(), 2.into()], vec![6.into(), 1.into()], vec![6.into(), 2.into()]];
        let lists = load_lists::<Entity, _>(BY_DAY, asked, &store).await.unwrap();
        assert_eq!(lists.iter().map(|list| ids(list)).collect::<Vec<_>>(), [vec![7], vec![2, 4], vec![]]);
        assert_eq!(log.take().len(), 2);
        // Only the day is set, so that the list is known afterwards alone.
        let later = ActiveModel { id: Set(3), day: Set(2), ..Default::default() };
        later.update_through(&stage.store().await).await.unwrap();
        assert_eq!((on(1).await, on(2).await), (vec![1, 5], vec![3, 7]));
    }

    async fn a_row_with_a_null_is_in_no_list(stage: Stage) {
        legs(&stage).await;
        let (store, log) = recorded(&stage).await;
        let at = async |gate| ids(&Entity::load_all_cached_by_gate(gate, &store).await.unwrap());
        assert_eq!(at(50).await, [1, 3, 5]);
        let gate = |gate| ActiveModel { id: Set(3), gate: Set(gate), ..Default::default() };
        gate(None).update_through(&store).await.unwrap();
        assert_eq!(at(50).await, [1, 5]);
        log.take();
        let lists = load_lists::<Entity, _>(BY_GATE, vec![vec![Value::BigInt(None)]], &store).await.unwrap();
        assert_eq!(lists, [vec![]], "NULL is equal to nothing");
        assert_eq!(log.take(), Vec::<String>::new());
        gate(Some(50)).update_through(&store).await.unwrap();
        assert_eq!(at(50).await, [1, 3, 5]);
    }

    async fn a_list_that_is_too_long_is_not_kept_and_comes_from_the_database(stage: Stage) {
        legs(&stage).await;
        let mut db = stage.plain().await;
        let log = StatementLog::attach(&mut db);
        let store = stage.builder().database(db).max_list_len(2).build().await.unwrap();
        let probe = Probe::of(&stage).await;
        for _ in 0..2 {
            log.take();
            assert_eq!(by_airline(5, &store).await, [1, 3, 5]);
            assert_eq!(log.take().len(), 2, "that it is too long, then its rows");
            assert_eq!(probe.look_at_list::<Entity>(BY_AIRLINE, &[5.into()]).await, Seen::Nothing);
        }
        // Beside it, others are kept.
        let asked = || [4, 5, 6, 7].map(|airline| vec![airline.into()]).to_vec();
        for _ in 0..2 {
            let lists = load_lists::<Entity, _>(BY_AIRLINE, asked(), &store).await.unwrap();
            assert_eq!(lists.iter().map(|list| ids(list)).collect::<Vec<_>>(), [vec![], vec![1, 3, 5], vec![2, 4], vec![]]);
        }
        assert_eq!(probe.look_at_list::<Entity>(BY_AIRLINE, &[5.into()]).await, Seen::Nothing);
        assert_eq!(probe.look_at_list::<Entity>(BY_AIRLINE, &[6.into()]).await, list(&[2, 4]));
    }

    async fn many_lists_of_which_some_are_too_long_are_all_told(stage: Stage) {
        stage.create_table(Entity).await;
        let plain = stage.plain().await;
        // The first, the middle and the last are too long; together they are more than one answer takes.
        let lengths = [(1, 9), (2, 2), (3, 0), (4, 9), (5, 1), (6, 9)];
        let mut rows = Vec::new();
        for (airline, length) in lengths {
            rows.extend((0..length).map(|number| flown(100 * airline + number, airline)));
        }
        for row in rows {
            row.insert(&plain).await.unwrap();
        }
        let mut db = stage.plain().await;
        let log = StatementLog::attach(&mut db);
        let store = stage.builder().database(db).max_list_len(2).build().await.unwrap();
        let asked = lengths.map(|(airline, _)| vec![airline.into()]).to_vec();
        // The lists, those that are too long, the rest; the rows of both kinds. Then no row has to be loaded by its key.
        for statements in [5, 3] {
            log.take();
            let lists = load_lists::<Entity, _>(BY_AIRLINE, asked.clone(), &store).await.unwrap();
            assert_eq!(lists.iter().map(Vec::len).collect::<Vec<_>>(), lengths.map(|(_, length)| length as usize));
            assert!(lists.iter().zip(lengths).all(|(list, (airline, _))| list.iter().all(|leg| leg.airline_id == airline)));
            assert!(lists.iter().all(|list| list.is_sorted_by_key(|leg| leg.id)));
            let asked = log.take();
            assert!(asked.len() <= statements, "{asked:?}");
        }
        let probe = Probe::of(&stage).await;
        for (airline, length) in lengths {
            let kept = probe.look_at_list::<Entity>(BY_AIRLINE, &[airline.into()]).await;
            assert_eq!(kept == Seen::Nothing, length > 2, "{airline}: {kept:?}");
        }
    }

    async fn what_is_no_list_of_this_index_is_replaced(stage: Stage) {
        legs(&stage).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let row = Entity::load_cached(1, &store).await.unwrap().unwrap();
        let key = probe.list::<Entity>(BY_AIRLINE, &[5.into()]);
        for wrong in [
            Payload(b"no payload".as_slice().into()),
            Payload(b"".as_slice().into()),
            encode_row::<Entity>(&row).unwrap(),
            encode_list::<Entity>(BY_GATE, &pks(&[1, 3, 5])).unwrap(),
            encode_list::<fare::Entity>(BY_CODE, &pks(&[1, 3, 5])).unwrap(),
        ] {
            probe.put(&key, wrong).await;
            assert_eq!(probe.look_at_list::<Entity>(BY_AIRLINE, &[5.into()]).await, Seen::Undecodable);
            assert_eq!(by_airline(5, &store).await, [1, 3, 5]);
            assert_eq!(probe.look_at_list::<Entity>(BY_AIRLINE, &[5.into()]).await, list(&[1, 3, 5]));
        }
        // One with rows of others, and of nobody.
        probe.put(&key, encode_list::<Entity>(BY_AIRLINE, &pks(&[1, 2, 3, 4, 5, 99])).unwrap()).await;
        assert_eq!(by_airline(5, &store).await, [1, 3, 5]);
        if stage.cache == CacheKind::Redis {
            probe.invalidate_at(&key).await;
            assert_eq!(Wire::connect(&stage.cache_url()).await.number(&format!("RPUSH {key} x")).await, 1);
        }
        assert_eq!(by_airline(5, &store).await, [1, 3, 5]);
    }

    async fn a_fence_is_respected(stage: Stage) {
        legs(&stage).await;
        let (store, log) = recorded(&stage).await;
        let probe = Probe::of(&stage).await;
        by_airline(5, &store).await;
        probe.fence_at(&probe.list::<Entity>(BY_AIRLINE, &[5.into()])).await;
        probe.fence::<Entity>(3).await;
        log.take();
        for _ in 0..2 {
            assert_eq!(by_airline(5, &store).await, [1, 3, 5]);
            assert_eq!(log.take().len(), 2, "the list, and one of its rows");
            assert_eq!(probe.look_at_list::<Entity>(BY_AIRLINE, &[5.into()]).await, Seen::Fenced);
        }
    }

    async fn a_cache_that_does_not_answer_costs_queries(stage: Stage) {
        legs(&stage).await;
        let mut db = stage.plain().await;
        let log = StatementLog::attach(&mut db);
        let store = stage.builder().database(db).cache_url("redis://127.0.0.1:1").build().await.unwrap();
        for _ in 0..2 {
            log.take();
            assert_eq!((by_airline(5, &store).await, by_airline(7, &store).await), (vec![1, 3, 5], vec![]));
            assert_eq!(log.take().len(), 2, "the rows of each");
        }
    }

    async fn what_was_changed_behind_the_stores_back_is_invalidated_by_its_model(stage: Stage) {
        let plain = legs(&stage).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        assert_eq!((by_airline(5, &store).await, by_airline(6, &store).await), (vec![1, 3, 5], vec![2, 4]));
        let moved = moved(3, 6).update(&plain).await.unwrap();
        assert_eq!(by_airline(6, &store).await, [2, 4], "nobody was told");
        moved.invalidate(&store).await.unwrap();
        assert_eq!((by_airline(5, &store).await, by_airline(6, &store).await), (vec![1, 5], vec![2, 3, 4]));
        Entity::invalidate_all(&store).await.unwrap();
        assert_eq!(probe.look_at_list::<Entity>(BY_AIRLINE, &[6.into()]).await, Seen::Nothing);
    }

    async fn rows_that_are_not_to_be_kept_are_in_lists_all_the_same(stage: Stage) {
        stage.create_table(fare::Entity).await;
        let (store, log) = recorded(&stage).await;
        for price in [10, 0, 30] {
            store.insert(fare::of("Y", "FRA-JFK", price)).await.unwrap();
        }
        assert_eq!(fares(BY_CODE, "Y", &store).await, [1, 2, 3]);
        log.take();
        assert_eq!(fares(BY_CODE, "Y", &store).await, [1, 2, 3]);
        assert_eq!(log.take().len(), 1, "the one that is not kept");
    }

    async fn text_that_compares_by_bytes_has_lists_and_other_text_has_none(stage: Stage) {
        create_fares(&stage).await;
        let (store, log) = recorded(&stage).await;
        let probe = Probe::of(&stage).await;
        for (code, route) in [("Y", "FRA-JFK"), ("y", "fra-jfk"), ("Y", "FRA-ORD")] {
            store.insert(fare::of(code, route, 10)).await.unwrap();
        }
        for statements in [2, 0] {
            log.take();
            assert_eq!(fares(BY_CODE, "Y", &store).await, [1, 3]);
            assert_eq!(log.take().len(), statements.min(1), "the rows are cached since they were inserted");
        }
        assert_eq!(fares(BY_CODE, "y", &store).await, [2]);
        for _ in 0..2 {
            log.take();
            // As the database compares them, that is without regard to case.
            assert_eq!(fares(BY_ROUTE, "FRA-jfk", &store).await, [1, 2]);
            assert_eq!(log.take().len(), 1);
            assert_eq!(probe.look_at_list::<fare::Entity>(BY_ROUTE, &["FRA-jfk".into()]).await, Seen::Nothing);
        }
        let asked = ["fra-jfk", "FRA-JFK", "FRA-ORD"].map(|route| vec![route.into()]).to_vec();
        let lists = load_lists::<fare::Entity, _>(BY_ROUTE, asked, &store).await.unwrap();
        assert_eq!(lists.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
    }
}

/// What is declared `exact` and is not costs rows, but it ends.
#[tokio::test]
async fn an_index_that_does_not_compare_by_bytes_as_it_was_declared_to_is_no_endless_query() {
    let stage = Stage::new(Backend::Sqlite, CacheKind::Memory).await;
    let table = "CREATE TABLE fare (id integer PRIMARY KEY, code varchar COLLATE NOCASE, route varchar, price int)";
    stage.plain().await.execute_unprepared(table).await.unwrap();
    let store = stage.builder().max_list_len(1).build().await.unwrap();
    for route in ["a", "b", "c", "d"] {
        store.insert(fare::of("Y", route, 10)).await.unwrap();
    }
    let asked = ["y", "x"].map(|code| vec![code.into()]).to_vec();
    assert_eq!(load_lists::<fare::Entity, _>(BY_CODE, asked, &store).await.unwrap().len(), 2);
}

/// Codes compare by bytes, routes without regard to case.
async fn create_fares(stage: &Stage) {
    let plain = stage.plain().await;
    let (before, id, code, route) = match stage.backend {
        Backend::Sqlite => ("", "integer NOT NULL PRIMARY KEY AUTOINCREMENT", "varchar", "varchar COLLATE NOCASE"),
        Backend::Postgres => (
            "CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
            "serial PRIMARY KEY",
            "varchar",
            "varchar COLLATE nocase",
        ),
        Backend::MySql => (
            "",
            "int NOT NULL AUTO_INCREMENT PRIMARY KEY",
            "varchar(20) COLLATE utf8mb4_bin",
            "varchar(20) COLLATE utf8mb4_general_ci",
        ),
    };
    if !before.is_empty() {
        plain.execute_unprepared(before).await.unwrap();
    }
    let table =
        format!("CREATE TABLE fare (id {id}, code {code} NOT NULL, route {route} NOT NULL, price int NOT NULL)");
    plain.execute_unprepared(&table).await.unwrap();
}
