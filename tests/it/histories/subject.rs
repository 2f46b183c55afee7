//! What is under test: our store, or what one would write by hand.

use sea_orm::sea_query::OnConflict;
use writethrough::{Error, Source, Store};

use super::call::{Mix, RICH};
use super::operation::State;
use super::record::End;
use super::row::{Change, Column, Entity, Values};
use super::transaction::Program;

/// A way to keep rows in a database and a cache.
pub trait Subject: Clone + Send + Sync + 'static {
    /// What it is asked for.
    const MIX: Mix;

    fn load(&self, row: i32) -> impl Future<Output = Result<Loaded, Error>> + Send;
    fn load_by_code(&self, code: i64) -> impl Future<Output = Result<State, Error>> + Send;
    fn load_many(&self, rows: &[i32]) -> impl Future<Output = Result<Vec<State>, Error>> + Send;
    fn save(&self, row: i32, change: Change) -> impl Future<Output = Result<Values, Error>> + Send;
    fn update(&self, row: i32, change: Change) -> impl Future<Output = Result<Values, Error>> + Send;
    fn insert(&self, row: i32, values: Values) -> impl Future<Output = Result<Values, Error>> + Send;
    fn upsert(&self, row: i32, values: Values) -> impl Future<Output = Result<Values, Error>> + Send;
    /// Whether there was a row.
    fn delete(&self, row: i32) -> impl Future<Output = Result<bool, Error>> + Send;
    fn invalidate(&self, row: i32) -> impl Future<Output = Result<(), Error>> + Send;
    fn transact(&self, program: &Program) -> impl Future<Output = Result<End, Error>> + Send;
    fn close(&self) -> impl Future<Output = ()> + Send;
}

/// A load's answer, and where it came from.
pub struct Loaded {
    pub state: State,
    pub from_cache: bool,
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

    async fn load_many(&self, rows: &[i32]) -> Result<Vec<State>, Error> {
        let models = Entity::load_many_cached(rows.iter().copied(), self).await?;
        Ok(models.into_iter().map(|model| model.map(Values::from)).collect())
    }

    async fn save(&self, row: i32, change: Change) -> Result<Values, Error> {
        change.to(row).save_through(self).await.map(Values::from)
    }

    async fn update(&self, row: i32, change: Change) -> Result<Values, Error> {
        change.to(row).update_through(self).await.map(Values::from)
    }

    async fn insert(&self, row: i32, values: Values) -> Result<Values, Error> {
        values.to(row).insert_through(self).await.map(Values::from)
    }

    async fn upsert(&self, row: i32, values: Values) -> Result<Values, Error> {
        let updates = [Column::Gate, Column::Pilot, Column::Code];
        let on_conflict = OnConflict::column(Column::Id).update_columns(updates).to_owned();
        let model = values.to(row).upsert_through(on_conflict, self).await?;
        Ok(model.expect("it inserts or updates").into())
    }

    async fn delete(&self, row: i32) -> Result<bool, Error> {
        Entity::delete_by_id_through(row, self).await
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
