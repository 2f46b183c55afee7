//! The statement of an insert or update, and the row that it left.

use sea_orm::sea_query::{IntoValueTuple, Value, ValueTuple};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ConnectionTrait, DbErr, Iterable, PrimaryKeyToColumn, PrimaryKeyTrait, QueryTrait,
    ValidatedUpdateOne,
};

use super::context::before_commit;
use super::locked::{locked, not_found};
use super::version::Expected;
use crate::entity::CachedEntity;
use crate::error::Result;

/// An insert or update that the hooks have passed.
pub(super) enum Change<E: CachedEntity> {
    Insert { active_model: E::ActiveModel, pk: Option<ValueTuple> },
    Update { active_model: E::ActiveModel, pk: ValueTuple, changes_nothing: bool, expected: Option<Expected<E>> },
}

impl<E: CachedEntity> Change<E> {
    /// Fails as SeaORM does if the primary key of an update is not set, and if its version is not.
    pub(super) fn new(active_model: E::ActiveModel, insert: bool) -> Result<Self> {
        if insert { Ok(Self::inserting(active_model)) } else { Self::updating(active_model) }
    }

    /// `pk` is known only if the active model has every column of it, all of which an insert sends.
    pub(super) fn inserting(active_model: E::ActiveModel) -> Self {
        let set = E::PrimaryKey::iter().all(|key| !matches!(active_model.get(key.into_column()), ActiveValue::NotSet));
        let pk = if set { active_model.get_primary_key_value() } else { None };
        Self::Insert { active_model, pk }
    }

    fn updating(mut active_model: E::ActiveModel) -> Result<Self> {
        let pk = active_model.get_primary_key_value();
        let pk = pk.ok_or_else(|| before_commit(DbErr::PrimaryKeyNotSet { ctx: "UpdateOne" }))?;
        let expected = Expected::<E>::taken_from(&mut active_model)?;
        let statement = E::update(active_model.clone()).validate().map_err(before_commit)?;
        let changes_nothing = statement.as_query().get_values().is_empty();
        if let Some(expected) = expected.as_ref().filter(|_| !changes_nothing) {
            expected.has_a_next()?;
        }
        Ok(Self::Update { active_model, pk, changes_nothing, expected })
    }

    /// What is to be written, and whether by an insert.
    pub(super) fn active_model(&self) -> (&E::ActiveModel, bool) {
        match self {
            Self::Insert { active_model, .. } => (active_model, true),
            Self::Update { active_model, .. } => (active_model, false),
        }
    }

    /// The primary key, where the statement does not choose it.
    pub(super) fn known_pk(&self, mysql: bool) -> Option<&ValueTuple> {
        match self {
            Self::Insert { pk, .. } => pk.as_ref().filter(|pk| !(mysql && is_generated_for_zero::<E>(pk))),
            Self::Update { pk, .. } => Some(pk),
        }
    }

    /// Whether the row that comes back is what this statement made of it. An update with nothing set only reads.
    pub(super) fn touches_the_row(&self) -> bool {
        !matches!(self, Self::Update { changes_nothing: true, .. })
    }

    /// The row of an update that expects a version, so that a lost race can be told from a missing row.
    pub(super) fn contested(&self) -> Option<ValueTuple> {
        match self {
            Self::Update { pk, expected: Some(_), .. } => Some(pk.clone()),
            _ => None,
        }
    }

    /// The statement with RETURNING; one statement.
    ///
    /// An update that expects a version and meets none is an error as one that meets no row is.
    pub(super) async fn returning(self, db: &impl ConnectionTrait) -> Result<E::Model, DbErr> {
        match self {
            Self::Insert { active_model, .. } => E::insert(active_model).exec_with_returning(db).await,
            Self::Update { active_model, changes_nothing: true, expected, .. } => {
                let row = E::update(active_model).exec(db).await?;
                let is_expected = expected.is_none_or(|expected| expected.is_of(&row));
                if is_expected { Ok(row) } else { Err(DbErr::RecordNotUpdated) }
            }
            Self::Update { active_model, expected, .. } => update(active_model, expected)?.exec(db).await,
        }
    }

    /// The statement and a locking read, for databases without RETURNING.
    pub(super) async fn read_back(self, tx: &impl ConnectionTrait) -> Result<E::Model, DbErr> {
        let pk = self.known_pk(true).cloned();
        let pk = match (self, pk) {
            (Self::Insert { active_model, .. }, Some(pk)) => {
                E::insert(active_model).exec_without_returning(tx).await?;
                pk
            }
            (Self::Insert { active_model, .. }, None) => {
                E::insert(active_model).exec(tx).await?.last_insert_id.into_value_tuple()
            }
            (Self::Update { active_model, pk, expected, .. }, _) => {
                update(active_model, expected)?.exec_without_returning(tx).await?;
                pk
            }
        };
        locked::<E>(tx, pk).await?.ok_or_else(not_found)
    }
}

fn update<E: CachedEntity>(
    active_model: E::ActiveModel,
    expected: Option<Expected<E>>,
) -> Result<ValidatedUpdateOne<E::ActiveModel>, DbErr> {
    let update = E::update(active_model).validate()?;
    Ok(match expected {
        Some(expected) => expected.updating(update),
        None => update,
    })
}

/// MySQL generates a key where an AUTO_INCREMENT column is set to zero.
fn is_generated_for_zero<E: CachedEntity>(pk: &ValueTuple) -> bool {
    let is_zero = |value: &Value| {
        matches!(
            value,
            Value::TinyInt(Some(0))
                | Value::SmallInt(Some(0))
                | Value::Int(Some(0))
                | Value::BigInt(Some(0))
                | Value::TinyUnsigned(Some(0))
                | Value::SmallUnsigned(Some(0))
                | Value::Unsigned(Some(0))
                | Value::BigUnsigned(Some(0))
        )
    };
    E::PrimaryKey::auto_increment() && matches!(pk, ValueTuple::One(value) if is_zero(value))
}
