//! What may stand under a pointer's key, and what becomes of it.

use sea_orm::sea_query::IntoValueTuple;
use sea_orm::{ActiveModelTrait, ConnectionTrait, IntoActiveModel, Value};
use writethrough::__private::load_by_key;
use writethrough::{CachedEntity, Store};
use writethrough_core::entry::{Payload, encode_no_row, encode_pointer, encode_row};

use crate::support::databases::Backend;
use crate::support::entities::uniques::ticket::{self, CODE, Entity, MAIL, Model, code, mail, numbered};
use crate::support::entities::uniques::{new, old, wide};
use crate::support::probe::{Probe, Seen, recorded};
use crate::support::stage::Stage;
use crate::support::wire::Wire;

async fn by_key<E: CachedEntity>(store: &Store, key: usize, values: Vec<Value>) -> Option<E::Model> {
    load_by_key::<E, _>(key, values, store).await.unwrap()
}

async fn ann(stage: &Stage) -> Model {
    stage.create_table(Entity).await;
    numbered(1, "ann@x").insert(&stage.plain().await).await.unwrap()
}

fn to(id: i32) -> Seen<sea_orm::sea_query::ValueTuple> {
    Seen::Row(id.into_value_tuple())
}

on_every_stage! {
    async fn what_is_no_pointer_of_this_key_is_replaced(stage: Stage) {
        let ann = ann(&stage).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let pointer = probe.pointer::<Entity>(CODE, &code(1001));
        for wrong in [
            Payload(b"no payload".as_slice().into()),
            Payload(b"".as_slice().into()),
            encode_row::<Entity>(&ann).unwrap(),
            encode_pointer::<Entity>(MAIL, &ann).unwrap(),
            encode_no_row::<Entity>(MAIL),
            encode_pointer::<old::Entity>(0, &old::Model { id: 1, code: 1001 }).unwrap(),
        ] {
            probe.put(&pointer, wrong).await;
            assert_eq!(probe.look_by_key::<Entity>(CODE, &code(1001)).await, Seen::Undecodable);
            assert_eq!(by_key::<Entity>(&store, CODE, code(1001)).await, Some(ann.clone()));
            assert_eq!(probe.look_by_key::<Entity>(CODE, &code(1001)).await, to(1));
        }
    }

    async fn a_pointer_to_another_row_or_to_none_is_replaced(stage: Stage) {
        let ann = ann(&stage).await;
        let bob = numbered(2, "bob@x").insert(&stage.plain().await).await.unwrap();
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let pointer = probe.pointer::<Entity>(MAIL, &mail("ann@x"));
        for led in [bob.clone(), Model { id: 3, ..bob }] {
            for _ in 0..2 {
                probe.put(&pointer, encode_pointer::<Entity>(MAIL, &led).unwrap()).await;
                assert_eq!(by_key::<Entity>(&store, MAIL, mail("ann@x")).await, Some(ann.clone()));
                assert_eq!(probe.look_by_key::<Entity>(MAIL, &mail("ann@x")).await, to(1));
            }
        }
    }

    async fn absence_written_by_a_version_that_takes_the_key_for_exact_is_not_believed(stage: Stage) {
        let ann = ann(&stage).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        probe.put(&probe.pointer::<Entity>(MAIL, &mail("ann@x")), encode_no_row::<Entity>(MAIL)).await;
        assert_eq!(by_key::<Entity>(&store, MAIL, mail("ann@x")).await, Some(ann));
        assert_eq!(probe.look_by_key::<Entity>(MAIL, &mail("ann@x")).await, to(1));
    }

    async fn a_key_of_another_redis_type_counts_as_absent(stage: Stage) {
        let ann = ann(&stage).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        if stage.cache == CacheKind::Redis {
            let pointer = probe.pointer::<Entity>(CODE, &code(1001));
            assert_eq!(Wire::connect(&stage.cache_url()).await.number(&format!("RPUSH {pointer} x")).await, 1);
        }
        assert_eq!(by_key::<Entity>(&store, CODE, code(1001)).await, Some(ann.clone()));
        assert_eq!(by_key::<Entity>(&store, CODE, code(1001)).await, Some(ann));
        assert_eq!(probe.look_by_key::<Entity>(CODE, &code(1001)).await, to(1));
    }

    async fn two_deployed_versions_share_pointers(stage: Stage) {
        stage.create_table(new::Entity).await;
        let newer = new::Model { id: 1, chip: 9, code: 7 };
        let older = old::Model { id: 1, code: 7 };
        newer.clone().into_active_model().insert(&stage.plain().await).await.unwrap();
        let (store, log) = recorded(&stage).await;
        let seven = || vec![7.into()];
        for _ in 0..2 {
            // The newer one's second key is the older one's first.
            assert_eq!(by_key::<new::Entity>(&store, 1, seven()).await, Some(newer.clone()));
        }
        log.take();
        assert_eq!(by_key::<old::Entity>(&store, 0, seven()).await, Some(older.clone()));
        assert_eq!(by_key::<new::Entity>(&store, 1, seven()).await, Some(newer));
        assert_eq!(log.take(), Vec::<String>::new());
        let eight = || vec![8.into()];
        assert_eq!(by_key::<old::Entity>(&store, 0, eight()).await, None);
        log.take();
        assert_eq!(by_key::<new::Entity>(&store, 1, eight()).await, None);
        assert_eq!(log.take(), Vec::<String>::new());
    }

    async fn a_primary_key_of_another_type_is_replaced(stage: Stage) {
        stage.create_table(wide::Entity).await;
        let row = wide::Model { id: "1".to_owned(), code: 7 };
        row.clone().into_active_model().insert(&stage.plain().await).await.unwrap();
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let seven = || vec![7.into()];
        let narrow = encode_pointer::<old::Entity>(0, &old::Model { id: 1, code: 7 }).unwrap();
        probe.put(&probe.pointer::<wide::Entity>(0, &seven()), narrow).await;
        assert_eq!(by_key::<wide::Entity>(&store, 0, seven()).await, Some(row));
        let healed = probe.look_by_key::<wide::Entity>(0, &seven()).await;
        assert_eq!(healed, Seen::Row("1".to_owned().into_value_tuple()));
    }

    async fn another_spelling_is_answered_and_never_kept(stage: Stage) {
        let stored = tickets_that_ignore_case(&stage).await;
        let (store, log) = recorded(&stage).await;
        let probe = Probe::of(&stage).await;
        for _ in 0..2 {
            assert_eq!(by_key::<Entity>(&store, MAIL, mail("ANN@x")).await, Some(stored.clone()));
            assert_eq!(log.take().len(), 1);
            assert_eq!(probe.look_by_key::<Entity>(MAIL, &mail("ANN@x")).await, Seen::Nothing);
        }
        assert_eq!(by_key::<Entity>(&store, MAIL, mail("ann@x")).await, Some(stored.clone()));
        assert_eq!(probe.look_by_key::<Entity>(MAIL, &mail("ann@x")).await, to(1));
        assert_eq!(by_key::<Entity>(&store, MAIL, mail("xyz@x")).await, None);

        // The row was spelled so once: its pointer is left behind, and leads to another spelling now.
        let pointer = probe.pointer::<Entity>(MAIL, &mail("ANN@x"));
        probe.put(&pointer, encode_pointer::<Entity>(MAIL, &stored).unwrap()).await;
        assert_eq!(by_key::<Entity>(&store, MAIL, mail("ANN@x")).await, Some(stored));
        assert_eq!(probe.look_by_key::<Entity>(MAIL, &mail("ANN@x")).await, Seen::Nothing);
    }

    async fn a_fence_is_respected(stage: Stage) {
        let ann = ann(&stage).await;
        let (store, log) = recorded(&stage).await;
        let probe = Probe::of(&stage).await;
        probe.fence_at(&probe.pointer::<Entity>(CODE, &code(1001))).await;
        for _ in 0..2 {
            assert_eq!(by_key::<Entity>(&store, CODE, code(1001)).await, Some(ann.clone()));
            assert_eq!(log.take().len(), 1);
            assert_eq!(probe.look_by_key::<Entity>(CODE, &code(1001)).await, Seen::Fenced);
        }
        // Another key of the row is not concerned, nor is the row.
        assert_eq!(by_key::<Entity>(&store, MAIL, mail("ann@x")).await, Some(ann));
        assert_eq!(probe.look_by_key::<Entity>(MAIL, &mail("ann@x")).await, to(1));
    }

    async fn a_cache_that_does_not_answer_costs_a_query(stage: Stage) {
        let ann = ann(&stage).await;
        let store = stage.builder().cache_url("redis://127.0.0.1:1").build().await.unwrap();
        for _ in 0..2 {
            assert_eq!(by_key::<Entity>(&store, CODE, code(1001)).await, Some(ann.clone()));
            assert_eq!(by_key::<Entity>(&store, CODE, code(1)).await, None);
        }
    }
}

/// A table in which addresses that differ in case are the same, and one row in it.
async fn tickets_that_ignore_case(stage: &Stage) -> ticket::Model {
    let plain = stage.plain().await;
    let (before, mail) = match stage.backend {
        Backend::Sqlite => ("", "varchar NOT NULL COLLATE NOCASE"),
        Backend::Postgres => (
            "CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
            "varchar COLLATE nocase NOT NULL",
        ),
        Backend::MySql => ("", "varchar(255) COLLATE utf8mb4_general_ci NOT NULL"),
    };
    if !before.is_empty() {
        plain.execute_unprepared(before).await.unwrap();
    }
    let table = format!(
        "CREATE TABLE ticket_unique (id int NOT NULL PRIMARY KEY, code bigint UNIQUE, mail {mail} UNIQUE,
         flight_id int NOT NULL, seat varchar(255) NOT NULL, price int NOT NULL)"
    );
    plain.execute_unprepared(&table).await.unwrap();
    numbered(1, "ann@x").insert(&plain).await.unwrap()
}
