//! What three entities expand to, against committed files.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test -p writethrough-macros` rewrites them: read the difference before committing it.

use std::path::Path;

use quote::quote;

fn assert_expands_to(name: &str, input: proc_macro2::TokenStream) {
    let input = syn::parse2(input).expect("the example is a struct");
    let file = syn::parse2(crate::derive(&input)).expect("the expansion is a list of items");
    let expanded = prettyplease::unparse(&file);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/snapshots").join(name);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &expanded).expect("the snapshot can be written");
    }
    let snapshot = std::fs::read_to_string(&path).expect("the snapshot can be read");
    assert_eq!(expanded, snapshot, "{name} has changed; UPDATE_SNAPSHOTS=1 rewrites it");
}

#[test]
fn a_compact_entity() {
    assert_expands_to(
        "compact.expanded.rs",
        quote! {
            #[sea_orm(table_name = "flight")]
            #[write_through(ttl = "1h")]
            pub struct Model {
                #[sea_orm(primary_key)]
                pub id: i32,
                pub flight_no: String,
            }
        },
    );
}

#[test]
fn a_composite_key_and_every_attribute() {
    assert_expands_to(
        "composite.expanded.rs",
        quote! {
            #[sea_orm(table_name = "seat", schema_name = "air", rename_all = "camelCase")]
            #[write_through(ttl = "90s", negative_ttl = "1500ms", on_write = "refresh_if_cached")]
            #[write_through(on_cache_failure = "fail", cache_if = "Model::is_public", rename = "s")]
            #[write_through(key(type, flight_id, gate), key(gate), index(gate, type), crate = "crate::cache")]
            pub(crate) struct Model {
                #[sea_orm(primary_key, auto_increment = false)]
                pub flight_id: i32,
                #[sea_orm(primary_key, auto_increment = false, column_name = "no", enum_name = "Number")]
                #[write_through(exact)]
                pub r#type: String,
                pub gate: Option<i32>,
                #[write_through(key, exact)]
                pub passenger: Option<String>,
                #[write_through(version)]
                pub edition: i64,
                #[sea_orm(ignore)]
                pub note: String,
                #[write_through(index)]
                pub airline_id: Option<i64>,
                #[sea_orm(has_one)]
                pub flight: HasOne<super::flight::Entity>,
            }
        },
    );
}

#[test]
fn an_expanded_entity() {
    assert_expands_to(
        "expanded.expanded.rs",
        quote! {
            #[sea_orm(entity = Airports)]
            #[write_through(negative_ttl = "off")]
            pub struct Model {
                #[write_through(exact)]
                pub iata_code: String,
                pub name: String,
            }
        },
    );
}

#[test]
fn the_model_of_relations_expands_to_nothing() {
    let input = syn::parse_quote! {
        #[write_through(nonsense)]
        pub struct ModelEx {
            pub id: i32,
        }
    };
    assert!(crate::derive(&input).is_empty());
}
