//! Gated are the tests that speak of every kind of value; they need all features.

mod lists;
mod pointers;
mod rows;

#[cfg(all(
    feature = "with-json",
    feature = "with-chrono",
    feature = "with-time",
    feature = "with-uuid",
    feature = "with-rust_decimal",
    feature = "with-bigdecimal",
    feature = "with-ipnetwork",
    feature = "with-mac_address",
    feature = "postgres-array",
    feature = "postgres-vector",
))]
mod every {
    mod any;
    mod arrays;
    mod golden;
    mod hostile;
    mod row;
    mod values;
}
