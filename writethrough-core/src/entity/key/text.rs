//! Values of key columns as text.
//!
//! One type, one text: a column has one type, so texts of different types may coincide, those of one type may not. What
//! a database might take for equal (1.0 and 1.00, one instant in two zones) stays apart here, because some databases
//! compare the text; only a `DateTime<Local>` is written as its instant, since its zone is that of the process and
//! processes must agree on keys.

use std::fmt::{self, Write};

use sea_orm::Value;
use sea_orm::sea_query::OptionEnum;

use super::error::KeyError;
use super::{MAX_PK_LEN, escape};
use crate::entity::Unsupported;

/// Appends the columns with `:` between them.
pub(super) fn write<'a>(out: &mut String, values: impl IntoIterator<Item = &'a Value>) -> Result<(), KeyError> {
    let mut text = KeyText { out, len: 0 };
    for (index, value) in values.into_iter().enumerate() {
        if index > 0 {
            text.out.push(':');
        }
        text.value(value)?;
    }
    if text.len > MAX_PK_LEN { Err(KeyError::LongKey { len: text.len }) } else { Ok(()) }
}

/// Escapes what is written to it, and stops to keep it when it becomes too long.
struct KeyText<'a> {
    out: &'a mut String,
    /// Bytes before escaping.
    len: usize,
}

impl KeyText<'_> {
    #[allow(unreachable_patterns, reason = "whether SeaORM has more kinds of values than we know depends on features")]
    fn value(&mut self, value: &Value) -> Result<(), KeyError> {
        let written = match value {
            Value::Bool(v) => self.display(v.as_ref()),
            Value::TinyInt(v) => self.display(v.as_ref()),
            Value::SmallInt(v) => self.display(v.as_ref()),
            Value::Int(v) => self.display(v.as_ref()),
            Value::BigInt(v) => self.display(v.as_ref()),
            Value::TinyUnsigned(v) => self.display(v.as_ref()),
            Value::SmallUnsigned(v) => self.display(v.as_ref()),
            Value::Unsigned(v) => self.display(v.as_ref()),
            Value::BigUnsigned(v) => self.display(v.as_ref()),
            // The shortest text that reads back as the same number; a NaN shows its bits.
            Value::Float(Some(v)) if v.is_nan() => write!(self, "nan{:x}", v.to_bits()),
            Value::Double(Some(v)) if v.is_nan() => write!(self, "nan{:x}", v.to_bits()),
            Value::Float(v) => self.or_null(v.as_ref(), |text, v| write!(text, "{v:?}")),
            Value::Double(v) => self.or_null(v.as_ref(), |text, v| write!(text, "{v:?}")),
            Value::String(v) => self.display(v.as_ref()),
            Value::Enum(OptionEnum::Some(v)) => self.display(Some(&v.value)),
            Value::Enum(OptionEnum::None(_)) => self.null(),
            Value::Char(v) => self.display(v.as_ref()),
            Value::Bytes(v) => self.bytes(v.as_deref()),
            #[cfg(feature = "with-json")]
            Value::Json(v) => self.display(v.as_ref()),
            #[cfg(feature = "with-chrono")]
            Value::ChronoDate(v) => self.or_null(v.as_ref(), |text, v| write!(text, "{v:?}")),
            #[cfg(feature = "with-chrono")]
            Value::ChronoTime(v) => self.or_null(v.as_ref(), chrono_time),
            #[cfg(feature = "with-chrono")]
            Value::ChronoDateTime(v) => self.or_null(v.as_ref(), chrono_date_time),
            #[cfg(feature = "with-chrono")]
            Value::ChronoDateTimeUtc(v) => self.or_null(v.map(|v| v.naive_utc()).as_ref(), chrono_date_time),
            #[cfg(feature = "with-chrono")]
            Value::ChronoDateTimeLocal(v) => self.or_null(v.map(|v| v.naive_utc()).as_ref(), chrono_date_time),
            #[cfg(feature = "with-chrono")]
            Value::ChronoDateTimeWithTimeZone(v) => self.or_null(v.as_ref(), |text, v| {
                chrono_date_time(text, &v.naive_utc())?;
                write!(text, "{:+}", v.offset().local_minus_utc())
            }),
            #[cfg(feature = "with-time")]
            Value::TimeDate(v) => self.or_null(v.as_ref(), time_date),
            #[cfg(feature = "with-time")]
            Value::TimeTime(v) => self.or_null(v.as_ref(), time_time),
            #[cfg(feature = "with-time")]
            Value::TimeDateTime(v) => self.or_null(v.as_ref(), |text, v| {
                time_date(text, &v.date())?;
                time_time(text, &v.time())
            }),
            #[cfg(feature = "with-time")]
            Value::TimeDateTimeWithTimeZone(v) => self.or_null(v.as_ref(), |text, v| {
                time_date(text, &v.date())?;
                time_time(text, &v.time())?;
                write!(text, "{:+}", v.offset().whole_seconds())
            }),
            #[cfg(feature = "with-uuid")]
            Value::Uuid(v) => self.display(v.as_ref()),
            #[cfg(feature = "with-rust_decimal")]
            Value::Decimal(v) => self.display(v.as_ref()),
            #[cfg(feature = "with-bigdecimal")]
            Value::BigDecimal(v) => self.or_null(v.as_ref(), |text, v| {
                let (digits, scale) = v.as_bigint_and_scale();
                write!(text, "{digits}E{}", -i128::from(scale))
            }),
            #[cfg(feature = "with-ipnetwork")]
            Value::IpNetwork(v) => self.display(v.as_ref()),
            #[cfg(feature = "with-mac_address")]
            Value::MacAddress(v) => self.bytes(v.map(|v| v.bytes()).as_ref().map(<[u8; 6]>::as_slice)),
            #[cfg(feature = "postgres-vector")]
            Value::Vector(v) => {
                let bytes: Option<Vec<u8>> =
                    v.as_ref().map(|v| v.as_slice().iter().flat_map(|v| v.to_bits().to_be_bytes()).collect());
                self.bytes(bytes.as_deref())
            }
            #[cfg(feature = "postgres-array")]
            Value::Array(_, items) => return self.array(items.as_ref().map(|items| items.as_slice())),
            _ => Err(fmt::Error),
        };
        written.map_err(|fmt::Error| KeyError::Unsupported(Unsupported::new(value)))
    }

    fn display(&mut self, value: Option<&impl fmt::Display>) -> fmt::Result {
        self.or_null(value, |text, value| write!(text, "{value}"))
    }

    fn bytes(&mut self, value: Option<&[u8]>) -> fmt::Result {
        self.or_null(value, |text, bytes| {
            text.len = text.len.saturating_add(bytes.len());
            if text.len <= MAX_PK_LEN {
                escape::hex(text.out, bytes);
            }
            Ok(())
        })
    }

    /// The number of elements and then each of them, with characters between them that no element produces.
    #[cfg(feature = "postgres-array")]
    fn array(&mut self, items: Option<&[Value]>) -> Result<(), KeyError> {
        let Some(items) = items else {
            self.out.push_str(NULL);
            return Ok(());
        };
        self.out.push('(');
        for item in items {
            self.value(item)?;
            // An element is a byte at least, were it empty: an array cannot be longer than a key.
            self.len = self.len.saturating_add(1);
            if self.len > MAX_PK_LEN {
                break;
            }
            self.out.push(',');
        }
        self.out.push(')');
        Ok(())
    }

    fn or_null<T: ?Sized>(
        &mut self,
        value: Option<&T>,
        write: impl FnOnce(&mut Self, &T) -> fmt::Result,
    ) -> fmt::Result {
        match value {
            Some(value) => write(self, value),
            None => self.null(),
        }
    }

    fn null(&mut self) -> fmt::Result {
        self.out.push_str(NULL);
        Ok(())
    }
}

