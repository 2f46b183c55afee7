//! Key columns as the database writes them into the outbox, and the cache keys that they make.
//!
//! A trigger cannot make a cache key: escapes, hashes and buckets are ours. It writes the key columns of the changed row,
//! each as text, and here they are read back. Where a type's text is not certain to be the one that our keys bear (a
//! padded CHAR, a decimal, a time), nothing is guessed: the whole entity is invalidated.

use std::collections::BTreeMap;

use sea_orm::sea_query::{ColumnType, Value, ValueTuple};
use sea_orm::{ColumnTrait, IdenStatic, Iterable, PrimaryKeyToColumn};

use super::facts::facts;
use super::key::KeySpace;
use super::secondary_key::Secondary;
use super::traits::CachedEntity;
use crate::cache::CacheKey;

/// How a column's value is spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// Decimal digits.
    Integer,
    /// As it is.
    Text,
    /// `true` or `1`, `false` or `0`.
    Boolean,
    /// Hexadecimal.
    Bytes,
    /// Hexadecimal, with or without hyphens.
    Uuid,
    /// `YYYY-MM-DD`.
    Date,
}

impl Spelling {
    fn of(column_type: &ColumnType) -> Option<Self> {
        use ColumnType::*;
        Some(match column_type {
            TinyInteger | SmallInteger | Integer | BigInteger | TinyUnsigned | SmallUnsigned | Unsigned
            | BigUnsigned => Self::Integer,
            String(_) | Text | Enum { .. } => Self::Text,
            Boolean => Self::Boolean,
            Binary(_) | VarBinary(_) | Blob => Self::Bytes,
            ColumnType::Uuid => Self::Uuid,
            ColumnType::Date => Self::Date,
            _ => return None,
        })
    }

    /// A value that a cache key spells as it spells the column's own.
    fn value(self, text: &str) -> Option<Value> {
        let spelt = |text: String| Some(Value::from(text));
        match self {
            Self::Integer => text.parse::<i128>().ok().and_then(|number| spelt(number.to_string())),
            Self::Text => spelt(text.to_owned()),
            Self::Boolean => match text {
                "true" | "t" | "1" => Some(Value::from(true)),
                "false" | "f" | "0" => Some(Value::from(false)),
                _ => None,
            },
            Self::Bytes => bytes(text).map(Value::from),
            Self::Uuid => {
                let digits = text.replace('-', "").to_ascii_lowercase();
                let part = |from: usize, to: usize| digits.get(from..to);
                let is_uuid = digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
                let parts = [part(0, 8)?, part(8, 12)?, part(12, 16)?, part(16, 20)?, part(20, 32)?];
                if is_uuid { spelt(parts.join("-")) } else { None }
            }
            Self::Date => {
                let shape = |(index, byte): (usize, u8)| {
                    if matches!(index, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() }
                };
                if text.len() == 10 && text.bytes().enumerate().all(shape) { spelt(text.to_owned()) } else { None }
            }
        }
    }
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    if !hex.len().is_multiple_of(2) || !hex.is_ascii() {
        return None;
    }
    let pair = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    (0..hex.len()).step_by(2).map(pair).collect()
}

/// The columns that tell which entries a changed row has: those of the primary key, of every unique key of which "no
/// such row" may be remembered, and of every index that has lists. `None` where one of them cannot be spelt.
pub(crate) fn recorded_columns<E: CachedEntity>() -> Option<Vec<(&'static str, Spelling)>> {
    let primary = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column);
    let secondary = exact::<E>().flat_map(|secondary| secondary.columns::<E>().iter().copied());
    let mut recorded: Vec<(&'static str, Spelling)> = Vec::new();
    for column in primary.chain(secondary) {
        if recorded.iter().all(|(name, _)| *name != column.as_str()) {
            recorded.push((column.as_str(), Spelling::of(column.def().get_column_type())?));
        }
    }
    Some(recorded)
}

/// The secondary keys that can say something wrong of a row that nobody fenced: those that tell of absence.
fn exact<E: CachedEntity>() -> impl Iterator<Item = Secondary> {
    Secondary::all::<E>().filter(|secondary| secondary.facts(facts::<E>()).is_some_and(|key| key.exact))
}

/// The names and texts of a changed row's key columns.
pub(crate) type Recorded = BTreeMap<String, Option<String>>;

