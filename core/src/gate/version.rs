//! Kubernetes versions, which are not semantic versions: a distribution's suffix (`+k3s1`) is no build metadata to be
//! ignored in print, a leading `v` comes and goes, and only the minor decides most rules.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A minor release line, such as 1.36.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Minor {
    /// 1, as long as there is no Kubernetes 2.
    pub major: u32,
    /// 36.
    pub minor: u32,
}

impl Minor {
    /// `1.minor`.
    pub const fn of(minor: u32) -> Self {
        Self { major: 1, minor }
    }

    /// The line after it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self { major: self.major, minor: self.minor + 1 }
    }

    /// By how many minors `self` is ahead of `other`; negative when behind.
    pub fn ahead_of(self, other: Self) -> i64 {
        i64::from(self.minor) - i64::from(other.minor)
    }
}

impl FromStr for Minor {
    type Err = ParseMinorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (major, minor) = text.split_once('.')?;
            Some(Self { major: number(major)?, minor: number(minor)? })
        };
        parse().ok_or_else(|| ParseMinorError(text.to_owned()))
    }
}

impl Serialize for Minor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Minor {
    fn schema_name() -> Cow<'static, str> {
        "Minor".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "description": "A release line, such as 1.36."})
    }
}

impl<'de> Deserialize<'de> for Minor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Minor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// A full version, such as `v1.36.2`, `1.37.0-rc.1` or `v1.34.2+k3s1`.
///
/// Ordered by its numbers, a pre-release before its release. A distribution's suffix comes last, so that the order is
/// total; whether one version is older than another ([`KubeVersion::is_before`]) it does not decide.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KubeVersion {
    /// Its release line.
    pub line: Minor,
    /// Its patch.
    pub patch: u32,
    /// `rc.1` of `1.37.0-rc.1`.
    pub pre_release: Option<String>,
    /// `k3s1` of `1.34.2+k3s1`.
    pub suffix: Option<String>,
}

/// Text that is no release line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no Kubernetes release line; one looks like 1.36")]
pub struct ParseMinorError(String);

/// Text that is no full Kubernetes version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseVersionError {
    /// A release line without a patch.
    #[error("{0:?} names a release line; a full version is needed, such as {0}.0")]
    NoPatch(String),
    /// Anything else.
    #[error("{0:?} is no Kubernetes version; one looks like 1.36.2")]
    Malformed(String),
}

impl FromStr for KubeVersion {
    type Err = ParseVersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || ParseVersionError::Malformed(text.to_owned());
        let bare = text.strip_prefix('v').unwrap_or(text);
        let (rest, suffix) = split_suffix(bare, '+').ok_or_else(malformed)?;
        let (numbers, pre_release) = split_suffix(rest, '-').ok_or_else(malformed)?;
        let numbers: Vec<u32> = numbers.split('.').map(number).collect::<Option<_>>().ok_or_else(malformed)?;
        match numbers.as_slice() {
            [major, minor, patch] if *major > 0 => {
                Ok(Self { line: Minor { major: *major, minor: *minor }, patch: *patch, pre_release, suffix })
            }
            [major, _] if *major > 0 && pre_release.is_none() && suffix.is_none() => {
                Err(ParseVersionError::NoPatch(bare.to_owned()))
            }
            _ => Err(malformed()),
        }
    }
}

/// Splits at the first `mark`: the part after it must not be empty and must be of a version's characters.
fn split_suffix(text: &str, mark: char) -> Option<(&str, Option<String>)> {
    let Some((before, after)) = text.split_once(mark) else { return Some((text, None)) };
    let fits = !after.is_empty() && after.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    fits.then(|| (before, Some(after.to_owned())))
}

/// A number as versions write it: at most four digits, no leading zero. Longer ones are slips of the keyboard, and the way
/// to a release line is walked minor by minor.
fn number(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let plain = text == "0" || !text.starts_with('0');
    (digits && plain && text.len() <= 4).then(|| text.parse().ok()).flatten()
}

