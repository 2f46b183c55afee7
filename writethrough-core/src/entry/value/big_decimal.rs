//! Decimal numbers of the `bigdecimal` crate, with their scale: 1.0 is not 1.00.

use sea_orm::prelude::BigDecimal;
use sea_orm::sea_query::value::prelude::bigdecimal::num_bigint::BigInt;
use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::cell::Cell;

impl Cell for BigDecimal {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (digits, scale) = self.as_bigint_and_scale();
        (scale, Bytes(&digits.to_signed_bytes_be())).serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (scale, digits) = <(i64, &[u8])>::deserialize(deserializer)?;
        Ok(Self::new(BigInt::from_signed_bytes_be(digits), scale))
    }
}

struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}
