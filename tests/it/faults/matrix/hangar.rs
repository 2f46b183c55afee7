//! Where a cell is played: one database and one Redis server for all, and for each cell a store that fails.

use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Schema};
use writethrough::__private::{load_by_key, load_many};
use writethrough::{Audit, Error, OnCacheFailure, Store};

use super::plane::{self, AFTER, BEFORE, ID, OTHER};
use super::table::{Left, Operation, Stored};
use crate::faults::gate::Gate;
use crate::faults::repair::waiting;
use crate::faults::scene::{Scene, address_of, through};
use crate::faults::{locks, until};
use crate::support::{Backend, Fault};

pub struct Hangar {
    pub backend: Backend,
    pub scene: Scene,
    /// Between the failing store and its database.
    pub database: Gate,
    /// To which nothing happens.
    witness: Store,
}

impl Hangar {
    pub async fn new(backend: Backend) -> Self {
        let scene = Scene::new(backend).await;
        let table = Schema::new(scene.db.get_database_backend()).create_table_from_entity(plane::Entity);
        scene.db.execute(&table).await.expect("create the table");
        let database = Gate::start(address_of(scene.database.url())).await;
        // Tells the server all scripts, so that a gate knows them by their names.
        let witness = scene.behind_gate().await;
        witness.close().await.expect("nothing is left to do");
        let witness = scene.store().await;
        Self { backend, scene, database, witness }
    }

    /// A store that reaches its database through the gate, and its cache through the gate or the proxy.
    pub async fn store(&self, cache: std::net::SocketAddr, policy: OnCacheFailure) -> Store {
        let url = through(self.scene.database.url(), self.database.addr());
        let builder = self.scene.builder(cache).database_url(url).on_cache_failure(policy);
        builder.build().await.expect("a store")
    }

    /// Two planes, and of them in the cache what the operation is about.
    pub async fn prepare(&self, operation: Operation) {
        self.scene.proxy.set(Fault::Pass).await;
        let db = &self.scene.db;
        plane::Entity::delete_many().exec(db).await.expect("the database answers");
        self.scene.redis.cli(&["FLUSHALL"]);
        plane::at(OTHER, 2).insert(db).await.expect("the database answers");
        if operation != Operation::Insert {
            plane::at(ID, BEFORE).insert(db).await.expect("the database answers");
        }
        let is_unknown = matches!(operation, Operation::LoadMiss | Operation::LoadMany | Operation::LoadByKey);
        if !is_unknown {
            self.witness.load::<plane::Entity>(ID).await.expect("all is well");
            self.witness.load::<plane::Entity>(ID).await.expect("all is well");
        }
        if matches!(operation, Operation::Invalidate | Operation::InvalidateAll) {
            plane::changed(ID, AFTER).update(db).await.expect("the database answers");
        }
    }

    /// Hides the table, or shows it again.
    pub async fn hide_table(&self, hidden: bool) {
        let (from, to) = if hidden { ("plane", "hidden") } else { ("hidden", "plane") };
        let renamed = self.scene.db.execute_unprepared(&format!("ALTER TABLE {from} RENAME TO {to}")).await;
        renamed.expect("the database answers");
    }

    /// What the database has.
    pub async fn stored(&self, operation: Operation) -> Stored {
        let db = &self.scene.db;
        let tail = plane::Entity::find_by_id(ID).one(db).await.expect("the database answers").map(|plane| plane.tail);
        let new = plane::Entity::find().filter(plane::Column::Tail.eq(AFTER)).one(db).await.expect("it answers");
        let is_after = match operation {
            Operation::Delete => tail.is_none(),
            _ => new.is_some(),
        };
        if is_after { Stored::After } else { Stored::Before }
    }

