//! Images and the versions in their tags.
//!
//! A tag is a name that somebody gave, not a version: `latest`, `2`, `v3.30` and a bare digest say nothing that can be
//! judged, and guessing has let wrong versions pass. Only a tag with three numbers is read.

use std::fmt;

/// The version of an add-on: three numbers, and whether it comes before its release.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppVersion {
    numbers: [u32; 3],
    // Sorts before its release, as `false` does before `true`.
    released: bool,
    pre_release: String,
}

impl AppVersion {
    /// The version in a tag, such as `v2.6.0`, `1.18.1-alpine` or `26.3.0-rc.1`; an error is a fragment.
    pub fn of_tag(tag: &str) -> Result<Self, String> {
        let (numbers, rest) = split(tag);
        match numbers.as_slice() {
            [major, minor, patch] => {
                let pre_release = pre_release(rest);
                let released = pre_release.is_none();
                let pre_release = pre_release.unwrap_or_default();
                Ok(Self { numbers: [*major, *minor, *patch], released, pre_release })
            }
            [] => Err(format!("{tag:?} is no version")),
            [_] | [_, _] => Err(format!("{tag:?} is not in full: it moves from patch to patch")),
            _ => Err(format!("{tag:?} has more numbers than a version")),
        }
    }

    /// The version of a kernel, such as `6.1.0-26-amd64`: its first three numbers; an error is a fragment.
    pub fn of_kernel(release: &str) -> Result<Self, String> {
        match split(release).0.as_slice() {
            [major, minor, patch, ..] => {
                Ok(Self { numbers: [*major, *minor, *patch], released: true, pre_release: String::new() })
            }
            _ => Err(format!("the node reports {release:?}, which is no kernel's version")),
        }
    }

    /// A floor, such as `2.8`, `1.7.28` or `3`: what is left out is zero.
    pub fn floor(text: &str) -> Option<Self> {
        let (numbers, rest) = split(text);
        let mut full = [0; 3];
        if numbers.is_empty() || numbers.len() > 3 || !rest.is_empty() || text.starts_with('v') {
            return None;
        }
        full[..numbers.len()].copy_from_slice(&numbers);
        Some(Self { numbers: full, released: true, pre_release: String::new() })
    }

    /// Major and minor.
    pub fn line(&self) -> (u32, u32) {
        (self.numbers[0], self.numbers[1])
    }
}

impl fmt::Display for AppVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(f, "{major}.{minor}.{patch}")?;
        if !self.released {
            write!(f, "-{}", self.pre_release)?;
        }
        Ok(())
    }
}

/// The numbers at the start, and what follows them.
fn split(text: &str) -> (Vec<u32>, &str) {
    let bare = text.strip_prefix('v').unwrap_or(text);
    let end = bare.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(bare.len());
    let (numbers, rest) = bare.split_at(end);
    let numbers: Option<Vec<u32>> =
        numbers.split('.').map(|part| part.parse().ok().filter(|_| part.len() <= 6)).collect();
    match numbers {
        Some(numbers) if rest.is_empty() || rest.starts_with(['-', '+', '_', '~']) => (numbers, rest),
        _ => (Vec::new(), text),
    }
}

/// `rc.1` of `-rc.1`; nothing for a variant of the same version, such as `-alpine` or `-debian-12-r1`.
fn pre_release(rest: &str) -> Option<String> {
    let rest = rest.strip_prefix('-')?;
    let marks = ["alpha", "beta", "rc", "dev", "pre", "snapshot"];
    let words = rest.split(|c: char| !c.is_ascii_alphabetic());
    words.map(str::to_ascii_lowercase).any(|word| marks.contains(&word.as_str())).then(|| rest.to_owned())
}

/// An image reference in its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image<'a> {
    /// The name within the registry, such as `external-secrets/external-secrets`.
    pub name: &'a str,
    /// The tag.
    pub tag: Option<&'a str>,
    /// Whether it is pinned by digest.
    pub digest: bool,
}

