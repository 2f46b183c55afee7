//! Each write that SeaORM has, what it does, and the test of what becomes of it here: through the cache where there is a
//! verb for it, and beside the cache, as a plain statement in a transaction, where there is none.
//!
//! | SeaORM | what it does | test |
//! | --- | --- | --- |
//! | `insert` | `INSERT … RETURNING`; on MySQL and MariaDB without it, where the row is read back under a lock | `costs::what_operations_cost_on_mysql` |
//! | `update` | `UPDATE … RETURNING`; on MySQL and MariaDB read back likewise | `costs::what_operations_cost_on_postgres` |
//! | RETURNING on MariaDB, a feature of SeaORM | is not asked for: the read back is the same with it and without | `transactions::every_write::nothing_depends_on_whether_mariadb_returns_rows` |
//! | `update` or `save` that sets nothing | a SELECT; hooks run | `writes::save::an_update_with_nothing_set_returns_the_row_as_it_is_and_publishes_nothing` |
//! | `update` of a missing row | `RecordNotUpdated`; `RecordNotFound` if it sets nothing | `writes::save::an_update_of_a_missing_row_is_an_error_and_leaves_nothing_behind` |
//! | `update` to the same values | counts as an update, on MySQL too | `writes::save::an_update_that_sets_the_same_value_again_is_an_update` |
//! | `save` | inserts if a key column is not set, updates otherwise | `writes::save::save_inserts_where_the_key_is_not_set_and_updates_where_it_is` |
//! | `save` of a new row under a key of one's own | `RecordNotUpdated` | `writes::save::save_of_a_new_row_under_a_key_of_our_own_names_insert_through` |
//! | `insert` of what another row left `Unchanged` | `Unchanged` is a value | `transactions::every_write::an_insert_takes_what_is_unchanged_for_a_value` |
//! | `delete` of a missing row | is no error; hooks run | `writes::delete::every_delete_tells_whether_there_was_a_row` |
//! | `update` without a key | `PrimaryKeyNotSet` | `writes::save::an_update_without_a_key_is_refused_before_anything_happens` |
//! | `delete` without a key | `PrimaryKeyNotSet` | `writes::delete::a_delete_without_a_key_is_refused_before_anything_happens` |
//! | `insert` of a duplicate | a unique violation, as a `Query` or an `Exec` error | `writes::save::a_duplicate_key_changes_nothing_for_anybody` |
//! | `insert` that conflicts and updates | returns the real row; where nothing changes, on MySQL, an error | `writes::upsert::an_update_to_the_same_values_is_an_update` |
//! | `insert` that conflicts and does nothing | an error, which differs between databases | `writes::upsert::doing_nothing_is_told_and_leaves_the_entry_alone` |
//! | hooks | run with `insert`, `update`, `save`, `delete` of active models alone, before the commit | `writes::hooks::hooks_see_what_they_see_without_us` |
//! | `after_save` that fails | the row stays written | `writes::hooks::an_after_save_that_refuses_says_that_the_row_is_saved` |
//! | BEFORE triggers | are in what RETURNING shows | `writes::defaults::defaults_and_before_triggers_are_in_what_is_cached` |
//! | AFTER triggers | are not | `writes::defaults::what_an_after_trigger_changes_is_read_where_writes_invalidate` |
//! | `update_without_returning` | `UPDATE`; the hook before it runs, the one after it does not | `transactions::every_write::an_update_without_returning_takes_the_value_out_of_the_cache` |
//! | `insert`, `update`, `delete` of one row with `exec`, `exec_with_returning`, `exec_without_returning` | one statement without hooks; on MySQL and MariaDB a deletion returns no row | `transactions::every_write::single_statements_without_hooks_take_the_value_out_of_the_cache` |
//! | `insert_many` | one statement; a column that another row of it sets is NULL | `transactions::every_write::rows_that_were_inserted_together_are_read_with_their_nulls` |
//! | `…_many` with `exec_with_returning` | the rows; on MySQL and MariaDB `BackendNotSupported`, and nothing is sent | `transactions::every_write::many_rows_that_come_back_take_the_values_out_of_the_cache` |

