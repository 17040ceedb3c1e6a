//! Reading below a root, with the system's own words for what could not be read.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use homelab_core::gate::Measured;

/// No file that is looked at here is larger, but for snapshots, which are not read.
const MOST: u64 = 16 << 20;
/// More links in a row lead in a circle.
const LINKS: u32 = 16;

/// The folder in which the machine's files are.
#[derive(Clone, Debug)]
pub(super) struct Root(PathBuf);

impl Root {
    pub(super) fn new(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// Whether it is the machine that this program runs on, and not a view of one.
    pub(super) fn is_whole_machine(&self) -> bool {
        self.0 == Path::new("/")
    }

    /// Where an absolute path of the machine is.
    pub(super) fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.0.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// The content of a file of the machine, by its absolute path.
    pub(super) fn bytes(&self, path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
        bounded(&self.followed(path.as_ref())?)
    }

    /// As [`Root::bytes`], of a text file.
    pub(super) fn text(&self, path: impl AsRef<Path>) -> io::Result<String> {
        String::from_utf8(self.bytes(path)?).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is no text"))
    }

    /// Names of what is in a folder of the machine, in order.
    pub(super) fn names(&self, folder: &str) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.at(folder))? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    /// Where the file is that a path leads to: links that name an absolute path mean one of the machine.
    pub(super) fn followed(&self, path: &Path) -> io::Result<PathBuf> {
        let mut place = self.at(path);
        for _ in 0..LINKS {
            if !fs::symlink_metadata(&place)?.is_symlink() {
                return Ok(place);
            }
            let target = fs::read_link(&place)?;
            place = if target.is_absolute() {
                self.at(&target)
            } else {
                place.parent().unwrap_or(Path::new("/")).join(target)
            };
        }
        Err(io::Error::other("its links lead in a circle"))
    }
}

/// The text of a file, which must not be larger than anything that is looked at here.
pub(super) fn bounded_text(path: &Path) -> io::Result<String> {
    String::from_utf8(bounded(path)?).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is no text"))
}

fn bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    // A file of the kernel's has no size until it is read.
    File::open(path)?.take(MOST + 1).read_to_end(&mut content)?;
    if content.len() as u64 > MOST {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("it is larger than {} MiB", MOST >> 20)));
    }
    Ok(content)
}

/// Why something could not be read, as a measurement.
pub(super) fn unread<T>(what: impl AsRef<Path>, error: &io::Error) -> Measured<T> {
    said(error).on(&what.as_ref().display().to_string())
}

/// As [`unread`], without what it was.
pub(super) fn said<T>(error: &io::Error) -> Measured<T> {
    match error.kind() {
        io::ErrorKind::PermissionDenied => Measured::Forbidden(error.to_string()),
        io::ErrorKind::NotFound => Measured::Absent(error.to_string()),
        _ => Measured::NotMeasured(error.to_string()),
    }
}
