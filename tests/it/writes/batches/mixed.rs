//! Rows that set different columns, and what the database chooses for the others.

use sea_orm::ActiveValue::{NotSet, Set, Unchanged};
use sea_orm::{ConnectionTrait, EntityTrait};

use crate::support::entities::flight::{ActiveModel, Entity, Model, departure, numbered};
use crate::support::probe::{Probe, Seen, recorded};
use crate::support::stage::Stage;
use crate::writes::defaults::flights_with_triggers;

fn only(flight_no: &str) -> ActiveModel {
    ActiveModel { flight_no: Set(flight_no.to_owned()), ..Default::default() }
}

fn gated(flight_no: &str, gate: &str) -> ActiveModel {
    ActiveModel { gate: Set(gate.to_owned()), ..only(flight_no) }
}

fn shown(rows: &[Model]) -> Vec<(String, &str, i32)> {
    rows.iter().map(|row| (row.flight_no.to_uppercase(), row.gate.as_str(), row.delay_minutes)).collect()
}

fn expected<'a>(rows: impl IntoIterator<Item = (&'a str, &'a str, i32)>) -> Vec<(String, &'a str, i32)> {
    rows.into_iter().map(|(flight_no, gate, delay)| (flight_no.to_owned(), gate, delay)).collect()
}

