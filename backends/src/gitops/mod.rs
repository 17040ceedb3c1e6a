//! Objects in a folder, for Argo CD or Flux, or to begin without a cluster.
//!
//! One object a file, so that a change of one object is a change of one file. A file is written beside its place and
//! renamed into it: a reader sees the old one or the new one, never half of it, also when this process is killed. There
//! is one owner of a file, by its mark; what carries none was written by somebody else and is left alone.

mod file;
mod yaml;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use self::file::Content;
use crate::objects::{
    Applied, ApplyRequest, Backend, Cause, Change, Checked, DeleteRequest, Deletion, FieldsRequest, Kind, Live, Mark,
    ObjectError, ObjectId, Objects, Scope, declared_object, foreign_owner, release_reason,
};

/// A folder of objects.
#[derive(Clone, Debug)]
pub struct Folder {
    root: Arc<Path>,
}

impl Folder {
    /// That folder; it need not exist yet. A relative path starts where Terraform runs.
    pub fn new(root: &Path) -> Self {
        Self { root: root.into() }
    }

    /// Runs `work` where blocking is allowed, and says in an error what was tried.
    async fn blocking<T: Send + 'static>(
        &self,
        verb: &str,
        what: impl std::fmt::Display,
        work: impl FnOnce(&Path) -> Result<T, Cause> + Send + 'static,
    ) -> Result<T, ObjectError> {
        let root = self.root.clone();
        let done = tokio::task::spawn_blocking(move || work(&root)).await;
        done.unwrap_or(Err(Cause::Cancelled))
            .map_err(|cause| ObjectError::new(format!("{verb} {what} in {}", self.place()), cause))
    }
}

#[async_trait]
impl Objects for Folder {
    fn backend(&self) -> Backend {
        Backend::Folder
    }

    fn place(&self) -> String {
        format!("folder {}", self.root.display())
    }

    async fn get(&self, id: &ObjectId) -> Result<Option<Live>, ObjectError> {
        let wanted = id.clone();
        self.blocking("read", id, move |root| read(root, &wanted)).await
    }

    async fn read(&self, id: &ObjectId) -> Result<Option<Live>, ObjectError> {
        self.get(id).await
    }

    async fn list(&self, kind: Kind, scope: Scope<'_>) -> Result<Vec<Live>, ObjectError> {
        let namespace = match scope {
            Scope::Namespace(namespace) => Some(namespace.to_owned()),
            Scope::All => None,
        };
        self.blocking("list", format!("all {kind}"), move |root| list(root, kind, namespace.as_deref())).await
    }

    async fn apply(&self, request: &ApplyRequest) -> Result<Applied, ObjectError> {
        let wanted = request.clone();
        self.blocking("write", &request.id, move |root| apply(root, &wanted)).await
    }

    async fn check(&self, request: &ApplyRequest) -> Result<Checked, ObjectError> {
        let wanted = request.clone();
        self.blocking("check", &request.id, move |root| check(root, &wanted)).await
    }

    async fn apply_fields(&self, request: &FieldsRequest, _dry_run: bool) -> Result<Option<Live>, ObjectError> {
        if request.fields.as_object().is_some_and(serde_json::Map::is_empty) {
            return Ok(None);
        }
        let words =
            "a folder holds whole objects: one field of an object that is declared elsewhere cannot be set there";
        let cause = Cause::Invalid { words: words.to_owned(), fields: Vec::new() };
        Err(ObjectError::new(format!("write fields of {} in {}", request.id, self.place()), cause))
    }

    async fn delete(&self, request: &DeleteRequest) -> Result<Deletion, ObjectError> {
        let wanted = request.clone();
        self.blocking("remove", &request.id, move |root| delete(root, &wanted)).await
    }

    async fn served_version(&self, kind: Kind) -> Result<String, ObjectError> {
        Ok(kind.preferred_version().to_owned())
    }
}

fn file_of(id: &ObjectId) -> Result<String, Cause> {
    file::relative_path(id).map_err(|words| Cause::Invalid { words, fields: Vec::new() })
}

fn failed(path: &Path, error: &io::Error) -> Cause {
    Cause::File { path: path.display().to_string(), words: error.to_string() }
}

/// The object of a file, with its mark as the annotations that an object in a cluster carries.
fn read(root: &Path, id: &ObjectId) -> Result<Option<Live>, Cause> {
    let file = file_of(id)?;
    match content(&root.join(&file))? {
        None => Ok(None),
        Some(Content::Foreign) => Err(Cause::ForeignFile { file }),
        Some(Content::Ours(object, mark)) => Ok(Some(live(object, &mark))),
    }
}

fn live(mut object: Value, mark: &Mark) -> Live {
    mark.put(&mut object);
    Live { object }
}

fn content(path: &Path) -> Result<Option<Content>, Cause> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        // Not text: certainly not ours.
        Err(error) if error.kind() == io::ErrorKind::InvalidData => return Ok(Some(Content::Foreign)),
        Err(error) => return Err(failed(path, &error)),
    };
    file::read(&text).map(Some).map_err(|words| Cause::File { path: path.display().to_string(), words })
}

