//! How far a warm-up has come.

use std::fmt;
use std::str::FromStr;

use sea_orm::sea_query::ValueTuple;

use crate::entity::{CachedEntity, facts};
use crate::entry::{decode_key, encode_key};
use crate::error::{Error, Result};

/// How far a warm-up has come: as far as a row, which is named by its primary key.
///
/// As text it can be kept, and taken up by another process. The text bears the values of the key, if not readably. `Debug`
/// does not show them.
///
/// ```
/// # extern crate writethrough_core as writethrough;
/// use writethrough::{Error, WarmCursor, WarmOptions};
///
/// # fn go_on(text: &str) -> Result<(), Error> {
/// let cursor: WarmCursor = text.parse()?; // what `cursor.to_string()` gave
/// let options = WarmOptions::new().resume_after(cursor);
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct WarmCursor(Vec<u8>);

impl WarmCursor {
    /// Behind the row with this primary key.
    pub(super) fn behind<E: CachedEntity>(pk: &ValueTuple) -> Result<Self> {
        encode_key::<E>(pk).map(Self).map_err(|error| Error::input(error.to_string()))
    }

    /// The primary key of the row, if it is one of this entity.
    pub(super) fn key<E: CachedEntity>(&self) -> Result<ValueTuple> {
        decode_key::<E>(&self.0).map_err(|_| {
            let table = facts::<E>().label;
            Error::input(format!("the cursor is of no warm-up of `{table}` as it is now: begin at the beginning"))
        })
    }
}

impl fmt::Display for WarmCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for WarmCursor {
    type Err = Error;

    /// # Errors
    ///
    /// When the text is none that a cursor gave.
    fn from_str(text: &str) -> Result<Self> {
        let refused = || Error::input("this is no cursor of a warm-up: pass the text that a cursor gave, unchanged");
        let byte = |digits: &[u8]| match digits {
            [high, low] => Some(u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()?),
            _ => None,
        };
        let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(byte).collect();
        bytes.filter(|bytes| !bytes.is_empty()).map(Self).ok_or_else(refused)
    }
}

fn digit(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(16)
}

impl fmt::Debug for WarmCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WarmCursor({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::sea_query::IntoValueTuple;

    use super::*;
    use crate::entity::samples::{flight, odd, seat};

    fn through_text<E: CachedEntity>(pk: impl IntoValueTuple) -> ValueTuple {
        let text = WarmCursor::behind::<E>(&pk.into_value_tuple()).expect("a key").to_string();
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{text}");
        text.parse::<WarmCursor>().expect("a cursor").key::<E>().expect("a key of the entity")
    }

    #[test]
    fn a_cursor_comes_back_from_its_text() {
        assert_eq!(through_text::<flight::Entity>(-7), (-7).into_value_tuple());
        let seat = (400, "12A ü\0\"".to_owned());
        assert_eq!(through_text::<seat::Entity>(seat.clone()), seat.into_value_tuple());
        let bytes = vec![0_u8, 255];
        assert_eq!(through_text::<odd::bytes_key::Entity>(bytes.clone()), bytes.into_value_tuple());
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let text = WarmCursor::behind::<flight::Entity>(&7.into_value_tuple()).expect("a key").to_string();
        for wrong in ["", "x", "0", "0g", "+1", "flight:7", &text[1..], &format!("{text} ")] {
            let error = wrong.parse::<WarmCursor>().expect_err(wrong);
            assert!(error.is_bad_input(), "{error}");
        }
    }

    #[test]
    fn a_cursor_of_another_entity_or_cut_short_is_refused() {
        let cursor = WarmCursor::behind::<flight::Entity>(&7.into_value_tuple()).expect("a key");
        let error = cursor.key::<seat::Entity>().expect_err("another table");
        assert!(error.is_bad_input() && error.to_string().contains("`seat`"), "{error}");
        let text = cursor.to_string();
        for end in (2..text.len()).step_by(2) {
            let cut = text[..end].parse::<WarmCursor>().expect("hexadecimal digits");
            assert!(cut.key::<flight::Entity>().is_err(), "{end}");
        }
    }

    #[test]
    fn debug_does_not_show_the_key() {
        let cursor = WarmCursor::behind::<seat::Entity>(&(400, "s3cret".to_owned()).into_value_tuple());
        assert!(!format!("{:?}", cursor.expect("a key")).contains("s3cret"));
    }
}
