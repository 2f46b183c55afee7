//! The verbs. Each reads like its paragraph of the protocol, which stands at the head of its module.
//!
//! Everything works on a [`Context`], the inside of a store; the public handles are made in [`crate::store`].

mod audit;
mod batch;
mod boxed;
mod bulk;
mod bypass;
mod cascade;
mod change;
mod claim;
mod context;
mod delete;
mod effect;
mod ending;
mod fence;
mod flights;
mod footprint;
mod invalidate;
mod lease;
mod limits;
mod load;
mod load_by_key;
mod load_lists;
mod load_many;
mod load_many_by_key;
mod locked;
mod pace;
mod related;
mod save;
mod shield;
mod statement;
mod transaction;
mod upsert;
mod version;
mod warm;
mod write;

pub use audit::{Audit, AuditHandle, AuditRepair, AuditReport, Difference, StaleEntry};
pub(crate) use audit::{audit, audit_in_background};
pub(crate) use batch::save_many;
pub(crate) use boxed::{boxed, erased};
pub(crate) use bulk::{Delete, Update, delete_many, update_many};
pub(crate) use context::Context;
pub(crate) use delete::{delete, delete_by_id};
pub use effect::{CacheEffect, Changed, Deleted, Loaded, Saved, Source};
pub(crate) use flights::Flights;
pub(crate) use invalidate::{invalidate, invalidate_all, invalidate_model};
pub(crate) use load::load;
pub(crate) use load_by_key::load_by_key;
pub(crate) use load_lists::load_lists;
pub(crate) use load_many::load_many;
pub(crate) use related::{Asked, HowMany, related};
pub(crate) use save::{Verb, save};
pub use transaction::Transaction;
pub(crate) use upsert::upsert;
pub(crate) use warm::warm;
pub use warm::{WarmCursor, WarmOptions, WarmProgress};
