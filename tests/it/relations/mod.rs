//! Rows that belong together: loaded through each other, and changed with each other.

mod belongs_to;
mod bound;
mod bulk;
mod cascades;
mod faults;
mod has_many;
mod keys;
mod races;
