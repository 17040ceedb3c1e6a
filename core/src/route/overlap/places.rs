//! Hosts and paths that meet what is asked of them.

use super::super::Truth;
use super::super::escape;
use super::super::matcher::Matcher;
use super::super::request::{Request, Seen, canonical_host};
use super::{Choice, Demand};

/// A host; any will do where nothing is asked.
pub(super) fn host(demands: &[Demand<'_>]) -> Choice<String> {
    let asked = |demand: &Demand<'_>| matches!(demand.0, Matcher::Host(_) | Matcher::HostRegexp(_));
    let demands: Vec<Demand<'_>> = demands.iter().copied().filter(asked).collect();
    let named = demands.iter().find_map(|demand| match demand {
        (Matcher::Host(host), false) => Some(host),
        _ => None,
    });
    let candidates = if let Some(host) = named {
        // All spellings that this name takes.
        vec![host.clone(), host.trim_end_matches('.').to_owned(), format!("{host}.")]
    } else {
        let mut all = vec!["any.example.net".to_owned(), "a.example.org".to_owned()];
        for (matcher, _) in &demands {
            match matcher {
                Matcher::HostRegexp(pattern) => all
                    .extend(pattern.samples().into_iter().flat_map(|sample| [format!("{sample}.example.net"), sample])),
                Matcher::Host(host) => all.push(format!("not-{host}")),
                _ => {}
            }
        }
        all
    };
    let usable = candidates.into_iter().filter(|host| is_host(host));
    let seen = |host: &String| Seen { host: host.clone(), ..anything() };
    pick(usable, &demands, seen, named.is_some())
}

/// Whether a request can name it so that rules see just that.
fn is_host(host: &str) -> bool {
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:[]".contains(&byte);
    !host.is_empty() && host.bytes().all(valid) && canonical_host(host) == host
}

/// A path as it is sent, without query.
pub(super) fn path(demands: &[Demand<'_>]) -> Choice<String> {
    let asked =
        |demand: &Demand<'_>| matches!(demand.0, Matcher::Path(_) | Matcher::PathPrefix(_) | Matcher::PathRegexp(_));
    let demands: Vec<Demand<'_>> = demands.iter().copied().filter(asked).collect();
    let required = |wanted: fn(&Matcher) -> Option<&str>| {
        demands.iter().filter(|(_, negated)| !negated).filter_map(move |(matcher, _)| wanted(matcher))
    };
    let exact = required(|matcher| match matcher {
        Matcher::Path(path) => Some(path),
        _ => None,
    })
    .next();
    let prefixes = || {
        required(|matcher| match matcher {
            Matcher::PathPrefix(prefix) => Some(prefix),
            _ => None,
        })
    };
    let longest = prefixes().max_by_key(|prefix| prefix.len()).unwrap_or("/");
    if !prefixes().all(|prefix| longest.starts_with(prefix)) || is_never_seen(longest) {
        return Choice::Never;
    }
    let mut patterns = demands.iter().filter_map(|demand| match demand {
        (Matcher::PathRegexp(pattern), negated) => Some((pattern, *negated)),
        _ => None,
    });
    let candidates = if let Some(path) = exact {
        vec![path.to_owned()]
    } else {
        if excludes(&demands, longest) {
            return Choice::Never;
        }
        let apart = |prefix: &str| !prefix.starts_with(longest) && !longest.starts_with(prefix);
        if patterns.clone().any(|(pattern, negated)| !negated && apart(&pattern.prefix())) {
            return Choice::Never;
        }
        let samples: Vec<String> = patterns.by_ref().flat_map(|(pattern, _)| pattern.samples()).collect();
        let ends = ["", "x", "/x", "/", "-", "0", "zq7", "/zq7"].map(str::to_owned);
        let ends: Vec<String> = ends.into_iter().chain(samples.iter().cloned()).collect();
        let joined = ends.iter().flat_map(|end| [format!("{longest}{end}"), format!("{longest}/{end}")]);
        samples.iter().cloned().chain(joined).collect()
    };
    let sent = candidates
        .into_iter()
        .map(|path| (escape::sendable(&path), path))
        .filter(|(sent, path)| escape::routing_path(sent).is_some_and(|seen| seen == path.as_bytes()));
    let seen = |(_, path): &(String, String)| Seen { path: path.clone().into_bytes(), ..anything() };
    match pick(sent, &demands, seen, exact.is_some()) {
        Choice::Take((sent, _)) => Choice::Take(sent),
        Choice::Never => Choice::Never,
        Choice::Unclear => Choice::Unclear,
    }
}

/// Whether a prefix that must not be there begins everything below `prefix`.
fn excludes(demands: &[Demand<'_>], prefix: &str) -> bool {
    demands.iter().any(|demand| match demand {
        (Matcher::PathPrefix(other), true) => prefix.starts_with(other.as_str()),
        _ => false,
    })
}

/// Whether no cleaned path begins like that.
fn is_never_seen(prefix: &str) -> bool {
    ["//", "/./", "/../"].iter().any(|part| prefix.contains(part))
}

fn anything() -> Seen {
    let request = Request::get("", "/");
    Seen {
        method: request.method,
        host: String::new(),
        path: b"/".to_vec(),
        query: Vec::new(),
        headers: Vec::new(),
        client: request.client,
    }
}

/// The first candidate that meets all demands. `complete` where there are no others: then that none does is a proof.
fn pick<T>(
    candidates: impl Iterator<Item = T>,
    demands: &[Demand<'_>],
    seen: impl Fn(&T) -> Seen,
    complete: bool,
) -> Choice<T> {
    let mut clear = complete;
    for candidate in candidates {
        let seen = seen(&candidate);
        let met = demands.iter().fold(Truth::Yes, |so_far, (matcher, negated)| {
            let met = matcher.is_met(&seen);
            so_far.and(if *negated { met.not() } else { met })
        });
        match met {
            Truth::Yes => return Choice::Take(candidate),
            Truth::Unknown => clear = false,
            Truth::No => {}
        }
    }
    if clear { Choice::Never } else { Choice::Unclear }
}
