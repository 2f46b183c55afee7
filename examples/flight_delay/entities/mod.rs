//! What is in the tables. Three of the four entities are cached.

pub mod airline;
pub mod airport;
pub mod flight;
pub mod flight_log;
