//! SeaORM's hooks run as they do without us: the same ones, in the same order, in the task that called, on the same
//! kind of connection, and told the same.

use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::{ActiveModelTrait, DatabaseConnection, EntityTrait, IntoActiveModel};
use writethrough::{CacheEffect, Outcome, Store};

use crate::support::entities::hooked::{ActiveModel, Entity, Model, REFUSED_AFTER, REFUSED_BEFORE, journal_of, named};
use crate::support::probe::{Probe, Seen};

/// A call of SeaORM's and the same call of ours; `None` where it failed.
#[derive(Clone, Debug)]
enum Call {
    Insert(ActiveModel),
    Update(ActiveModel),
    Save(ActiveModel),
    Delete(ActiveModel),
    DeleteModel(Model),
    DeleteById(i32),
}

impl Call {
    async fn plainly(self, db: &DatabaseConnection) -> Option<String> {
        Some(match self {
            Self::Insert(row) => shown(&row.insert(db).await.ok()?),
            Self::Update(row) => shown(&row.update(db).await.ok()?),
            Self::Save(row) => shown(&sea_orm::TryIntoModel::try_into_model(row.save(db).await.ok()?).unwrap()),
            Self::Delete(row) => (row.delete(db).await.ok()?.rows_affected > 0).to_string(),
            Self::DeleteModel(row) => (sea_orm::ModelTrait::delete(row, db).await.ok()?.rows_affected > 0).to_string(),
            Self::DeleteById(id) => (Entity::delete_by_id(id).exec(db).await.ok()?.rows_affected > 0).to_string(),
        })
    }

    async fn through(self, store: &Store) -> Option<String> {
        Some(match self {
            Self::Insert(row) => shown(&row.insert_through(store).await.ok()?),
            Self::Update(row) => shown(&row.update_through(store).await.ok()?),
            Self::Save(row) => shown(&row.save_through(store).await.ok()?),
            Self::Delete(row) => row.delete_through(store).await.ok()?.to_string(),
            Self::DeleteModel(row) => row.delete_through(store).await.ok()?.to_string(),
            Self::DeleteById(id) => Entity::delete_by_id_through(id, store).await.ok()?.to_string(),
        })
    }
}

fn shown(model: &Model) -> String {
    format!("{model:?}")
}

fn calls() -> Vec<Call> {
    let nothing_set = ActiveModel { id: Unchanged(1), ..Default::default() };
    let model = |name: &str| Model { id: 1, name: name.to_owned(), revision: 1 };
    vec![
        Call::Insert(named(1, "one")),
        Call::Insert(named(1, "a duplicate")),
        Call::Insert(named(2, REFUSED_BEFORE)),
        Call::Insert(named(3, REFUSED_AFTER)),
        Call::Update(named(1, "renamed")),
        Call::Update(named(99, "missing")),
        Call::Update(nothing_set.clone()),
        Call::Update(ActiveModel { id: Set(98), ..Default::default() }),
        Call::Update(ActiveModel { name: Set("without a key".into()), ..Default::default() }),
        Call::Update(named(1, REFUSED_BEFORE)),
        Call::Update(named(1, REFUSED_AFTER)),
        Call::Save(named(1, "saved")),
        Call::Save(nothing_set.clone()),
        Call::Save(named(97, "missing")),
        Call::Delete(nothing_set),
        Call::Delete(named(1, "missing")),
        Call::Delete(Default::default()),
        Call::Insert(named(1, "again")),
        Call::DeleteModel(model(REFUSED_BEFORE)),
        Call::DeleteModel(model(REFUSED_AFTER)),
        Call::DeleteModel(model("missing")),
        Call::Insert(named(1, "once more")),
        Call::DeleteById(1),
        Call::DeleteById(1),
    ]
}

