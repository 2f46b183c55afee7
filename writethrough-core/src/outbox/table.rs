//! The outbox's table, and the few statements on it.

use sea_orm::sea_query::{self, ColumnDef, Expr, ExprTrait, Index, Order, Query, Value};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult};

use crate::cache::CacheKey;
use crate::policy::MAX_TTL;

/// Rows in one statement.
const ROWS: usize = 500;

const ID: &str = "id";
const WRITE: &str = "write_id";
const NAMESPACE: &str = "namespace";
const KIND: &str = "kind";
const TABLE: &str = "table_name";
const TARGET: &str = "target";
const RECORDED_AT: &str = "recorded_at";

/// What a row of the outbox is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// One entry; recorded by a store.
    Key { table: String, key: CacheKey },
    /// All entries whose keys start with this; recorded by a store.
    Prefix { table: String, prefix: String },
    /// The key columns of a row as JSON; recorded by a trigger.
    Row { table: String, columns: String },
    /// Any row; recorded by a trigger.
    Table { table: String },
}

impl Target {
    fn from_row(row: &QueryResult) -> Result<Option<Self>, DbErr> {
        let (table, target) = (row.try_get("", TABLE)?, row.try_get("", TARGET)?);
        let kind: String = row.try_get("", KIND)?;
        Ok(Some(match kind.as_str() {
            "key" => Self::Key { table, key: CacheKey::new(target) },
            "prefix" => Self::Prefix { table, prefix: target },
            "row" => Self::Row { table, columns: target },
            "table" => Self::Table { table },
            // A later version's; its relays will see to it.
            _ => return Ok(None),
        }))
    }

    fn columns(&self) -> (&'static str, &str, &str) {
        match self {
            Self::Key { table, key } => ("key", table, key.as_str()),
            Self::Prefix { table, prefix } => ("prefix", table, prefix),
            Self::Row { table, columns } => ("row", table, columns),
            Self::Table { table } => ("table", table, ""),
        }
    }
}

/// A row of the outbox.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: i64,
    /// The write of a store that recorded it, which will remove it when the cache has acknowledged.
    pub(super) write: Option<i64>,
    pub(super) target: Target,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Table {
    name: String,
    namespace: String,
}

impl Table {
    pub(super) fn new(name: &str, namespace: &str) -> Self {
        Self { name: name.to_owned(), namespace: namespace.to_owned() }
    }

