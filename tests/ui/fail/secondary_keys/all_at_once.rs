//! Every mistake is told at once; `exact` in a key that is wrong otherwise is no mistake.

mod flight {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "flight")]
    #[write_through(key(airline, arline, airline), key(flight_no), key())]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        #[write_through(key, exact)]
        pub flight_no: String,
        #[write_through(exact)]
        pub airline: i32,
        #[write_through(exact)]
        pub gate: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {}
