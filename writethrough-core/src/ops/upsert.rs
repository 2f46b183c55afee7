//! Inserting a row, or updating the one that stands in its way.
//!
//! Which row that is only the statement tells, so it is a transaction: the statement, FENCE around the keys of the row that
//! came back, COMMIT, FINISH. Hooks do not run, as they do not in SeaORM's own upsert.
//!
//! MySQL and MariaDB take the row in the way by whatever unique key it has in common with the new one, and do not say
//! which. So the statement itself leaves the primary key of the row that it met in session variables.

use std::sync::Arc;

use sea_orm::sea_query::{Expr, IntoValueTuple, OnConflict, Token, Tokenizer, ValueTuple};
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, IdenStatic, Iterable, PrimaryKeyToColumn, QueryFilter, QuerySelect, QueryTrait,
    TryFromU64,
};

use super::change::Change;
use super::claim::Settled;
use super::context::{Context, is_mysql};
use super::effect::Saved;
use super::footprint::Footprint;
use super::locked::{locked, not_found};
use super::shield::PointOfNoReturn;
use super::version::next;
use super::write::{Write, Written, save_span, traced};
use crate::entity::{CachedEntity, PkValue, facts};
use crate::error::{Error, Result};

/// Inserts the row or does what `on_conflict` says; `None` if that was nothing.
///
/// Dropping the future before the statement is sent cancels the write; afterwards it goes on in the background.
pub(crate) async fn upsert<E: CachedEntity>(
    context: &Arc<Context>,
    active_model: E::ActiveModel,
    on_conflict: OnConflict,
) -> Result<Option<Saved<E::Model>>> {
    context.enter::<E>()?;
    let entity = facts::<E>();
    let write = |point| write::<E>(context.clone(), active_model, on_conflict, point);
    traced(context, entity, save_span(entity), write, |saved| saved.as_ref().map(|saved| saved.cache)).await
}

async fn write<E: CachedEntity>(
    context: Arc<Context>,
    active_model: E::ActiveModel,
    on_conflict: OnConflict,
    point: PointOfNoReturn,
) -> Result<Option<Saved<E::Model>>> {
    let write = Write::begin(&context, facts::<E>(), point);
    let upsert = Upsert::<E>::new(active_model, on_conflict)?;
    let written = |model: Option<E::Model>| {
        let settled = settled::<E>(&context, model.as_ref())?;
        Ok(Written { result: model, settled, sweeps: Vec::new() })
    };
    let (model, cache) = write.transaction(async |tx| upsert.execute(tx).await, written).await?;
    Ok(model.map(|model| Saved::new(model, cache)))
}

/// The keys of the row that the statement left, if it left one.
pub(super) fn settled<E: CachedEntity>(context: &Context, model: Option<&E::Model>) -> Result<Vec<Settled>> {
    model.map_or(Ok(Vec::new()), |model| Footprint::<E>::of_upsert().settled(context, model))
}

/// The statement.
pub(super) struct Upsert<E: CachedEntity> {
    active_model: E::ActiveModel,
    on_conflict: OnConflict,
}

impl<E: CachedEntity> Upsert<E> {
    /// Where the entity has a version, the update advances it; one that sets the version itself is refused.
    pub(super) fn new(active_model: E::ActiveModel, mut on_conflict: OnConflict) -> Result<Self> {
        if let Some(version) = E::version_column() {
            let assignments = assignments::<E>(&active_model, &on_conflict);
            if assignments.iter().any(|column| column == version.as_str()) {
                return Err(Error::input(format!(
                    "the version `{}` of a `{}` that is updated advances by itself; leave it out of the columns that \
                     on_conflict updates",
                    version.as_str(),
                    facts::<E>().label,
                )));
            }
            if !assignments.is_empty() {
                on_conflict.value(version, next(version));
            }
        }
        Ok(Self { active_model, on_conflict })
    }

    /// The row that it inserted or updated, locked; none if it did nothing.
    pub(super) async fn execute(self, tx: &impl ConnectionTrait) -> Result<Option<E::Model>, DbErr> {
        if is_mysql(tx) {
            return self.read_back(tx).await;
        }
        let statement = E::insert(self.active_model).on_conflict(self.on_conflict);
        match statement.exec_with_returning(tx).await {
            // The statement returns every row that it touches, so it has touched none.
            Err(DbErr::RecordNotFound(_) | DbErr::RecordNotInserted) => Ok(None),
            result => result.map(Some),
        }
    }

