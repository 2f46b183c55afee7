//! Loading the rows that belong to others, over the relations that SeaORM knows.
//!
//! A relation leads from columns of one entity to columns of another. Where those are the other's primary key, one of its
//! unique keys or one of its indexes, its rows are loaded by them as always, all at once. There is no other way: a relation
//! that would take a query for each call is refused.

mod path;
mod values;

use std::sync::Arc;

use sea_orm::ConnectionTrait;
use sea_orm::sea_query::Value;

use super::context::Context;
use super::load::load_pk;
use super::load_lists::{find_lists, load_lists};
use super::load_many::{find_many, load_pks};
use super::load_many_by_key::{find_many_by_key, load_many_by_key};
use crate::entity::CachedEntity;
use crate::error::Result;
use path::Way;
pub(crate) use path::{Asked, HowMany};
use values::tuple;

/// The rows that belong to each of those that were asked for.
pub(crate) async fn related<R: CachedEntity>(context: &Arc<Context>, asked: Asked<R>) -> Result<Vec<Vec<R::Model>>> {
    context.enter::<R>()?;
    let found = match (asked.way, asked.values()) {
        // Alone it shares its query with others.
        (Way::PrimaryKey, values) if values.len() == 1 => {
            let mut found = Vec::new();
            for values in values {
                found.push(load_pk::<R>(context, tuple(values)).await?.model);
            }
            found
        }
        (Way::PrimaryKey, values) => load_pks::<R>(context, values.into_iter().map(tuple).collect()).await?,
        (Way::Key(key), values) => load_many_by_key::<R>(context, key, values).await?,
        (Way::Index(index), values) => return Ok(asked.spread(load_lists::<R>(context, index, values).await?)),
    };
    Ok(asked.spread(found.into_iter().map(Vec::from_iter).collect()))
}

/// The same on this connection, from the database alone.
pub(super) async fn find_related<R: CachedEntity>(
    context: &Arc<Context>,
    db: &impl ConnectionTrait,
    asked: &Asked<R>,
) -> Result<Vec<Vec<R::Model>>> {
    let found = match (asked.way, asked.values()) {
        (_, values) if values.is_empty() => Vec::new(),
        (Way::PrimaryKey, values) => find_many::<R>(context, db, values.into_iter().map(tuple).collect()).await?,
        (Way::Key(key), values) => find_many_by_key::<R>(context, db, key, values).await?,
        (Way::Index(index), values) => return Ok(asked.spread(find_lists::<R>(context, db, index, values).await?)),
    };
    Ok(asked.spread(found.into_iter().map(Vec::from_iter).collect()))
}

/// The values that lead to related rows.
type Values = Vec<Value>;
