//! A version of each type, in each format of an entity.

use writethrough::CachedEntity;

macro_rules! counted {
    ($name:ident, $ty:ty) => {
        mod $name {
            use sea_orm::entity::prelude::*;
            use writethrough::WriteThrough;

            #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
            #[sea_orm(table_name = "counted")]
            pub struct Model {
                #[sea_orm(primary_key)]
                pub id: i32,
                #[write_through(version)]
                pub version: $ty,
            }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}
        }
    };
}

/// How many times.
type Times = i64;

counted!(small, i16);
counted!(middle, i32);
counted!(big, i64);
counted!(small_unsigned, u16);
counted!(unsigned, u32);
counted!(big_unsigned, u64);
counted!(by_another_name, super::Times);

#[test]
fn every_integer_type_of_16_bits_and_more_counts() {
    macro_rules! check {
        ($($name:ident)*) => {$(
            assert!(matches!($name::Entity::version_column(), Some($name::Column::Version)));
        )*};
    }
    check!(small middle big small_unsigned unsigned big_unsigned by_another_name);
}

mod dense {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "dense")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[sea_orm(enum_name = "Count", column_name = "n")]
        #[write_through(version)]
        pub r#type: i32,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod expanded {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Copy, Clone, Default, Debug, DeriveEntity)]
    pub struct Entity;

    impl EntityName for Entity {
        fn table_name(&self) -> &'static str {
            "expanded"
        }
    }

    #[derive(Clone, Debug, PartialEq, Eq, DeriveModel, DeriveActiveModel, WriteThrough)]
    pub struct Model {
        pub id: i32,
        #[write_through(version)]
        pub edition: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveColumn)]
    pub enum Column {
        Id,
        Edition,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DerivePrimaryKey)]
    pub enum PrimaryKey {
        Id,
    }

    impl PrimaryKeyTrait for PrimaryKey {
        type ValueType = i32;

        fn auto_increment() -> bool {
            true
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ColumnTrait for Column {
        type EntityName = Entity;

        fn def(&self) -> ColumnDef {
            ColumnType::Integer.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

#[test]
fn every_format_of_an_entity_may_have_a_version() {
    assert!(matches!(dense::Entity::version_column(), Some(dense::Column::Count)));
    assert!(matches!(expanded::Entity::version_column(), Some(expanded::Column::Edition)));
}

mod without {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "without")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub version: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[test]
fn a_column_of_that_name_is_none_unless_it_is_declared() {
    assert!(without::Entity::version_column().is_none());
}
