//! The audit: what it finds, what it does not take for a fault, and what it does about it.

mod background;
mod clean;
mod found;
