//! What SeaORM has no model of.

use writethrough::WriteThrough;

#[derive(WriteThrough)]
enum Kind {
    Passenger,
    Cargo,
}

#[derive(WriteThrough)]
union Bits {
    int: u32,
    float: f32,
}

#[derive(WriteThrough)]
#[write_through(tll = "1h")]
struct Newtype(#[allow(dead_code)] i32);

#[derive(WriteThrough)]
struct Unit;

#[derive(WriteThrough)]
struct Flight {
    #[allow(dead_code)]
    #[write_through(ttl = "1h")]
    id: i32,
}

mod generic {
    #[derive(writethrough::WriteThrough)]
    pub struct Model<'a, T> {
        pub id: &'a T,
    }
}

mod other_name_and_generic {
    #[derive(writethrough::WriteThrough)]
    pub struct Models<T> {
        pub id: T,
    }
}

fn main() {}
