//! The statement of an insert or update, and the row that it left.

use sea_orm::sea_query::{IntoValueTuple, Value, ValueTuple};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ConnectionTrait, DbErr, Iterable, PrimaryKeyToColumn, PrimaryKeyTrait, QueryTrait,
};

use super::locked::{locked, not_found};
use crate::entity::CachedEntity;

/// An insert or update that the hooks have passed.
pub(super) enum Change<E: CachedEntity> {
    Insert { active_model: E::ActiveModel, pk: Option<ValueTuple> },
    Update { active_model: E::ActiveModel, pk: ValueTuple, changes_nothing: bool },
}

impl<E: CachedEntity> Change<E> {
    /// Fails as SeaORM does if the primary key of an update is not set.
    pub(super) fn new(active_model: E::ActiveModel, insert: bool) -> Result<Self, DbErr> {
        if insert { Ok(Self::inserting(active_model)) } else { Self::updating(active_model) }
    }

    /// `pk` is known only if the active model sets every column of it.
    pub(super) fn inserting(active_model: E::ActiveModel) -> Self {
        let set = E::PrimaryKey::iter().all(|key| matches!(active_model.get(key.into_column()), ActiveValue::Set(_)));
        let pk = if set { active_model.get_primary_key_value() } else { None };
        Self::Insert { active_model, pk }
    }

    fn updating(active_model: E::ActiveModel) -> Result<Self, DbErr> {
        let statement = E::update(active_model.clone()).validate()?;
        let changes_nothing = statement.as_query().get_values().is_empty();
        let pk = active_model.get_primary_key_value().ok_or(DbErr::UpdateGetPrimaryKey)?;
        Ok(Self::Update { active_model, pk, changes_nothing })
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

    /// The statement with RETURNING; one statement.
    pub(super) async fn returning(self, db: &impl ConnectionTrait) -> Result<E::Model, DbErr> {
        match self {
            Self::Insert { active_model, .. } => E::insert(active_model).exec_with_returning(db).await,
            Self::Update { active_model, .. } => E::update(active_model).exec(db).await,
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
            (Self::Update { active_model, pk, .. }, _) => {
                E::update(active_model).exec_without_returning(tx).await?;
                pk
            }
        };
        locked::<E>(tx, pk).await?.ok_or_else(not_found)
    }
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