    async fn read_back(self, tx: &impl ConnectionTrait) -> Result<Option<E::Model>, DbErr> {
        let Self { active_model, mut on_conflict } = self;
        // MySQL's own text does not tell: doing nothing is an update there that changes nothing.
        let as_told = E::insert(active_model.clone()).on_conflict(on_conflict.clone());
        let does_nothing = as_told.build(DbBackend::Postgres).sql.contains(" DO NOTHING");
        let mut forget = Vec::new();
        let mut met = Vec::new();
        for (number, key) in E::PrimaryKey::iter().enumerate() {
            let column = key.into_column();
            let (variable, name) = (format!("@writethrough_{number}"), quoted(column.as_str()));
            forget.push(format!("{variable} = NULL"));
            met.push(format!("{name} = {variable}"));
            on_conflict.value(column, Expr::cust(format!("({variable} := {name})")));
        }
        tx.execute_unprepared(&format!("SET {}", forget.join(", "))).await?;
        let pk = Change::<E>::inserting(active_model.clone()).known_pk(true).cloned();
        let result = tx.execute(E::insert(active_model).on_conflict(on_conflict).as_query()).await?;
        let in_the_way = E::find().filter(Expr::cust(met.join(" AND "))).lock_exclusive().one(tx).await?;
        if in_the_way.is_some() {
            // Two rows are counted for one that was updated.
            let untouched = does_nothing && result.rows_affected() < 2;
            return Ok(in_the_way.filter(|_| !untouched));
        }
        let pk = match pk {
            Some(pk) => pk,
            None => generated::<E>(result.last_insert_id())?,
        };
        // Nothing stood in its way, so it was inserted.
        locked::<E>(tx, pk).await?.ok_or_else(not_found).map(Some)
    }
}

/// The columns that the update sets; none if the conflict is answered by doing nothing.
///
/// An `OnConflict` cannot be asked, so its text is read: `… DO UPDATE SET "a" = …, "b" = … WHERE …`, with parameters for values.
fn assignments<E: CachedEntity>(active_model: &E::ActiveModel, on_conflict: &OnConflict) -> Vec<String> {
    let sql = E::insert(active_model.clone()).on_conflict(on_conflict.clone()).build(DbBackend::Postgres).sql;
    sql.split_once(" DO UPDATE SET ").map(|(_, set)| assigned(set)).unwrap_or_default()
}

/// The names in front of the equals signs of a SET: those right at its beginning and after each comma that is in no
/// parentheses.
fn assigned(set: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut depth, mut begins) = (0_u32, true);
    for token in Tokenizer::new(set) {
        match token {
            Token::Quoted(name) if begins => names.push(name.trim_matches('"').replace("\"\"", "\"")),
            Token::Punctuation("(") => depth += 1,
            Token::Punctuation(")") => depth = depth.saturating_sub(1),
            Token::Punctuation(",") if depth == 0 => {
                begins = true;
                continue;
            }
            Token::Space(_) => continue,
            _ => {}
        }
        begins = false;
    }
    names
}

fn generated<E: CachedEntity>(id: u64) -> Result<ValueTuple, DbErr> {
    let id = PkValue::<E>::try_from_u64(id).map_err(|_| DbErr::UnpackInsertId)?;
    Ok(id.into_value_tuple())
}

fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

#[cfg(test)]
mod tests {
    use super::assigned;

    #[test]
    fn only_what_is_assigned_to_is_named() {
        let set =
            r#""a" = "excluded"."a", "b""c" = CASE WHEN ("d" = $1, "e") THEN 1 ELSE f(2, "g") END, "h" = ', "i" = '"#;
        assert_eq!(assigned(set), ["a", "b\"c", "h"]);
        assert_eq!(assigned(r#""a" = "t"."a" + $2 WHERE "t"."version" = $3 AND "b" IN ($4, $5)"#), ["a"]);
    }
}
