//! The outbox as migrations of SeaORM.

use std::marker::PhantomData;

use sea_orm_migration::prelude::*;

use super::OutboxOptions;
use crate::entity::{CachedEntity, facts};

/// Creates the table of the outbox; down, drops it.
///
/// ```
/// # extern crate writethrough_core as writethrough;
/// use sea_orm_migration::prelude::*;
/// use writethrough::migration::CreateOutbox;
///
/// struct Migrator;
///
/// impl MigratorTrait for Migrator {
///     fn migrations() -> Vec<Box<dyn MigrationTrait>> {
///         vec![Box::new(CreateOutbox::default())]
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct CreateOutbox {
    options: OutboxOptions,
    name: String,
}

impl CreateOutbox {
    /// The table that these options name; the migration is named after it.
    #[must_use]
    pub fn new(options: OutboxOptions) -> Self {
        let name = format!("create_{}", options.table_name());
        Self { options, name }
    }
}

impl Default for CreateOutbox {
    fn default() -> Self {
        Self::new(OutboxOptions::default())
    }
}

impl MigrationName for CreateOutbox {
    fn name(&self) -> &str {
        &self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateOutbox {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.options.create_table(manager.get_connection()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.options.drop_table(manager.get_connection()).await
    }
}

/// Creates the triggers on the table of an entity; down, drops them. Comes after [`CreateOutbox`] and the entity's table.
#[derive(Clone, Debug)]
pub struct CreateOutboxTriggers<E> {
    options: OutboxOptions,
    name: String,
    _entity: PhantomData<fn() -> E>,
}

impl<E: CachedEntity> CreateOutboxTriggers<E> {
    /// Triggers for the table that these options name; the migration is named after it and the entity's.
    #[must_use]
    pub fn new(options: OutboxOptions) -> Self {
        let name = format!("create_{}_triggers_{}", options.table_name(), facts::<E>().table);
        Self { options, name, _entity: PhantomData }
    }

    /// Another name, for a later migration that replaces the triggers: when the entity has got another key, or after an
    /// update of this crate whose changelog says so.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }
}

impl<E: CachedEntity> Default for CreateOutboxTriggers<E> {
    fn default() -> Self {
        Self::new(OutboxOptions::default())
    }
}

impl<E: CachedEntity> MigrationName for CreateOutboxTriggers<E> {
    fn name(&self) -> &str {
        &self.name
    }
}

#[async_trait::async_trait]
impl<E: CachedEntity> MigrationTrait for CreateOutboxTriggers<E> {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.options.create_triggers::<E>(manager.get_connection()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.options.drop_triggers::<E>(manager.get_connection()).await
    }
}
