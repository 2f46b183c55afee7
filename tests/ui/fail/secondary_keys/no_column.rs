//! What is in no table is in no key.

mod ignored {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "flight")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[sea_orm(ignore)]
        #[write_through(key)]
        pub note: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod ignored_in_a_list {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "flight")]
    #[write_through(key(flight_no, note))]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub flight_no: String,
        #[sea_orm(ignore)]
        pub note: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod a_relation {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(WriteThrough)]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "flight")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[sea_orm(self_ref, relation_enum = "Previous", from = "id", to = "id")]
        #[write_through(key)]
        pub previous: HasOne<Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {}
