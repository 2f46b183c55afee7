//! Futures that are made where they stay.

use std::pin::Pin;

/// A future in a box.
///
/// `Box::pin` would make it on the stack and then copy it, with the kilobytes of room that it has for what it will do: most
/// of what the box costs a load that the cache answers.
#[inline]
pub(crate) fn boxed<F: Future>(make: impl FnOnce() -> F) -> Pin<Box<F>> {
    Box::into_pin(Box::write(Box::new_uninit(), make()))
}
