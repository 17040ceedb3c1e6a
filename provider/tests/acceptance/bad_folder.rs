//! Folders that cannot be written, and files of somebody else.

use crate::ingress::PHOTOS;
use crate::support::manifests;

#[test]
fn a_folder_that_cannot_be_written_is_an_error_with_its_path() {
    for work in manifests() {
        // Tests may run as root, whom no permission stops: a file where the folder should be does.
        work.write("manifests", "not a folder");
        work.write("main.tf", PHOTOS);
        let failed = work.run(["apply", "-auto-approve"]).fails_with("File not accessible");
        assert!(failed.says("manifests") && failed.says("homelab_ingress.photos"), "{failed}");
        assert!(!failed.says("panicked"), "{failed}");
        assert!(work.state()["values"].is_null(), "{:#}", work.state());

        work.remove("manifests");
        work.ok(["apply", "-auto-approve"]);
        let before = work.read("terraform.tfstate");
        // The folder is lost to something else later: that is an error, and no drift.
        std::fs::rename(work.path().join("manifests"), work.path().join("elsewhere")).unwrap();
        work.write("manifests", "not a folder");
        let refused = work.run(["plan", "-detailed-exitcode"]);
        assert_eq!(refused.code, 1, "{refused}");
        assert_eq!(work.read("terraform.tfstate"), before);
        work.remove("manifests");
        std::fs::rename(work.path().join("elsewhere"), work.path().join("manifests")).unwrap();
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}

#[test]
fn a_foreign_file_of_that_name_is_left_alone() {
    const THEIRS: &str = "# somebody's own\nkind: Ingress\n";
    for work in manifests() {
        work.write("manifests/photos/ingress-photos-share.yaml", THEIRS);
        work.write("main.tf", PHOTOS);
        let refused = work.run(["plan"]).fails_with("File written by somebody else");
        assert!(refused.says("photos/ingress-photos-share.yaml"), "{refused}");
        assert!(refused.says("Move the file away, or give the resource another name"), "{refused}");
        let failed = work.run(["apply", "-auto-approve"]);
        assert_ne!(failed.code, 0, "{failed}");
        assert_eq!(work.read("manifests/photos/ingress-photos-share.yaml"), THEIRS);
        assert!(work.state()["values"].is_null());

        work.remove("manifests/photos/ingress-photos-share.yaml");
        work.ok(["apply", "-auto-approve"]);
        // Somebody writes over ours: it is theirs now, and neither drift nor a destroy touches it.
        work.write("manifests/photos/ingress-photos-share.yaml", THEIRS);
        let refused = work.run(["plan", "-detailed-exitcode"]);
        assert_ne!(refused.code, 0, "{refused}");
        assert!(refused.says("photos/ingress-photos-share.yaml"), "{refused}");
        let _ = work.run(["destroy", "-auto-approve"]);
        assert_eq!(work.read("manifests/photos/ingress-photos-share.yaml"), THEIRS);
    }
}

#[test]
fn a_damaged_file_of_ours_is_an_error_and_not_absent() {
    for work in manifests() {
        work.write("main.tf", PHOTOS);
        work.ok(["apply", "-auto-approve"]);
        let file = "manifests/photos/ingress-photos.yaml";
        let written = work.read(file);
        work.write(file, &(written.clone() + "  : [\n"));
        let before = work.read("terraform.tfstate");
        let refused = work.run(["plan", "-detailed-exitcode"]);
        assert_eq!(refused.code, 1, "{refused}");
        assert!(refused.says("ingress-photos.yaml"), "{refused}");
        assert_eq!(work.read("terraform.tfstate"), before);
        work.write(file, &written);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
    }
}