/// The keys of the entries that a changed row has. `None` where the columns do not tell, so that any entry may be meant.
pub(crate) fn keys_of_recorded<E: CachedEntity>(keys: &KeySpace, recorded: &Recorded) -> Option<Vec<CacheKey>> {
    let spelt = |column: E::Column| match recorded.get(column.as_str())? {
        Some(text) => Spelling::of(column.def().get_column_type())?.value(text),
        None => Some(Value::String(None)),
    };
    let primary: Option<Vec<_>> = E::PrimaryKey::iter().map(|part| spelt(part.into_column())).collect();
    let mut found = vec![keys.entry_key::<E>(&ValueTuple::Many(primary?)).ok()?];
    for secondary in exact::<E>() {
        let values: Option<Vec<_>> = secondary.columns::<E>().iter().map(|column| spelt(*column)).collect();
        found.extend(keys.secondary_key::<E>(secondary, &values?).ok()?);
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use sea_orm::sea_query::IntoValueTuple;

    use super::*;
    use crate::entity::samples::{flight, odd, seat, ticket};

    fn recorded(columns: &[(&str, Option<&str>)]) -> Recorded {
        columns.iter().map(|(name, text)| ((*name).to_owned(), text.map(str::to_owned))).collect()
    }

    fn keys() -> KeySpace {
        KeySpace::new("shop", false).expect("a namespace")
    }

    #[test]
    fn a_row_is_found_by_the_text_of_its_primary_key() {
        let found = keys_of_recorded::<flight::Entity>(&keys(), &recorded(&[("id", Some("115"))]));
        assert_eq!(found, Some(vec![keys().entry_key::<flight::Entity>(&115.into_value_tuple()).expect("a key")]));
    }

    #[test]
    fn a_composite_key_keeps_its_order() {
        let row = recorded(&[("number", Some("12A")), ("flight_id", Some("115"))]);
        let found = keys_of_recorded::<seat::Entity>(&keys(), &row).expect("it tells");
        assert_eq!(found.iter().map(CacheKey::as_str).collect::<Vec<_>>(), ["shop:seat:115:12A"]);
    }

    #[test]
    fn pointers_and_lists_of_which_absence_is_known_are_among_the_keys_and_null_has_none() {
        let names: Vec<_> = recorded_columns::<ticket::Entity>()
            .expect("they can be spelt")
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert!(!names.contains(&"holderMail"), "a string that is not exact: {names:?}");
        let row = recorded(&[("id", Some("1")), ("code", None), ("flight_id", Some("115")), ("seat", Some("12A"))]);
        let found = keys_of_recorded::<ticket::Entity>(&keys(), &row).expect("it tells");
        let found: Vec<_> = found.iter().map(CacheKey::as_str).collect();
        assert_eq!(found, ["shop:ticket:1", "shop:ticket@flight_id+seat:115:12A", "shop:ticket&flight_id:115"]);
    }

    #[test]
    fn a_row_that_lacks_a_column_may_be_any() {
        assert_eq!(keys_of_recorded::<seat::Entity>(&keys(), &recorded(&[("number", Some("12A"))])), None);
        assert_eq!(keys_of_recorded::<flight::Entity>(&keys(), &recorded(&[("id", Some("x"))])), None);
    }

    #[test]
    fn bytes_are_spelt_as_in_a_key() {
        let row = recorded(&[("id", Some("00FF10"))]);
        let found = keys_of_recorded::<odd::bytes_key::Entity>(&keys(), &row).expect("it tells");
        let own = keys().entry_key::<odd::bytes_key::Entity>(&vec![0_u8, 255, 16].into_value_tuple()).expect("a key");
        assert_eq!(found, [own]);
    }

    #[test]
    fn a_uuid_is_one_whatever_its_case_and_hyphens() {
        let hyphenated = Value::from("0193e1d4-5c2f-7a3b-8c4d-5e6f708192a3");
        for text in ["0193E1D45C2F7A3B8C4D5E6F708192A3", "0193e1d4-5c2f-7a3b-8c4d-5e6f708192a3"] {
            assert_eq!(Spelling::Uuid.value(text), Some(hyphenated.clone()));
        }
        assert_eq!(Spelling::Uuid.value("0193"), None);
        assert_eq!(Spelling::Uuid.value("é193e1d4-5c2f-7a3b-8c4d-5e6f708192a"), None);
    }

    #[test]
    fn only_four_digit_years_are_dates() {
        assert!(Spelling::Date.value("2026-11-25").is_some());
        assert!(Spelling::Date.value("12026-11-25").is_none());
        assert!(Spelling::Date.value("25.11.2026").is_none());
    }
}
