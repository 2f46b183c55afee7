//! The tables these tests write.

/// Goes on without its cache.
pub mod flight {
    use sea_orm::ActiveValue::{NotSet, Set, Unchanged};
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "flight")]
    #[write_through(ttl = "10m")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub gate: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    /// A flight under a key of our own.
    pub fn at(id: i32, gate: impl Into<String>) -> ActiveModel {
        ActiveModel { id: Set(id), gate: Set(gate.into()) }
    }

    /// A flight whose key the database will choose.
    pub fn new(gate: impl Into<String>) -> ActiveModel {
        ActiveModel { id: NotSet, gate: Set(gate.into()) }
    }

    /// The flight moves to another gate.
    pub fn moved(id: i32, gate: impl Into<String>) -> ActiveModel {
        ActiveModel { id: Unchanged(id), gate: Set(gate.into()) }
    }
}

/// Rather fails than go on without its cache.
pub mod booking {
    use sea_orm::ActiveValue::{NotSet, Set, Unchanged};
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "booking")]
    #[write_through(ttl = "10m", on_cache_failure = "fail")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub seat: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    /// A booking whose key the database will choose.
    pub fn new(seat: impl Into<String>) -> ActiveModel {
        ActiveModel { id: NotSet, seat: Set(seat.into()) }
    }

    /// The booking gets another seat.
    pub fn moved(id: i32, seat: impl Into<String>) -> ActiveModel {
        ActiveModel { id: Unchanged(id), seat: Set(seat.into()) }
    }
}

/// Has hooks that panic where the label says so.
pub mod parcel {
    use sea_orm::ActiveValue::{NotSet, Set, Unchanged};
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "parcel")]
    #[write_through(ttl = "10m", cache_if = "keep")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub label: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    #[async_trait::async_trait]
    impl ActiveModelBehavior for ActiveModel {
        async fn before_save<C: ConnectionTrait>(self, _: &C, _: bool) -> Result<Self, DbErr> {
            assert!(self.label.as_ref() != "panics before", "a hook panics before the statement");
            Ok(self)
        }

        async fn after_save<C: ConnectionTrait>(model: Model, _: &C, _: bool) -> Result<Model, DbErr> {
            assert!(model.label != "panics after", "a hook panics after the statement");
            Ok(model)
        }
    }

    /// Asked about the row that the statement returned.
    fn keep(model: &Model) -> bool {
        assert!(model.label != "panics in between", "a function panics between the statement and the cache");
        true
    }

    /// A parcel under a key of our own.
    pub fn at(id: i32, label: impl Into<String>) -> ActiveModel {
        ActiveModel { id: Set(id), label: Set(label.into()) }
    }

    /// A parcel whose key the database will choose.
    pub fn new(label: impl Into<String>) -> ActiveModel {
        ActiveModel { id: NotSet, label: Set(label.into()) }
    }

    /// The parcel gets another label.
    pub fn relabelled(id: i32, label: impl Into<String>) -> ActiveModel {
        ActiveModel { id: Unchanged(id), label: Set(label.into()) }
    }
}

/// Has a unique key, and a `cache_if` that panics where the text says so.
pub mod letter {
    use sea_orm::ActiveValue::{NotSet, Set, Unchanged};
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "letter")]
    #[write_through(ttl = "10m", cache_if = "keep")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[sea_orm(unique)]
        #[write_through(key)]
        pub code: i32,
        pub text: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    fn keep(model: &Model) -> bool {
        assert!(model.text != "panics", "a function panics between the database and the cache");
        true
    }

    /// A letter under a key of our own.
    pub fn at(id: i32, code: i32, text: impl Into<String>) -> ActiveModel {
        ActiveModel { id: Set(id), code: Set(code), text: Set(text.into()) }
    }

    /// A letter whose key the database will choose.
    pub fn new(code: i32, text: impl Into<String>) -> ActiveModel {
        ActiveModel { id: NotSet, code: Set(code), text: Set(text.into()) }
    }

    /// The letter gets another text.
    pub fn rewritten(id: i32, text: impl Into<String>) -> ActiveModel {
        ActiveModel { id: Unchanged(id), code: NotSet, text: Set(text.into()) }
    }
}
