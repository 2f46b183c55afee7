//! One INSERT of several rows, and the rows that it left.

use sea_orm::sea_query::{IntoValueTuple, ValueTuple};
use sea_orm::{ConnectionTrait, DbErr, QueryTrait, Statement, TryFromU64};

use super::order::{agree, in_order};
use super::plan::Inserts;
use crate::entity::{CachedEntity, PkValue};
use crate::ops::locked::locked_rows;

impl<E: CachedEntity> Inserts<E> {
    /// With RETURNING; one statement.
    pub(super) async fn returning(self, tx: &impl ConnectionTrait) -> Result<Vec<E::Model>, DbErr> {
        let rows = E::insert_many(self.rows.clone()).exec_with_returning(tx).await?;
        in_order::<E>(&self.rows, self.keys.as_deref(), rows)
    }

    /// With a locking read, for databases without RETURNING.
    pub(super) async fn read_back(self, tx: &impl ConnectionTrait) -> Result<Vec<E::Model>, DbErr> {
        let statement = E::insert_many(self.rows.clone());
        let result = tx.execute(statement.as_query()).await?;
        let is_generated = self.keys.is_none();
        let keys = match self.keys {
            Some(keys) => keys,
            None => generated::<E>(tx, result.last_insert_id(), self.rows.len()).await?,
        };
        let rows = locked_rows::<E>(tx, keys).await?;
        if is_generated && !agree::<E>(&self.rows, &rows) {
            return Err(DbErr::Custom(
                "the database has generated other keys than those that follow each other".to_owned(),
            ));
        }
        Ok(rows)
    }
}

/// The keys that MySQL or MariaDB has generated for the rows of one INSERT.
///
/// The server tells the first. That the others follow in steps of `auto_increment_increment` is promised for inserts whose
/// number of rows is known and of which none brings a key of its own, whatever `innodb_autoinc_lock_mode` is.
async fn generated<E: CachedEntity>(
    tx: &impl ConnectionTrait,
    first: u64,
    rows: usize,
) -> Result<Vec<ValueTuple>, DbErr> {
    if first == 0 {
        return Err(DbErr::UnpackInsertId);
    }
    let step = if rows > 1 { step(tx).await? } else { 1 };
    let key = |number: u64| {
        let id =
            number.checked_mul(step).and_then(|distance| first.checked_add(distance)).ok_or(DbErr::UnpackInsertId)?;
        let id = PkValue::<E>::try_from_u64(id).map_err(|_| DbErr::UnpackInsertId)?;
        Ok(id.into_value_tuple())
    };
    (0..).take(rows).map(key).collect()
}

async fn step(tx: &impl ConnectionTrait) -> Result<u64, DbErr> {
    let ask = Statement::from_string(
        tx.get_database_backend(),
        "SELECT CAST(@@SESSION.auto_increment_increment AS UNSIGNED) AS step",
    );
    match tx.query_one_raw(ask).await? {
        Some(row) => row.try_get("", "step"),
        None => Err(DbErr::UnpackInsertId),
    }
}