    /// Also the name of the channel on which PostgreSQL tells of new rows.
    #[cfg(feature = "postgres")]
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) async fn create(&self, db: &impl ConnectionTrait) -> Result<(), DbErr> {
        let mut table = sea_query::Table::create();
        table
            .table(self.name.clone())
            .if_not_exists()
            .col(ColumnDef::new(ID).big_integer().not_null().auto_increment().primary_key())
            .col(ColumnDef::new(WRITE).big_integer())
            .col(ColumnDef::new(NAMESPACE).string_len(255))
            .col(ColumnDef::new(KIND).string_len(16).not_null())
            .col(ColumnDef::new(TABLE).string_len(255).not_null())
            .col(ColumnDef::new(TARGET).text().not_null())
            .col(ColumnDef::new(RECORDED_AT).timestamp_with_time_zone().not_null().default(Expr::current_timestamp()));
        let mut index = Index::create();
        index.name(format!("{}_write", self.name)).col(WRITE);
        if db.get_database_backend() == DbBackend::MySql {
            // No IF NOT EXISTS for indexes there. Whatever the database's own character set is, keys must fit.
            table.character_set("utf8mb4").collate("utf8mb4_bin");
            return db.execute(table.index(&mut index)).await.map(drop);
        }
        db.execute(&table).await?;
        db.execute(index.table(self.name.clone()).if_not_exists()).await.map(drop)
    }

    pub(super) async fn drop(&self, db: &impl ConnectionTrait) -> Result<(), DbErr> {
        db.execute(&sea_query::Table::drop().table(self.name.clone()).if_exists().to_owned()).await.map(drop)
    }

    /// Records targets, of one write or of none.
    pub(super) async fn insert(
        &self,
        db: &impl ConnectionTrait,
        write: Option<i64>,
        targets: Vec<Target>,
    ) -> Result<(), DbErr> {
        for targets in targets.chunks(ROWS) {
            let mut insert = Query::insert();
            insert.into_table(self.name.clone()).columns([WRITE, NAMESPACE, KIND, TABLE, TARGET]);
            for target in targets {
                let (kind, table, target) = target.columns();
                let row: [Value; 5] =
                    [write.into(), self.namespace.as_str().into(), kind.into(), table.into(), target.into()];
                insert.values(row.map(Expr::from)).map_err(|error| DbErr::Custom(error.to_string()))?;
            }
            db.execute(&insert).await?;
        }
        Ok(())
    }

    /// The rows after this one that concern this namespace, in their order; empty when there are no more.
    pub(super) async fn page(&self, db: &impl ConnectionTrait, after: i64) -> Result<(Vec<Entry>, Option<i64>), DbErr> {
        let mut select = Query::select();
        select
            .columns([ID, WRITE, KIND, TABLE, TARGET])
            .from(self.name.clone())
            .and_where(Expr::col(ID).gt(after))
            .and_where(Expr::col(NAMESPACE).eq(self.namespace.as_str()).or(Expr::col(NAMESPACE).is_null()))
            .order_by(ID, Order::Asc)
            .limit(ROWS as u64);
        let mut entries = Vec::new();
        let mut last = None;
        for row in db.query_all(&select).await? {
            let id: i64 = row.try_get("", ID)?;
            last = Some(id);
            if let Some(target) = Target::from_row(&row)? {
                entries.push(Entry { id, write: row.try_get("", WRITE)?, target });
            }
        }
        Ok((entries, last))
    }

    /// Removes rows.
    pub(super) async fn remove(&self, db: &impl ConnectionTrait, ids: &[i64]) -> Result<(), DbErr> {
        for ids in ids.chunks(ROWS) {
            let is_one = Expr::col(ID).is_in(ids.iter().copied());
            db.execute(Query::delete().from_table(self.name.clone()).and_where(is_one)).await?;
        }
        Ok(())
    }

    /// Removes the rows of these writes. By their ids, in order: by anything else MySQL would lock the gaps between them,
    /// into which others insert.
    pub(super) async fn remove_writes(&self, db: &impl ConnectionTrait, writes: &[i64]) -> Result<(), DbErr> {
        for writes in writes.chunks(ROWS) {
            let is_one = Expr::col(WRITE).is_in(writes.iter().copied());
            let mut select = Query::select();
            select.column(ID).from(self.name.clone()).and_where(is_one).order_by(ID, Order::Asc);
            let ids =
                db.query_all(&select).await?.iter().map(|row| row.try_get("", ID)).collect::<Result<Vec<_>, _>>()?;
            self.remove(db, &ids).await?;
        }
        Ok(())
    }

    /// Removes rows that are older than any entry: nobody came who knew their table.
    pub(super) async fn remove_outdated(&self, db: &impl ConnectionTrait) -> Result<(), DbErr> {
        let days = MAX_TTL.as_secs() / (24 * 60 * 60);
        let horizon = match db.get_database_backend() {
            DbBackend::Postgres => format!("CURRENT_TIMESTAMP - INTERVAL '{days} days'"),
            DbBackend::MySql => format!("CURRENT_TIMESTAMP - INTERVAL {days} DAY"),
            _ => format!("datetime('now', '-{days} days')"),
        };
        let is_outdated = Expr::col(RECORDED_AT).lt(Expr::cust(horizon));
        db.execute(Query::delete().from_table(self.name.clone()).and_where(is_outdated)).await.map(drop)
    }
}
