//! A model that SeaORM's own derive was forgotten on.

mod flight {
    use writethrough::WriteThrough;

    #[derive(Clone, Debug, PartialEq, WriteThrough)]
    pub struct Model {
        pub id: i32,
    }
}

fn main() {}
