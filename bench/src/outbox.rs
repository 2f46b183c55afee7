//! What the outbox and its triggers cost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sea_orm::{ConnectionTrait, EntityTrait, Schema};
use writethrough::{OutboxOptions, Source, Store};

use crate::arguments::Arguments;
use crate::measure::Variant;
use crate::scenarios::{change, measure};
use crate::stage::{CACHE_TIMEOUT, ROWS, Stage, cache_url};
use crate::{Result, flight, watched};

/// Updates one row with and without, and an update with the load after it with and without triggers.
pub(crate) async fn run(stage: &Stage, arguments: &Arguments) -> Result<()> {
    let recording = recording(stage).await?;
    let (plain, with_outbox) = (stage.store.clone(), recording.clone());
    let variants = [
        Variant::new("`update_through`", move |id| {
            let store = plain.clone();
            async move { Ok(change(id).update_through(&store).await.map(drop)?) }
        }),
        Variant::new("`update_through` with the outbox", move |id| {
            let store = with_outbox.clone();
            async move { Ok(change(id).update_through(&store).await.map(drop)?) }
        }),
    ];
    for tasks in [1, 16] {
        let title = format!("An update of one row with the outbox, {tasks} task{}", if tasks == 1 { "" } else { "s" });
        measure(&title, &variants, tasks, arguments).await?;
    }

    let (hits, watched_hits) = (Arc::new(Hits::default()), Arc::new(Hits::default()));
    let (counted, watched_counted) = (hits.clone(), watched_hits.clone());
    let (without, with) = (recording.clone(), recording.clone());
    let variants = [
        Variant::new("with the outbox", move |id| {
            let (store, hits) = (without.clone(), counted.clone());
            async move {
                change(id).update_through(&store).await?;
                hits.count(store.load::<flight::Entity>(id).await?.source);
                Ok(())
            }
        }),
        Variant::new("with the outbox and triggers", move |id| {
            let (store, hits) = (with.clone(), watched_counted.clone());
            async move {
                watched::change(id, rand::random_range(0..400)).update_through(&store).await?;
                hits.count(store.load::<watched::Entity>(id).await?.source);
                Ok(())
            }
        }),
    ];
    measure("An update of one row and the load after it, 1 task", &variants, 1, arguments).await?;
    println!("Hits of those loads: {} without triggers, {} with.\n", hits.share(), watched_hits.share());
    recording.close().await?;
    Ok(())
}

async fn recording(stage: &Stage) -> Result<Store> {
    let outbox = OutboxOptions::new();
    outbox.create_table(&stage.db).await?;
    let schema = Schema::new(stage.db.get_database_backend());
    stage.db.execute(&schema.create_table_from_entity(watched::Entity)).await?;
    let ids: Vec<i64> = (0..ROWS).collect();
    for ids in ids.chunks(1000) {
        watched::Entity::insert_many(ids.iter().map(|id| watched::sample(*id)))
            .exec_without_returning(&stage.db)
            .await?;
    }
    outbox.create_triggers::<watched::Entity>(&stage.db).await?;
    let builder = Store::builder().database(stage.db.clone()).cache_url(cache_url()?).cache_timeout(CACHE_TIMEOUT);
    let namespace = format!("bench-{:016x}", rand::random::<u64>());
    Ok(builder.namespace(namespace).outbox(outbox).register::<watched::Entity>().build().await?)
}

/// How many loads the cache answered.
#[derive(Debug, Default)]
struct Hits {
    loads: AtomicU64,
    hits: AtomicU64,
}

impl Hits {
    fn count(&self, source: Source) {
        self.loads.fetch_add(1, Ordering::Relaxed);
        self.hits.fetch_add(u64::from(source == Source::Cache), Ordering::Relaxed);
    }

    fn share(&self) -> String {
        let loads = self.loads.load(Ordering::Relaxed).max(1);
        format!("{} %", self.hits.load(Ordering::Relaxed) * 100 / loads)
    }
}
