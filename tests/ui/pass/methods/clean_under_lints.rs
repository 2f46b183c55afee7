//! The generated code is quiet where a crate is strict, and takes no name from the module it is in.

#![deny(warnings, unused, missing_docs, unreachable_pub, missing_debug_implementations, unused_qualifications)]
#![deny(private_interfaces, private_bounds, elided_lifetimes_in_paths, single_use_lifetimes)]
#![forbid(unsafe_code)]

mod flight {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    /// A model that only its parent sees; nobody calls its methods.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "flight")]
    #[write_through(ttl = "1h", negative_ttl = "5s", cache_if = "keep", key(r#type, s))]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        #[write_through(exact)]
        pub(super) id: String,
        pub(super) r#type: String,
        #[write_through(key)]
        pub(super) s: Option<i32>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    fn keep(model: &Model) -> bool {
        Error.is_known() && Session.is_known() && Duration.is_known() && !model.id.is_empty()
    }

    // Names that the generated code needs too.
    #[derive(Debug)]
    struct Error;
    #[derive(Debug)]
    struct Session;
    #[derive(Debug)]
    struct Duration;

    trait Known {
        fn is_known(&self) -> bool {
            true
        }
    }

    impl<T> Known for T {}
}

mod airport {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Copy, Clone, Default, Debug, DeriveEntity)]
    pub(super) struct Entity;

    impl EntityName for Entity {
        fn table_name(&self) -> &'static str {
            "airport"
        }
    }

    #[derive(Clone, Debug, PartialEq, Eq, DeriveModel, DeriveActiveModel, WriteThrough)]
    pub(super) struct Model {
        #[write_through(exact)]
        pub(super) iata_code: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveColumn)]
    pub(super) enum Column {
        IataCode,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DerivePrimaryKey)]
    pub(super) enum PrimaryKey {
        IataCode,
    }

    impl PrimaryKeyTrait for PrimaryKey {
        type ValueType = String;

        fn auto_increment() -> bool {
            false
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    impl ColumnTrait for Column {
        type EntityName = Entity;

        fn def(&self) -> ColumnDef {
            ColumnType::String(StringLen::None).def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

#[test]
fn names_of_the_module_are_not_mistaken_for_those_of_the_runtime() {
    use writethrough::CachedEntity;

    assert!(flight::Entity::keep(&flight::Model { id: "LH1".into(), r#type: "A320".into(), s: None }));
    assert!(matches!(flight::Entity::exact_columns(), [flight::Column::Id]));
    assert!(airport::Entity::keep(&airport::Model { iata_code: "FRA".into() }));
    assert!(matches!(airport::Entity::exact_columns(), [airport::Column::IataCode]));
}
