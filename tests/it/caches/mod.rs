//! Every cache keeps the protocol; the Redis cache also keeps its promises when the server does not.

mod conformance;
mod connection;
mod contents;
mod fixture;
mod incarnation;
mod large;
