//! Loading by a unique key: what is found, and what it costs.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::IntoValueTuple;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Schema, Value};
use writethrough::__private::{invalidate, invalidate_all, invalidate_model, load_by_key};
use writethrough::{CachedEntity, Outcome, Store};

use crate::support::entities::every_column::Mood;
use crate::support::entities::keys::{Cabin, CrewId, PassengerId};
use crate::support::entities::uniques::steward;
use crate::support::entities::uniques::ticket::{self, CODE, Entity, MAIL, Model, SEAT, code, mail, numbered};
use crate::support::probe::{Probe, Seen, recorded};
use crate::support::stage::Stage;

async fn by_key<E: CachedEntity>(store: &Store, key: usize, values: Vec<Value>) -> Option<E::Model> {
    load_by_key::<E, _>(key, values, store).await.unwrap()
}

/// A table with these tickets, and a store whose statements are recorded.
async fn tickets<const N: usize>(stage: &Stage, rows: [ticket::ActiveModel; N]) -> [Model; N] {
    stage.create_table(Entity).await;
    let plain = stage.plain().await;
    let mut models = Vec::new();
    for row in rows {
        models.push(row.insert(&plain).await.unwrap());
    }
    models.try_into().unwrap()
}

fn to(id: i32) -> Seen<sea_orm::sea_query::ValueTuple> {
    Seen::Row(id.into_value_tuple())
}

