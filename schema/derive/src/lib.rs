//! `#[derive(Model)]` and `#[derive(Leaf)]`: one Rust type is the schema, its documentation and its conversion.
//!
//! # Forces
//!
//! A Terraform schema that is written beside the type that carries its values drifts from it: an attribute is added
//! here and forgotten there. So the type is the only place; its fields are the attributes, its doc comments are the
//! descriptions (of the Terraform schema, of the JSON Schema, and of the registry's pages), and what cannot be said in
//! Rust's types (who gives the value, what replaces) stands in one `#[model(…)]` beside each field. What Terraform would
//! refuse at run time (a default on a computed attribute, a limit on a map of blocks) is a compile error here, at the
//! word that is wrong.
//!
//! The generated code names `::homelab_cty`, so the crate that derives has to depend on `homelab-cty`.

mod docs;
mod leaf;
mod model;
mod options;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Derives `homelab_cty::Model`: the type is a block, each field an attribute or a nested block.
///
/// # Usage
///
/// ```
/// use homelab_cty::{Attr, Mode, Model as _, Value};
/// use homelab_schema_derive::{Leaf, Model};
///
/// /// A door.
/// #[derive(Clone, Debug, Default, PartialEq, Model)]
/// struct Door {
///     /// Its name.
///     #[model(required, replace)]
///     name: Attr<String>,
///     /// Who may pass.
///     #[model(optional, default = "guests")]
///     who: Attr<Who>,
/// }
///
/// /// Who may pass.
/// #[derive(Clone, Debug, PartialEq, Leaf)]
/// enum Who {
///     Family,
///     Guests,
/// }
///
/// let block = Door::block();
/// assert_eq!(block.description, "A door.");
/// assert!(block.attributes["name"].replace);
/// assert_eq!(block.attributes["who"].mode, Mode::OptionalComputed);
/// assert_eq!(block.attributes["who"].default, Some(Value::string("guests")));
/// assert_eq!(block.attributes["who"].one_of, ["family", "guests"]);
/// ```
///
/// Every field is an `Attr<…>` with a doc comment and one `#[model(…)]`:
///
/// | word | meaning |
/// | --- | --- |
/// | `required`, `optional`, `computed`, `optional, computed` | who gives the value |
/// | `default = LITERAL`, `default_with = path` | value when the user gives none; the function returns the field's type |
/// | `replace` | a change replaces the object |
/// | `sensitive`, `write_only` | hidden; never stored |
/// | `same = path` | `fn(&Value, &Value) -> bool`: two spellings of one meaning |
/// | `deprecated = "…"` | why not to use it any more (also on the type) |
/// | `block` | a nested block: `Attr<T>`, `Attr<Vec<T>>`, `Attr<BTreeMap<String, T>>` with `T: Model` |
/// | `min_items = N`, `max_items = N` | how often a list of blocks may occur |
/// | `block, required` | a single block that must be there |
///
/// The name of the attribute is that of the field (`r#type` is `type`). A block without a doc comment of its own has
/// that of its type.
///
/// # Errors
///
/// A word that is unknown:
/// ```compile_fail
/// # use homelab_cty::Attr; use homelab_schema_derive::Model;
/// /// A door.
/// #[derive(Clone, Model)]
/// struct Door {
///     /// Its name.
///     #[model(mandatory)]
///     name: Attr<String>,
/// }
/// ```
/// Nobody gives the value:
/// ```compile_fail
/// # use homelab_cty::Attr; use homelab_schema_derive::Model;
/// /// A door.
/// #[derive(Clone, Model)]
/// struct Door {
///     /// Its name.
///     #[model(replace)]
///     name: Attr<String>,
/// }
/// ```
/// A default that nobody could override, or a replacement that nobody could ask for:
/// ```compile_fail
/// # use homelab_cty::Attr; use homelab_schema_derive::Model;
/// /// A door.
/// #[derive(Clone, Model)]
/// struct Door {
///     /// Its name.
///     #[model(computed, default = "front")]
///     name: Attr<String>,
/// }
/// ```
/// ```compile_fail
/// # use homelab_cty::Attr; use homelab_schema_derive::Model;
/// /// A door.
/// #[derive(Clone, Model)]
/// struct Door {
///     /// Its name.
///     #[model(computed, replace)]
///     name: Attr<String>,
/// }
/// ```
/// No doc comment, hence no documentation:
/// ```compile_fail
/// # use homelab_cty::Attr; use homelab_schema_derive::Model;
/// /// A door.
/// #[derive(Clone, Model)]
/// struct Door {
///     #[model(required)]
///     name: Attr<String>,
/// }
/// ```
/// A limit on a map of blocks, which Terraform refuses:
/// ```compile_fail
/// # use homelab_cty::Attr; use homelab_schema_derive::Model; use std::collections::BTreeMap;
/// /// A door.
/// #[derive(Clone, Model)]
/// struct Door {
///     /// Its name.
///     #[model(required)]
///     name: Attr<String>,
/// }
/// /// A house.
/// #[derive(Clone, Model)]
/// struct House {
///     /// Its doors.
///     #[model(block, min_items = 1)]
///     door: Attr<BTreeMap<String, Door>>,
/// }
/// ```
#[proc_macro_derive(Model, attributes(model))]
pub fn derive_model(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    model::expand(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// Derives `homelab_cty::Leaf`: the type is the value of an attribute.
///
/// # Usage
///
/// An enum of names is a string of few values; `as_str`, `ALL`, `Display` and `FromStr` come with it. A struct is an object,
/// whose members are leaves (`Option<T>` may be null). A struct of one unnamed field is as that field.
///
/// ```
/// use homelab_cty::{Leaf as _, Path, Type, Value};
/// use homelab_schema_derive::Leaf;
///
/// #[derive(Clone, Debug, PartialEq, Leaf)]
/// enum Kind {
///     SecretStore,
///     #[leaf(rename = "ClusterSecretStore")]
///     Cluster,
/// }
/// assert_eq!(Kind::Cluster.as_str(), "ClusterSecretStore");
/// assert_eq!("secret_store".parse(), Ok(Kind::SecretStore));
/// assert_eq!(Kind::one_of(), ["secret_store", "ClusterSecretStore"]);
///
/// #[derive(Clone, Debug, PartialEq, Leaf)]
/// struct Store {
///     name: String,
///     kind: Option<Kind>,
/// }
/// assert_eq!(Store::ty(), Type::object([("name", Type::String), ("kind", Type::String)]));
/// let store = Store { name: "kv".to_owned(), kind: None };
/// assert_eq!(Store::from_value(&store.to_value(), &Path::root()), Ok(store));
/// ```
///
/// # Errors
///
/// Variants that carry something have no text of their own:
/// ```compile_fail
/// # use homelab_schema_derive::Leaf;
/// #[derive(Leaf)]
/// enum Kind {
///     Named(String),
/// }
/// ```
/// Two variants of one text could not be told apart:
/// ```compile_fail
/// # use homelab_schema_derive::Leaf;
/// #[derive(Leaf)]
/// enum Kind {
///     On,
///     #[leaf(rename = "on")]
///     Always,
/// }
/// ```
#[proc_macro_derive(Leaf, attributes(leaf))]
pub fn derive_leaf(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    leaf::expand(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}
