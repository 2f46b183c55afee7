//! The optimistic lock: a write that comes from an old version of its row is a conflict, and changes nothing.

mod batches;
mod bulk;
mod deletes;
mod dropped;
mod hooks;
mod races;
mod saves;
mod transactions;
mod types;
mod upserts;

use sea_orm::EntityTrait;
use writethrough::{Error, Outcome, Store};

use crate::support::entities::versioned::account::{ActiveModel, Entity, Model, opened};
use crate::support::probe::{Probe, Seen};
use crate::support::stage::Stage;

/// A stage with account 1, of version 1, and two stores.
async fn with_an_account(stage: &Stage) -> (Store, Store, Model) {
    stage.create_table(Entity).await;
    let (store, other) = (stage.store().await, stage.store().await);
    let account = opened(1, 100).insert_through(&store).await.expect("inserted");
    (store, other, account)
}

/// An account whose entry is of an old version, as one that was written behind the store's back; the row as it is.
async fn overtaken(stage: &Stage, account: &Model) -> Model {
    let newer = ActiveModel { version: sea_orm::Set(account.version + 1), ..account.clone().with(account.miles + 1) };
    let newer = Entity::update(newer).exec(&stage.plain().await).await.expect("updated");
    assert_eq!(Probe::of(stage).await.look::<Entity>(account.id).await, Seen::Row(account.clone()), "the old one");
    newer
}

/// The row as the database has it.
async fn stored(stage: &Stage, id: i32) -> Option<Model> {
    Entity::find_by_id(id).one(&stage.plain().await).await.expect("the database answers")
}

/// Whether this is a lost race, told as it should be.
#[track_caller]
fn assert_conflict<T: std::fmt::Debug>(result: Result<T, Error>) {
    let error = result.expect_err("somebody else was faster");
    assert!(error.is_conflict(), "{error:?}");
    assert!(!error.is_not_found() && !error.is_retryable() && !error.is_bad_input(), "{error:?}");
    assert_eq!((error.outcome(), error.db_err().is_none()), (Outcome::NotCommitted, true));
    assert!(error.to_string().contains("load it again"), "{error}");
}
