//! What a batch saves against as many single saves, and what it costs against the insert alone.

use sea_orm::{ConnectionTrait, EntityTrait, Schema};

use crate::arguments::Arguments;
use crate::measure::Variant;
use crate::report::{Limit, against, verdict};
use crate::scenarios::measure;
use crate::stage::Stage;
use crate::{Result, booking};

/// Rows in one batch.
const ROWS: i64 = 1000;

/// Inserts 1,000 rows, one by one and at once.
pub(crate) async fn run(stage: &Stage, arguments: &Arguments) -> Result<()> {
    let schema = Schema::new(stage.db.get_database_backend());
    stage.db.execute(&schema.create_table_from_entity(booking::Entity)).await?;
    let (single, batch) = (stage.store.clone(), stage.store.clone());
    let db = stage.db.clone();
    let variants = [
        Variant::new("1000 × `save_through`", move |flight| {
            let store = single.clone();
            async move {
                for booking in rows(flight) {
                    booking.save_through(&store).await?;
                }
                Ok(())
            }
        }),
        Variant::new("`save_many_through`", move |flight| {
            let store = batch.clone();
            async move { all(&booking::Entity::save_many_through(rows(flight), &store).await?) }
        }),
        Variant::new("SeaORM's `insert_many` with RETURNING", move |flight| {
            let db = db.clone();
            async move { all(&booking::Entity::insert_many(rows(flight)).exec_with_returning(&db).await?) }
        }),
    ];
    let rounds = measure("1000 new rows, 1 task", &variants, 1, arguments).await?;
    println!("{}", verdict("20 times faster: p50 at most 0.05", Limit::AtMost(0.05), |sample| sample.p50, &rounds));
    println!("{}\n", against(&variants, 1, 2, &rounds));
    Ok(())
}

fn rows(flight: i64) -> impl Iterator<Item = booking::ActiveModel> {
    (0..ROWS).map(move |number| booking::new(flight, number))
}

fn all(rows: &[booking::Model]) -> Result<()> {
    let written = std::hint::black_box(rows).len();
    if written == usize::try_from(ROWS)? { Ok(()) } else { Err(format!("{written} rows of {ROWS}").into()) }
}