impl<'a> Image<'a> {
    /// Takes a reference apart. The registry's host, with or without a port, is left out: mirrors keep the name.
    pub fn of(reference: &'a str) -> Self {
        let (rest, digest) = reference.split_once('@').map_or((reference, false), |(rest, _)| (rest, true));
        // A colon before the last slash belongs to a registry's port.
        let last = rest.rfind('/').map_or(0, |at| at + 1);
        let (path, tag) = match rest[last..].find(':') {
            Some(at) => (&rest[..last + at], Some(&rest[last + at + 1..]).filter(|tag| !tag.is_empty())),
            None => (rest, None),
        };
        let name = match path.split_once('/') {
            Some((host, name)) if host.contains(['.', ':']) || host == "localhost" => name,
            _ => path,
        };
        Self { name, tag, digest }
    }

    /// Whether it is the image of that name, in whatever registry and below whatever folder of a mirror.
    pub fn is(&self, wanted: &str) -> bool {
        self.name.strip_suffix(wanted).is_some_and(|before| before.is_empty() || before.ends_with('/'))
    }

    /// Its version; an error is a fragment.
    pub fn version(&self) -> Result<AppVersion, String> {
        match (self.tag, self.digest) {
            (Some(tag), _) => AppVersion::of_tag(tag),
            (None, true) => Err("it is pinned by digest alone, and a digest names no version".to_owned()),
            (None, false) => Err("it has no tag".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_full_versions_are_read_from_tags() {
        for (tag, shown) in [
            ("v2.6.0", Some("2.6.0")),
            ("1.18.1", Some("1.18.1")),
            ("1.18.1-alpine", Some("1.18.1")),
            ("2.1.0-debian-12-r3", Some("2.1.0")),
            ("v3.31.0-0.dev-12-gabc", Some("3.31.0-0.dev-12-gabc")),
            ("26.3.0-rc.1", Some("26.3.0-rc.1")),
            ("1.2.3+build.7", Some("1.2.3")),
            ("v3.30", None),
            ("3", None),
            ("latest", None),
            ("", None),
            ("1.2.3.4", None),
            ("2024.01.02x", None),
            ("1..2", None),
        ] {
            assert_eq!(AppVersion::of_tag(tag).ok().map(|version| version.to_string()).as_deref(), shown, "{tag}");
        }
    }

    #[test]
    fn versions_are_in_order_and_a_candidate_comes_before_its_release() {
        let version = |tag| AppVersion::of_tag(tag).unwrap();
        for (older, newer) in [("0.12.0", "0.12.1"), ("0.9.9", "0.10.0"), ("2.0.0-rc.1", "2.0.0"), ("2.9.0", "2.10.0")]
        {
            assert!(version(older) < version(newer), "{older} {newer}");
        }
        assert_eq!(version("2.6.0-ubi9"), version("v2.6.0"));
        assert!(version("2.0.0-rc.1") < AppVersion::floor("2.0").unwrap());
        assert_eq!(AppVersion::floor("3").unwrap().line(), (3, 0));
        for text in ["", "v2", "2.x", "1.2.3.4", "2-rc"] {
            assert_eq!(AppVersion::floor(text), None, "{text}");
        }
    }

    #[test]
    fn registries_ports_and_digests_are_taken_off() {
        for (reference, name, tag, digest) in [
            ("kyverno", "kyverno", None, false),
            ("registry.example.net:5000/mirror/calico/node:v3.30.7", "mirror/calico/node", Some("v3.30.7"), false),
            ("registry.example.net:5000/calico/node", "calico/node", None, false),
            ("localhost/calico/node:1", "calico/node", Some("1"), false),
            ("calico/node:v3.30.7@sha256:00ff", "calico/node", Some("v3.30.7"), true),
            ("registry.example.net/calico/node@sha256:00ff", "calico/node", None, true),
            ("", "", None, false),
        ] {
            assert_eq!(Image::of(reference), Image { name, tag, digest }, "{reference}");
        }
        let image = Image::of("registry.example.net/mirror/calico/node:v3.30.7");
        assert!(image.is("calico/node") && image.is("node"));
        assert!(!image.is("alico/node") && !Image::of("example/csi-node:v1").is("node"));
    }
}