fn list(root: &Path, kind: Kind, namespace: Option<&str>) -> Result<Vec<Live>, Cause> {
    let folders = match (kind.namespaced, namespace) {
        (false, _) => vec![root.to_owned()],
        (true, Some(namespace)) => vec![root.join(namespace)],
        (true, None) => entries(root)?.into_iter().filter(|path| path.is_dir()).collect(),
    };
    let prefix = format!("{}-", kind.kind.to_lowercase());
    let mut found = Vec::new();
    for path in folders.iter().map(|folder| entries(folder)).collect::<Result<Vec<_>, _>>()?.concat() {
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if !name.starts_with(&prefix) || path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        if let Some(Content::Ours(object, mark)) = content(&path)?
            && object.get("kind").and_then(Value::as_str) == Some(kind.kind)
        {
            found.push(live(object, &mark));
        }
    }
    Ok(found)
}

/// What is in a folder, by name; nothing where there is none.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Cause> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(folder, &error)),
    };
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(|error| failed(folder, &error))?;
    paths.sort();
    Ok(paths)
}

fn apply(root: &Path, request: &ApplyRequest) -> Result<Applied, Cause> {
    let before = ours(root, request)?;
    let path = root.join(file_of(&request.id)?);
    let object = declared_object(request);
    let text = file::write(&object, &request.mark);
    let same = before.is_some() && std::fs::read_to_string(&path).is_ok_and(|old| old == text);
    if !same {
        replace(&path, &text)?;
    }
    let change = match before {
        None => Change::Created,
        Some(_) if same => Change::Unchanged,
        Some(_) => Change::Updated,
    };
    Ok(Applied { live: live(object, &request.mark), change })
}

/// The object that is there, if it may be overwritten.
fn ours(root: &Path, request: &ApplyRequest) -> Result<Option<Live>, Cause> {
    let found = read(root, &request.id)?;
    match found.as_ref().and_then(|found| foreign_owner(&found.object, &request.mark)) {
        Some(owner) => Err(Cause::OwnedBy(owner)),
        None => Ok(found),
    }
}

fn check(root: &Path, request: &ApplyRequest) -> Result<Checked, Cause> {
    ours(root, request)?;
    // The nearest folder that exists says whether the rest can be made. Nothing is written to find out.
    let path = root.join(file_of(&request.id)?);
    for folder in path.ancestors().skip(1) {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        match std::fs::metadata(folder) {
            Ok(metadata) if !metadata.is_dir() => {
                let words = "it is a file where a folder has to be".to_owned();
                return Err(Cause::File { path: folder.display().to_string(), words });
            }
            Ok(metadata) if metadata.permissions().readonly() => {
                return Err(Cause::File { path: folder.display().to_string(), words: "it is not writable".to_owned() });
            }
            Ok(_) => return Ok(Checked::Passed),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(folder, &error)),
        }
    }
    Ok(Checked::Passed)
}

/// Puts `text` into place at once or not at all.
fn replace(path: &Path, text: &str) -> Result<(), Cause> {
    use io::Write as _;
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    // The same name each time: what a killed process left behind is overwritten by the next write of this object. No tool
    // takes a hidden file without `.yaml` at its end for a manifest.
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = folder.join(format!(".{name}.tmp"));
    let written = std::fs::File::create(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    if let Err(error) = written {
        let _ = std::fs::remove_file(&beside);
        return Err(failed(&beside, &error));
    }
    std::fs::rename(&beside, path).map_err(|error| {
        let _ = std::fs::remove_file(&beside);
        failed(path, &error)
    })?;
    sync_folder(folder);
    Ok(())
}

/// Makes a rename or removal last through a power cut, where the system can; elsewhere the file is complete all the same.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = std::fs::File::open(folder) {
        let _ = folder.sync_all();
    }
}

fn delete(root: &Path, request: &DeleteRequest) -> Result<Deletion, Cause> {
    let path = root.join(file_of(&request.id)?);
    let found = match content(&path)? {
        None => return Ok(Deletion::Absent),
        Some(Content::Foreign) => {
            return Ok(Deletion::Released { reason: "the file does not carry our mark".to_owned() });
        }
        Some(Content::Ours(object, mark)) => live(object, &mark),
    };
    if let Some(reason) = release_reason(&found, request.creation.as_deref()) {
        return Ok(Deletion::Released { reason });
    }
    match std::fs::remove_file(&path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Deletion::Absent),
        Err(error) => return Err(failed(&path, &error)),
    }
    if let Some(folder) = path.parent() {
        sync_folder(folder);
        // Only an empty one can be removed this way, and only the namespace's: the root is the user's.
        if folder != root {
            let _ = std::fs::remove_dir(folder);
        }
    }
    Ok(Deletion::Deleted)
}
