//! What is searched for, and where.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use sha2::{Digest as _, Sha256};

use crate::plane::random_hex;
use crate::{Error, Result};

/// A secret that is nowhere else in the world.
pub struct Canary {
    name: &'static str,
    plain: String,
    forms: Vec<String>,
}

impl Canary {
    /// A new one, random. `name` is how messages name it.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where the machine has no source of random bytes.
    pub fn new(name: &'static str) -> Result<Self> {
        Ok(Self::of(name, &format!("canary-{}", random_hex(16)?)))
    }

    /// A secret that is there already.
    ///
    /// # Panics
    ///
    /// If it is shorter than 16 bytes: it would be found everywhere.
    pub fn of(name: &'static str, plain: &str) -> Self {
        assert!(plain.len() >= 16, "{name} is too short to be told from chance");
        let bytes = plain.as_bytes();
        let hash = Sha256::digest(bytes);
        let mut forms = vec![
            plain.to_owned(),
            hex(bytes),
            hex(bytes).to_uppercase(),
            URL_SAFE.encode(bytes),
            // As a list of numbers, as Rust shows bytes.
            bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(", "),
            // A hash of a secret is a secret where the secret is a password.
            hex(&hash),
            STANDARD.encode(hash),
        ];
        // Base64 of a text that contains it: what it looks like depends on where it begins, and its ends on its neighbours.
        for before in 0..3 {
            let padded = [&b"xxx"[..before], bytes].concat();
            let text = STANDARD.encode(padded);
            let from = if before == 0 { 0 } else { 4 };
            let whole = text.trim_end_matches('=').len() / 4 * 4;
            forms.push(text[from..whole.min(text.len() - 4)].to_owned());
        }
        Self { name, plain: plain.to_owned(), forms }
    }

    /// It, as it is.
    pub fn plain(&self) -> &str {
        &self.plain
    }

    /// All forms in which it could appear.
    pub fn forms(&self) -> impl Iterator<Item = &str> {
        self.forms.iter().map(String::as_str)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

impl std::fmt::Debug for Canary {
    // A test that fails must not be the leak.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Canary").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A search through everything that a run leaves behind.
#[derive(Debug)]
pub struct Search<'a> {
    canaries: &'a [Canary],
    /// Number of texts and of bytes, by the kind of place.
    seen: BTreeMap<&'static str, (usize, usize)>,
    hits: Vec<String>,
}

impl<'a> Search<'a> {
    /// For these, with nothing looked at yet.
    pub fn new(canaries: &'a [Canary]) -> Self {
        Self { canaries, seen: BTreeMap::new(), hits: Vec::new() }
    }

    /// Looks through a text.
    pub fn text(&mut self, kind: &'static str, place: &str, text: &str) {
        let seen = self.seen.entry(kind).or_default();
        *seen = (seen.0 + 1, seen.1 + text.len());
        for canary in self.canaries {
            // Only which and where: a test that fails must not be the leak.
            self.hits.extend(
                canary
                    .forms()
                    .enumerate()
                    .filter(|(_, form)| text.contains(form))
                    .map(|(number, _)| format!("{} (form {number}) in {kind} {place}", canary.name)),
            );
        }
    }

    /// Looks through every file of a folder, the programs of providers left out.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where a file cannot be read.
    pub fn folder(&mut self, folder: &Path) -> Result<()> {
        let mut left = vec![folder.to_owned()];
        while let Some(path) = left.pop() {
            if path.is_dir() {
                for entry in fs::read_dir(&path).map_err(Error::file(&path))? {
                    left.push(entry.map_err(Error::file(&path))?.path());
                }
                continue;
            }
            let name = path.display().to_string();
            if name.contains("terraform-provider-") {
                continue;
            }
            let kind = match () {
                () if name.contains(".tfstate") => "state",
                () if name.contains("/unzipped-") => "plan",
                () if path.extension().is_some_and(|extension| extension == "log") => "log",
                () if name.contains("/manifests/") => "manifest",
                () => "file",
            };
            self.text(kind, &name, &String::from_utf8_lossy(&fs::read(&path).map_err(Error::file(&path))?));
        }
        Ok(())
    }

    /// Whether it would find something in this text.
    pub fn would_find(&self, text: &str) -> bool {
        self.canaries.iter().any(|canary| canary.forms().any(|form| text.contains(form)))
    }

    /// What was found.
    pub fn hits(&self) -> &[String] {
        &self.hits
    }

    /// How much was looked at.
    pub fn report(&self) -> String {
        let places: Vec<String> = self
            .seen
            .iter()
            .map(|(kind, (texts, bytes))| format!("{kind} {texts} ({} KiB)", bytes.div_ceil(1024)))
            .collect();
        let forms: usize = self.canaries.iter().map(|canary| canary.forms.len()).sum();
        format!(
            "{} secrets in {forms} forms, {} hits; searched: {}",
            self.canaries.len(),
            self.hits.len(),
            places.join(", ")
        )
    }

    /// Each of these kinds of places was looked at.
    ///
    /// # Panics
    ///
    /// With the report, if one was not.
    #[track_caller]
    pub fn assert_saw(&self, kinds: &[&'static str]) {
        for kind in kinds {
            assert!(
                self.seen.get(kind).is_some_and(|(_, bytes)| *bytes > 0),
                "no {kind} was looked at: {}",
                self.report()
            );
        }
    }
}