use sea_orm::ActiveValue::Unchanged;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, QueryFilter};
use writethrough::{Error, OnPlainWrite, Source};

use super::{delay_of, with_flights};
use crate::layering::texts;
use crate::support::entities::flight::{ActiveModel, Column, Entity, delay, numbered};
use crate::support::entities::hooked;
use crate::support::entities::uniques::ticket;
use crate::support::probe::{Probe, Seen};

on_every_stage! {
    async fn an_insert_takes_what_is_unchanged_for_a_value(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        let row = ActiveModel { id: Unchanged(7), delay_minutes: Unchanged(70), ..numbered(7, "WT 7") };
        assert_eq!(row.insert_through(&store).await.unwrap().id, 7);
        assert_eq!(delay_of(7, &other).await, (Some(70), Source::Cache));
    }

    async fn an_update_without_returning_takes_the_value_out_of_the_cache(stage: Stage) {
        stage.create_table(hooked::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        hooked::journal_of(hooked::named(1, "one").insert_through(&store)).await.0.unwrap();
        let work = store.transaction(async |tx| {
            hooked::named(1, "two").save_through(tx).await?;
            hooked::named(1, "three").update_without_returning(tx).await?;
            Ok::<_, Error>(())
        });
        hooked::journal_of(work).await.0.unwrap();
        assert_eq!(probe.look::<hooked::Entity>(1).await, Seen::Nothing);
        let stored = hooked::Entity::find_by_id(1).one(store.database()).await.unwrap();
        assert_eq!(stored.as_ref().map(|row| row.name.as_str()), Some("three"));
        assert_eq!(hooked::Entity::load_cached(1, &store).await.unwrap(), stored);
    }

    async fn single_statements_without_hooks_take_the_value_out_of_the_cache(stage: Stage) {
        let (_, other) = with_flights(&stage).await;
        let store = stage.builder().on_plain_write(OnPlainWrite::Invalidate).register::<Entity>().build().await.unwrap();
        let tx = store.begin().await.unwrap();
        Entity::update(delay(1, 11)).exec(&tx).await.unwrap();
        Entity::update(delay(2, 22)).exec_without_returning(&tx).await.unwrap();
        Entity::insert(numbered(8, "WT 8")).exec_with_returning(&tx).await.unwrap();
        Entity::insert(numbered(9, "WT 9")).exec_without_returning(&tx).await.unwrap();
        if stage.backend == Backend::MySql {
            let refused = Entity::delete_by_id(3).exec_with_returning(&tx).await.unwrap_err();
            assert!(matches!(refused, DbErr::BackendNotSupported { .. }), "{refused}");
            Entity::delete_by_id(3).exec(&tx).await.unwrap();
        } else {
            assert_eq!(Entity::delete_by_id(3).exec_with_returning(&tx).await.unwrap().map(|row| row.id), Some(3));
        }
        assert_eq!(delay_of(1, &other).await, (Some(0), Source::Cache), "nothing is committed yet");
        tx.commit().await.unwrap();
        for (id, expected) in [(1, Some(11)), (2, Some(22)), (3, None), (8, Some(0)), (9, Some(0))] {
            assert_eq!(delay_of(id, &other).await, (expected, Source::Database), "flight {id}");
        }
    }

    async fn rows_that_were_inserted_together_are_read_with_their_nulls(stage: Stage) {
        stage.create_table(ticket::Entity).await;
        let (store, other) = (stage.store().await, stage.store().await);
        store.insert(ticket::numbered(1, "ann@x")).await.unwrap();
        store.transaction(async |tx| {
            let without_code = ticket::ActiveModel { code: Default::default(), ..ticket::numbered(3, "cid@x") };
            ticket::Entity::insert_many([ticket::numbered(2, "bob@x"), without_code]).exec(tx).await?;
            Ok::<_, Error>(())
        }).await.unwrap();
        for (id, code) in [(2, Some(1002)), (3, None)] {
            let loaded = other.load::<ticket::Entity>(id).await.unwrap();
            assert_eq!((loaded.model.unwrap().code, loaded.source), (code, Source::Database), "ticket {id}");
            let again = other.load::<ticket::Entity>(id).await.unwrap();
            assert_eq!((again.model.unwrap().code, again.source), (code, Source::Cache), "ticket {id}");
        }
    }

    async fn many_rows_that_come_back_take_the_values_out_of_the_cache(stage: Stage) {
        let (store, other) = with_flights(&stage).await;
        let tx = store.begin().await.unwrap();
        delay(1, 10).save_through(&tx).await.unwrap();
        delay(2, 20).save_through(&tx).await.unwrap();
        let late = || Entity::update_many().col_expr(Column::DelayMinutes, Expr::value(77)).filter(Column::Id.eq(1));
        let gone = || Entity::delete_many().filter(Column::Id.eq(2));
        let came = || Entity::insert_many([numbered(8, "WT 8"), numbered(9, "WT 9")]);
        if stage.backend == Backend::MySql {
            for refused in [
                late().exec_with_returning(&tx).await.unwrap_err(),
                gone().exec_with_returning(&tx).await.unwrap_err(),
                came().exec_with_returning(&tx).await.unwrap_err(),
            ] {
                assert!(matches!(refused, DbErr::BackendNotSupported { .. }), "{refused}");
            }
            // SeaORM sent nothing, so the transaction goes on, and what it has written before is published.
            tx.commit().await.unwrap();
            assert_eq!(delay_of(1, &other).await, (Some(10), Source::Cache));
            assert_eq!(delay_of(2, &other).await, (Some(20), Source::Cache));
            return;
        }
        assert_eq!(late().exec_with_returning(&tx).await.unwrap().len(), 1);
        assert_eq!(gone().exec_with_returning(&tx).await.unwrap().len(), 1);
        assert_eq!(came().exec_with_returning(&tx).await.unwrap().len(), 2);
        tx.commit().await.unwrap();
        for (id, expected) in [(1, Some(77)), (2, None), (8, Some(0)), (9, Some(0))] {
            assert_eq!(delay_of(id, &other).await, (expected, Source::Database), "flight {id}");
        }
    }
}

/// The feature makes SeaORM's connections to MySQL and MariaDB answer `support_returning` with yes. We go by the kind of
/// the database, and only hand the question on.
#[test]
fn nothing_depends_on_whether_mariadb_returns_rows() {
    let handed_on = [
        "fn support_returning(&self) -> bool {",
        "self.level.inner.support_returning()",
        "self.level().inner.support_returning()",
    ];
    let mut times = 0;
    for (path, text) in texts("writethrough-core/src") {
        for line in text.lines().map(str::trim).filter(|line| line.contains("support_returning")) {
            assert!(handed_on.contains(&line), "{path}: {line}");
            times += 1;
        }
    }
    assert!(times >= 2, "where is it handed on?");
}

#[test]
fn each_row_of_the_table_above_names_a_test_that_exists() {
    let rows =
        include_str!("every_write.rs").lines().filter_map(|line| line.strip_prefix("//! | ")?.strip_suffix(" |"));
    let named: Vec<_> = rows.filter_map(|row| row.rsplit('`').nth(1)).filter(|name| name.contains("::")).collect();
    assert!(named.len() > 20, "{named:?}");
    let sources = texts("tests/it");
    for name in named {
        let (module, test) = name.rsplit_once("::").unwrap();
        let module = module.replace("::", "/");
        let is_it = |place: &str| place.trim_end_matches(".rs").trim_end_matches("/mod") == module;
        let (_, text) =
            sources.iter().find(|(place, _)| is_it(place)).unwrap_or_else(|| panic!("no module for {name}"));
        assert!(text.contains(&format!("fn {test}(")), "there is no test {name}");
    }
}
