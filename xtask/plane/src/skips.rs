//! Tests that did not run, so that nobody takes their silence for success.
//!
//! Rust's harness knows "passed" and "ignored", but not "could not run here". A test of the wider tier
//! whose program is missing says so through [`skip`] and returns; `cargo xtask test` names the file of
//! [`LIST`], and prints what stands in it as its last lines.

use std::fs;
use std::io::Write as _;
use std::path::Path;

/// Environment variable with the file that collects the skips. Without it they are only printed.
pub const LIST: &str = "HOMELAB_SKIPS";

/// Notes that `test` did not run, and why.
pub fn skip(test: &str, reason: &str) {
    eprintln!("skipped: {test}: {reason}");
    if let Some(list) = std::env::var_os(LIST) {
        note(Path::new(&list), test, reason);
    }
}

/// One line per skip; a line is short, so that the writes of processes that append do not mix.
fn note(list: &Path, test: &str, reason: &str) {
    let line = format!("{test}: {}\n", reason.replace('\n', " "));
    let written =
        fs::File::options().create(true).append(true).open(list).and_then(|mut file| file.write_all(line.as_bytes()));
    if let Err(error) = written {
        eprintln!("the skip could not be noted in {}: {error}", list.display());
    }
}

/// The lines of a list, sorted and without repetition; none if nothing was skipped.
pub fn read(list: &Path) -> Vec<String> {
    let mut lines: Vec<String> = fs::read_to_string(list).unwrap_or_default().lines().map(str::to_owned).collect();
    lines.sort();
    lines.dedup();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skips_are_collected_once_each() {
        let dir = tempfile::tempdir().unwrap();
        let list = dir.path().join("skips");
        assert!(read(&list).is_empty());
        note(&list, "traefik_routes", "Traefik is not built\nand cannot be");
        note(&list, "postgres", "no server");
        note(&list, "postgres", "no server");
        assert_eq!(read(&list), ["postgres: no server", "traefik_routes: Traefik is not built and cannot be"]);
    }
}
