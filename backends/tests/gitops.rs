//! Objects in a folder.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use homelab_backends::gitops::Folder;
use homelab_backends::objects::{
    ApplyRequest, Cause, Change, Checked, DeleteRequest, Deletion, Mark, Objects as _, Owner, Scope, declared_view,
    kinds,
};
use serde_json::json;

fn request(name: &str) -> ApplyRequest {
    let object = json!({"spec": {"rules": [{"host": format!("{name}.example.net")}]}});
    ApplyRequest::new(
        kinds::INGRESS.object("photos", name),
        object,
        Mark::new(format!("homelab_ingress photos/{name}")),
    )
}

fn root() -> tempfile::TempDir {
    tempfile::tempdir().expect("temporary folder")
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry").file_name());
    let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn an_object_is_a_file_until_it_is_deleted() {
    let root = root();
    let folder = Folder::new(&root.path().join("made/on/demand"));
    let request = request("share");
    assert_eq!(folder.check(&request).await, Ok(Checked::Passed));
    assert!(files(root.path()).is_empty(), "a check writes nothing");
    assert_eq!(folder.get(&request.id).await, Ok(None));

    let applied = folder.apply(&request).await.expect("apply");
    assert_eq!(applied.change, Change::Created);
    let file = root.path().join("made/on/demand/photos/ingress-share.yaml");
    let text = fs::read_to_string(&file).expect("a file");
    assert!(text.contains("kind: Ingress\nmetadata:\n  name: share\n  namespace: photos\nspec:"), "{text}");

    let live = folder.get(&request.id).await.expect("get").expect("there");
    assert_eq!(live.mark().as_ref(), Some(&request.mark));
    assert_eq!(declared_view(&live.object, &request.object), request.object);
    assert_eq!(live, applied.live);
    assert_eq!(folder.apply(&request).await.expect("apply").change, Change::Unchanged);

    let delete = DeleteRequest::new(request.id.clone(), Some(request.mark.creation.clone()));
    assert_eq!(folder.delete(&delete).await, Ok(Deletion::Deleted));
    assert_eq!(
        files(&root.path().join("made/on/demand")),
        Vec::<String>::new(),
        "the empty folder of the namespace goes"
    );
    assert_eq!(folder.delete(&delete).await, Ok(Deletion::Absent));
}

#[tokio::test]
async fn drift_is_seen_and_repaired() {
    let root = root();
    let (folder, request) = (Folder::new(root.path()), request("share"));
    folder.apply(&request).await.expect("apply");
    let file = root.path().join("photos/ingress-share.yaml");
    let text = fs::read_to_string(&file).expect("a file");
    fs::write(&file, text.replace("share.example.net", "other.example.net")).expect("write");

    let live = folder.read(&request.id).await.expect("read").expect("there");
    assert_ne!(declared_view(&live.object, &request.object), request.object);
    assert_eq!(folder.apply(&request).await.expect("apply").change, Change::Updated);
    assert_eq!(fs::read_to_string(&file).expect("a file"), text);
}

#[tokio::test]
async fn a_foreign_file_is_refused_by_name_and_left_alone() {
    let root = root();
    let (folder, request) = (Folder::new(root.path()), request("share"));
    fs::create_dir(root.path().join("photos")).expect("folder");
    let file = root.path().join("photos/ingress-share.yaml");
    for foreign in ["kind: Ingress\n".as_bytes(), &[0xff, 0xfe, 0x00]] {
        fs::write(&file, foreign).expect("write");
        let cause = Cause::ForeignFile { file: "photos/ingress-share.yaml".to_owned() };
        assert_eq!(folder.check(&request).await.expect_err("foreign").cause, cause);
        assert_eq!(folder.apply(&request).await.expect_err("foreign").cause, cause);
        assert_eq!(folder.read(&request.id).await.expect_err("foreign").cause, cause, "not absent");
        let delete = DeleteRequest::new(request.id.clone(), Some(request.mark.creation.clone()));
        assert!(matches!(folder.delete(&delete).await, Ok(Deletion::Released { .. })));
        assert_eq!(fs::read(&file).expect("still there"), foreign);
    }
}

#[tokio::test]
async fn a_file_of_another_resource_is_refused_and_a_stale_delete_releases() {
    let root = root();
    let (folder, first) = (Folder::new(root.path()), request("share"));
    folder.apply(&first).await.expect("apply");
    let mut other = first.clone();
    other.mark = Mark::new("homelab_ingress photos/photos");
    let owner = Owner::Resource { owner: first.mark.owner.clone() };
    assert_eq!(folder.apply(&other).await.expect_err("owned").cause, Cause::OwnedBy(owner));

    let mut second = first.clone();
    second.mark = Mark::new(&first.mark.owner);
    folder.apply(&second).await.expect("apply");
    let stale = DeleteRequest::new(first.id.clone(), Some(first.mark.creation));
    assert!(matches!(folder.delete(&stale).await, Ok(Deletion::Released { .. })));
    assert!(folder.get(&first.id).await.expect("get").is_some());
}

#[tokio::test]
async fn a_damaged_file_of_ours_is_an_error_and_not_absent() {
    let root = root();
    let (folder, request) = (Folder::new(root.path()), request("share"));
    folder.apply(&request).await.expect("apply");
    let file = root.path().join("photos/ingress-share.yaml");
    let text = fs::read_to_string(&file).expect("a file");
    fs::write(&file, text.replace("spec:", "spec: [")).expect("write");
    let error = folder.read(&request.id).await.expect_err("damaged");
    assert!(matches!(error.cause, Cause::File { .. }), "{error}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named_and_keeps_its_files() {
    let root = root();
    let blocked = root.path().join("blocked");
    fs::write(&blocked, "a file where the folder should be").expect("write");
    let folder = Folder::new(&blocked);
    let error = folder.check(&request("share")).await.expect_err("no folder");
    assert!(error.to_string().contains("blocked"), "{error}");
    assert!(folder.apply(&request("share")).await.is_err());

    // Whoever has every right ignores the mode of a folder, so the check is what can be tested everywhere.
    let read_only = root.path().join("read-only");
    fs::create_dir(&read_only).expect("folder");
    fs::set_permissions(&read_only, fs::Permissions::from_mode(0o500)).expect("mode");
    let error = Folder::new(&read_only).check(&request("share")).await.expect_err("not writable");
    let Cause::File { path, words } = &error.cause else { panic!("{error:?}") };
    assert!(path.ends_with("read-only") && words.contains("not writable"), "{error}");
}

#[tokio::test]
async fn what_a_killed_process_left_is_overwritten_and_never_read() {
    let root = root();
    let (folder, request) = (Folder::new(root.path()), request("share"));
    fs::create_dir(root.path().join("photos")).expect("folder");
    fs::write(root.path().join("photos/.ingress-share.yaml.tmp"), "half an obj").expect("write");
    assert_eq!(folder.get(&request.id).await, Ok(None));
    folder.apply(&request).await.expect("apply");
    assert_eq!(files(&root.path().join("photos")), ["ingress-share.yaml"]);
}

#[tokio::test]
async fn a_name_that_is_a_path_is_refused() {
    let root = root();
    let folder = Folder::new(&root.path().join("inside"));
    let mut request = request("share");
    request.id.name = "../../escaped".to_owned();
    assert!(matches!(folder.apply(&request).await.expect_err("refused").cause, Cause::Invalid { .. }));
    assert!(files(root.path()).is_empty());
}

#[tokio::test]
async fn a_list_has_our_objects_of_the_kind_and_the_namespace() {
    let root = root();
    let folder = Folder::new(root.path());
    for name in ["b", "a"] {
        folder.apply(&request(name)).await.expect("apply");
    }
    let mut elsewhere = request("c");
    elsewhere.id = kinds::INGRESS.object("elsewhere", "c");
    folder.apply(&elsewhere).await.expect("apply");
    let mut other_kind = request("d");
    other_kind.id = kinds::MIDDLEWARE.object("photos", "d");
    folder.apply(&other_kind).await.expect("apply");

    let names = |found: Vec<homelab_backends::objects::Live>| -> Vec<String> {
        found.iter().map(|live| live.name().to_owned()).collect()
    };
    let listed = folder.list(kinds::INGRESS, Scope::Namespace("photos")).await.expect("list");
    assert_eq!(names(listed), ["a", "b"]);
    assert_eq!(names(folder.list(kinds::INGRESS, Scope::All).await.expect("list")), ["c", "a", "b"]);
    assert!(folder.list(kinds::INGRESS, Scope::Namespace("nowhere")).await.expect("list").is_empty());
}