on_every_stage! {
    async fn hooks_see_what_they_see_without_us(stage: Stage) {
        stage.create_table(Entity).await;
        let (store, plain) = (stage.store().await, stage.plain().await);
        let mut without_us = Vec::new();
        for call in calls() {
            without_us.push(journal_of(call.plainly(&plain)).await);
        }
        Entity::delete_many().exec(&plain).await.unwrap();
        for (call, without_us) in calls().into_iter().zip(without_us) {
            let with_us = journal_of(call.clone().through(&store)).await;
            assert_eq!(with_us, without_us, "{call:?}");
        }
    }

    async fn the_cache_has_what_the_database_returned_and_the_caller_what_after_save_made_of_it(stage: Stage) {
        stage.create_table(Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let (saved, _) = journal_of(store.insert(named(1, "one"))).await;
        let saved = saved.unwrap();
        assert_eq!(saved.model.name, "one as after_save shows it");
        assert_eq!(saved.cache, CacheEffect::Refreshed);

        let stored = Entity::find_by_id(1).one(store.database()).await.unwrap().unwrap();
        assert_eq!(stored, Model { id: 1, name: "one".into(), revision: 2 });
        assert_eq!(probe.look::<Entity>(1).await, Seen::Row(stored.clone()));
        assert_eq!(Entity::load_cached(1, &store).await.unwrap(), Some(stored));
    }

    async fn a_before_save_that_refuses_changes_nothing_anywhere(stage: Stage) {
        stage.create_table(Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        journal_of(named(1, "one").insert_through(&store)).await.0.unwrap();
        let before = probe.look::<Entity>(1).await;

        let error = journal_of(named(1, REFUSED_BEFORE).update_through(&store)).await.0.unwrap_err();
        assert_eq!(error.outcome(), Outcome::NotCommitted);
        assert!(error.to_string().contains("the hook refuses"), "{error}");
        assert_eq!(probe.look::<Entity>(1).await, before);
        let deleted = journal_of(named(1, REFUSED_BEFORE).delete_through(&store)).await.0;
        assert_eq!(deleted.unwrap_err().outcome(), Outcome::NotCommitted);
        assert_eq!(probe.look::<Entity>(1).await, before);

        let error = journal_of(named(2, REFUSED_BEFORE).insert_through(&store)).await.0.unwrap_err();
        assert_eq!(error.outcome(), Outcome::NotCommitted);
        assert_eq!(probe.look::<Entity>(2).await, Seen::Nothing);
        assert_eq!(Entity::find().all(store.database()).await.unwrap().len(), 1);
    }

    async fn an_after_save_that_refuses_says_that_the_row_is_saved(stage: Stage) {
        stage.create_table(Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let error = journal_of(named(1, REFUSED_AFTER).insert_through(&store)).await.0.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Committed);
        assert!(error.to_string().contains("the hook refuses"), "{error}");
        let stored = Entity::find_by_id(1).one(store.database()).await.unwrap().unwrap();
        assert_eq!(stored.name, REFUSED_AFTER);
        assert_eq!(probe.look::<Entity>(1).await, Seen::Row(stored.clone()));

        let error = journal_of(stored.delete_through(&store)).await.0.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Committed);
        assert_eq!(Entity::find().all(store.database()).await.unwrap(), []);
        assert_eq!(probe.look::<Entity>(1).await, Seen::NoSuchRow);
    }

    async fn a_hook_that_moves_the_row_to_another_key_moves_the_entry_too(stage: Stage) {
        stage.create_table(moved::Entity).await;
        let (store, probe) = (stage.store().await, Probe::of(&stage).await);
        let saved = moved::priced(1, 5).insert_through(&store).await.unwrap();
        assert_eq!(saved.id, 1001);
        assert_eq!(probe.look::<moved::Entity>(1001).await, Seen::Row(saved.clone()));
        assert_eq!(probe.look::<moved::Entity>(1).await, Seen::Nothing);
        let row = moved::Entity::load_cached(1001, &store).await.unwrap();
        assert_eq!(row.map(IntoActiveModel::into_active_model), Some(saved.into_active_model()));
    }
}

/// An entity whose hook chooses the key.
mod moved {
    use sea_orm::ActiveValue::{NotSet, Set};
    use sea_orm::ConnectionTrait;
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "moved")]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(super) id: i32,
        price: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    #[async_trait::async_trait]
    impl ActiveModelBehavior for ActiveModel {
        async fn before_save<C: ConnectionTrait>(mut self, _: &C, insert: bool) -> Result<Self, DbErr> {
            self.id = match self.id {
                Set(id) if insert => Set(id + 1000),
                Set(id) => Set(id),
                _ => NotSet,
            };
            Ok(self)
        }
    }

    pub(super) fn priced(id: i32, price: i32) -> ActiveModel {
        ActiveModel { id: Set(id), price: Set(price) }
    }
}
