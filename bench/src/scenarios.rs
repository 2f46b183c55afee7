//! What is compared.

use std::sync::Arc;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::arguments::Arguments;
use crate::measure::{Sample, Turn, Variant, compare};
use crate::report::{Limit, against, table, verdict};
use crate::stage::{ROWS, Stage};
use crate::{Result, batch, flight, outbox};

/// How often each variant has its turn, unless the command line says otherwise.
const REPETITIONS: usize = 25;
/// Rows in one call of `load_many`.
const MANY: i64 = 1000;

/// A comparison that needs servers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scenario {
    Load,
    Many,
    Save,
    Batch,
    Outbox,
}

/// Measures, and prints as it goes.
pub(crate) async fn run(scenarios: &[Scenario], arguments: &Arguments) -> Result<()> {
    let stage = Stage::set_up().await?;
    println!("{}\n", stage.servers().await?);
    let mut result = Ok(());
    for scenario in scenarios {
        result = match scenario {
            Scenario::Load => load(&stage, arguments).await,
            Scenario::Many => many(&stage, arguments).await,
            Scenario::Save => save(&stage, arguments).await,
            Scenario::Batch => batch::run(&stage, arguments).await,
            Scenario::Outbox => outbox::run(&stage, arguments).await,
        };
        if result.is_err() {
            break;
        }
    }
    stage.tear_down().await?;
    result
}

async fn load(stage: &Stage, arguments: &Arguments) -> Result<()> {
    let by_hand = Arc::clone(&stage.by_hand);
    let store = stage.store.clone();
    let variants = [
        Variant::new("`GET` and decode, by hand", move |id| {
            let by_hand = Arc::clone(&by_hand);
            async move { found(by_hand.load(id).await?) }
        }),
        Variant::new("`load_cached`, Redis", move |id| {
            let store = store.clone();
            async move { found(flight::Entity::load_cached(id, &store).await?) }
        }),
    ];
    let one = measure("A cached load, 1 task", &variants, 1, arguments).await?;
    println!("{}\n", verdict("p50 at most 1.05", Limit::AtMost(1.05), |sample| sample.p50, &one));
    let many = measure("A cached load, 64 tasks", &variants, 64, arguments).await?;
    println!("{}\n", verdict("throughput at least 0.90", Limit::AtLeast(0.90), |sample| sample.throughput, &many));

    let db = stage.db.clone();
    let (store, embedded) = (stage.store.clone(), stage.embedded.clone());
    let variants = [
        Variant::new("SeaORM's `find_by_id`", move |id| {
            let db = db.clone();
            async move { found(flight::Entity::find_by_id(id).one(&db).await?) }
        }),
        Variant::new("`load_cached`, Redis", move |id| {
            let store = store.clone();
            async move { found(flight::Entity::load_cached(id, &store).await?) }
        }),
        Variant::new("`load_cached`, memory", move |id| {
            let embedded = embedded.clone();
            async move { found(flight::Entity::load_cached(id, &embedded).await?) }
        }),
    ];
    measure("What a cached load saves, 1 task", &variants, 1, arguments).await?;
    measure("What a cached load saves, 64 tasks", &variants, 64, arguments).await?;
    Ok(())
}

async fn many(stage: &Stage, arguments: &Arguments) -> Result<()> {
    let by_hand = Arc::clone(&stage.by_hand);
    let (store, embedded) = (stage.store.clone(), stage.embedded.clone());
    let db = stage.db.clone();
    let variants = [
        Variant::new("`MGET` and decode, by hand", move |from| {
            let by_hand = Arc::clone(&by_hand);
            async move { all_found(&by_hand.load_many(&page(from)).await?) }
        }),
        Variant::new("`load_many_cached`, Redis", move |from| {
            let store = store.clone();
            async move { all_found(&flight::Entity::load_many_cached(page(from), &store).await?) }
        }),
        Variant::new("`load_many_cached`, memory", move |from| {
            let embedded = embedded.clone();
            async move { all_found(&flight::Entity::load_many_cached(page(from), &embedded).await?) }
        }),
        Variant::new("SeaORM's `find`, `IN`", move |from| {
            let db = db.clone();
            async move {
                let rows = flight::Entity::find().filter(flight::Column::Id.is_in(page(from))).all(&db).await?;
                all_found(&rows.into_iter().map(Some).collect::<Vec<_>>())
            }
        }),
    ];
    measure("1000 cached rows, 1 task", &variants, 1, arguments).await?;
    Ok(())
}

async fn save(stage: &Stage, arguments: &Arguments) -> Result<()> {
    let by_hand = Arc::clone(&stage.by_hand);
    let naive = Arc::clone(&stage.by_hand);
    let store = stage.store.clone();
    let db = stage.db.clone();
    let variants = [
        Variant::new("fence, `UPDATE`, compare-and-set, by hand", move |id| {
            let by_hand = Arc::clone(&by_hand);
            async move { by_hand.save(change(id), id).await.map(drop) }
        }),
        Variant::new("`update_through`", move |id| {
            let store = store.clone();
            async move { Ok(change(id).update_through(&store).await.map(drop)?) }
        }),
        Variant::new("`UPDATE`, `SET`, by hand (naive)", move |id| {
            let naive = Arc::clone(&naive);
            async move { naive.save_naively(change(id)).await.map(drop) }
        }),
        Variant::new("`UPDATE` only", move |id| {
            let db = db.clone();
            async move { Ok(sea_orm::ActiveModelTrait::update(change(id), &db).await.map(drop)?) }
        }),
    ];
    for tasks in [1, 16] {
        let title = format!("An update of one row, {tasks} task{}", if tasks == 1 { "" } else { "s" });
        let rounds = measure(&title, &variants, tasks, arguments).await?;
        println!("{}", verdict("p50 at most 1.05", Limit::AtMost(1.05), |sample| sample.p50, &rounds));
        let throughput = verdict("throughput at least 0.95", Limit::AtLeast(0.95), |sample| sample.throughput, &rounds);
        println!("{throughput}");
        println!("{}\n", against(&variants, 1, 2, &rounds));
    }
    Ok(())
}

pub(crate) async fn measure(
    title: &str,
    variants: &[Variant],
    tasks: usize,
    arguments: &Arguments,
) -> Result<Vec<Vec<Sample>>> {
    let turn = Turn { tasks, lasting: arguments.slice };
    let rounds = compare(variants, turn, arguments.repetitions.unwrap_or(REPETITIONS)).await?;
    println!("{}", table(title, variants, &rounds));
    Ok(rounds)
}

pub(crate) fn change(id: i64) -> flight::ActiveModel {
    flight::change(id, rand::random_range(0..400))
}

fn page(from: i64) -> Vec<i64> {
    (from..from + MANY).map(|id| id % ROWS).collect()
}

fn found(row: Option<flight::Model>) -> Result<()> {
    row.map(|row| drop(std::hint::black_box(row))).ok_or_else(|| "a row is missing".into())
}

fn all_found(rows: &[Option<flight::Model>]) -> Result<()> {
    let found = std::hint::black_box(rows).iter().flatten().count();
    if found == usize::try_from(MANY)? { Ok(()) } else { Err(format!("{found} rows of {MANY}").into()) }
}
