//! What SeaORM's relations tell of an entity's foreign keys.

use sea_orm::sea_query::{TableName, TableRef};
use sea_orm::{EntityTrait, Identity, Iterable, RelationDef, RelationTrait};

use super::key::escape;

/// What the database does to a row when the one that it refers to is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum OnDelete {
    /// Nothing, or it refuses.
    Nothing,
    /// It makes the columns of the foreign key NULL.
    Clears,
    /// It gives them their default.
    Defaults,
    /// It deletes the row, too.
    Deletes,
}

/// A foreign key, as one of the two entities declares it. Tables are named as [`Facts`](super::Facts) names them.
#[derive(Clone, Debug)]
pub(crate) struct ForeignKey {
    /// The table whose rows refer to others.
    pub(crate) child: String,
    pub(crate) columns: Vec<String>,
    /// The table that they refer to.
    pub(crate) parent: String,
    pub(crate) referred: Vec<String>,
    pub(crate) on_delete: OnDelete,
}

impl ForeignKey {
    /// All that this entity declares, those of other tables that refer to it included.
    pub(super) fn of<E: EntityTrait>() -> Vec<Self> {
        E::Relation::iter().filter_map(|relation| Self::read(relation.def())).collect()
    }

    /// `None` where a relation leads to something else than a table.
    fn read(relation: RelationDef) -> Option<Self> {
        let RelationDef { from_tbl, from_col, to_tbl, to_col, is_owner, on_delete, .. } = relation;
        let (from, to) = ((from_tbl, from_col), (to_tbl, to_col));
        // To SeaORM the owner is the side that is referred to.
        let ((child, columns), (parent, referred)) = if is_owner { (to, from) } else { (from, to) };
        use sea_orm::sea_query::ForeignKeyAction::*;
        Some(Self {
            child: table(&child)?,
            columns: names(&columns),
            parent: table(&parent)?,
            referred: names(&referred),
            on_delete: match on_delete {
                Some(Restrict | NoAction) | None => OnDelete::Nothing,
                Some(SetNull) => OnDelete::Clears,
                Some(SetDefault) => OnDelete::Defaults,
                // What we do not know may be the most that there is.
                Some(Cascade | _) => OnDelete::Deletes,
            },
        })
    }

    /// Whether the table stands at one of its ends.
    pub(super) fn touches(&self, table: &str) -> bool {
        self.child == table || self.parent == table
    }
}

/// A table's name and its schema's, escaped; `None` if it is no table.
pub(crate) fn table(table: &TableRef) -> Option<String> {
    let TableRef::Table(TableName(schema, name), _) = table else { return None };
    let mut escaped = String::new();
    if let Some(schema) = schema {
        escape::name(&mut escaped, &schema.1.inner());
        escaped.push('.');
    }
    escape::name(&mut escaped, &name.inner());
    Some(escaped)
}

/// The names of columns.
pub(crate) fn names(columns: &Identity) -> Vec<String> {
    columns.iter().map(|column| column.inner().into_owned()).collect()
}
