//! About how many bytes a value takes, wherever it is sent.

use std::io::{self, Write};

use sea_orm::Value;

use super::value::Out;

/// What a value takes that is not text nor binary; and what frames one that is.
const SMALL: usize = 16;

/// About how many bytes this value takes in a statement or in an entry. Never much less than it really does.
pub(crate) fn size_of(value: &Value) -> usize {
    let content = match value {
        Value::String(text) => text.as_ref().map_or(0, String::len),
        Value::Bytes(bytes) => bytes.as_ref().map_or(0, Vec::len),
        value => {
            let mut count = Count(0);
            // What cannot be cached cannot be counted either; it is small as far as we know.
            let _ = rmp_serde::encode::write(&mut count, &Out(value));
            count.0
        }
    };
    SMALL + content
}

/// Counts and forgets.
struct Count(usize);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_as_large_as_its_content() {
        assert!((1..64).contains(&size_of(&Value::from(7))));
        assert!((1..64).contains(&size_of(&Value::from(None::<String>))));
        assert!((1000..1100).contains(&size_of(&Value::from("x".repeat(1000)))));
        assert!((1000..1100).contains(&size_of(&Value::from(vec![0_u8; 1000]))));
        #[cfg(feature = "with-json")]
        assert!((1000..1100).contains(&size_of(&Value::from(sea_orm::JsonValue::from(vec!["xxx"; 250])))));
    }
}
