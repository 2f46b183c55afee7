//! An entity whose table is known at run time only.

mod flight {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Copy, Clone, Default, Debug, DeriveEntity)]
    pub struct Entity {
        pub year: u32,
    }

    impl EntityName for Entity {
        fn table_name(&self) -> &'static str {
            if self.year < 2000 { "old_flight" } else { "flight" }
        }
    }

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {}
