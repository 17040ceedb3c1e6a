//! Methods, headers, parameters and addresses that meet what is asked of them.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::Truth;
use super::super::matcher::{Matcher, is_rewritten};
use super::super::network::Range;
use super::super::pattern::Pattern;
use super::{Choice, Demand};

/// A method.
pub(super) fn method(demands: &[Demand<'_>]) -> Choice<String> {
    let asked = |wanted: bool| {
        demands.iter().filter_map(move |demand| match demand {
            (Matcher::Method(method), negated) if *negated != wanted => Some(method.as_str()),
            _ => None,
        })
    };
    let mut wanted = asked(true);
    let common = ["GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS"];
    let found = match wanted.next() {
        Some(one) if wanted.all(|other| other == one) => Some(one),
        Some(_) => None,
        None => common.into_iter().chain(["ANY"]).find(|method| asked(false).all(|other| other != *method)),
    };
    match found {
        Some(method) if asked(false).all(|other| other != method) => Choice::Take(method.to_owned()),
        // Only a rule that excludes every method on the list leaves none.
        None if asked(true).next().is_none() => Choice::Unclear,
        _ => Choice::Never,
    }
}

/// What is asked of the values of one name.
#[derive(Default)]
struct Asked<'a> {
    wanted: Vec<Test<'a>>,
    unwanted: Vec<Test<'a>>,
}

enum Test<'a> {
    Text(&'a str),
    Pattern(&'a Pattern),
}

impl Test<'_> {
    fn is_met(&self, value: &str) -> Truth {
        match self {
            Self::Text(text) => (*text == value).into(),
            Self::Pattern(pattern) => pattern.is_match(value.as_bytes()),
        }
    }

    fn candidates(&self) -> Vec<String> {
        match self {
            Self::Text(text) => vec![(*text).to_owned()],
            Self::Pattern(pattern) => pattern.samples(),
        }
    }
}

impl Asked<'_> {
    /// One value for each that is wanted: a name may come several times.
    fn values(&self, may_be: fn(&str) -> bool) -> Choice<Vec<String>> {
        let mut values = Vec::new();
        for wanted in &self.wanted {
            let mut clear = matches!(wanted, Test::Text(_));
            let found = wanted.candidates().into_iter().filter(|value| may_be(value)).find(|value| {
                let met = self
                    .unwanted
                    .iter()
                    .fold(wanted.is_met(value), |so_far, unwanted| so_far.and(unwanted.is_met(value).not()));
                clear &= met != Truth::Unknown;
                met == Truth::Yes
            });
            match found {
                Some(value) => values.push(value),
                None if clear => return Choice::Never,
                None => return Choice::Unclear,
            }
        }
        Choice::Take(values)
    }
}

fn by_name<'a>(
    demands: &[Demand<'a>],
    of: impl Fn(&'a Matcher) -> Option<(&'a str, Test<'a>)>,
) -> BTreeMap<&'a str, Asked<'a>> {
    let mut names: BTreeMap<&str, Asked<'_>> = BTreeMap::new();
    for (matcher, negated) in demands {
        if let Some((name, test)) = of(matcher) {
            let asked = names.entry(name).or_default();
            if *negated { asked.unwanted.push(test) } else { asked.wanted.push(test) }
        }
    }
    names
}

/// Headers, in order of their names.
pub(super) fn headers(demands: &[Demand<'_>]) -> Choice<Vec<(String, String)>> {
    let names = by_name(demands, |matcher| match matcher {
        Matcher::Header { name, value } => Some((name, Test::Text(value))),
        Matcher::HeaderRegexp { name, pattern } => Some((name, Test::Pattern(pattern))),
        _ => None,
    });
    let mut headers = Vec::new();
    let mut unclear = false;
    for (name, asked) in names {
        if name == "Host" {
            // Rules never see it as a header.
            if !asked.wanted.is_empty() {
                return Choice::Never;
            }
            continue;
        }
        unclear |= is_rewritten(name);
        match asked.values(can_be_sent) {
            Choice::Take(values) => headers.extend(values.into_iter().map(|value| (name.to_owned(), value))),
            Choice::Never => return Choice::Never,
            Choice::Unclear => unclear = true,
        }
    }
    if unclear { Choice::Unclear } else { Choice::Take(headers) }
}

/// Whether a header can have that value: neither control characters nor blanks at its ends arrive.
fn can_be_sent(value: &str) -> bool {
    value.bytes().all(|byte| byte >= 0x20 && byte != 0x7f) && value.trim_matches([' ', '\t']) == value
}

/// A query with its question mark; empty where nothing is asked.
pub(super) fn query(demands: &[Demand<'_>]) -> Choice<String> {
    let names = by_name(demands, |matcher| match matcher {
        Matcher::Query { name, value } => Some((name, Test::Text(value))),
        Matcher::QueryRegexp { name, pattern } => Some((name, Test::Pattern(pattern))),
        _ => None,
    });
    let mut pairs = Vec::new();
    for (name, asked) in names {
        match asked.values(|_| true) {
            Choice::Take(values) => {
                pairs.extend(values.iter().map(|value| format!("{}={}", encoded(name), encoded(value))));
            }
            Choice::Never => return Choice::Never,
            Choice::Unclear => return Choice::Unclear,
        }
    }
    Choice::Take(if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) })
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// An address.
pub(super) fn client(demands: &[Demand<'_>]) -> Choice<IpAddr> {
    let mut unclear = false;
    let mut within: Vec<Range> = Vec::new();
    let mut outside: Vec<Range> = Vec::new();
    for demand in demands {
        if let (Matcher::ClientIp(network), negated) = demand {
            match network.range() {
                Some(range) if *negated => outside.push(range),
                Some(range) => within.push(range),
                None => unclear = true,
            }
        }
    }
    let everything = [
        Range { four: true, first: u128::from(u32::from(Ipv4Addr::new(192, 0, 2, 1))), last: u128::from(u32::MAX) },
        Range { four: true, first: 0, last: u128::from(u32::MAX) },
        Range { four: false, first: 0, last: u128::MAX },
    ];
    let found = everything.into_iter().find_map(|space| free(space, &within, &outside));
    match found {
        None => Choice::Never,
        Some(_) if unclear => Choice::Unclear,
        Some(address) => Choice::Take(address),
    }
}

/// The lowest address of `space` that lies within all of `within` and outside of all of `outside`.
fn free(space: Range, within: &[Range], outside: &[Range]) -> Option<IpAddr> {
    if within.iter().any(|range| range.four != space.four) {
        return None;
    }
    let first = within.iter().map(|range| range.first).fold(space.first, u128::max);
    let last = within.iter().map(|range| range.last).fold(space.last, u128::min);
    let mut at = first;
    while at <= last {
        let Some(wall) =
            outside.iter().find(|range| range.four == space.four && (range.first..=range.last).contains(&at))
        else {
            return Some(if space.four {
                IpAddr::V4(Ipv4Addr::from(u32::try_from(at).ok()?))
            } else {
                IpAddr::V6(Ipv6Addr::from(at))
            });
        };
        at = wall.last.checked_add(1)?;
    }
    None
}
