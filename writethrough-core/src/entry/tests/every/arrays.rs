use sea_orm::Value;
use sea_orm::sea_query::{ArrayType, Enum, OptionEnum};

use super::any::same;
use super::values::{decode, encode};

fn mood(type_name: &'static str, value: Option<&'static str>) -> Value {
    Value::Enum(match value {
        Some(value) => OptionEnum::Some(Box::new(Enum { type_name: type_name.into(), value: value.into() })),
        None => OptionEnum::None(type_name.into()),
    })
}

fn array(elements: ArrayType, values: Vec<Value>) -> Value {
    Value::Array(elements, Some(Box::new(values)))
}

#[test]
fn null_empty_and_null_elements_stay_apart() {
    let arrays = [
        Value::Array(ArrayType::Int, None),
        array(ArrayType::Int, vec![]),
        array(ArrayType::Int, vec![Value::Int(None)]),
        array(ArrayType::Int, vec![Value::Int(Some(0)), Value::Int(None)]),
        Value::Array(ArrayType::BigInt, None),
    ];
    for value in &arrays {
        assert!(same(value, &decode(&encode(value).unwrap()).unwrap()), "{value:?}");
    }
}

#[test]
fn enums_know_their_types_name() {
    let moods = array(ArrayType::Enum(Box::new("mood".into())), vec![mood("mood", Some("glad")), mood("mood", None)]);
    assert!(same(&moods, &decode(&encode(&moods).unwrap()).unwrap()));
}

#[test]
fn an_element_of_another_type_is_refused() {
    let mixed = [
        array(ArrayType::Int, vec![Value::BigInt(Some(1))]),
        array(ArrayType::String, vec![mood("mood", Some("glad"))]),
        array(ArrayType::Enum(Box::new("mood".into())), vec![mood("temper", Some("hot"))]),
        array(ArrayType::Enum(Box::new("mood".into())), vec![Value::String(Some("glad".to_owned()))]),
        array(ArrayType::Int, vec![array(ArrayType::Int, vec![])]),
    ];
    for value in mixed {
        let error = encode(&value).unwrap_err();
        assert!(error.contains("an element of another type"), "{error}");
    }
}

#[test]
fn arrays_of_arrays_and_of_unknown_kinds_do_not_decode() {
    // An array whose elements are said to be arrays, vectors, and nothing we know.
    for kind in [16, 17, 99] {
        assert!(decode(&[16, 0x92, kind, 0x90]).is_err());
    }
}
