//! The way from one release of External Secrets Operator to another: which versions, in which order, and what has to be done
//! before which of them.
//!
//! # Forces
//!
//! - The chart and the program have one version, and its authors support one minor version at a time: a way that skips one is
//!   nobody's. So a way goes through the last known patch of each.
//! - There was never a conversion between v1beta1 and v1. What is still declared in v1beta1 when 0.17 comes cannot be written
//!   any more, and going back means to have kept the old definitions: that hop is the point of no return.
//! - A version that is not in the table is not guessed: what it changes is not known here.
//!
//! The rows are data ([`ROWS`]); each says where it was read and when.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Serialize;

/// A version of the chart, which is the version of the program too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Major.
    pub major: u32,
    /// Minor.
    pub minor: u32,
    /// Patch.
    pub patch: u32,
}

/// Text that is no version of the chart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no version of the chart: one looks like 0.16.2")]
pub struct NoVersion {
    /// What was given.
    pub text: String,
}

impl FromStr for Version {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let wrong = || NoVersion { text: text.to_owned() };
        let plain = text.strip_prefix('v').unwrap_or(text);
        let mut parts = plain.split('.').map(|part| {
            let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            if is_number { part.parse::<u32>().ok() } else { None }
        });
        let mut next = || parts.next().flatten();
        let (Some(major), Some(minor), Some(patch)) = (next(), next(), next()) else { return Err(wrong()) };
        if parts.next().is_some() { Err(wrong()) } else { Ok(Self { major, minor, patch }) }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl Version {
    const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { major, minor, patch }
    }

    fn line(self) -> (u32, u32) {
        (self.major, self.minor)
    }
}

/// What has to be so before a version is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// No definition lists v1alpha1 as stored, and nobody declares it.
    NoV1Alpha1,
    /// Nobody declares v1beta1.
    NoneDeclaredV1Beta1,
    /// No definition lists v1beta1 as stored.
    NoneStoredV1Beta1,
    /// No store uses one of these providers, by the names of their blocks.
    NoProvider(&'static [&'static str]),
}

impl Need {
    /// What to do for it.
    pub fn text(self) -> String {
        match self {
            Self::NoV1Alpha1 => "Declare what is left of v1alpha1 as v1beta1, write every object once, and take v1alpha1 out \
                                 of `status.storedVersions` of the definitions: its conversion goes away."
                .to_owned(),
            Self::NoneDeclaredV1Beta1 => "Declare every ExternalSecret and store as v1, in all stacks and charts, and apply \
                                          them: 0.16 serves both versions. Keep a copy of every target Secret first: a tool \
                                          that replaces the object has its Secret collected."
                .to_owned(),
            Self::NoneStoredV1Beta1 => "Once every object was written as v1, take v1beta1 out of `status.storedVersions` of \
                                        the definitions."
                .to_owned(),
            Self::NoProvider(names) => format!("Move stores with the providers {} elsewhere: they are dropped.", names.join(" and ")),
        }
    }
}

/// One version, and what is known about it.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The last patch that is known of its line.
    pub version: Version,
    /// When the line was released.
    pub released: &'static str,
    /// What has to be so before.
    pub needs: &'static [Need],
    /// Whether there is no way back from it.
    pub is_point_of_no_return: bool,
    /// What else to know.
    pub note: &'static str,
    /// Where this was read.
    pub source: &'static str,
    /// When this was read.
    pub seen: &'static str,
}

const RELEASES: &str = "https://external-secrets.io/v2.8.0/introduction/stability-support/";
const PROMOTION: &str = "https://github.com/external-secrets/external-secrets/releases/tag/v0.17.0";
const SEEN: &str = "2026-11-21";

const fn row(version: (u32, u32, u32), released: &'static str) -> Row {
    Row {
        version: Version::new(version.0, version.1, version.2),
        released,
        needs: &[],
        is_point_of_no_return: false,
        note: "",
        source: RELEASES,
        seen: SEEN,
    }
}

