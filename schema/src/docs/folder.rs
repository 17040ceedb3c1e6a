//! The folder that the pages stand in.
//!
//! The one place of this crate that touches files: what a check compares, and what it says of the difference, should not be
//! written once in the command line and once more in the tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use super::{Page, pages};

/// A file or folder that could not be read or written.
#[derive(Debug)]
pub struct DocsError {
    /// Which.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

impl std::error::Error for DocsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

impl fmt::Display for DocsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "use {}: {}", self.path.display(), self.source)
    }
}

/// How a folder differs from what the model says, one file each. `Display` is a line for a person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stale {
    /// A page that is not there.
    Missing(String),
    /// A page with another text.
    Changed(String),
    /// A page of something that is no longer there.
    Extra(String),
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(path) => write!(f, "{path} is missing"),
            Self::Changed(path) => write!(f, "{path} is not what the model and the examples give"),
            Self::Extra(path) => write!(f, "{path} describes something that does not exist"),
        }
    }
}

/// Folders below the documentation that hold nothing but generated pages.
const GENERATED: [&str; 4] = ["resources", "data-sources", "ephemeral-resources", "functions"];

/// How the folder `docs` differs from the pages of the model with the examples below `examples`; empty when it does not.
pub fn check(examples: &Path, docs: &Path) -> Result<Vec<Stale>, DocsError> {
    let wanted = wanted(examples)?;
    let present = present(docs)?;
    let mut stale: Vec<Stale> = wanted
        .iter()
        .filter_map(|page| match present.get(&page.path) {
            None => Some(Stale::Missing(page.path.clone())),
            Some(text) if *text != page.text => Some(Stale::Changed(page.path.clone())),
            Some(_) => None,
        })
        .collect();
    let extra = present.keys().filter(|path| !wanted.iter().any(|page| page.path == **path));
    stale.extend(extra.map(|path| Stale::Extra(path.clone())));
    stale.sort();
    Ok(stale)
}

/// Brings the folder `docs` in line with the model; answers what was stale. Pages that no longer belong are removed, files
/// that differ in nothing are not touched.
pub fn write(examples: &Path, docs: &Path) -> Result<Vec<Stale>, DocsError> {
    let stale = check(examples, docs)?;
    let wanted = wanted(examples)?;
    for difference in &stale {
        match difference {
            Stale::Extra(path) => {
                let path = docs.join(path);
                fs::remove_file(&path).map_err(|source| DocsError { path, source })?;
            }
            Stale::Missing(path) | Stale::Changed(path) => {
                let Some(page) = wanted.iter().find(|page| page.path == *path) else { continue };
                let path = docs.join(path);
                let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
                folder.and_then(|()| fs::write(&path, &page.text)).map_err(|source| DocsError { path, source })?;
            }
        }
    }
    Ok(stale)
}

fn wanted(examples: &Path) -> Result<Vec<Page>, DocsError> {
    // An example that cannot be read would silently become a page without one.
    let failed = std::cell::RefCell::new(None);
    let pages = pages(&|path| {
        let path = examples.join(path);
        match fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => {
                failed.borrow_mut().get_or_insert(DocsError { path, source });
                None
            }
        }
    });
    failed.into_inner().map_or(Ok(pages), Err)
}

/// Generated pages that are there, by path.
fn present(docs: &Path) -> Result<BTreeMap<String, String>, DocsError> {
    let mut found = BTreeMap::new();
    let mut read = |name: String| -> Result<(), DocsError> {
        let path = docs.join(&name);
        match fs::read_to_string(&path) {
            Ok(text) => {
                found.insert(name, text);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(DocsError { path, source }),
        }
    };
    read("index.md".to_owned())?;
    for folder in GENERATED {
        let path = docs.join(folder);
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(source) => return Err(DocsError { path, source }),
        };
        for entry in entries {
            let entry = entry.map_err(|source| DocsError { path: path.clone(), source })?;
            read(format!("{folder}/{}", entry.file_name().to_string_lossy()))?;
        }
    }
    Ok(found)
}
