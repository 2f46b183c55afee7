//! Column types as text that never changes, for the schema fingerprint, and whether they compare by bytes.

use std::fmt::{self, Write};

use sea_orm::sea_query::{ColumnType, StringLen};

/// Whether two values that differ as we write them also differ in the database.
///
/// Strings do not promise it (collations, padding), nor do decimals (1.0 = 1.00), floats (-0.0 = 0.0) or times (the
/// database rounds them).
pub(super) fn compares_by_bytes(column_type: &ColumnType) -> bool {
    use ColumnType::*;
    matches!(
        column_type,
        TinyInteger
            | SmallInteger
            | Integer
            | BigInteger
            | TinyUnsigned
            | SmallUnsigned
            | Unsigned
            | BigUnsigned
            | Boolean
            | Uuid
            | Binary(_)
            | VarBinary(_)
            | Blob
    )
}

/// Writes the type as text. `Debug` would not do: names of types and enums show there as SeaQuery happens to hold them.
pub(super) fn write_text(out: &mut String, column_type: &ColumnType) -> fmt::Result {
    use ColumnType::*;
    match column_type {
        Char(length) => write!(out, "char({length:?})"),
        String(length) => write!(out, "string({})", LengthText(length)),
        Text => out.write_str("text"),
        Blob => out.write_str("blob"),
        TinyInteger => out.write_str("tiny_integer"),
        SmallInteger => out.write_str("small_integer"),
        Integer => out.write_str("integer"),
        BigInteger => out.write_str("big_integer"),
        TinyUnsigned => out.write_str("tiny_unsigned"),
        SmallUnsigned => out.write_str("small_unsigned"),
        Unsigned => out.write_str("unsigned"),
        BigUnsigned => out.write_str("big_unsigned"),
        Float => out.write_str("float"),
        Double => out.write_str("double"),
        Decimal(precision) => write!(out, "decimal({precision:?})"),
        DateTime => out.write_str("date_time"),
        Timestamp => out.write_str("timestamp"),
        TimestampWithTimeZone => out.write_str("timestamp_with_time_zone"),
        Time => out.write_str("time"),
        Date => out.write_str("date"),
        Year => out.write_str("year"),
        Interval(fields, precision) => write!(out, "interval({fields:?},{precision:?})"),
        Binary(length) => write!(out, "binary({length})"),
        VarBinary(length) => write!(out, "var_binary({})", LengthText(length)),
        Bit(length) => write!(out, "bit({length:?})"),
        VarBit(length) => write!(out, "var_bit({length})"),
        Boolean => out.write_str("boolean"),
        Money(precision) => write!(out, "money({precision:?})"),
        Json => out.write_str("json"),
        JsonBinary => out.write_str("json_binary"),
        Uuid => out.write_str("uuid"),
        Custom(name) => write!(out, "custom({:?})", name.to_string()),
        Enum { name, variants } => {
            write!(out, "enum({:?}", name.to_string())?;
            variants.iter().try_for_each(|variant| write!(out, ",{:?}", variant.to_string()))?;
            out.write_str(")")
        }
        Array(element) => {
            out.write_str("array(")?;
            write_text(out, element)?;
            out.write_str(")")
        }
        Vector(length) => write!(out, "vector({length:?})"),
        Cidr => out.write_str("cidr"),
        Inet => out.write_str("inet"),
        MacAddr => out.write_str("mac_addr"),
        LTree => out.write_str("ltree"),
        // A type that a later SeaQuery brings: at worst its text changes once, and entries are read by name meanwhile.
        other => write!(out, "{other:?}"),
    }
}

struct LengthText<'a>(&'a StringLen);

impl fmt::Display for LengthText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            StringLen::N(length) => write!(f, "{length}"),
            StringLen::Max => f.write_str("max"),
            StringLen::None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sea_orm::sea_query::{Alias, ColumnType, IntoIden, StringLen};

    fn text(column_type: &ColumnType) -> String {
        let mut out = String::new();
        super::write_text(&mut out, column_type).expect("writing into a string succeeds");
        out
    }

    #[test]
    fn types_that_differ_in_a_parameter_differ_in_text() {
        let mood = |variants: &[&str]| ColumnType::Enum {
            name: Alias::new("mood").into_iden(),
            variants: variants.iter().map(|name| Alias::new(*name).into_iden()).collect(),
        };
        let texts = [
            text(&ColumnType::String(StringLen::None)),
            text(&ColumnType::String(StringLen::N(10))),
            text(&ColumnType::String(StringLen::Max)),
            text(&ColumnType::Decimal(None)),
            text(&ColumnType::Decimal(Some((10, 2)))),
            text(&ColumnType::Array(Arc::new(ColumnType::Integer))),
            text(&ColumnType::Array(Arc::new(ColumnType::BigInteger))),
            text(&ColumnType::custom("citext")),
            text(&mood(&["glad", "sad"])),
            text(&mood(&["glad,sad"])),
            text(&mood(&["sad", "glad"])),
        ];
        assert_eq!(
            texts,
            [
                "string()",
                "string(10)",
                "string(max)",
                "decimal(None)",
                "decimal(Some((10, 2)))",
                "array(integer)",
                "array(big_integer)",
                "custom(\"citext\")",
                "enum(\"mood\",\"glad\",\"sad\")",
                "enum(\"mood\",\"glad,sad\")",
                "enum(\"mood\",\"sad\",\"glad\")",
            ]
        );
    }
}
