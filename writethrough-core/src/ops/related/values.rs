//! Values of one column as those of another.

use sea_orm::sea_query::{ArrayType, Value, ValueTuple};

/// A value as that of a column to which it refers.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Carried {
    /// The same, in the type of that column.
    Value(Value),
    /// The column cannot have it.
    Nowhere,
    /// The types have nothing to do with each other.
    Misfit,
}

/// The value in the type of the column to which it refers.
pub(super) fn carry(value: Value, wanted: &ArrayType) -> Carried {
    if value.array_type() == *wanted {
        return Carried::Value(value);
    }
    let Some(number) = integer(&value) else { return Carried::Misfit };
    let fitted = match wanted {
        ArrayType::TinyInt => i8::try_from(number).map(Value::from),
        ArrayType::SmallInt => i16::try_from(number).map(Value::from),
        ArrayType::Int => i32::try_from(number).map(Value::from),
        ArrayType::BigInt => i64::try_from(number).map(Value::from),
        ArrayType::TinyUnsigned => u8::try_from(number).map(Value::from),
        ArrayType::SmallUnsigned => u16::try_from(number).map(Value::from),
        ArrayType::Unsigned => u32::try_from(number).map(Value::from),
        ArrayType::BigUnsigned => u64::try_from(number).map(Value::from),
        _ => return Carried::Misfit,
    };
    fitted.map_or(Carried::Nowhere, Carried::Value)
}

fn integer(value: &Value) -> Option<i128> {
    Some(match *value {
        Value::TinyInt(Some(number)) => number.into(),
        Value::SmallInt(Some(number)) => number.into(),
        Value::Int(Some(number)) => number.into(),
        Value::BigInt(Some(number)) => number.into(),
        Value::TinyUnsigned(Some(number)) => number.into(),
        Value::SmallUnsigned(Some(number)) => number.into(),
        Value::Unsigned(Some(number)) => number.into(),
        Value::BigUnsigned(Some(number)) => number.into(),
        _ => return None,
    })
}

/// Values in the shape that SeaORM gives them by their number.
pub(super) fn tuple(values: Vec<Value>) -> ValueTuple {
    match <[Value; 1]>::try_from(values) {
        Ok([one]) => ValueTuple::One(one),
        Err(values) => match <[Value; 2]>::try_from(values) {
            Ok([one, two]) => ValueTuple::Two(one, two),
            Err(values) => match <[Value; 3]>::try_from(values) {
                Ok([one, two, three]) => ValueTuple::Three(one, two, three),
                Err(values) => ValueTuple::Many(values),
            },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_carried_where_they_fit() {
        assert_eq!(carry(7_i32.into(), &ArrayType::BigInt), Carried::Value(7_i64.into()));
        assert_eq!(carry(7_i64.into(), &ArrayType::Int), Carried::Value(7_i32.into()));
        assert_eq!(carry((1_i64 << 40).into(), &ArrayType::Int), Carried::Nowhere);
        assert_eq!(carry((-1_i32).into(), &ArrayType::Unsigned), Carried::Nowhere);
        assert_eq!(carry(7_i32.into(), &ArrayType::Int), Carried::Value(7_i32.into()));
    }

    #[test]
    fn text_is_no_number() {
        assert_eq!(carry("7".into(), &ArrayType::Int), Carried::Misfit);
        assert_eq!(carry(7_i32.into(), &ArrayType::String), Carried::Misfit);
    }

    #[test]
    fn tuples_have_the_shape_of_keys() {
        let numbers = |count: i32| (0..count).map(Value::from).collect::<Vec<_>>();
        assert_eq!(tuple(numbers(1)), ValueTuple::One(0.into()));
        assert_eq!(tuple(numbers(2)), ValueTuple::Two(0.into(), 1.into()));
        assert_eq!(tuple(numbers(3)), ValueTuple::Three(0.into(), 1.into(), 2.into()));
        assert_eq!(tuple(numbers(4)), ValueTuple::Many(numbers(4)));
    }
}
