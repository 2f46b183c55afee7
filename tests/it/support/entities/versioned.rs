//! Rows that count how often they were changed.

/// An account under an integer, which compares by bytes.
pub mod account {
    use sea_orm::ActiveValue::{Set, Unchanged};
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "account")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub miles: i64,
        #[write_through(version)]
        #[sea_orm(default_value = 1)]
        pub version: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl Model {
        /// The same with so many miles.
        pub fn with(self, miles: i64) -> ActiveModel {
            ActiveModel { miles: Set(miles), ..self.into() }
        }
    }

    /// A new one, whose version is left to the database.
    pub fn opened(id: i32, miles: i64) -> ActiveModel {
        ActiveModel { id: Set(id), miles: Set(miles), ..Default::default() }
    }

    /// What somebody knows of one who has not changed anything.
    pub fn known(id: i32, version: i32) -> ActiveModel {
        ActiveModel { id: Unchanged(id), version: Unchanged(version), ..Default::default() }
    }
}

/// A seat under two columns, of which one is text that the database may compare otherwise than by bytes.
pub mod seat {
    use sea_orm::ActiveValue::Set;
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "versioned_seat")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub flight_id: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: String,
        pub passenger: String,
        #[write_through(version)]
        pub version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl Model {
        /// The same for another passenger.
        pub fn for_(self, passenger: &str) -> ActiveModel {
            ActiveModel { passenger: Set(passenger.to_owned()), ..self.into() }
        }
    }

    pub fn sold(flight_id: i32, number: &str, passenger: &str) -> ActiveModel {
        ActiveModel {
            flight_id: Set(flight_id),
            number: Set(number.to_owned()),
            passenger: Set(passenger.to_owned()),
            version: Set(0),
        }
    }
}

/// Hooks that write down which version they saw, in the task that called.
pub mod hooked {
    use std::cell::RefCell;

    use sea_orm::ActiveValue::Set;
    use sea_orm::ConnectionTrait;
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "versioned_hooked")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub name: String,
        #[write_through(version)]
        pub version: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    tokio::task_local! {
        static JOURNAL: RefCell<Vec<String>>;
    }

    #[async_trait::async_trait]
    impl ActiveModelBehavior for ActiveModel {
        async fn before_save<C: ConnectionTrait>(self, _: &C, _: bool) -> Result<Self, DbErr> {
            write_down(format!("before_save {:?}", self.version));
            Ok(self)
        }

        async fn after_save<C: ConnectionTrait>(model: Model, _: &C, _: bool) -> Result<Model, DbErr> {
            write_down(format!("after_save {}", model.version));
            Ok(model)
        }

        async fn before_delete<C: ConnectionTrait>(self, _: &C) -> Result<Self, DbErr> {
            write_down(format!("before_delete {:?}", self.version));
            Ok(self)
        }

        async fn after_delete<C: ConnectionTrait>(self, _: &C) -> Result<Self, DbErr> {
            write_down(format!("after_delete {:?}", self.version));
            Ok(self)
        }
    }

    fn write_down(line: String) {
        JOURNAL.with(|journal| journal.borrow_mut().push(line));
    }

    /// Runs `work` and returns what its hooks wrote down.
    pub async fn journal_of<T>(work: impl Future<Output = T>) -> (T, Vec<String>) {
        let journal = async {
            let result = work.await;
            (result, JOURNAL.with(|journal| journal.take()))
        };
        JOURNAL.scope(RefCell::default(), journal).await
    }

    pub fn named(id: i32, name: &str) -> ActiveModel {
        ActiveModel { id: Set(id), name: Set(name.to_owned()), version: Set(1) }
    }
}
