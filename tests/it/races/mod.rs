//! Writers and readers at the same time.

mod batches;
mod held_readers;
mod lists;
mod mixed_writers;
mod partial_updates;
mod pointers;
mod sharing;
mod versions;
