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

/// A future in a box that hides its type.
///
/// A future has all futures inside it that it waits for, and the compiler looks into no more than 128 of them at a time. What
/// users await ends their part of that with a box.
pub(crate) fn erased<'a, F>(make: impl FnOnce() -> F) -> Pin<Box<dyn Future<Output = F::Output> + Send + 'a>>
where
    F: Future + Send + 'a,
{
    boxed(make)
}