impl Ord for KubeVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        // The spelling makes the order agree with equality, where two pre-releases differ in a leading zero only.
        let spelling = |version: &Self| (version.suffix.clone(), version.pre_release.clone());
        self.age(other).then_with(|| spelling(self).cmp(&spelling(other)))
    }
}

impl PartialOrd for KubeVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl KubeVersion {
    fn age(&self, other: &Self) -> Ordering {
        let numbers = |version: &Self| (version.line, version.patch);
        numbers(self).cmp(&numbers(other)).then_with(|| match (&self.pre_release, &other.pre_release) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(left), Some(right)) => pre_release_key(left).cmp(&pre_release_key(right)),
        })
    }

    /// Whether it is older than `other`.
    pub fn is_before(&self, other: &Self) -> bool {
        self.age(other) == Ordering::Less
    }
}

/// `alpha.10` sorts after `alpha.9`: numbers by value, words by letter.
fn pre_release_key(text: &str) -> Vec<(u64, String)> {
    text.split('.')
        .map(|part| part.parse::<u64>().map_or_else(|_| (u64::MAX, part.to_owned()), |number| (number, String::new())))
        .collect()
}

impl fmt::Display for KubeVersion {
    /// Without the leading `v`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.line, self.patch)?;
        if let Some(pre_release) = &self.pre_release {
            write!(f, "-{pre_release}")?;
        }
        if let Some(suffix) = &self.suffix {
            write!(f, "+{suffix}")?;
        }
        Ok(())
    }
}

impl Serialize for KubeVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for KubeVersion {
    fn schema_name() -> Cow<'static, str> {
        "KubeVersion".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "description": "A full version, such as 1.36.2, 1.37.0-rc.1 or 1.34.2+k3s1."})
    }
}

impl<'de> Deserialize<'de> for KubeVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> KubeVersion {
        text.parse().unwrap()
    }

    #[test]
    fn reads_what_kubernetes_prints() {
        for (text, shown) in [
            ("v1.36.2", "1.36.2"),
            ("1.34.2+k3s1", "1.34.2+k3s1"),
            ("v1.37.0-rc.1", "1.37.0-rc.1"),
            ("v1.30.1-eks-abc123", "1.30.1-eks-abc123"),
            ("1.9.0-alpha.3+dirty-x", "1.9.0-alpha.3+dirty-x"),
        ] {
            assert_eq!(version(text).to_string(), shown);
        }
    }

    #[test]
    fn refuses_what_is_none() {
        for text in [
            "",
            "1",
            "v",
            "1.36.2.1",
            "1.x.2",
            "1.036.2",
            "0.1.2",
            "1.36.-2",
            "1.36.2+",
            "1.36.2-",
            " 1.36.2",
            "1.36000.0",
        ] {
            assert!(matches!(text.parse::<KubeVersion>(), Err(ParseVersionError::Malformed(_))), "{text:?}");
        }
        assert_eq!("1.36".parse::<KubeVersion>(), Err(ParseVersionError::NoPatch("1.36".to_owned())));
    }

    #[test]
    fn orders_by_number_and_pre_releases_first() {
        let ascending = ["1.9.9", "1.36.0-alpha.9", "1.36.0-alpha.10", "1.36.0-rc.0", "1.36.0", "1.36.10", "1.100.0"];
        for pair in ascending.windows(2) {
            assert!(version(pair[0]).is_before(&version(pair[1])), "{pair:?}");
            assert!(!version(pair[1]).is_before(&version(pair[0])), "{pair:?}");
        }
        assert!(!version("1.34.2+k3s1").is_before(&version("1.34.2")));
        assert!(!version("1.34.2").is_before(&version("1.34.2+k3s1")));
        assert!(version("1.34.2") < version("1.34.2+k3s1"), "but the order is total");
    }
}
