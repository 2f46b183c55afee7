//! Two keys cannot load by one method.

mod flight {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "flight")]
    #[write_through(key(airline, flight_no))]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub airline: i32,
        pub flight_no: String,
        #[write_through(key)]
        pub airline_and_flight_no: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

fn main() {}
