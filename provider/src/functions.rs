//! Provider functions: pure, and callable before the provider is configured.
//!
//! What users see of them (names, parameters, descriptions) is declared in `homelab_schema::function`; here is what they
//! compute.

use homelab_core::duration::GoDuration;
use homelab_core::gate::KubeVersion;
use homelab_core::route::rule;
use homelab_cty::{Number, Value};
use homelab_plugin::{Function, FunctionError, Parameter, Signature};
use homelab_schema::function as declared;

/// `route_priority(rule)`.
pub struct RoutePriority;

/// `go_duration(text)`.
pub struct GoDurationText;

/// `kubernetes_version(text)`.
pub struct KubernetesVersion;

fn signature(function: declared::Function) -> Signature {
    let parameter = |parameter: declared::Parameter| Parameter {
        name: parameter.name,
        ty: parameter.ty,
        description: parameter.description,
    };
    Signature {
        parameters: function.parameters.into_iter().map(parameter).collect(),
        variadic: function.variadic.map(parameter),
        returns: function.returns,
        summary: function.summary,
        description: function.description,
    }
}

/// The first argument as text, and what `read` makes of it.
fn of_text<T, E: std::fmt::Display>(
    arguments: &[Value],
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, FunctionError> {
    let wrong = |text: String| FunctionError { text, argument: Some(0) };
    let text = arguments.first().and_then(Value::as_str).ok_or_else(|| wrong("a text is needed".to_owned()))?;
    read(text).map_err(|error| wrong(error.to_string()))
}

impl Function for RoutePriority {
    fn name(&self) -> &'static str {
        "route_priority"
    }

    fn signature(&self) -> Signature {
        signature(declared::route_priority())
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        of_text(arguments, rule::priority).map(Value::from)
    }
}

impl Function for GoDurationText {
    fn name(&self) -> &'static str {
        "go_duration"
    }

    fn signature(&self) -> Signature {
        signature(declared::go_duration())
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        of_text(arguments, str::parse::<GoDuration>).map(|duration| Value::string(duration.to_string()))
    }
}

impl Function for KubernetesVersion {
    fn name(&self) -> &'static str {
        "kubernetes_version"
    }

    fn signature(&self) -> Signature {
        signature(declared::kubernetes_version())
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let version = of_text(arguments, str::parse::<KubeVersion>)?;
        let number = |part: u32| Value::Number(Number::from(i64::from(part)));
        Ok(Value::map([
            ("major", number(version.line.major)),
            ("minor", number(version.line.minor)),
            ("patch", number(version.patch)),
        ]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(function: &dyn Function, text: &str) -> Result<Value, FunctionError> {
        function.call(&[Value::string(text)])
    }

    #[test]
    fn functions_answer_what_their_pages_say() {
        let rule = "Host(`photos.example.net`) && Path(`/share`)";
        assert_eq!(call(&RoutePriority, rule), Ok(Value::from(44)));
        assert_eq!(call(&GoDurationText, "15m"), Ok(Value::string("15m0s")));
        let version = Value::map([("major", Value::from(1)), ("minor", Value::from(36)), ("patch", Value::from(2))]);
        assert_eq!(call(&KubernetesVersion, "v1.36.2+k3s1"), Ok(version));
    }

    #[test]
    fn what_cannot_be_read_blames_the_argument() {
        let functions: [&dyn Function; 3] = [&RoutePriority, &GoDurationText, &KubernetesVersion];
        for function in functions {
            let error = call(function, "?").expect_err("no answer to that");
            assert_eq!(error.argument, Some(0));
            assert!(!error.text.is_empty());
        }
    }

    #[test]
    fn each_declared_function_is_there_under_its_name() {
        let functions: [&dyn Function; 3] = [&GoDurationText, &KubernetesVersion, &RoutePriority];
        let names: Vec<&str> = functions.iter().map(|function| function.name()).collect();
        let declared: Vec<&str> = declared::all().iter().map(|function| function.name).collect();
        assert_eq!(names, declared);
    }
}