/// No escaped text has a `!`.
const NULL: &str = "!null";

impl Write for KeyText<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.len = self.len.saturating_add(text.len());
        if self.len <= MAX_PK_LEN {
            escape::text(self.out, text);
        }
        Ok(())
    }
}

/// Hours, minutes, seconds and, where there are any, nanoseconds: ISO 8601 without the colons.
#[cfg(any(feature = "with-chrono", feature = "with-time"))]
fn clock(text: &mut KeyText<'_>, (hour, minute, second, nanos): (u32, u32, u32, u32)) -> fmt::Result {
    write!(text, "T{hour:02}{minute:02}{second:02}")?;
    // A leap second has a thousand million nanoseconds and more: ten digits, unlike all others.
    if nanos == 0 { Ok(()) } else { write!(text, ".{nanos:09}") }
}

#[cfg(feature = "with-chrono")]
fn chrono_time(text: &mut KeyText<'_>, time: &sea_orm::prelude::ChronoTime) -> fmt::Result {
    use sea_orm::sea_query::value::prelude::chrono::Timelike;
    clock(text, (time.hour(), time.minute(), time.second(), time.nanosecond()))
}

#[cfg(feature = "with-chrono")]
fn chrono_date_time(text: &mut KeyText<'_>, date_time: &sea_orm::prelude::ChronoDateTime) -> fmt::Result {
    write!(text, "{:?}", date_time.date())?;
    chrono_time(text, &date_time.time())
}

#[cfg(feature = "with-time")]
fn time_date(text: &mut KeyText<'_>, date: &sea_orm::prelude::TimeDate) -> fmt::Result {
    let (year, month, day) = date.to_calendar_date();
    write!(text, "{year:04}-{:02}-{day:02}", u8::from(month))
}

#[cfg(feature = "with-time")]
fn time_time(text: &mut KeyText<'_>, time: &sea_orm::prelude::TimeTime) -> fmt::Result {
    let (hour, minute, second, nanos) = time.as_hms_nano();
    clock(text, (hour.into(), minute.into(), second.into(), nanos))
}
