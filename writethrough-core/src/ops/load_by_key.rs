//! Loading one row by a unique secondary key.

use std::sync::Arc;

use sea_orm::sea_query::Value;
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};

use super::context::{Context, before_commit};
use crate::entity::CachedEntity;
use crate::error::Result;

/// Loads the row that has these values in the columns of this unique key.
pub(crate) async fn load_by_key<E: CachedEntity>(
    context: &Arc<Context>,
    key: usize,
    values: Vec<Value>,
) -> Result<Option<E::Model>> {
    context.open()?;
    find_by_key::<E>(&context.db, key, values).await
}

/// Asks the database.
pub(super) async fn find_by_key<E: CachedEntity>(
    db: &impl ConnectionTrait,
    key: usize,
    values: Vec<Value>,
) -> Result<Option<E::Model>> {
    let columns = E::unique_keys().get(key).copied().unwrap_or_default();
    let query = columns.iter().zip(values).fold(E::find(), |query, (column, value)| query.filter(column.eq(value)));
    query.one(db).await.map_err(before_commit)
}
