//! A version is a number that can count the changes of a row.

mod text {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "flight")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[write_through(version)]
        pub version: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod nullable {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "flight")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[write_through(version)]
        pub version: Option<i32>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod small {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "flight")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[write_through(version)]
        pub version: i8,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod a_float {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "flight")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[write_through(version)]
        pub version: f64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {}
