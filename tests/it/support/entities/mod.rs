//! Entities of the tests, each with the one trait that a test is about.

pub mod apron;
pub mod coded;
pub mod every_column;
pub mod fleet;
pub mod flight;
pub mod gated;
pub mod hooked;
pub mod keys;
pub mod listed;
pub mod policies;
pub mod uniques;
pub mod versioned;
pub mod versions;
