//! Decimal numbers of the `rust_decimal` crate, with their scale: 1.0 is not 1.00.

use sea_orm::prelude::Decimal;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::Serializer;

use super::cell::Cell;

/// The highest bit of the first byte; the others are the scale.
const NEGATIVE: u8 = 0x80;

impl Cell for Decimal {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The digits need 12 bytes at most, so the first four are zero and there is room for sign and scale.
        let mut bytes = self.mantissa().unsigned_abs().to_be_bytes();
        let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len()) - 1;
        let (_, bytes) = bytes.split_at_mut(start);
        if let Some(first) = bytes.first_mut() {
            *first = u8::try_from(self.scale()).map_err(serde::ser::Error::custom)?
                | if self.is_sign_negative() { NEGATIVE } else { 0 };
        }
        serializer.serialize_bytes(bytes)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let malformed = || D::Error::custom("not a decimal");
        let (&first, digits) = <&[u8]>::deserialize(deserializer)?.split_first().ok_or_else(malformed)?;
        let mut mantissa = [0; 16];
        let start = mantissa.len().checked_sub(digits.len()).ok_or_else(malformed)?;
        mantissa.split_at_mut(start).1.copy_from_slice(digits);
        let mantissa = i128::from_be_bytes(mantissa);
        let mut decimal =
            Self::try_from_i128_with_scale(mantissa, u32::from(first & !NEGATIVE)).map_err(|_| malformed())?;
        decimal.set_sign_negative(first & NEGATIVE != 0);
        Ok(decimal)
    }
}
