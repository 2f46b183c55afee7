//! Nothing: the tests of this package are in `ui.rs`, their cases in `pass` and `fail`.
