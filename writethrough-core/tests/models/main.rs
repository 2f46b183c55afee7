//! The protocol, explored exhaustively.
//!
//! Every scenario runs the real step function, [`protocol::apply`](writethrough_core::protocol::apply), under an
//! adversary that chooses who moves next, which command is lost, who dies, and when a deadline passes. A scenario ends
//! when every reachable state has been visited; `cargo test -p writethrough-core --test models -- --nocapture` prints how many there were.
//!
//! | module | what it explores |
//! | --- | --- |
//! | [`one_key`] | writers and readers of one row; evictions, expiries, rollbacks, invalidations, renewals, crashes |
//! | [`writing`] | transactions, autocommit, saves that only select, every `on_write` |
//! | [`transactions`] | a user's transaction: any program of saves, plain writes, savepoints and failed statements |
//! | [`deadlines`] | tokens that outlive their writer and tokens lost too early |
//! | [`clock`] | the same against a clock: why a fence must outlive the statement |
//! | [`incarnation`] | a server that goes back to a snapshot |
//! | [`sharing`] | loads that share one query |
//! | [`pointers`] | rows looked up by a unique value: pointers that are verified, negative ones, pointers left behind |
//! | [`lists`] | rows loaded by a value that several may have: members that are verified, lists that gain rows, lists left behind |
//! | [`outbox`] | what writers that died or were cut off have recorded, relays, and processes that consult it after an outage |
//! | [`late_commands`] | a network that loses, delays and repeats |
//! | [`wrong_designs`] | what people do instead; each is refuted by the same machinery |
//!
//! The machinery: [`key`] is what the server holds, [`scene`] adds the database, [`witness`] remembers what was promised,
//! [`writer`] and [`reader`] are the clients, [`world`] lets them loose on each other; [`correspondents`] are clients that
//! must cope with a [`network`]; [`explore`] runs the checker.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a scenario that is put together wrongly, or a promise that is broken, is to stop the test at once"
)]

mod clock;
mod correspondents;
mod deadlines;
mod explore;
mod incarnation;
mod key;
mod late_commands;
mod lists;
mod network;
mod one_key;
mod outbox;
mod pointers;
mod reader;
mod scene;
mod sharing;
mod transactions;
mod witness;
mod world;
mod writer;
mod writing;
mod wrong_designs;
