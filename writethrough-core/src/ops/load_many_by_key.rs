//! Loading many rows by a unique secondary key.
//!
//! Through the cache each value goes the way of a single load, a few of them at a time. Without it one query does for all.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use sea_orm::sea_query::Value;
use sea_orm::{ConnectionTrait, QueryFilter};

use super::context::Context;
use super::load_by_key::{find_by_key, load_by_key, several_rows};
use super::load_many::BINDS_PER_QUERY;
use crate::cache::CacheKey;
use crate::entity::{CachedEntity, facts, is_one_of};
use crate::error::Result;

/// Loads at a time.
const AT_A_TIME: usize = 16;

/// Loads the rows that have these values in the columns of this unique key, in the order asked, duplicates kept.
pub(crate) async fn load_many_by_key<E: CachedEntity>(
    context: &Arc<Context>,
    key: usize,
    values: Vec<Vec<Value>>,
) -> Result<Vec<Option<E::Model>>> {
    let (order, wanted) = distinct::<E>(context, key, values)?;
    let loads = wanted.into_iter().map(|(pointer, values)| async {
        let model = load_by_key::<E>(context, key, values).await?;
        Ok::<_, crate::error::Error>((pointer, model))
    });
    let found: HashMap<_, _> = stream::iter(loads).buffer_unordered(AT_A_TIME).try_collect().await?;
    Ok(in_order::<E>(&order, &found))
}

/// Asks the database alone, on this connection.
pub(super) async fn find_many_by_key<E: CachedEntity>(
    context: &Context,
    db: &impl ConnectionTrait,
    key: usize,
    values: Vec<Vec<Value>>,
) -> Result<Vec<Option<E::Model>>> {
    let (order, wanted) = distinct::<E>(context, key, values)?;
    let columns = E::unique_keys().get(key).copied().unwrap_or_default();
    let all: Vec<_> = wanted.values().cloned().collect();
    let mut found = HashMap::new();
    let mut is_spelt_otherwise = false;
    for values in all.chunks(BINDS_PER_QUERY / columns.len().max(1)) {
        let query = E::find().filter(is_one_of(columns, values.iter().cloned()));
        for model in context.deadline().within(None, pin!(query.all(db))).await? {
            match context.keys.pointer_key_of::<E>(key, &model) {
                Ok(Some(pointer)) if wanted.contains_key(&pointer) => {
                    if found.insert(pointer, Some(model)).is_some() {
                        return Err(several_rows(facts::<E>(), key));
                    }
                }
                _ => is_spelt_otherwise = true,
            }
        }
    }
    // Under a collation that does not compare by bytes, a row may bear another spelling than the one that was asked for.
    for (pointer, values) in wanted.iter().filter(|_| is_spelt_otherwise) {
        if !found.contains_key(pointer) {
            found.insert(pointer.clone(), find_by_key::<E>(context, db, key, values).await?);
        }
    }
    Ok(in_order::<E>(&order, &found))
}

/// Which pointer was asked for at each place, and the values of each; NULL has none.
type Wanted = (Vec<Option<CacheKey>>, HashMap<CacheKey, Vec<Value>>);

fn distinct<E: CachedEntity>(context: &Context, key: usize, values: Vec<Vec<Value>>) -> Result<Wanted> {
    let mut order = Vec::with_capacity(values.len());
    let mut wanted = HashMap::new();
    for values in values {
        let pointer = context.pointer::<E>(key, &values)?;
        if let Some(pointer) = &pointer {
            wanted.entry(pointer.clone()).or_insert(values);
        }
        order.push(pointer);
    }
    Ok((order, wanted))
}

fn in_order<E: CachedEntity>(
    order: &[Option<CacheKey>],
    found: &HashMap<CacheKey, Option<E::Model>>,
) -> Vec<Option<E::Model>> {
    order.iter().map(|pointer| found.get(pointer.as_ref()?).cloned().flatten()).collect()
}
