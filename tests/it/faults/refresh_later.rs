//! Between the reply to a write and the refresh of its entry in the background, readers ask the database.

use sea_orm::sea_query::Expr;
use sea_orm::{ConnectionTrait, EntityTrait, Schema};
use writethrough::{CacheEffect, Error, Source};

use super::scene::{Scene, Verb};
use super::until;
use crate::support::Backend;
use crate::support::entities::policies::refresh_later::{Column, Entity, priced};
use crate::support::probe::{Probe, Seen};

async fn scene() -> Scene {
    let scene = Scene::new(Backend::Sqlite).await;
    let table = Schema::new(scene.db.get_database_backend()).create_table_from_entity(Entity);
    scene.db.execute(&table).await.expect("create the table");
    scene
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_go_to_the_database_until_the_background_has_refreshed_the_entry() {
    let scene = scene().await;
    let (writer, reader) = (scene.behind_gate().await, scene.store().await);
    let probe = Probe::on_redis(&scene.redis.url(), "shop").await;
    reader.insert(priced(1, 10)).await.expect("all is well");
    until("the first refresh is done", async || matches!(probe.look::<Entity>(1).await, Seen::Row(_))).await;

    let finish = scene.gate.stop_request(Verb::Finish.mark());
    let saved = writer.update(priced(1, 20)).await.expect("the reply comes before the refresh");
    assert_eq!(saved.cache, CacheEffect::Deferred);
    let finish = finish.stopped().await;

    for _ in 0..3 {
        let loaded = reader.load::<Entity>(1).await.expect("a load needs only the database");
        assert_eq!((loaded.model.as_ref(), loaded.source), (Some(&saved.model), Source::Database));
    }
    assert_eq!(Entity::load_many_cached([1], &reader).await.expect("as above"), [Some(saved.model.clone())]);
    assert_eq!(probe.look::<Entity>(1).await, Seen::Fenced, "no reader fills while the write is not finished");
    // They really ask: what changes behind the stores' backs is seen at once.
    Entity::update_many().col_expr(Column::Price, Expr::value(30)).exec(&scene.db).await.expect("a plain write");
    let loaded = reader.load::<Entity>(1).await.expect("a load needs only the database");
    assert_eq!(loaded.model.map(|ticket| ticket.price), Some(30));

    finish.pass();
    until("the entry is refreshed", async || {
        let loaded = reader.load::<Entity>(1).await.expect("a load needs only the database");
        loaded.source == Source::Cache
    })
    .await;
    assert_eq!(probe.look::<Entity>(1).await, Seen::Row(saved.model));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_commit_too() {
    let scene = scene().await;
    let (writer, reader) = (scene.behind_gate().await, scene.store().await);
    for id in [1, 2] {
        priced(id, 10).insert_through(&reader).await.expect("all is well");
    }
    let finish = scene.gate.stop_request(Verb::Finish.mark());
    let committed = writer.transaction(async |tx| {
        priced(1, 20).update_through(tx).await?;
        Entity::delete_by_id_through(2, tx).await?;
        Ok::<_, Error>(())
    });
    committed.await.expect("the reply comes before the refresh");
    let finish = finish.stopped().await;
    for (id, price) in [(1, Some(20)), (2, None)] {
        let loaded = reader.load::<Entity>(id).await.expect("a load needs only the database");
        assert_eq!((loaded.model.map(|ticket| ticket.price), loaded.source), (price, Source::Database), "ticket {id}");
    }
    finish.pass();
    for (id, price) in [(1, Some(20)), (2, None)] {
        until("the entry is refreshed", async || {
            let loaded = reader.load::<Entity>(id).await.expect("a load needs only the database");
            assert_eq!(loaded.model.map(|ticket| ticket.price), price, "ticket {id}");
            loaded.source == Source::Cache
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_that_never_arrives_leaves_the_fence_until_it_is_repaired() {
    let scene = scene().await;
    let (writer, reader) = (scene.behind_gate().await, scene.store().await);
    let finish = scene.gate.stop_request(Verb::Finish.mark());
    let saved = writer.insert(priced(1, 10)).await.expect("the reply comes before the refresh");
    finish.stopped().await.cut();
    until("the entry is repaired, and filled by a reader", async || {
        let loaded = reader.load::<Entity>(1).await.expect("a load needs only the database");
        assert_eq!(loaded.model.as_ref(), Some(&saved.model));
        loaded.source == Source::Cache
    })
    .await;
}
