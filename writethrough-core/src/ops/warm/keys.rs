//! The primary keys that a user's select finds, page by page in their order.
//!
//! ```sql
//! SELECT picked.key_0 FROM (SELECT …, flight.id AS key_0 FROM flight WHERE …) AS picked
//! WHERE picked.key_0 > ? ORDER BY picked.key_0 LIMIT ?
//! ```
//!
//! The select stands inside as the user wrote it, so whatever it has (joins, groups, a limit) means what it meant. Databases
//! see through it where it has no limit, and find each page by the index of the primary key. Keys are compared and ordered by the database alone, by one and the same expression: it knows its collations.
//! A row that joins multiply is met once, for the next page is behind it. (To GROUP BY the key would say so to the database,
//! but SQLite 3.51 then takes the order of the select inside for the order of the page.)

use std::pin::pin;

use sea_orm::sea_query::{Alias, Expr, ExprTrait, IntoIden, IntoValueTuple, Order, Query, SelectStatement, ValueTuple};
use sea_orm::{
    ColumnTrait, ColumnType, Condition, ConnectionTrait, DbBackend, DbErr, Iterable, PrimaryKeyToColumn, QueryTrait,
    Select, TryGetableMany, Value,
};

use crate::entity::{CachedEntity, PkValue};
use crate::error::Result;
use crate::ops::context::Context;

const PICKED: &str = "writethrough_picked";

/// A user's select, of which only the primary keys matter.
pub(super) struct Keys<E: CachedEntity> {
    picked: SelectStatement,
    parts: Vec<Part<E>>,
    backend: DbBackend,
}

/// Some keys, each once, in their order.
pub(super) struct Page {
    pub(super) keys: Vec<ValueTuple>,
    /// Whether nothing is behind them.
    pub(super) is_last: bool,
}

/// A column of the primary key.
struct Part<E: CachedEntity> {
    column: E::Column,
    name: String,
}

impl<E: CachedEntity> Keys<E> {
    pub(super) fn of(select: Select<E>, backend: DbBackend) -> Self {
        let columns = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column);
        let parts: Vec<Part<E>> =
            columns.enumerate().map(|(n, column)| Part { column, name: format!("writethrough_key_{n}") }).collect();
        let mut picked = select.into_query();
        if !needs_its_order(&picked) {
            picked.clear_order_by();
        }
        for part in &parts {
            picked.expr_as(Expr::col(part.column.as_column_ref()), Alias::new(&part.name));
        }
        Self { picked, parts, backend }
    }

    /// The next keys, at most so many.
    pub(super) async fn page(&self, context: &Context, after: Option<&ValueTuple>, most: usize) -> Result<Page> {
        let query = self.query(after, most as u64);
        let page = async {
            let names: Vec<_> = self.parts.iter().map(|part| part.name.clone()).collect();
            let rows = context.db.query_all(&query).await?;
            let key = |row| PkValue::<E>::try_get_many(row, "", &names).map(IntoValueTuple::into_value_tuple);
            let keys: Result<Vec<_>, DbErr> = rows.iter().map(|row| key(row).map_err(DbErr::from)).collect();
            let (mut keys, is_last) = (keys?, rows.len() < most);
            keys.dedup();
            Ok(Page { keys, is_last })
        };
        context.deadline().within(None, pin!(page)).await
    }

    fn query(&self, after: Option<&ValueTuple>, most: u64) -> SelectStatement {
        let mut page = Query::select();
        page.from_subquery(self.picked.clone(), Alias::new(PICKED)).limit(most);
        for part in &self.parts {
            page.expr_as(part.column.select_as(part.plain()), Alias::new(&part.name));
            page.order_by_expr(part.ordered(self.backend), Order::Asc);
            // A key with a NULL in it is none that a row could be found by.
            if part.column.def().is_null() {
                page.and_where(part.plain().is_not_null());
            }
        }
        if let Some(after) = after {
            page.cond_where(self.is_after(after));
        }
        page
    }

    /// `a > x`, `(a, b) > (x, y)`; or `a > x OR a = x AND b > y`, which is the form that MySQL finds an index for.
    fn is_after(&self, key: &ValueTuple) -> Condition {
        let pairs: Vec<(Expr, Expr)> = self.parts.iter().zip(key.clone()).map(|pair| self.comparable(pair)).collect();
        if self.backend != DbBackend::MySql && pairs.len() > 1 {
            let (columns, values): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
            return Condition::all().add(Expr::tuple(columns).gt(Expr::tuple(values)));
        }
        pairs.iter().enumerate().fold(Condition::any(), |any, (place, (column, value))| {
            let equal = pairs.iter().take(place).map(|(column, value)| column.clone().eq(value.clone()));
            any.add(equal.fold(Condition::all(), Condition::add).add(column.clone().gt(value.clone())))
        })
    }

    fn comparable(&self, (part, value): (&Part<E>, Value)) -> (Expr, Expr) {
        (part.ordered(self.backend), part.column.save_as(Expr::val(value)))
    }
}

impl<E: CachedEntity> Part<E> {
    fn plain(&self) -> Expr {
        Expr::col((Alias::new(PICKED).into_iden(), Alias::new(&self.name).into_iden()))
    }

    /// What keys are ordered and compared by. MySQL orders an enum by its numbers and compares it with text as text, so
    /// there it is text for both.
    fn ordered(&self, backend: DbBackend) -> Expr {
        match self.column.def().get_column_type() {
            ColumnType::Enum { .. } if backend == DbBackend::MySql => self.plain().cast_as("char"),
            _ => self.plain(),
        }
    }
}

/// Whether the order decides which rows there are: it does where a limit, an offset or a DISTINCT ON takes the first.
fn needs_its_order(select: &SelectStatement) -> bool {
    let mut whole = select.clone();
    whole.reset_limit().reset_offset();
    let (mut distinct, mut indistinct) = (select.clone(), select.clone());
    distinct.distinct();
    indistinct.distinct_on::<Alias, _>([]);
    whole != *select || (distinct != *select && indistinct != *select)
}
