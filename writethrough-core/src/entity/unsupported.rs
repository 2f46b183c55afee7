//! Values that this build cannot handle, and the feature that would help.

use std::fmt::{self, Debug, Write};

/// A kind of value that this build of `writethrough` does not know.
///
/// SeaORM's features decide which kinds of values exist, ours which of them we know. Where SeaORM has more than we were
/// told of, the remedy is one of our features.
///
/// ```
/// use sea_orm::Value;
/// use writethrough_core::entity::Unsupported;
///
/// let kind = Unsupported::new(&Value::Int(Some(7)));
/// assert!(!kind.to_string().contains('7'), "it tells the type, never the value");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported {
    kind: String,
}

impl Unsupported {
    /// The kind of a SeaORM `Value` or `ArrayType`.
    #[must_use]
    pub fn new(value: &impl Debug) -> Self {
        let mut kind = VariantName(String::new());
        // The name refuses what follows it, so the formatting ends in an error on purpose.
        let _ = write!(kind, "{value:?}");
        Self { kind: kind.0 }
    }

    /// The feature of `writethrough` that brings this kind, if there is one.
    #[must_use]
    pub fn feature(&self) -> Option<&'static str> {
        Some(match self.kind.as_str() {
            "Json" => "with-json",
            "Uuid" => "with-uuid",
            "Decimal" => "with-rust_decimal",
            "BigDecimal" => "with-bigdecimal",
            "IpNetwork" => "with-ipnetwork",
            "MacAddress" => "with-mac_address",
            "Array" => "postgres-array",
            "Vector" => "postgres-vector",
            kind if kind.starts_with("Chrono") => "with-chrono",
            kind if kind.starts_with("Time") => "with-time",
            _ => return None,
        })
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.feature() {
            Some(feature) => {
                write!(f, "values of type `{}` need the feature `{feature}` of `writethrough`: turn it on", self.kind)
            }
            None => write!(f, "values of type `{}` are not supported", self.kind),
        }
    }
}

impl std::error::Error for Unsupported {}

/// Takes the name of an enum's variant from its `Debug` text and stops before the fields, which are the user's data.
struct VariantName(String);

impl Write for VariantName {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        match text.split_once(|c: char| !c.is_ascii_alphanumeric()) {
            None => self.0.push_str(text),
            Some((name, _)) => {
                self.0.push_str(name);
                return Err(fmt::Error);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::Value;
    use sea_orm::sea_query::ArrayType;

    use super::Unsupported;

    /// A value of a kind that a feature we lack would bring looks like this to us.
    #[derive(Debug)]
    #[expect(dead_code, reason = "only its `Debug` text matters")]
    enum Foreign {
        ChronoDateTimeUtc(Option<&'static str>),
        JiffDate(Option<&'static str>),
    }

    #[test]
    fn the_message_names_the_feature_to_turn_on() {
        let message = Unsupported::new(&Foreign::ChronoDateTimeUtc(Some("secret"))).to_string();
        assert_eq!(
            message,
            "values of type `ChronoDateTimeUtc` need the feature `with-chrono` of `writethrough`: turn it on"
        );
    }

    #[test]
    fn a_kind_without_a_feature_is_said_to_be_unsupported() {
        let message = Unsupported::new(&Foreign::JiffDate(Some("secret"))).to_string();
        assert_eq!(message, "values of type `JiffDate` are not supported");
    }

    #[test]
    fn the_value_itself_is_never_told() {
        let message = Unsupported::new(&Value::String(Some("secret".to_owned()))).to_string();
        assert!(message.contains("`String`") && !message.contains("secret"), "{message}");
        assert!(Unsupported::new(&ArrayType::Bytes).to_string().contains("`Bytes`"));
    }
}
