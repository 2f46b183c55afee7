//! What belongs to a row is not cached.

mod airline {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "airline")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod flight {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "flight")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub airline_id: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(
            belongs_to = "super::airline::Entity",
            from = "Column::AirlineId",
            to = "super::airline::Column::Id"
        )]
        Airline,
    }

    impl Related<super::airline::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Airline.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

fn one(flight: &flight::Model, store: &writethrough::Store) {
    let _ = flight.load_one_cached(airline::Entity, store);
}

fn main() {}
