//! How to look: what the resource says, else what the provider says, else the default.

use std::time::Duration;

use homelab_cty::{Attr, Model, Nested, Path, Value};
use homelab_schema::carveout_probe::{AddressFamily, CarveoutProbe, Matrix};
use homelab_schema::duration::GoDuration;
use homelab_schema::provider::{Probe, Site};
use regex::Regex;

use super::url::split_authority;
use super::{Breadth, Check, Door, Wall, address, doors, requests};
use crate::finding::{Finding, probe, provider};

#[cfg(test)]
mod tests;

/// What the provider says of all probes.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    /// Whose wall counts.
    pub wall: Wall,
    /// Where to connect to.
    pub connect_to: Option<ConnectTo>,
    /// Whom to ask for addresses.
    pub resolver: Option<ConnectTo>,
    /// A file with further certificates to trust.
    pub ca_file: Option<String>,
    /// The most time for a sample.
    pub timeout: Option<Duration>,
    /// Samples of each check.
    pub samples: Option<usize>,
    /// How many of them must agree.
    pub threshold: Option<usize>,
    /// Whether special addresses are allowed.
    pub allow_private: Option<bool>,
    /// Requests at a time, over all hosts.
    pub concurrency: Option<usize>,
    /// Arguments of the provider that are known only after apply: without them nothing can be judged.
    pub unknown: Vec<String>,
}

/// An address or name, with or without a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConnectTo {
    /// Host name or address, without brackets.
    pub host: String,
    /// The port; `None` is the one that would be used without.
    pub port: Option<u16>,
}

impl ConnectTo {
    /// Reads `192.0.2.7`, `lb.example.net:8443`, `[2001:db8::1]:443`, `2001:db8::1`.
    pub fn parse(text: &str) -> Option<Self> {
        if text.parse::<std::net::Ipv6Addr>().is_ok() {
            return Some(Self { host: text.to_owned(), port: None });
        }
        let (host, port) = split_authority(text).ok()?;
        let port = match port {
            Some(port) => Some(port.parse().ok().filter(|port| *port != 0)?),
            None => None,
        };
        Some(Self { host: host.to_owned(), port })
    }
}

/// How a run looks.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whose wall counts.
    pub wall: Wall,
    /// Where to connect to, whatever the URL says.
    pub connect_to: Option<ConnectTo>,
    /// Whom to ask for addresses; `None` is the system.
    pub resolver: Option<ConnectTo>,
    /// A file with further certificates to trust.
    pub ca_file: Option<String>,
    /// The most time for a sample.
    pub timeout: Duration,
    /// Samples of each check, at least 1.
    pub samples: usize,
    /// How many of them must agree, from 1 to `samples`.
    pub threshold: usize,
    /// Whether special addresses are allowed.
    pub allow_private: bool,
    /// Requests at a time, over all hosts, at least 1.
    pub concurrency: usize,
    /// How long to wait for a changed route to settle.
    pub settle: Duration,
    /// Which addresses of a name are asked.
    pub family: AddressFamily,
    /// Whether every address of a name is asked at least once, also where there are more of them than samples.
    pub every_address: bool,
}

/// Everything that a run needs: what to ask, and how.
#[derive(Clone, Debug)]
pub struct Run {
    /// What to ask.
    pub checks: Vec<Check>,
    /// How.
    pub settings: Settings,
}

const TIMEOUT: Duration = Duration::from_secs(10);
const SETTLE: Duration = Duration::from_secs(30);
const SAMPLES: usize = 3;
const CONCURRENCY: usize = 16;
/// More than this is a load test.
const MOST_SAMPLES: usize = 100;

impl Run {
    /// What `model` asks for. While planning, what is not known yet is left out.
    pub fn new(model: &CarveoutProbe, defaults: &Defaults) -> Result<Self, Vec<Finding>> {
        let (declared, settings) = (doors(model), settings(model, defaults));
        let (declared, settings) = match (declared, settings) {
            (Ok(declared), Ok(settings)) => (declared, settings),
            (declared, settings) => {
                return Err([declared.err(), settings.err()].into_iter().flatten().flatten().collect());
            }
        };
        if !settings.allow_private && !model.allow_private.is_unknown() {
            let mut private: Vec<Finding> =
                declared.iter().filter_map(|door| private_literal(door, settings.connect_to.as_ref())).collect();
            // One place for all doors is one mistake.
            private.dedup_by(|one, other| one.path == other.path);
            if !private.is_empty() {
                return Err(private);
            }
        }
        let breadth = Breadth {
            boundary: model.boundary.known().copied().unwrap_or(true),
            spoof: model.spoof.known().copied().unwrap_or(true),
            matrix: matrix(model),
            elsewhere: settings.connect_to.is_some(),
        };
        Ok(Self { checks: requests(&declared, breadth), settings })
    }
}

