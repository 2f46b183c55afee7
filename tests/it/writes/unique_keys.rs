//! What writes do to the pointers of unique keys.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, Value};
use writethrough::__private::load_by_key;
use writethrough::{Error, Outcome, Session, Store};

use crate::support::databases::Backend;
use crate::support::entities::uniques::ticket::{
    ActiveModel, CODE, Column, Entity, MAIL, Model, SEAT, code, mail, numbered,
};
use crate::support::probe::{Probe, Seen, recorded};
use crate::support::stage::{CacheKind, Stage};

async fn by_key<S: Session>(session: &S, key: usize, values: Vec<Value>) -> Option<i32> {
    load_by_key::<Entity, _>(key, values, session).await.unwrap().map(|ticket| ticket.id)
}

fn seat(flight: i32, seat: &str) -> Vec<Value> {
    vec![flight.into(), seat.into()]
}

fn with_code(id: i32, code: Option<i64>) -> ActiveModel {
    ActiveModel { id: Set(id), code: Set(code), ..Default::default() }
}

/// Two stores; absence of the codes 1 and 2 is remembered.
async fn two_stores(stage: &Stage) -> (Store, Store) {
    stage.create_table(Entity).await;
    let (store, other) = (stage.store().await, stage.store().await);
    for value in [1, 2] {
        assert_eq!(by_key(&other, CODE, code(value)).await, None);
    }
    (store, other)
}

