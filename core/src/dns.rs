//! Names in the public DNS: which records an exposed app wants, and what that means for the records that are there.
//!
//! # Forces
//!
//! - A zone is shared: by hand-made records, by other tools, by other stacks. So every record of ours carries a mark, what
//!   carries another or none is only overwritten when the user says so, and only marked records are ever deleted.
//! - The plan must show the records without asking anybody. So [`wanted`](mod@wanted) is a function of the declaration and of
//!   the provider block alone; ids and times of records never appear.
//! - An interrupted run leaves a half-written zone. So what to do is never "create these" but [`changes::judge`]: from what
//!   is wanted and what is there to the operations between, which is empty once they agree.
//!
//! Names are full host names everywhere, also at the root of a zone: a name relative to a zone could not be understood any
//! more once the provider block names another zone.

pub mod changes;
pub mod clash;
pub mod mark;
#[cfg(test)]
mod tests;
pub mod wanted;

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A kind of record that we write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An IPv4 address.
    A,
    /// An IPv6 address.
    Aaaa,
    /// Another name.
    Cname,
}

impl Kind {
    /// As it is written in zones: `A`, `AAAA`, `CNAME`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Cname => "CNAME",
        }
    }

    /// The kind of that name; `None` for every other kind of record.
    pub fn of(text: &str) -> Option<Self> {
        [Self::A, Self::Aaaa, Self::Cname].into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(text))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A record as it shall be. Its time to live is always 1, which is "automatic".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record {
    /// Full name, in lower case.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// An address or a name, in its one spelling: see [`spelled`].
    pub content: String,
    /// Whether the provider's own servers answer in front of it.
    pub proxied: bool,
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proxied = if self.proxied { " (proxied)" } else { "" };
        write!(f, "{} {} {}{proxied}", self.name, self.kind, self.content)
    }
}

/// A record of any kind as it is in a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its identifier at the provider.
    pub id: String,
    /// Full name, in lower case.
    pub name: String,
    /// Its kind as the provider writes it: also `TXT`, `MX`, `NS`, ….
    pub kind: String,
    /// Its content, as it is.
    pub content: String,
    /// Whether the provider's own servers answer in front of it.
    pub proxied: bool,
    /// Time to live in seconds; 1 is "automatic".
    pub ttl: u32,
    /// Its comment; empty where there is none.
    pub comment: String,
}

impl Found {
    /// Whether it answers as `wanted` does, whoever wrote it: name, kind, content and who answers.
    fn answers_as(&self, wanted: &Record) -> bool {
        self.has_content_of(wanted) && self.proxied == wanted.proxied
    }

    fn has_content_of(&self, wanted: &Record) -> bool {
        Kind::of(&self.kind) == Some(wanted.kind)
            && self.name == wanted.name
            && spelled(wanted.kind, &self.content) == wanted.content
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proxied = if self.proxied { " (proxied)" } else { "" };
        write!(f, "{} {} {}{proxied}", self.name, self.kind, self.content)
    }
}

/// The one spelling of a content: addresses in their canonical form, names in lower case without a dot at the end.
pub fn spelled(kind: Kind, content: &str) -> String {
    let plain = || content.trim().to_ascii_lowercase();
    match kind {
        Kind::A => content.trim().parse().map_or_else(|_| plain(), |address: Ipv4Addr| address.to_string()),
        Kind::Aaaa => content.trim().parse().map_or_else(|_| plain(), |address: Ipv6Addr| address.to_string()),
        Kind::Cname => plain().trim_end_matches('.').to_owned(),
    }
}

/// Whether a full name belongs into the zone.
pub fn is_in_zone(name: &str, zone: &str) -> bool {
    let (name, zone) = (name.to_ascii_lowercase(), zone.trim_end_matches('.').to_ascii_lowercase());
    name == zone || name.strip_suffix(&zone).is_some_and(|rest| rest.ends_with('.'))
}