fn matrix(model: &CarveoutProbe) -> Matrix {
    model.matrix.known().copied().unwrap_or(Matrix::Small)
}

/// An address that is written down needs no network to be refused. Names are refused when they are connected to.
fn private_literal(door: &Door, connect_to: Option<&ConnectTo>) -> Option<Finding> {
    let host = connect_to.map_or(door.url.host(), |connect_to| &connect_to.host);
    let kind = host.parse().ok().and_then(address::special)?;
    Some(
        Finding::new(
            probe::PRIVATE_TARGET,
            &door.label,
            format!("{} would be asked at {host}, a {kind} address.", door.url),
        )
        .at(if connect_to.is_some() { Path::attr("connect_to") } else { door.at.clone() }),
    )
}

fn settings(model: &CarveoutProbe, defaults: &Defaults) -> Result<Settings, Vec<Finding>> {
    let mut wrong = Vec::new();
    let mut bad = |at: Path, observed: String| {
        let fix = fix_of(&at);
        wrong.push(Finding::new(probe::BAD_TARGET, at.to_string(), observed).clears(fix).at(at));
    };
    let timeout = duration("timeout", &model.timeout, &mut bad);
    if timeout == Some(Duration::ZERO) {
        bad(Path::attr("timeout"), "Nothing answers in no time.".to_owned());
    }
    let settle = duration("settle", &model.settle, &mut bad);
    let mut place = |name: &str, declared: &Attr<String>| {
        let text = declared.known()?;
        let parsed = ConnectTo::parse(text);
        if parsed.is_none() {
            let observed = format!("{text:?} is none of an address, a host name, and either with `:port`.");
            bad(Path::attr(name), observed);
        }
        parsed
    };
    let connect_to = place("connect_to", &model.connect_to);
    let resolver = place("resolver", &model.resolver);
    let samples = model.samples.known().map(|samples| usize::from(*samples));
    let threshold = model.threshold.known().map(|threshold| usize::from(*threshold));
    let samples = samples.or(defaults.samples).unwrap_or(SAMPLES);
    if !(1..=MOST_SAMPLES).contains(&samples) {
        bad(Path::attr("samples"), format!("{samples} is not from 1 to {MOST_SAMPLES}."));
    }
    if threshold.is_some_and(|threshold| !(1..=samples).contains(&threshold)) && !model.samples.is_unknown() {
        bad(Path::attr("threshold"), format!("It is not from 1 to {samples}, the number of samples."));
    }
    // A threshold of the provider was meant for the provider's samples.
    let inherited = defaults.threshold.filter(|threshold| model.samples.is_null() && (1..=samples).contains(threshold));
    let threshold = threshold.or(inherited).unwrap_or(samples / 2 + 1);
    let wall = wall(model, defaults, &mut bad);
    let settings = Settings {
        wall,
        connect_to: connect_to.or_else(|| defaults.connect_to.clone()),
        resolver: resolver.or_else(|| defaults.resolver.clone()),
        ca_file: model.ca_file.known().or(defaults.ca_file.as_ref()).cloned(),
        timeout: timeout.or(defaults.timeout).unwrap_or(TIMEOUT),
        samples,
        threshold,
        allow_private: model.allow_private.known().copied().or(defaults.allow_private).unwrap_or(false),
        concurrency: defaults.concurrency.unwrap_or(CONCURRENCY).max(1),
        settle: settle.unwrap_or(SETTLE),
        family: model.address_family.known().copied().unwrap_or(AddressFamily::Any),
        every_address: matrix(model) != Matrix::Off,
    };
    if wrong.is_empty() { Ok(settings) } else { Err(wrong) }
}

fn duration(name: &str, declared: &Attr<String>, bad: &mut impl FnMut(Path, String)) -> Option<Duration> {
    let text = declared.known()?;
    match text.parse::<GoDuration>().map(GoDuration::to_std) {
        Ok(Some(duration)) => Some(duration),
        Ok(None) => {
            bad(Path::attr(name), "It is negative.".to_owned());
            None
        }
        Err(error) => {
            bad(Path::attr(name), format!("{error}."));
            None
        }
    }
}