on_every_stage! {
    async fn a_row_that_was_saved_is_found_by_each_key_without_a_statement(stage: Stage) {
        let (store, _) = two_stores(&stage).await;
        let (reader, log) = recorded(&stage).await;
        store.insert(numbered(1, "ann@x")).await.unwrap();
        for (key, values) in [(CODE, code(1001)), (MAIL, mail("ann@x")), (SEAT, seat(1, "12A"))] {
            assert_eq!(by_key(&reader, key, values).await, Some(1), "key {key}");
        }
        let moved = ActiveModel { code: Set(Some(7)), ..with_code(1, None) };
        store.update(moved).await.unwrap();
        assert_eq!(by_key(&reader, CODE, code(7)).await, Some(1));
        assert_eq!(log.take(), Vec::<String>::new());
    }

    async fn a_value_that_nobody_had_is_found_as_soon_as_somebody_has_it(stage: Stage) {
        let (store, other) = two_stores(&stage).await;
        let inserted = ActiveModel { code: Set(Some(1)), ..numbered(1, "ann@x") };
        store.insert(inserted).await.unwrap();
        assert_eq!(by_key(&other, CODE, code(1)).await, Some(1));
        store.update(with_code(1, Some(2))).await.unwrap();
        assert_eq!(by_key(&other, CODE, code(2)).await, Some(1));
        assert_eq!(by_key(&other, CODE, code(1)).await, None, "the pointer that was left behind leads nowhere");
    }

    async fn a_value_that_was_freed_leads_to_whoever_has_it_now(stage: Stage) {
        let (store, other) = two_stores(&stage).await;
        store.insert(numbered(1, "ann@x")).await.unwrap();
        store.insert(numbered(2, "bob@x")).await.unwrap();
        store.update(with_code(1, Some(1))).await.unwrap();
        store.update(with_code(1, Some(3))).await.unwrap();
        store.update(with_code(2, Some(1))).await.unwrap();
        assert_eq!(by_key(&other, CODE, code(1)).await, Some(2));
        assert_eq!(by_key(&other, CODE, code(3)).await, Some(1));
        assert!(store.delete_by_id::<Entity>(2).await.unwrap().existed);
        assert_eq!(by_key(&other, CODE, code(1)).await, None);
        store.insert(ActiveModel { code: Set(Some(1)), ..numbered(4, "cid@x") }).await.unwrap();
        assert_eq!(by_key(&other, CODE, code(1)).await, Some(4));
    }

    async fn a_row_whose_value_became_null_is_not_found_by_it(stage: Stage) {
        let (store, other) = two_stores(&stage).await;
        store.insert(numbered(1, "ann@x")).await.unwrap();
        assert_eq!(by_key(&other, CODE, code(1001)).await, Some(1));
        store.update(with_code(1, None)).await.unwrap();
        assert_eq!(by_key(&other, CODE, code(1001)).await, None);
        // An insert that does not set it leaves it to the database.
        let unset = ActiveModel { code: NotSet, ..numbered(2, "bob@x") };
        assert_eq!(store.insert(unset).await.unwrap().model.code, None);
        assert_eq!(by_key(&other, MAIL, mail("bob@x")).await, Some(2));
    }

    async fn of_two_columns_one_is_enough_to_make_another_value(stage: Stage) {
        let (store, other) = two_stores(&stage).await;
        store.insert(numbered(1, "ann@x")).await.unwrap();
        assert_eq!(by_key(&other, SEAT, seat(1, "14C")).await, None);
        store.update(ActiveModel { id: Set(1), seat: Set("14C".to_owned()), ..Default::default() }).await.unwrap();
        assert_eq!(by_key(&other, SEAT, seat(1, "14C")).await, Some(1));
        assert_eq!(by_key(&other, SEAT, seat(1, "12A")).await, None);
    }

    async fn what_a_save_leaves_as_it_is_keeps_its_pointer(stage: Stage) {
        let (store, _) = two_stores(&stage).await;
        let (reader, log) = recorded(&stage).await;
        let probe = Probe::of(&stage).await;
        let mut known = store.insert(numbered(1, "ann@x")).await.unwrap().model.into_active_model();
        let before = probe.look_by_key::<Entity>(CODE, &code(1001)).await;
        known.price = Set(20);
        store.update(known).await.unwrap();
        assert_eq!(probe.look_by_key::<Entity>(CODE, &code(1001)).await, before);
        assert_eq!(by_key(&reader, CODE, code(1001)).await, Some(1));
        assert_eq!(log.take(), Vec::<String>::new());
    }

    async fn a_write_that_is_refused_leaves_nothing_wrong(stage: Stage) {
        let (store, other) = two_stores(&stage).await;
        store.insert(numbered(1, "ann@x")).await.unwrap();
        store.insert(numbered(2, "bob@x")).await.unwrap();
        let taken = ActiveModel { mail: Set("ann@x".to_owned()), code: Set(Some(2)), ..numbered(3, "") };
        assert!(store.insert(taken).await.unwrap_err().is_unique_violation());
        assert!(store.update(with_code(2, Some(1001))).await.unwrap_err().is_unique_violation());
        assert_eq!(by_key(&other, CODE, code(1001)).await, Some(1));
        assert_eq!(by_key(&other, CODE, code(1002)).await, Some(2));
        assert_eq!(by_key(&other, CODE, code(2)).await, None);
        assert_eq!(by_key(&other, MAIL, mail("ann@x")).await, Some(1));
    }

    async fn a_row_that_is_not_to_be_kept_gets_no_pointer(stage: Stage) {
        let (store, other) = two_stores(&stage).await;
        let probe = Probe::of(&stage).await;
        store.insert(ActiveModel { code: Set(Some(1)), price: Set(0), ..numbered(1, "ann@x") }).await.unwrap();
        assert_eq!(probe.look_by_key::<Entity>(CODE, &code(1)).await, Seen::Nothing);
        assert_eq!(by_key(&other, CODE, code(1)).await, Some(1));
    }

    async fn pointers_come_with_the_commit(stage: Stage) {
        let (store, other) = two_stores(&stage).await;
        let tx = store.begin().await.unwrap();
        tx_insert(&tx, ActiveModel { code: Set(Some(1)), ..numbered(1, "ann@x") }).await;
        assert_eq!(by_key(&tx, CODE, code(1)).await, Some(1));
        assert_eq!(by_key(&other, CODE, code(1)).await, None, "nothing is committed yet");
        tx.commit().await.unwrap();
        assert_eq!(by_key(&other, CODE, code(1)).await, Some(1));
        let tx = store.begin().await.unwrap();
        tx_insert(&tx, ActiveModel { code: Set(Some(2)), ..numbered(2, "bob@x") }).await;
        tx.rollback().await.unwrap();
        assert_eq!(by_key(&other, CODE, code(2)).await, None);
    }

    async fn after_many_moves_every_value_leads_to_the_row_that_has_it(stage: Stage) {
        let (store, other) = two_stores(&stage).await;
        let plain = stage.plain().await;
        for id in 1..=3 {
            store.insert(ActiveModel { code: NotSet, ..numbered(id, &format!("{id}@x")) }).await.unwrap();
        }
        for round in 0..12 {
            let movers = [&store, &other, &store].map(|store| {
                let (store, mut random) = (store.clone(), SmallRng::from_os_rng());
                tokio::spawn(async move {
                    for _ in 0..6 {
                        mover(&store, &mut random).await;
                    }
                })
            });
            for mover in movers {
                mover.await.unwrap();
            }
            for value in 1..=4 {
                let stored = Entity::find().filter(Column::Code.eq(value)).one(&plain).await.unwrap();
                let found = by_key(&other, CODE, code(value)).await;
                assert_eq!(found, stored.map(|ticket| ticket.id), "round {round}, value {value}");
            }
        }
    }
}

