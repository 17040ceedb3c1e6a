//! The newest snapshot of etcd in a folder.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use homelab_core::gate::{Measured, Snapshot};

use super::files::unread;

/// Endings of what lies beside snapshots and is none.
const BESIDE: [&str; 9] = [".tmp", ".part", ".partial", ".sha256", ".md5", ".txt", ".md", ".log", ".json"];
/// Endings of snapshots whose content is packed.
const PACKED: [&str; 7] = [".gz", ".zst", ".xz", ".bz2", ".lz4", ".zip", ".tar"];
/// What etcd's database begins with: the first page says in four bytes after its head that it is one (bbolt's meta page).
const MAGIC: [u8; 4] = 0xED0C_DAED_u32.to_le_bytes();
const MAGIC_AT: usize = 16;
/// A file that is smaller cannot be a snapshot, which is for the judge to say.
const LEAST: u64 = 1024;

/// The newest snapshot in a folder, and the size of the one before it.
pub(super) fn newest(folder: &Path, now: u64) -> Measured<Snapshot> {
    let mut files = match listed(folder) {
        Ok(files) => files,
        Err(error) => return unread(folder, &error),
    };
    files.sort();
    let Some((written, path, bytes)) = files.pop() else {
        return Measured::Absent(format!("{}: there is no snapshot in it", folder.display()));
    };
    if bytes >= LEAST && !ends_with_one_of(&path, &PACKED) {
        match begins_as_database(&path) {
            Ok(true) => {}
            Ok(false) => {
                return Measured::NotMeasured(format!("{}: the newest file is no database of etcd", path.display()));
            }
            // Who may list the folder knows age and size, which is what is judged.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            Err(error) => return unread(path, &error),
        }
    }
    let bytes_before = files.pop().map(|(_, _, bytes)| bytes);
    let written = written.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Measured::Seen(Snapshot { age_seconds: now.saturating_sub(written), bytes, bytes_before })
}

/// Every file that may be a snapshot: when it was written, its path and its size.
fn listed(folder: &Path) -> io::Result<Vec<(SystemTime, PathBuf, u64)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if hidden || ends_with_one_of(&path, &BESIDE) {
            continue;
        }
        let told = match fs::metadata(&path) {
            Ok(told) => told,
            // An old one may be removed while we look.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        if told.is_file() {
            files.push((told.modified()?, path, told.len()));
        }
    }
    Ok(files)
}

fn ends_with_one_of(path: &Path, endings: &[&str]) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    endings.iter().any(|ending| name.ends_with(ending))
}

fn begins_as_database(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take((MAGIC_AT + MAGIC.len()) as u64).read_to_end(&mut head)?;
    Ok(head.get(MAGIC_AT..) == Some(&MAGIC))
}