on_every_stage! {
    async fn a_lookup_that_misses_fills_the_pointer_and_never_the_entry(stage: Stage) {
        let [ann] = tickets(&stage, [numbered(1, "ann@x")]).await;
        let (store, log) = recorded(&stage).await;
        let probe = Probe::of(&stage).await;
        for (key, values) in [(CODE, code(1001)), (MAIL, mail("ann@x")), (SEAT, vec![1.into(), "12A".into()])] {
            assert_eq!(by_key::<Entity>(&store, key, values.clone()).await, Some(ann.clone()));
            assert_eq!(log.take().len(), 1);
            assert_eq!(probe.look_by_key::<Entity>(key, &values).await, to(1));
            assert_eq!(probe.look::<Entity>(1).await, Seen::Nothing);
        }
    }

    async fn a_lookup_is_answered_by_the_cache_once_pointer_and_entry_stand(stage: Stage) {
        let [ann] = tickets(&stage, [numbered(1, "ann@x")]).await;
        let writer = stage.store().await;
        let (store, log) = recorded(&stage).await;
        for _ in 0..2 {
            assert_eq!(by_key::<Entity>(&store, MAIL, mail("ann@x")).await, Some(ann.clone()));
        }
        assert_eq!(log.take().len(), 2, "one by the key, one by the primary key");
        for _ in 0..3 {
            assert_eq!(by_key::<Entity>(&store, MAIL, mail("ann@x")).await, Some(ann.clone()));
        }
        assert_eq!(log.take(), Vec::<String>::new());

        // The pointer does not depend on the other columns.
        let dearer = ticket::ActiveModel { id: Set(1), price: Set(20), ..Default::default() };
        let dearer = writer.update(dearer).await.unwrap().model;
        assert_eq!(by_key::<Entity>(&store, MAIL, mail("ann@x")).await, Some(dearer));
        assert_eq!(log.take(), Vec::<String>::new());
    }

    async fn a_pointer_left_behind_by_a_row_that_moved_heals(stage: Stage) {
        let [ann] = tickets(&stage, [numbered(1, "ann@x")]).await;
        let (store, probe, plain) = (stage.store().await, Probe::of(&stage).await, stage.plain().await);
        for _ in 0..2 {
            by_key::<Entity>(&store, MAIL, mail("ann@x")).await;
            by_key::<Entity>(&store, CODE, code(1001)).await;
        }

        // Behind the store's back; the entry is removed, the pointers stay.
        let mut moved = ann.into_active_model();
        (moved.mail, moved.code) = (Set("ann@y".to_owned()), Set(Some(7)));
        let moved = moved.update(&plain).await.unwrap();
        invalidate::<Entity, _>(1, &store).await.unwrap();
        assert_eq!(probe.look_by_key::<Entity>(MAIL, &mail("ann@x")).await, to(1));
        assert_eq!(by_key::<Entity>(&store, MAIL, mail("ann@x")).await, None);
        assert_eq!(probe.look_by_key::<Entity>(MAIL, &mail("ann@x")).await, Seen::Nothing);
        assert_eq!(by_key::<Entity>(&store, CODE, code(1001)).await, None);
        assert_eq!(probe.look_by_key::<Entity>(CODE, &code(1001)).await, Seen::NoSuchRow);
        assert_eq!(by_key::<Entity>(&store, MAIL, mail("ann@y")).await, Some(moved));
    }

    async fn a_pointer_left_behind_leads_to_the_row_that_has_the_value_now(stage: Stage) {
        let [ann, bob] = tickets(&stage, [numbered(1, "ann@x"), numbered(2, "bob@x")]).await;
        let (store, log) = recorded(&stage).await;
        let (probe, plain) = (Probe::of(&stage).await, stage.plain().await);
        by_key::<Entity>(&store, MAIL, mail("ann@x")).await;
        by_key::<Entity>(&store, MAIL, mail("bob@x")).await;

        Entity::delete_by_id(1).exec(&plain).await.unwrap();
        let mut heir = bob.into_active_model();
        heir.mail = Set(ann.mail);
        let heir = heir.update(&plain).await.unwrap();
        for id in [1, 2] {
            invalidate::<Entity, _>(id, &store).await.unwrap();
        }
        log.take();
        assert_eq!(by_key::<Entity>(&store, MAIL, mail("ann@x")).await, Some(heir.clone()));
        assert_eq!(log.take().len(), 2, "where the pointer led, and then by the value");
        assert_eq!(probe.look_by_key::<Entity>(MAIL, &mail("ann@x")).await, to(2));
        assert_eq!(by_key::<Entity>(&store, MAIL, mail("ann@x")).await, Some(heir));
        assert_eq!(by_key::<Entity>(&store, MAIL, mail("bob@x")).await, None);
    }

    async fn absence_is_remembered_only_where_the_key_is_exact(stage: Stage) {
        tickets(&stage, []).await;
        let (store, log) = recorded(&stage).await;
        let (probe, plain) = (Probe::of(&stage).await, stage.plain().await);
        for (key, values) in [(CODE, code(1001)), (SEAT, vec![1.into(), "12A".into()])] {
            for _ in 0..3 {
                assert_eq!(by_key::<Entity>(&store, key, values.clone()).await, None);
            }
            assert_eq!(log.take().len(), 1);
            assert_eq!(probe.look_by_key::<Entity>(key, &values).await, Seen::NoSuchRow);
        }
        for _ in 0..3 {
            assert_eq!(by_key::<Entity>(&store, MAIL, mail("ann@x")).await, None);
            assert_eq!(log.take().len(), 1);
            assert_eq!(probe.look_by_key::<Entity>(MAIL, &mail("ann@x")).await, Seen::Nothing);
        }

        let ann = numbered(1, "ann@x").insert(&plain).await.unwrap();
        invalidate_model::<Entity, _>(&ann, &store).await.unwrap();
        for (key, values) in [(CODE, code(1001)), (MAIL, mail("ann@x")), (SEAT, vec![1.into(), "12A".into()])] {
            assert_eq!(by_key::<Entity>(&store, key, values).await, Some(ann.clone()));
        }
    }

    async fn null_is_nobodys_value_and_nobody_is_asked(stage: Stage) {
        let null = |id, mail| ticket::ActiveModel { code: Set(None), ..numbered(id, mail) };
        let [ann, _bob] = tickets(&stage, [null(1, "ann@x"), null(2, "bob@x")]).await;
        let (store, log) = recorded(&stage).await;
        assert_eq!(by_key::<Entity>(&store, CODE, vec![Value::BigInt(None)]).await, None);
        assert_eq!(by_key::<Entity>(&store, SEAT, vec![1.into(), Value::String(None)]).await, None);
        assert_eq!(log.take(), Vec::<String>::new());
        assert_eq!(by_key::<Entity>(&store, MAIL, mail("ann@x")).await, Some(ann.clone()));
        invalidate_model::<Entity, _>(&ann, &store).await.unwrap();
    }

    async fn columns_of_a_key_do_not_run_into_each_other(stage: Stage) {
        let seat = |id, flight_id, seat: &str| ticket::ActiveModel {
            flight_id: Set(flight_id),
            seat: Set(seat.to_owned()),
            ..numbered(id, &format!("{id}@x"))
        };
        let rows = tickets(&stage, [seat(1, 1, "1:A"), seat(2, 11, ":A"), seat(3, 1, "1%3AA"), seat(4, 111, "A")]).await;
        let (store, log) = recorded(&stage).await;
        for _ in 0..3 {
            for row in &rows {
                let values = vec![row.flight_id.into(), row.seat.clone().into()];
                assert_eq!(by_key::<Entity>(&store, SEAT, values).await.as_ref(), Some(row));
            }
        }
        assert_eq!(log.take().len(), 8);
    }

    async fn enums_and_types_of_ones_own_are_keys(stage: Stage) {
        let plain = stage.plain().await;
        if stage.backend == Backend::Postgres {
            let schema = Schema::new(plain.get_database_backend());
            plain.execute(&schema.create_enum_from_active_enum::<Mood>().unwrap()).await.unwrap();
        }
        stage.create_table(steward::Entity).await;
        let row = steward::ActiveModel {
            id: Set(PassengerId::from_u128(7)),
            mood: Set(Mood::Sad),
            cabin: Set(Some(Cabin::Business)),
            crew: Set(CrewId(-7)),
        };
        let row = row.insert(&plain).await.unwrap();
        let (store, log) = recorded(&stage).await;
        for (key, value, other) in [
            (0, Mood::Sad.into(), Mood::Happy.into()),
            (1, Cabin::Business.into(), Cabin::Economy.into()),
            (2, CrewId(-7).into(), CrewId(7).into()),
        ] {
            let value: Value = value;
            for _ in 0..2 {
                assert_eq!(by_key::<steward::Entity>(&store, key, vec![value.clone()]).await, Some(row.clone()));
            }
            log.take();
            assert_eq!(by_key::<steward::Entity>(&store, key, vec![value]).await, Some(row.clone()));
            assert_eq!(log.take(), Vec::<String>::new());
            assert_eq!(by_key::<steward::Entity>(&store, key, vec![other]).await, None);
        }
    }

    async fn a_row_that_is_not_to_be_kept_gets_no_pointer(stage: Stage) {
        let free = ticket::ActiveModel { price: Set(0), ..numbered(1, "ann@x") };
        let [ann] = tickets(&stage, [free]).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        for _ in 0..2 {
            assert_eq!(by_key::<Entity>(&store, CODE, code(1001)).await, Some(ann.clone()));
            assert_eq!(probe.look_by_key::<Entity>(CODE, &code(1001)).await, Seen::Nothing);
        }
    }

    async fn two_rows_of_one_value_are_an_error_that_asks_for_an_index(stage: Stage) {
        let second = ticket::ActiveModel { flight_id: Set(1), ..numbered(2, "bob@x") };
        tickets(&stage, [numbered(1, "ann@x"), second]).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let values = vec![1.into(), "12A".into()];
        let error = load_by_key::<Entity, _>(SEAT, values.clone(), &store).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "several rows of `ticket_unique` have the same `flight_id` and `seat`: give the table a unique index on \
             it, or ask for such rows with SeaORM itself"
        );
        assert_eq!((error.is_bad_input(), error.outcome()), (true, Outcome::NotCommitted));
        while probe.look_by_key::<Entity>(SEAT, &values).await == Seen::Leased {
            tokio::task::yield_now().await;
        }
        assert_eq!(probe.look_by_key::<Entity>(SEAT, &values).await, Seen::Nothing);
    }

    async fn invalidating_a_model_or_everything_removes_the_pointers_too(stage: Stage) {
        let [ann, bob] = tickets(&stage, [numbered(1, "ann@x"), numbered(2, "bob@x")]).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let pointers = async |of: &str, id: i64| {
            let by_code = probe.look_by_key::<Entity>(CODE, &code(id + 1000)).await;
            (by_code, probe.look_by_key::<Entity>(MAIL, &mail(of)).await)
        };
        for (name, id) in [("ann@x", 1), ("bob@x", 2)] {
            for _ in 0..2 {
                by_key::<Entity>(&store, CODE, code(id + 1000)).await;
                by_key::<Entity>(&store, MAIL, mail(name)).await;
            }
        }
        assert_eq!(probe.look::<Entity>(1).await, Seen::Row(ann.clone()));
        invalidate_model::<Entity, _>(&ann, &store).await.unwrap();
        assert_eq!(probe.look::<Entity>(1).await, Seen::Nothing);
        assert_eq!(pointers("ann@x", 1).await, (Seen::Nothing, Seen::Nothing));
        assert_eq!(pointers("bob@x", 2).await, (to(2), to(2)));
        assert_eq!(probe.look::<Entity>(2).await, Seen::Row(bob));
        invalidate_all::<Entity, _>(&store).await.unwrap();
        assert_eq!(probe.look::<Entity>(2).await, Seen::Nothing);
        assert_eq!(pointers("bob@x", 2).await, (Seen::Nothing, Seen::Nothing));
    }
}
