//! Bytes that nobody wrote in good faith.

use proptest::prelude::*;

use super::values::decode;

#[test]
fn a_length_that_lies_allocates_nothing_and_is_an_error() {
    // An array, a string, binary, and a map of 2^32 - 1 elements, of each kind.
    let lies: [&[u8]; 4] =
        [b"\xdd\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff"];
    for kind in 0..=127 {
        for lie in lies {
            assert!(decode(&[&[kind], lie].concat()).is_err(), "kind {kind}");
        }
    }
    // An array of integers that says it has as many.
    assert!(decode(b"\x10\x92\x04\xdd\xff\xff\xff\xff").is_err());
}

#[test]
fn nesting_without_end_is_an_error() {
    for open in [b"\x91".as_slice(), b"\x81\xa1a"] {
        assert!(decode(&[b"\x14", open.repeat(1_000_000).as_slice()].concat()).is_err());
    }
}

#[test]
fn values_out_of_range_are_errors() {
    let bytes: [&[u8]; 12] = [
        b"\x02\xcc\xff",                                                         // a tiny integer of 255
        b"\x0d\xa2ab",                                                           // a character of two
        b"\x18\xc4\x0f0123456789abcde",                                          // a UUID of 15 bytes
        b"\x19\xc4\x00",                                                         // a decimal of no bytes
        b"\x19\xc4\x02\x1d\x01",                                                 // a decimal with 29 decimals
        b"\x19\xc4\x0e\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", // a decimal of 104 bits
        b"\x1b\xc4\x05\x0a\x01\x02\x03\x21",                                     // 10.1.2.3/33
        b"\x20\xce\x7f\xff\xff\xff",                                             // a day that chrono does not have
        b"\x21\x92\xce\x00\x01\x51\x80\x00",                                     // 24:00:00
        b"\x21\x92\x00\xce\x77\x35\x94\x00",                                     // two thousand million nanoseconds
        b"\x25\x93\x00\x00\xce\x00\x01\x51\x80",                                 // an offset of a day
        b"\x2b\x93\xcf\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00",                 // the end of time
    ];
    for bytes in bytes {
        assert!(decode(bytes).is_err(), "{bytes:02x?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn arbitrary_bytes_of_any_kind_never_panic(kind in 0..48_u8, bytes: Vec<u8>) {
        let _ = decode(&[&[kind], bytes.as_slice()].concat());
    }
}
