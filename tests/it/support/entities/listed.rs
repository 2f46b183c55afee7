//! Entities with indexes.

/// A number, one that may be missing, and two columns together.
pub mod leg {
    use sea_orm::ActiveValue::Set;
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "leg")]
    #[write_through(index(airline_id, day))]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        #[write_through(index)]
        pub airline_id: i32,
        pub day: i32,
        #[write_through(index)]
        pub gate: Option<i64>,
        pub minutes: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    /// Numbers of the indexes.
    pub const BY_DAY: usize = 0;
    pub const BY_AIRLINE: usize = 1;
    pub const BY_GATE: usize = 2;

    pub fn flown(id: i32, airline_id: i32) -> ActiveModel {
        ActiveModel {
            id: Set(id),
            airline_id: Set(airline_id),
            day: Set(1),
            gate: Set(Some(i64::from(airline_id) * 10)),
            minutes: Set(60),
        }
    }

    /// Another airline, and nothing else.
    pub fn moved(id: i32, airline_id: i32) -> ActiveModel {
        ActiveModel { id: Set(id), airline_id: Set(airline_id), ..Default::default() }
    }

    pub fn ids(legs: &[Model]) -> Vec<i32> {
        legs.iter().map(|leg| leg.id).collect()
    }
}
