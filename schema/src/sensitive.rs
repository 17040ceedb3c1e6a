//! Values that must never be shown.

use std::borrow::Cow;
use std::fmt;

use homelab_cty::{Leaf, ModelError, Path, Type, Value};
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// A secret in a model: the same to Terraform as what is inside, but `Debug` does not show it, so that no log line and no
/// failed assertion of a whole model can.
///
/// The attribute still has to be marked `sensitive` or `write_only`: that is what Terraform goes by.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sensitive<T>(T);

impl<T> Sensitive<T> {
    /// The secret. Named so that every place that looks inside can be found.
    pub fn expose(&self) -> &T {
        &self.0
    }

    /// The secret, by move.
    pub fn into_exposed(self) -> T {
        self.0
    }
}

impl<T> From<T> for Sensitive<T> {
    fn from(secret: T) -> Self {
        Self(secret)
    }
}

impl<T> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(sensitive)")
    }
}

impl<T: Leaf> Leaf for Sensitive<T> {
    fn ty() -> Type {
        T::ty()
    }

    fn from_value(value: &Value, path: &Path) -> Result<Self, ModelError> {
        T::from_value(value, path).map(Self)
    }

    fn to_value(&self) -> Value {
        self.0.to_value()
    }

    fn one_of() -> Vec<String> {
        T::one_of()
    }
}

impl<T: JsonSchema> JsonSchema for Sensitive<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_it() {
        let secret = Sensitive::from("hunter2".to_owned());
        assert!(!format!("{secret:?} {:?}", Some(&secret)).contains("hunter2"));
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn it_is_transparent_to_terraform() {
        let secret = Sensitive::from("hunter2".to_owned());
        assert_eq!(Sensitive::<String>::ty(), Type::String);
        assert_eq!(Sensitive::from_value(&secret.to_value(), &Path::root()), Ok(secret));
    }
}