on_every_stage! {
    /// SeaORM's own insert_many writes NULL where another row of the batch has a value.
    async fn what_a_row_does_not_set_is_the_databases_to_choose(stage: Stage) {
        flights_with_triggers(&stage).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let rows = [
            only("a"),
            gated("b", "B1"),
            ActiveModel { delay_minutes: Set(9), ..only("c") },
            departure("d"),
            gated("e", "B2"),
            ActiveModel { id: Set(70), ..only("f") },
            // What is Unchanged is inserted like what is Set, as in SeaORM.
            ActiveModel { gate: Unchanged("B3".to_owned()), ..only("g") },
            only("h"),
            ActiveModel { id: Set(60), ..only("i") },
        ];
        let rows = Entity::insert_many_through(rows, &store).await.unwrap();
        let as_chosen = expected([
            ("A", "A1", 5), ("B", "B1", 5), ("C", "A1", 9), ("D", "A4", 0), ("E", "B2", 5), ("F", "A1", 5), ("G", "B3", 5),
            ("H", "A1", 5), ("I", "A1", 5),
        ]);
        assert_eq!(shown(&rows), as_chosen);
        assert_eq!((rows[5].id, rows[8].id), (70, 60));
        for row in rows {
            assert_eq!(probe.look::<Entity>(row.id).await, Seen::Row(row.clone()));
            assert_eq!(Entity::find_by_id(row.id).one(store.database()).await.unwrap(), Some(row));
        }
    }

    async fn keys_that_are_unchanged_are_inserted_as_they_are(stage: Stage) {
        stage.create_table(Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        for id in [8, 9] {
            store.insert(numbered(id, "there before")).await.unwrap();
        }
        assert_eq!(Entity::load_cached(5, &store).await.unwrap(), None);
        let rows = [5, 6, 7].map(|id| ActiveModel { id: Unchanged(id), ..departure("new") });
        let rows = Entity::insert_many_through(rows, &store).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [5, 6, 7]);
        for row in rows {
            assert_eq!(probe.look::<Entity>(row.id).await, Seen::Row(row));
        }
    }

    async fn rows_that_set_the_same_columns_are_one_statement_however_they_are_mixed(stage: Stage) {
        flights_with_triggers(&stage).await;
        let (store, log) = recorded(&stage).await;
        let rows = (0..40).map(|number| if number % 2 == 0 { only("a") } else { gated("b", "B1") });
        let rows = Entity::insert_many_through(rows, &store).await.unwrap();
        assert_eq!(rows.iter().filter(|row| row.gate == "B1").count(), 20);
        assert!(rows.iter().step_by(2).all(|row| row.gate == "A1"));
        let inserts = log.take().iter().filter(|sql| sql.starts_with("INSERT")).count();
        assert_eq!(inserts, 2);
    }

    async fn rows_of_nothing_but_defaults_are_inserted_too(stage: Stage) {
        flights_with_triggers(&stage).await;
        let store = stage.store().await;
        store.database().execute_unprepared(match stage.backend {
            Backend::Postgres => "ALTER TABLE flight ALTER COLUMN flight_no SET DEFAULT 'NONE'",
            Backend::MySql => "ALTER TABLE flight ALTER COLUMN flight_no SET DEFAULT 'NONE'",
            // It changes no defaults.
            Backend::Sqlite => return,
        }).await.unwrap();
        let rows = [ActiveModel::default(), only("x"), ActiveModel::default()];
        let rows = Entity::insert_many_through(rows, &store).await.unwrap();
        assert_eq!(shown(&rows), expected([("NONE", "A1", 5), ("X", "A1", 5), ("NONE", "A1", 5)]));
    }

    async fn keys_that_mysql_generates_for_zero_are_those_that_come_back(stage: Stage) {
        flights_with_triggers(&stage).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let zero = |flight_no: &str| ActiveModel { id: Set(0), ..only(flight_no) };
        if stage.backend != Backend::MySql {
            let error = Entity::insert_many_through([zero("a"), zero("b")], &store).await.unwrap_err();
            assert!(error.is_unique_violation(), "zero is a key like another: {error}");
            return;
        }
        let keyed = |id: i32, flight_no: &str| ActiveModel { id: Set(id), ..only(flight_no) };
        let rows = [zero("a"), keyed(500, "b"), only("c"), zero("d"), keyed(400, "e"), only("f")];
        let rows = Entity::insert_many_through(rows, &store).await.unwrap();
        let names: Vec<_> = rows.iter().map(|row| row.flight_no.as_str()).collect();
        assert_eq!(names, ["A", "B", "C", "D", "E", "F"]);
        assert_eq!((rows[1].id, rows[4].id), (500, 400));
        for row in rows {
            assert_eq!(probe.look::<Entity>(row.id).await, Seen::Row(row.clone()));
            assert_eq!(Entity::find_by_id(row.id).one(store.database()).await.unwrap(), Some(row));
        }
    }

    async fn generated_keys_may_go_up_in_larger_steps(stage: Stage) {
        stage.create_table(Entity).await;
        let step = match stage.backend {
            Backend::MySql => "SET SESSION auto_increment_increment = 10, SESSION auto_increment_offset = 3",
            Backend::Postgres => "ALTER SEQUENCE flight_id_seq INCREMENT BY -10 MINVALUE -10000 START WITH 5 RESTART",
            Backend::Sqlite => return,
        };
        // One connection, so that its session is the one that inserts.
        let mut options = sea_orm::ConnectOptions::new(stage.database_url());
        options.max_connections(1).min_connections(1);
        let db = sea_orm::Database::connect(options).await.unwrap();
        db.execute_unprepared(step).await.unwrap();
        let store = stage.builder().database(db).build().await.unwrap();
        let names: Vec<_> = (0..30).map(|number| format!("WT {number}")).collect();
        let rows = Entity::insert_many_through(names.iter().map(|name| departure(name)), &store).await.unwrap();
        assert!(rows.iter().zip(&names).all(|(row, name)| row.flight_no == *name));
        assert!(rows.windows(2).all(|pair| (pair[1].id - pair[0].id).abs() == 10));
        for row in rows {
            assert_eq!(Entity::load_cached(row.id, &store).await.unwrap(), Some(row));
        }
    }

    async fn a_trigger_that_keeps_a_row_out_undoes_the_batch(stage: Stage) {
        if stage.backend == Backend::MySql {
            return; // Its triggers can refuse a row, but not ignore it.
        }
        flights_with_triggers(&stage).await;
        let store = stage.store().await;
        let keyed = |id: i32, flight_no: &str| ActiveModel { id: Set(id), ..only(flight_no) };
        for rows in [[only("a"), only("ignored"), only("b")], [keyed(1, "a"), keyed(2, "ignored"), keyed(3, "b")]] {
            let error = Entity::insert_many_through(rows, &store).await.unwrap_err();
            assert_eq!(error.outcome(), writethrough::Outcome::NotCommitted, "{error}");
        }
        assert_eq!(Entity::find().all(store.database()).await.unwrap(), []);
    }

    async fn rows_that_a_trigger_gives_other_keys_are_never_served_old(stage: Stage) {
        stage.create_table(Entity).await;
        let plain = stage.plain().await;
        let trigger = match stage.backend {
            Backend::Sqlite => return, // Its triggers cannot change the new row.
            Backend::Postgres => {
                "CREATE FUNCTION move() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN NEW.id := 2000 - NEW.id; RETURN NEW; END $$;
                 CREATE TRIGGER move BEFORE INSERT ON flight FOR EACH ROW EXECUTE FUNCTION move()"
            }
            Backend::MySql => "CREATE TRIGGER move BEFORE INSERT ON flight FOR EACH ROW SET NEW.id = 2000 - NEW.id",
        };
        plain.execute_unprepared(trigger).await.unwrap();
        let store = stage.store().await;
        let asked = [1, 2, 1998, 1999];
        assert_eq!(Entity::load_many_cached(asked, &store).await.unwrap(), [None, None, None, None]);
        let rows = [1, 2].map(|id| ActiveModel { id: Set(id), ..departure(&format!("WT {id}")) });
        match Entity::insert_many_through(rows, &store).await {
            Ok(rows) => {
                let names: Vec<_> = rows.iter().map(|row| (row.id, row.flight_no.as_str())).collect();
                assert_eq!(names, [(1999, "WT 1"), (1998, "WT 2")]);
            }
            // Without RETURNING nobody can tell where the rows went: they are taken back.
            Err(error) => {
                assert_eq!(stage.backend, Backend::MySql, "{error}");
                assert_eq!(error.outcome(), writethrough::Outcome::NotCommitted, "{error}");
            }
        }
        for id in asked {
            let stored = Entity::find_by_id(id).one(&plain).await.unwrap();
            assert_eq!(Entity::load_cached(id, &store).await.unwrap(), stored, "{id}");
        }
    }
}

/// A key that the database stores in another spelling.
#[tokio::test]
async fn keys_that_the_database_spells_otherwise_find_their_rows() {
    use crate::support::databases::Backend;
    use crate::support::entities::keys::airport;
    use crate::support::stage::CacheKind;
    for backend in [Backend::Postgres, Backend::MySql] {
        let stage = Stage::new(backend, CacheKind::Memory).await;
        let plain = stage.plain().await;
        plain.execute_unprepared("CREATE TABLE airport (id char(5) PRIMARY KEY, name varchar(50))").await.unwrap();
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let named = |id: &str| airport::ActiveModel { id: Set(id.to_owned()), name: Set(id.to_owned()) };
        let rows =
            airport::Entity::insert_many_through([named("BER"), named("A"), named("ZRH")], &store).await.unwrap();
        let names: Vec<_> = rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["BER", "A", "ZRH"]);
        for row in rows {
            assert_eq!(probe.look::<airport::Entity>(row.id.clone()).await, Seen::Row(row.clone()));
        }
        let renamed = airport::ActiveModel { id: NotSet, ..named("x") };
        assert!(airport::Entity::insert_many_through([renamed], &store).await.is_err());
    }
}
