//! A folder of manifests, as somebody will apply it next.

use std::fs;
use std::path::{Path, PathBuf};

use homelab_core::gate::{ManifestUse, Measured};

use super::{documents, together};

/// A larger file is no manifest that a person writes.
const MOST_BYTES: u64 = 16 * 1024 * 1024;
/// A folder with more is another than was meant.
const MOST_FILES: usize = 10_000;

/// The APIs in every `.yaml`, `.yml` and `.json` below it. What begins with a dot is left out, and links to folders are
/// not followed, since they may lead back.
pub(super) fn uses(folder: &Path) -> Measured<Vec<ManifestUse>> {
    let mut files = Vec::new();
    if let Err(error) = fs::read_dir(folder) {
        return Measured::NotMeasured(format!("failed to read the folder {}: {error}", folder.display()));
    }
    let mut unread = Vec::new();
    walk(folder, &mut files, &mut unread);
    files.sort();
    if files.is_empty() && unread.is_empty() {
        return Measured::Absent(format!("there is no .yaml, .yml or .json below {}", folder.display()));
    }
    let mut seen = Vec::new();
    for file in files {
        let place = file.strip_prefix(folder).unwrap_or(&file).display().to_string();
        match read(&file).and_then(|text| documents::uses(&place, &text)) {
            Ok(uses) => seen.extend(uses),
            Err(why) => unread.push(format!("{place}: {why}")),
        }
    }
    together(seen, &unread)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>, unread: &mut Vec<String>) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return unread.push(format!("{}: {error}", folder.display())),
    };
    for entry in entries {
        let (path, kind) = match entry.and_then(|entry| Ok((entry.path(), entry.file_type()?))) {
            Ok(found) => found,
            Err(error) => {
                unread.push(format!("{}: {error}", folder.display()));
                continue;
            }
        };
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
            continue;
        }
        if kind.is_dir() {
            walk(&path, files, unread);
        } else if path.extension().is_some_and(|end| end == "yaml" || end == "yml" || end == "json") {
            if files.len() == MOST_FILES {
                return unread.push(format!("there are more than {MOST_FILES} files"));
            }
            files.push(path);
        }
    }
}

fn read(file: &Path) -> Result<String, String> {
    let length = fs::metadata(file).map_err(|error| error.to_string())?.len();
    if length > MOST_BYTES {
        return Err(format!("it is larger than {MOST_BYTES} bytes"));
    }
    fs::read_to_string(file).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_to_its_ground_and_what_is_not_readable_is_named() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("apps/photos.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: photos}\n");
        write(
            "range.json",
            r#"{"apiVersion": "networking.k8s.io/v1beta1", "kind": "ServiceCIDR", "metadata": {"name": "x"}}"#,
        );
        write("notes.txt", "apiVersion: v1\nkind: Nothing\n");
        write(".git/config.yaml", "a: [");
        let Measured::Seen(uses) = uses(root.path()) else { panic!("all of it can be read") };
        let shown: Vec<_> = uses.iter().map(|used| (used.place.as_str(), used.name.as_str())).collect();
        assert_eq!(shown, [("apps/photos.yaml", "photos"), ("range.json", "x")]);

        write("templates/app.yaml", "{{- if .Values.on }}\nkind: X\n");
        let part = super::uses(root.path());
        let Measured::Partial { seen, why } = part else { panic!("{part:?}") };
        assert_eq!(seen.len(), 2);
        assert!(why.starts_with("templates/app.yaml: it cannot be read as YAML"), "{why}");
    }

    #[test]
    fn a_folder_without_manifests_is_no_clean_one() {
        let root = tempfile::tempdir().unwrap();
        assert!(matches!(uses(root.path()), Measured::Absent(_)));
        assert!(
            matches!(uses(&root.path().join("no")), Measured::NotMeasured(why) if why.contains("failed to read the folder"))
        );
    }
}
