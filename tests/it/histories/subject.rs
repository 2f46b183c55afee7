//! What is under test: our store, or what one would write by hand.

use sea_orm::sea_query::OnConflict;
use writethrough::{CacheEffect, Error, Source, Store};

use super::call::{Mix, RICH};
use super::operation::State;
use super::record::{Cache, End};
use super::row::{Change, Column, Entity, Values};
use super::transaction::Program;

/// A way to keep rows in a database and a cache.
pub trait Subject: Clone + Send + Sync + 'static {
    /// What it is asked for.
    const MIX: Mix;

    fn load(&self, row: i32) -> impl Future<Output = Result<Loaded, Error>> + Send;
    fn load_by_code(&self, code: i64) -> impl Future<Output = Result<State, Error>> + Send;
    /// The rows of a squad, each with its primary key.
    fn load_by_squad(&self, squad: i64) -> impl Future<Output = Result<Vec<(i32, Values)>, Error>> + Send;
    fn load_many(&self, rows: &[i32]) -> impl Future<Output = Result<Vec<State>, Error>> + Send;
    fn save(&self, row: i32, change: Change) -> impl Future<Output = Result<Written<Values>, Error>> + Send;
    fn update(&self, row: i32, change: Change) -> impl Future<Output = Result<Written<Values>, Error>> + Send;
    fn insert(&self, row: i32, values: Values) -> impl Future<Output = Result<Written<Values>, Error>> + Send;
    fn upsert(&self, row: i32, values: Values) -> impl Future<Output = Result<Written<Values>, Error>> + Send;
    fn save_many(&self, saves: &[(i32, Change)]) -> impl Future<Output = Result<Written<Vec<Values>>, Error>> + Send;
    fn insert_many(&self, rows: &[(i32, Values)]) -> impl Future<Output = Result<Written<Vec<Values>>, Error>> + Send;
    /// Whether there was a row.
    fn delete(&self, row: i32) -> impl Future<Output = Result<Written<bool>, Error>> + Send;
    fn invalidate(&self, row: i32) -> impl Future<Output = Result<(), Error>> + Send;
    fn transact(&self, program: &Program) -> impl Future<Output = Result<End, Error>> + Send;
    fn close(&self) -> impl Future<Output = ()> + Send;
}

/// A load's answer, and where it came from.
pub struct Loaded {
    pub state: State,
    pub from_cache: bool,
}

/// What a write returned, and the cache's part in it.
pub struct Written<T> {
    pub result: T,
    pub cache: Cache,
}

impl<T> Written<T> {
    fn new(result: impl Into<T>, effect: CacheEffect) -> Self {
        let cache = if effect == CacheEffect::Degraded { Cache::Untold } else { Cache::Told };
        Self { result: result.into(), cache }
    }
}

impl Subject for Store {
    const MIX: Mix = RICH;

    /// `load_cached`, which also tells where the row came from.
    async fn load(&self, row: i32) -> Result<Loaded, Error> {
        let loaded = Store::load::<Entity>(self, row).await?;
        Ok(Loaded { state: loaded.model.map(Values::from), from_cache: loaded.source != Source::Database })
    }

    async fn load_by_code(&self, code: i64) -> Result<State, Error> {
        let model = Entity::load_cached_by_code(code, self).await?;
        assert!(model.as_ref().is_none_or(|model| model.code == code), "a load by {code} found {model:?}");
        Ok(model.map(Values::from))
    }

    async fn load_by_squad(&self, squad: i64) -> Result<Vec<(i32, Values)>, Error> {
        let models = Entity::load_all_cached_by_squad(squad, self).await?;
        assert!(models.iter().all(|model| model.squad == squad), "a load of {squad} found {models:?}");
        assert!(models.is_sorted_by_key(|model| model.id), "a load of {squad} found {models:?}");
        Ok(models.into_iter().map(|model| (model.id, Values::from(model))).collect())
    }

    async fn load_many(&self, rows: &[i32]) -> Result<Vec<State>, Error> {
        let models = Entity::load_many_cached(rows.iter().copied(), self).await?;
        Ok(models.into_iter().map(|model| model.map(Values::from)).collect())
    }

    /// This and the other writes are those of active models, `save_through` and so on, which also tell what became of the
    /// entry.
    async fn save(&self, row: i32, change: Change) -> Result<Written<Values>, Error> {
        let saved = Store::save(self, change.to(row)).await?;
        Ok(Written::new(saved.model, saved.cache))
    }

    async fn update(&self, row: i32, change: Change) -> Result<Written<Values>, Error> {
        let saved = Store::update(self, change.to(row)).await?;
        Ok(Written::new(saved.model, saved.cache))
    }

    async fn insert(&self, row: i32, values: Values) -> Result<Written<Values>, Error> {
        let saved = Store::insert(self, values.to(row)).await?;
        Ok(Written::new(saved.model, saved.cache))
    }

    async fn upsert(&self, row: i32, values: Values) -> Result<Written<Values>, Error> {
        let updates = [Column::Gate, Column::Pilot, Column::Code, Column::Squad];
        let on_conflict = OnConflict::column(Column::Id).update_columns(updates).to_owned();
        let saved = Store::upsert(self, values.to(row), on_conflict).await?.expect("it inserts or updates");
        Ok(Written::new(saved.model, saved.cache))
    }

    async fn save_many(&self, saves: &[(i32, Change)]) -> Result<Written<Vec<Values>>, Error> {
        let saved = Store::save_many(self, saves.iter().map(|(row, change)| change.to(*row))).await?;
        Ok(Written::new(saved.model.into_iter().map(Values::from).collect::<Vec<_>>(), saved.cache))
    }

    async fn insert_many(&self, rows: &[(i32, Values)]) -> Result<Written<Vec<Values>>, Error> {
        let saved = Store::insert_many(self, rows.iter().map(|(row, values)| values.to(*row))).await?;
        Ok(Written::new(saved.model.into_iter().map(Values::from).collect::<Vec<_>>(), saved.cache))
    }

    async fn delete(&self, row: i32) -> Result<Written<bool>, Error> {
        let deleted = self.delete_by_id::<Entity>(row).await?;
        Ok(Written::new(deleted.existed, deleted.cache))
    }

    async fn invalidate(&self, row: i32) -> Result<(), Error> {
        Entity::invalidate(row, self).await
    }

    async fn transact(&self, program: &Program) -> Result<End, Error> {
        program.run(self).await
    }

    async fn close(&self) {
        Store::close(self).await.expect("nothing is left to do");
    }
}
