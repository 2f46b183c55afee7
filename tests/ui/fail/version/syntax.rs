//! `version` is said or not said.

mod a_bool {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "flight")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[write_through(version = true)]
        pub version: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod a_list {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "flight")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[write_through(version(id))]
        pub version: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod on_the_struct {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "flight")]
    #[write_through(version)]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub version: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {}
