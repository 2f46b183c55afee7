//! A connection where a session is asked for.

mod flight {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "flight")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub after_id: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(belongs_to = "Entity", from = "Column::AfterId", to = "Column::Id")]
        After,
    }

    impl Related<Entity> for Entity {
        fn to() -> RelationDef {
            Relation::After.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

fn connection(flight: &flight::Model, db: &sea_orm::DatabaseConnection) {
    let _ = flight.load_one_cached(flight::Entity, db);
}

fn main() {}