/// Every version that a way may go through, oldest first, one for each minor version.
pub const ROWS: [Row; 20] = [
    row((0, 12, 1), "2024-12-24"),
    row((0, 13, 0), "2025-01-21"),
    row((0, 14, 4), "2025-02-04"),
    row((0, 15, 1), "2025-03-19"),
    Row {
        needs: &[Need::NoV1Alpha1],
        note: "It serves v1beta1 and v1, and has no conversion any more: the place to rewrite everything.",
        source: "https://github.com/external-secrets/external-secrets/issues/4633",
        ..row((0, 16, 2), "2025-04-14")
    },
    Row {
        needs: &[Need::NoneDeclaredV1Beta1, Need::NoneStoredV1Beta1],
        is_point_of_no_return: true,
        note: "It does not serve v1beta1: what is not rewritten cannot be written or read any more.",
        source: PROMOTION,
        ..row((0, 17, 0), "2025-05-14")
    },
    row((0, 18, 2), "2025-07-17"),
    row((0, 19, 2), "2025-08-02"),
    row((0, 20, 4), "2025-09-22"),
    Row { note: "The program's 1.0 is not the API's v1, which came with 0.16.", ..row((1, 0, 0), "2025-11-07") },
    row((1, 1, 1), "2025-11-21"),
    row((1, 2, 1), "2025-12-19"),
    row((1, 3, 2), "2026-01-23"),
    Row {
        needs: &[Need::NoProvider(&["alibaba", "device42"])],
        note: "Nothing but those two providers is dropped.",
        ..row((2, 0, 1), "2026-02-06")
    },
    row((2, 1, 0), "2026-03-06"),
    row((2, 2, 0), "2026-03-20"),
    row((2, 3, 0), "2026-04-10"),
    row((2, 4, 1), "2026-04-24"),
    Row {
        note: "The flag of the chart by which v1beta1 could be served again was to be removed on 2026-05-01.",
        source: "https://github.com/external-secrets/external-secrets/pull/5809",
        ..row((2, 5, 0), "2026-05-15")
    },
    row((2, 6, 0), "2026-06-05"),
];

/// Why there is no way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoWay {
    /// What was given is no version.
    #[error(transparent)]
    NoVersion(#[from] NoVersion),
    /// The line is not in the table.
    #[error("nothing is known here about {asked}: the versions that are known go from {oldest} to {newest}")]
    Unknown {
        /// What was asked for.
        asked: Version,
        /// The oldest that is known.
        oldest: Version,
        /// The newest that is known.
        newest: Version,
    },
    /// The line is, but a way ends with another patch of it.
    #[error("of the line {}.{} this program knows {known}, and not {asked}", asked.major, asked.minor)]
    UnknownPatch {
        /// What was asked for.
        asked: Version,
        /// What is known.
        known: Version,
    },
    /// It would be a way back.
    #[error("{to} is older than {from}: the operator has no way back")]
    Back {
        /// From.
        from: Version,
        /// To.
        to: Version,
    },
    /// It asks for one hop where several are needed.
    #[error("from {from} to {to} is not one hop: {next} comes first")]
    Skips {
        /// From.
        from: Version,
        /// To.
        to: Version,
        /// What has to come first.
        next: Version,
    },
}

fn unknown(asked: Version) -> NoWay {
    let [oldest, .., newest] = &ROWS;
    NoWay::Unknown { asked, oldest: oldest.version, newest: newest.version }
}

/// One hop of a way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Hop {
    /// The version to install.
    pub version: String,
    /// When its line was released.
    pub released: String,
    /// Whether there is no way back from it.
    pub point_of_no_return: bool,
    /// What has to be done before it.
    pub before: Vec<String>,
    /// What else to know; may be empty.
    pub note: String,
    /// Where this was read.
    pub source: String,
    /// When this was read.
    pub seen: String,
}

/// The rows of the way from `from`, which is installed, to `to`; without that of `from`.
pub fn rows(from: &str, to: &str) -> Result<Vec<Row>, NoWay> {
    let (from, to) = (from.parse::<Version>()?, to.parse::<Version>()?);
    let line = |wanted: Version| {
        ROWS.iter().position(|row| row.version.line() == wanted.line()).ok_or_else(|| unknown(wanted))
    };
    let (start, end) = (line(from)?, line(to)?);
    if to < from {
        return Err(NoWay::Back { from, to });
    }
    let known = ROWS.get(end).map_or(to, |row| row.version);
    if to != known && to != from {
        return Err(NoWay::UnknownPatch { asked: to, known });
    }
    // The last patch of the line that is installed is no hop of its own: the next line may follow on any.
    let rows = ROWS.iter().skip(start + 1).take(end - start).copied();
    let within = (start == end && to != from).then(|| ROWS.get(end).copied()).flatten();
    Ok(rows.chain(within).collect())
}

/// As [`rows`], for one hop: an error where it would be several.
pub fn one(from: &str, to: &str) -> Result<Vec<Row>, NoWay> {
    let rows = rows(from, to)?;
    match rows.as_slice() {
        [first, _, ..] => {
            Err(NoWay::Skips { from: from.parse::<Version>()?, to: to.parse::<Version>()?, next: first.version })
        }
        _ => Ok(rows),
    }
}

impl From<Row> for Hop {
    fn from(row: Row) -> Self {
        Self {
            version: row.version.to_string(),
            released: row.released.to_owned(),
            point_of_no_return: row.is_point_of_no_return,
            before: row.needs.iter().map(|need| need.text()).collect(),
            note: row.note.to_owned(),
            source: row.source.to_owned(),
            seen: row.seen.to_owned(),
        }
    }
}