async fn tx_insert(tx: &writethrough::Transaction, row: ActiveModel) -> Model {
    writethrough::__private::insert::<Entity, _>(row, tx).await.unwrap()
}

/// One random operation; what the database may refuse is no failure.
async fn mover(store: &Store, random: &mut SmallRng) {
    let (id, value) = (random.random_range(1..=3), random.random_range(0..=4));
    let row = with_code(id, (value > 0).then_some(value));
    let result: Result<(), Error> = match random.random_range(0..6) {
        0 => store.delete_by_id::<Entity>(id).await.map(drop),
        1 => store.insert(ActiveModel { code: row.code, ..numbered(id, &format!("{id}@x")) }).await.map(drop),
        2 => store.transaction(async |tx| writethrough::__private::update::<Entity, _>(row, tx).await.map(drop)).await,
        3 => load_by_key::<Entity, _>(CODE, code(value.max(1)), store).await.map(drop),
        _ => store.update(row).await.map(drop),
    };
    if let Err(error) = result {
        assert_eq!(error.outcome(), Outcome::NotCommitted, "{error}");
        assert!(error.is_not_found() || error.is_unique_violation() || error.is_retryable(), "{error:?}");
    }
}

/// SQLite's triggers cannot give a row other values before it is written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_that_a_trigger_chose_is_found_too() {
    for backend in [Backend::Postgres, Backend::MySql] {
        let stage = Stage::new(backend, CacheKind::Redis).await;
        let (store, other) = two_stores(&stage).await;
        let plain = stage.plain().await;
        match backend {
            Backend::Postgres => {
                let function = "CREATE FUNCTION other_code() RETURNS trigger LANGUAGE plpgsql AS \
                                $$ BEGIN NEW.code := NEW.code - 100; RETURN NEW; END $$";
                plain.execute_unprepared(function).await.unwrap();
                let trigger = "CREATE TRIGGER other BEFORE INSERT OR UPDATE OF code ON ticket_unique \
                               FOR EACH ROW EXECUTE FUNCTION other_code()";
                plain.execute_unprepared(trigger).await.unwrap();
            }
            _ => {
                let trigger =
                    "CREATE TRIGGER other BEFORE INSERT ON ticket_unique FOR EACH ROW SET NEW.code = NEW.code - 100";
                plain.execute_unprepared(trigger).await.unwrap();
            }
        }
        store.insert(ActiveModel { code: Set(Some(101)), ..numbered(1, "ann@x") }).await.unwrap();
        assert_eq!(by_key(&other, CODE, code(1)).await, Some(1), "{backend:?}");
        assert_eq!(by_key(&other, CODE, code(101)).await, None, "{backend:?}");
    }
}