/// What to write instead, by attribute.
fn fix_of(at: &Path) -> &'static str {
    match at.to_string().as_str() {
        "timeout" | "settle" => "Write a duration such as `10s` or `1m30s`.",
        "samples" => "Set it to a number from 1 to 100; without it, 3 are taken.",
        "threshold" => "Set it to at most `samples`, or remove it: without it, more than half must agree.",
        "connect_to" => "Write it as `192.0.2.7`, `[2001:db8::7]:8443` or `lb.example.net`, without a scheme.",
        "resolver" => "Write it as `192.0.2.53` or `192.0.2.53:5353`.",
        "wall.issuer_host" => "Write the host alone, such as `auth.example.net`, without scheme, port and path.",
        "wall.client_id" => "Write the client as it stands in the redirect (`client_id=…`), or remove the argument.",
        "wall.location_regex" => "Write a pattern such as `^https://auth\\.example\\.net/`.",
        _ => "Correct the argument.",
    }
}

fn wall(model: &CarveoutProbe, defaults: &Defaults, bad: &mut impl FnMut(Path, String)) -> Wall {
    let Some(declared) = model.wall.known() else { return defaults.wall.clone() };
    let at = Path::attr("wall");
    if let Some(host) = declared.issuer_host.known().filter(|host| !is_host(host)) {
        bad(at.then_attr("issuer_host"), format!("{host:?} is no host name, so no redirect would ever lead there."));
    }
    if declared.client_id == Attr::Known(String::new()) {
        bad(at.then_attr("client_id"), "No client has an empty name.".to_owned());
    }
    let location = declared.location_regex.known().and_then(|pattern| match Regex::new(pattern) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            bad(at.then_attr("location_regex"), format!("It is no regular expression: {error}."));
            None
        }
    });
    let client_ids = declared.client_id.known().map_or_else(|| defaults.wall.client_ids.clone(), |id| vec![id.clone()]);
    Wall {
        system: declared.system.known().copied().or(defaults.wall.system),
        issuer_host: issuer_host(&declared.issuer_host).or_else(|| defaults.wall.issuer_host.clone()),
        client_ids,
        location: location.or_else(|| defaults.wall.location.clone()),
    }
}

/// A name or address alone.
fn is_host(text: &str) -> bool {
    split_authority(text).is_ok_and(|(host, port)| port.is_none() && host == text)
}

fn issuer_host(declared: &Attr<String>) -> Option<String> {
    declared.known().map(|host| host.to_ascii_lowercase())
}

impl Defaults {
    /// Out of the provider's blocks, to which their environment was applied.
    pub fn new(site: &Site, block: &Probe) -> Result<Self, Vec<Finding>> {
        let mut wrong = Vec::new();
        let mut bad = |at: Path, observed: String| {
            wrong.push(Finding::new(provider::BAD_CONFIGURATION, at.to_string(), observed).at(at));
        };
        let mut defaults = Self::default();
        if let Some(wall) = site.wall.known() {
            defaults.wall.system = wall.system.known().copied();
            if let Some(host) = wall.issuer_host.known().filter(|host| !is_host(host)) {
                bad(
                    Path::attr("site").then_attr("wall").then_attr("issuer_host"),
                    format!("{host:?} is no host name, so no redirect would ever lead there."),
                );
            }
            defaults.wall.issuer_host = issuer_host(&wall.issuer_host);
            defaults.wall.client_ids = wall.client_ids.known().cloned().unwrap_or_default();
        }
        let at = Path::attr("probe");
        let mut place = |name: &str, declared: &Attr<String>| {
            let text = declared.known()?;
            let parsed = ConnectTo::parse(text);
            if parsed.is_none() {
                bad(
                    at.then_attr(name),
                    format!("{text:?} is none of an address, a host name, and either with `:port`."),
                );
            }
            parsed
        };
        defaults.connect_to = place("connect_to", &block.connect_to);
        defaults.resolver = place("resolver", &block.resolver);
        defaults.ca_file = block.ca_file.known().cloned();
        defaults.timeout =
            duration("timeout", &block.timeout, &mut |_, observed| bad(at.then_attr("timeout"), observed));
        defaults.samples = count(&block.samples);
        defaults.threshold = count(&block.threshold);
        defaults.allow_private = block.allow_private.known().copied();
        defaults.concurrency = count(&block.concurrency);
        defaults.unknown = unknown(site, block);
        if wrong.is_empty() { Ok(defaults) } else { Err(wrong) }
    }
}

/// What decides about a verdict and is not known yet.
fn unknown(site: &Site, block: &Probe) -> Vec<String> {
    let all = Value::map([("site", Value::map([("wall", site.wall.to_value())])), ("probe", block.to_value())]);
    all.unknown_paths().iter().map(ToString::to_string).collect()
}

fn count<T: Copy + TryInto<usize>>(declared: &Attr<T>) -> Option<usize> {
    declared.known().and_then(|count| (*count).try_into().ok())
}
