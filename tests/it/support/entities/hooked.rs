//! Hooks that write down what happened to them, in the task that called.

use std::cell::RefCell;

use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::ConnectionTrait;
use sea_orm::entity::prelude::*;
use writethrough::WriteThrough;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
#[sea_orm(table_name = "hooked")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    pub name: String,
    pub revision: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

tokio::task_local! {
    /// What the hooks of this task saw; they fail where there is none.
    pub static JOURNAL: RefCell<Vec<String>>;
}

/// A name that `before_save` or `before_delete` refuses.
pub const REFUSED_BEFORE: &str = "refused before";
/// A name that `after_save` or `after_delete` refuses.
pub const REFUSED_AFTER: &str = "refused after";

#[async_trait::async_trait]
impl ActiveModelBehavior for ActiveModel {
    async fn before_save<C: ConnectionTrait>(mut self, db: &C, insert: bool) -> Result<Self, DbErr> {
        write_down("before_save", db, &format!("insert={insert} {:?}", self)).await?;
        refuse(&self.name, REFUSED_BEFORE)?;
        self.revision = match self.revision {
            Set(revision) => Set(revision + 1),
            _ => NotSet,
        };
        Ok(self)
    }

    async fn after_save<C: ConnectionTrait>(mut model: Model, db: &C, insert: bool) -> Result<Model, DbErr> {
        write_down("after_save", db, &format!("insert={insert} {model:?}")).await?;
        refuse(&Set(model.name.clone()), REFUSED_AFTER)?;
        model.name = format!("{} as after_save shows it", model.name);
        Ok(model)
    }

    async fn before_delete<C: ConnectionTrait>(self, db: &C) -> Result<Self, DbErr> {
        write_down("before_delete", db, &format!("{:?}", self)).await?;
        refuse(&self.name, REFUSED_BEFORE)?;
        Ok(self)
    }

    async fn after_delete<C: ConnectionTrait>(self, db: &C) -> Result<Self, DbErr> {
        write_down("after_delete", db, &format!("{:?}", self)).await?;
        refuse(&self.name, REFUSED_AFTER)?;
        Ok(self)
    }
}

/// The hook, the connection it was given, what that connection can see, and what the hook was told.
async fn write_down<C: ConnectionTrait>(hook: &str, db: &C, told: &str) -> Result<(), DbErr> {
    let rows = Entity::find().count(db).await?;
    let connection = std::any::type_name::<C>();
    JOURNAL
        .try_with(|journal| journal.borrow_mut().push(format!("{hook} on {connection} with {rows} rows: {told}")))
        .map_err(|_| DbErr::Custom("the hook runs outside of the task that called".to_owned()))
}

fn refuse(name: &sea_orm::ActiveValue<String>, refused: &str) -> Result<(), DbErr> {
    match name.try_as_ref() {
        Some(name) if name == refused => Err(DbErr::Custom("the hook refuses".to_owned())),
        _ => Ok(()),
    }
}

/// Runs `work` with a journal and returns what was written down.
pub async fn journal_of<T>(work: impl Future<Output = T>) -> (T, Vec<String>) {
    JOURNAL
        .scope(RefCell::default(), async {
            let result = work.await;
            (result, JOURNAL.with(|journal| journal.take()))
        })
        .await
}

pub fn named(id: i32, name: &str) -> ActiveModel {
    ActiveModel { id: Set(id), name: Set(name.to_owned()), revision: Set(1) }
}
