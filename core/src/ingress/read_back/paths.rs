//! Paths and backends of an Ingress, read back.

use homelab_schema::ingress::PathType;
use serde_json::Value;

use super::super::routes::{Route, expand};

/// A path of an Ingress; `None` where its type is none that Kubernetes knows.
pub(super) fn route(path: &Value) -> Option<(Route, PathType)> {
    let path_type: PathType =
        path.get("pathType").and_then(Value::as_str).unwrap_or("ImplementationSpecific").parse().ok()?;
    let text = path.get("path").and_then(Value::as_str).unwrap_or("/").to_owned();
    Some((Route { path: text, exact: path_type == PathType::Exact }, path_type))
}

/// Name and port of the Service behind a path.
pub(super) fn backend(backend: &Value) -> Option<(String, String)> {
    let service = backend.get("service")?;
    let port = service.get("port")?;
    let port = match port.get("number").and_then(Value::as_u64) {
        Some(number) => number.to_string(),
        None => port.get("name")?.as_str()?.to_owned(),
    };
    Some((service.get("name")?.as_str()?.to_owned(), port))
}

/// The declared paths that become these routes. Where none would (somebody else's plain prefix), the paths as they are, if
/// they are of one type: the next apply writes them in the safe form. In parity mode paths are written as they are declared.
pub(super) fn collapse(routes: &[(Route, PathType)], parity: bool) -> Option<(Vec<String>, PathType)> {
    let plain: Vec<Route> = routes.iter().map(|(route, _)| route.clone()).collect();
    let one_type =
        routes.first().map(|(_, path_type)| *path_type).filter(|first| routes.iter().all(|(_, t)| t == first));
    let as_is = || plain.iter().map(|route| route.path.clone()).collect::<Vec<_>>();
    if parity {
        return one_type.map(|path_type| (as_is(), path_type));
    }
    let of_pairs: Vec<String> = plain
        .iter()
        .enumerate()
        .filter(|(position, route)| {
            let first_of_pair = position.checked_sub(1).and_then(|before| plain.get(before));
            !first_of_pair.is_some_and(|first| first.exact && !route.exact && format!("{}/", first.path) == route.path)
        })
        .map(|(_, route)| route.path.clone())
        .collect();
    let prefixes = routes.iter().all(|(_, path_type)| *path_type != PathType::ImplementationSpecific);
    if prefixes && expand(&of_pairs, PathType::Prefix) == plain {
        return Some((of_pairs, PathType::Prefix));
    }
    one_type.map(|path_type| (as_is(), path_type))
}