    /// Waits until nothing is under way, and demands that no entry differs from the database; not even when fences expire.
    pub async fn left(&self, store: &Store) -> Left {
        until("nothing waits to be repaired", async || waiting(store) == 0).await;
        locks::nobody_works(&self.scene).await;
        let fenced = self.fences();
        self.agree(store).await;
        self.agree(&self.witness).await;
        for key in &fenced {
            self.scene.redis.cli(&["PEXPIRE", key, "0"]);
        }
        self.agree(&self.witness).await;
        self.agree(store).await;
        if fenced.is_empty() { Left::Agreeing } else { Left::Fence }
    }

    async fn agree(&self, store: &Store) {
        until("the cache answers again", async || match store.audit::<plane::Entity>(Audit::all()).await {
            Ok(report) => {
                assert!(report.is_clean(), "{report:?}");
                true
            }
            Err(_) => false,
        })
        .await;
        let planes = plane::Entity::find().all(&self.scene.db).await.expect("the database answers");
        let of = |id: i32| planes.iter().find(|plane| plane.id == id).cloned();
        for id in planes.iter().map(|plane| plane.id).chain([ID, OTHER]) {
            assert_eq!(store.load::<plane::Entity>(id).await.expect("all is well").model, of(id));
        }
        for tail in [BEFORE, AFTER] {
            let found = load_by_key::<plane::Entity, _>(0, vec![tail.into()], store).await.expect("all is well");
            assert_eq!(found.as_ref(), planes.iter().find(|plane| plane.tail == tail));
        }
    }

    fn fences(&self) -> Vec<String> {
        let keys = self.scene.redis.cli(&["KEYS", "shop:plane*"]);
        let is_fence = |key: &&str| self.scene.redis.cli(&["GETRANGE", key, "0", "0"]) == "F";
        keys.lines().filter(|key| !key.is_empty()).filter(is_fence).map(str::to_owned).collect()
    }
}

/// Does it.
pub async fn perform(operation: Operation, store: &Store) -> Result<(), Error> {
    let expected = plane::Model { id: ID, tail: BEFORE };
    match operation {
        Operation::LoadHit | Operation::LoadMiss => {
            assert_eq!(store.load::<plane::Entity>(ID).await?.model, Some(expected));
        }
        Operation::LoadMany => {
            let found = load_many::<plane::Entity, _>(vec![OTHER, ID], store).await?;
            assert_eq!(found, [Some(plane::Model { id: OTHER, tail: 2 }), Some(expected)]);
        }
        Operation::LoadByKey => {
            assert_eq!(load_by_key::<plane::Entity, _>(0, vec![BEFORE.into()], store).await?, Some(expected));
        }
        Operation::SaveKnown => assert_eq!(store.save(plane::changed(ID, AFTER)).await?.model.tail, AFTER),
        Operation::SaveGenerated => assert_eq!(store.save(plane::new(AFTER)).await?.model.tail, AFTER),
        Operation::Insert => assert_eq!(store.insert(plane::at(ID, AFTER)).await?.model.tail, AFTER),
        Operation::Update => assert_eq!(store.update(plane::changed(ID, AFTER)).await?.model.tail, AFTER),
        Operation::Upsert => {
            let mut conflict = sea_orm::sea_query::OnConflict::column(plane::Column::Id);
            conflict.update_column(plane::Column::Tail);
            let saved = store.upsert(plane::at(ID, AFTER), conflict).await?;
            assert_eq!(saved.map(|saved| saved.model.tail), Some(AFTER));
        }
        Operation::Delete => assert!(store.delete_by_id::<plane::Entity>(ID).await?.existed),
        Operation::Commit => {
            let tx = store.begin().await?;
            writethrough::__private::update::<plane::Entity, _>(plane::changed(ID, AFTER), &tx).await?;
            tx.commit().await?;
        }
        Operation::Invalidate => writethrough::__private::invalidate::<plane::Entity, _>(ID, store).await?,
        Operation::InvalidateAll => writethrough::__private::invalidate_all::<plane::Entity, _>(store).await?,
    }
    Ok(())
}
