//! What the derive accepts, and what it says of what it does not.
//!
//! What it accepts is in the modules of `pass`, and what it says of the rest is beside each case in `fail`.
//! `TRYBUILD=overwrite cargo test -p writethrough-ui-tests` rewrites those files: read the difference before
//! committing it.

#![allow(missing_docs, unreachable_pub)]

mod pass {
    mod attributes {
        mod policies;
    }
    mod columns {
        mod names_and_types;
        mod versions;
    }
    mod formats {
        mod compact;
        mod dense;
        mod expanded;
    }
    mod keys {
        mod indexes;
        mod kinds;
        mod secondary;
    }
    mod methods {
        mod clean_under_lints;
        mod futures_are_send;
    }
}

/// Only cases that fail: then trybuild checks, and need not build, all that they depend on.
#[test]
fn every_mistake_is_explained() {
    trybuild::TestCases::new().compile_fail("fail/*/*.rs");
}
