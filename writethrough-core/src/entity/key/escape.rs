//! Text of any bytes as printable ASCII without the characters that have a meaning in keys.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// What stands in a key as it is, up to this length in bytes; what is longer stands as its hash.
pub(super) const READABLE_LEN: usize = 200;

/// Appends the name of a schema, a table or an entity. A dot is escaped: it stands between schema and table.
pub(in crate::entity) fn name(out: &mut String, text: &str) {
    text.bytes().for_each(|byte| push(out, byte, byte != b'.' && is_plain(byte)));
}

/// Appends the name of a column. A plus sign is escaped: it stands between the columns of a key.
pub(in crate::entity) fn column(out: &mut String, text: &str) {
    text.bytes().for_each(|byte| push(out, byte, byte != b'+' && is_plain(byte)));
}

/// Appends text of a key column or a namespace.
pub(super) fn text(out: &mut String, text: &str) {
    text.bytes().for_each(|byte| push(out, byte, is_plain(byte)));
}

/// Appends bytes as hexadecimal digits.
pub(super) fn hex(out: &mut String, bytes: &[u8]) {
    bytes.iter().for_each(|byte| push_hex(out, *byte));
}

/// The text itself if it is short, else `#` and its hash. No escaped text starts with `#`.
pub(in crate::entity) fn bounded(text: String) -> String {
    if text.len() <= READABLE_LEN { text } else { hashed(&text) }
}

/// `#` and the SHA-256 of the text. The whole of it: an entry that says "no such row" bears no key to compare with.
pub(super) fn hashed(text: &str) -> String {
    let mut out = String::with_capacity(65);
    out.push('#');
    hex(&mut out, &Sha256::digest(text));
    out
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'~' | b'+')
}

fn push(out: &mut String, byte: u8, plain: bool) {
    if plain {
        out.push(char::from(byte));
    } else {
        write!(out, "%{byte:02X}").expect("writing into a string succeeds");
    }
}

fn push_hex(out: &mut String, byte: u8) {
    for digit in [byte >> 4, byte & 15] {
        out.push(char::from_digit(digit.into(), 16).expect("four bits are one hexadecimal digit"));
    }
}
