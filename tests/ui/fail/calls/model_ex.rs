//! Nested writes touch rows that nobody fences, so the structs of relations have no such methods.

mod flight {
    use sea_orm::entity::prelude::*;
    use writethrough::WriteThrough;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, WriteThrough)]
    #[sea_orm(table_name = "flight")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

fn calls(store: &writethrough::Store, row: flight::ModelEx, active: flight::ActiveModelEx) {
    let _ = row.delete_through(store);
    let _ = active.save_through(store);
}

fn main() {}
