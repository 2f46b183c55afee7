//! A version is one column.

mod twice {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "flight")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[write_through(version)]
        pub version: i32,
        #[write_through(version)]
        pub revision: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod in_no_table {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "flight")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[sea_orm(ignore)]
        #[write_through(version)]
        pub version: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {}
