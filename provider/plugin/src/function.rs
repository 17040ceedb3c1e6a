//! Provider functions.

use homelab_cty::{Type, Value};

/// One parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name, for documentation and messages.
    pub name: &'static str,
    /// Its type.
    pub ty: Type,
    /// What it means, in Markdown.
    pub description: &'static str,
}

/// What a function takes and gives.
#[derive(Clone, Debug)]
pub struct Signature {
    /// Positional parameters.
    pub parameters: Vec<Parameter>,
    /// Any number of further arguments.
    pub variadic: Option<Parameter>,
    /// Type of the result.
    pub returns: Type,
    /// One line.
    pub summary: &'static str,
    /// What it does, in Markdown.
    pub description: &'static str,
}

/// Why a function could not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionError {
    /// What is wrong and what would be right.
    pub text: String,
    /// Index of the argument to blame.
    pub argument: Option<i64>,
}

/// A function: pure, without I/O, callable before the provider is configured.
pub trait Function: Send + Sync + 'static {
    /// Its name after `provider::<provider>::`.
    fn name(&self) -> &'static str;

    /// What it takes and gives.
    fn signature(&self) -> Signature;

    /// Its answer. Arguments are known and not null.
    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError>;
}
