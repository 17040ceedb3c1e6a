//! The zip archive of one platform: one program, executable, with a fixed time, so that equal programs give equal
//! archives and equal sums.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::steps::Done;

/// Writes the archive at `path` with the program `name`.
pub(super) fn write(path: &Path, name: &str, program: &[u8]) -> Done {
    let mut archive = ZipWriter::new(File::create(path)?);
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o755);
    archive.start_file(name, options)?;
    archive.write_all(program)?;
    archive.finish()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn an_archive_holds_the_program_and_is_the_same_each_time() {
        let dir = tempfile::tempdir().unwrap();
        let (first, second) = (dir.path().join("a.zip"), dir.path().join("b.zip"));
        write(&first, "program_v1", b"bytes").unwrap();
        write(&second, "program_v1", b"bytes").unwrap();
        assert_eq!(std::fs::read(&first).unwrap(), std::fs::read(&second).unwrap());
        let mut archive = zip::ZipArchive::new(File::open(&first).unwrap()).unwrap();
        let mut file = archive.by_name("program_v1").unwrap();
        assert_eq!(file.unix_mode().map(|mode| mode & 0o777), Some(0o755));
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, b"bytes");
    }
}
