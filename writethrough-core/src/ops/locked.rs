//! Rows as they are now, locked: what stands in for RETURNING where there is none.

use std::collections::HashMap;

use sea_orm::sea_query::{FromValueTuple, ValueTuple};
use sea_orm::{ConnectionTrait, DbErr, ModelTrait, PrimaryKeyArity, QueryFilter, QuerySelect};

use super::limits::Limits;
use crate::entity::{CachedEntity, PkValue, has_one_of};

/// Reads the row as it is now, not as the transaction's snapshot has it, and locks it.
pub(super) async fn locked<E: CachedEntity>(
    tx: &impl ConnectionTrait,
    pk: ValueTuple,
) -> Result<Option<E::Model>, DbErr> {
    E::find_by_id(PkValue::<E>::from_value_tuple(pk)).lock_exclusive().one(tx).await
}

/// The same of many rows, in the order of their keys; all of them must be there.
pub(super) async fn locked_rows<E: CachedEntity>(
    tx: &impl ConnectionTrait,
    pks: Vec<ValueTuple>,
) -> Result<Vec<E::Model>, DbErr> {
    let mut rows: HashMap<ValueTuple, E::Model> = HashMap::with_capacity(pks.len());
    let limits = Limits::of(tx.get_database_backend());
    for pks in pks.chunks(limits.keys(PkValue::<E>::ARITY)) {
        let found = E::find().filter(has_one_of::<E>(pks)).lock_exclusive().all(tx).await?;
        rows.extend(found.into_iter().map(|row| (row.get_primary_key_value(), row)));
    }
    let mut in_order = Vec::with_capacity(pks.len());
    for pk in pks {
        let row = match rows.get(&pk) {
            Some(row) => Some(row.clone()),
            // The database may spell it otherwise.
            None => locked::<E>(tx, pk).await?,
        };
        in_order.push(row.ok_or_else(not_found)?);
    }
    Ok(in_order)
}

/// A row that was written and is not there.
pub(super) fn not_found() -> DbErr {
    DbErr::RecordNotFound("the written row cannot be found by its primary key".to_owned())
}
