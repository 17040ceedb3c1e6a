//! The real Terraform drives the example provider `notes`: core's own judgement of plans, applies, imports and moves.
//!
//! The cases are the server's part of the decisions on state and planning. Without `terraform` on the PATH there is no
//! judge: each case then says so and ends.

mod support {
    pub(super) mod terraform;
}

use support::terraform::Folder;

const NOTE: &str = r#"
variable "remind" { default = "1h" }
variable "text" { default = null }
resource "notes_note" "b" { name = "b" }
resource "notes_note" "a" {
  name   = "a"
  text   = var.text
  remind = var.remind
  remark "mine"   { by = "me" }
  remark "theirs" { by = notes_note.b.name }
  line { says = "one" }
}
"#;

#[test]
fn a_note_is_made_changed_and_removed() {
    let Some(folder) = Folder::new(NOTE) else { return };
    folder.ok("validate");
    folder.ok("plan -out=plan");
    folder.ok("apply plan");
    folder.unchanged("");
    folder.unchanged("-refresh-only");
    // Another spelling of the same time is no change, and neither is what the API made of it.
    folder.unchanged("-var remind=60m");
    assert!(folder.file("store/a.json").contains("\"60m\"") && folder.state().contains("\"1h\""));

    let update = folder.ok("apply -auto-approve -var text=hello");
    assert!(update.contains("\"nothing\" -> \"hello\"") && update.contains("1 -> (known after apply)"), "{update}");
    folder.unchanged("-var text=hello");
    // Without the argument the default is back, not what it was.
    let removed = folder.ok("apply -auto-approve");
    assert!(removed.contains("\"hello\" -> \"nothing\""), "{removed}");

    folder.write("store/a.json", &folder.file("store/a.json").replace("nothing", "drifted"));
    assert_eq!(folder.run("plan -refresh-only -detailed-exitcode").0, 2);
    let drift = folder.ok("apply -auto-approve");
    assert!(drift.contains("\"drifted\" -> \"nothing\""), "{drift}");

    folder.write("main.tf", &folder.file("main.tf").replace("name   = \"a\"", "name   = \"c\""));
    let replaced = folder.ok("apply -auto-approve");
    assert!(replaced.contains("# forces replacement") && replaced.contains("1 added, 0 changed, 1 destroyed"));
    assert!(replaced.contains("The note makes room"), "a delete does not know that it belongs to a replacement");
    folder.unchanged("");
    folder.ok("taint notes_note.a");
    assert!(folder.ok("apply -auto-approve").contains("The note makes room"));
    assert!(folder.ok("apply -auto-approve -replace=notes_note.a").contains("The note makes room"));
    assert!(!folder.ok("destroy -auto-approve").contains("The note makes room"));
    assert_eq!(folder.ok("state list"), "");
}

#[test]
fn labelled_blocks_may_change_their_order_but_not_their_names() {
    let Some(folder) = Folder::new(NOTE) else { return };
    folder.ok("apply -auto-approve");
    let (mine, theirs) = ("remark \"mine\"   { by = \"me\" }", "remark \"theirs\" { by = notes_note.b.name }");
    let turned = folder.file("main.tf").replace(mine, "X").replace(theirs, mine).replace('X', theirs);
    folder.write("main.tf", &turned);
    folder.unchanged("");
    folder.write("main.tf", &turned.replace("\"theirs\"", "\"hers\""));
    let renamed = folder.ok("apply -auto-approve");
    assert!(renamed.contains("0 added, 1 changed, 0 destroyed"), "{renamed}");
    folder.unchanged("");
}

#[test]
fn a_failed_create_is_not_in_state() {
    let Some(folder) = Folder::new("resource \"notes_note\" \"a\" { name = \"no/such/folder\" }") else { return };
    let (code, text) = folder.run("apply -auto-approve");
    assert_eq!(code, 1);
    assert!(text.contains("Failed to write the note") && text.contains("main.tf line"), "{text}");
    assert_eq!(folder.ok("state list"), "");
}

#[test]
fn a_refused_configuration_is_shown_at_its_line() {
    let Some(folder) =
        Folder::new("resource \"notes_note\" \"a\" {\n  name = \"a\"\n  remark \"x\" {\n    by = \"\"\n  }\n}")
    else {
        return;
    };
    let (code, text) = folder.run("validate");
    assert_eq!(code, 1);
    assert!(text.contains("A remark needs somebody") && text.contains("by = \"\""), "{text}");
}

#[test]
fn objects_are_imported_and_old_states_upgraded() {
    let made = r#"{"text":"found","remind":"60m","writes":3}"#;
    let config = "resource \"notes_note\" \"a\" {\n  name = \"a\"\n  text = \"found\"\n  remind = \"1h\"\n}\n";
    let Some(folder) = Folder::new(config) else { return };
    folder.write("store/a.json", made);
    folder.ok("import notes_note.a a");
    folder.unchanged("");
    let old =
        folder.state().replace("\"text\":", "\"body\":").replace("\"schema_version\": 1", "\"schema_version\": 0");
    folder.write("terraform.tfstate", &old.replace("\"length\":", "\"gone\": true, \"length\":"));
    folder.unchanged("");

    folder.write("store/b.json", made);
    folder.write("import.tf", "import {\n  to = notes_note.b\n  id = \"b\"\n}\n");
    let planned = folder.ok("plan -generate-config-out=generated.tf");
    assert!(planned.contains("1 to import, 0 to add, 0 to change"), "{planned}");
    folder.ok("apply -auto-approve");
    folder.unchanged("");
}

#[test]
fn a_state_moves_to_the_type_that_replaces_its_own() {
    let Some(folder) = Folder::new("resource \"notes_text\" \"old\" {\n  name = \"a\"\n  text = \"t\"\n}\n") else {
        return;
    };
    folder.ok("apply -auto-approve");
    let moved = |from: &str, to: &str, resource: &str| {
        folder.write("main.tf", "");
        folder.write("moved.tf", &format!("moved {{\n  from = {from}\n  to = {to}\n}}\n{resource}"));
    };
    let note = "resource \"notes_note\" \"new\" {\n  name = \"a\"\n  text = \"t\"\n}\n";
    moved("notes_text.old", "notes_note.new", note);
    let applied = folder.ok("apply -auto-approve");
    assert!(applied.contains("0 added, 0 changed, 0 destroyed"), "{applied}");
    folder.unchanged("");
    moved(
        "notes_note.new",
        "notes_text.back",
        "resource \"notes_text\" \"back\" {\n  name = \"a\"\n  text = \"t\"\n}\n",
    );
    let (code, text) = folder.run("plan");
    assert!(code == 1 && text.contains("This move is not supported"), "{text}");
}

#[test]
fn secrets_pass_through_and_are_never_kept() {
    let config = r#"
resource "notes_note" "source" {
  name = "source"
  text = "hunter2"
}
ephemeral "notes_whisper" "it" { name = notes_note.source.name }
resource "notes_note" "sink" {
  name              = "sink"
  secret_wo         = ephemeral.notes_whisper.it.text
  secret_wo_version = 1
}
"#;
    let Some(folder) = Folder::new(config) else { return };
    folder.ok("plan -out=plan");
    folder.ok("apply plan");
    assert!(folder.file("store/sink.json").contains("\"secret_length\": 7"));
    assert!(folder.state().contains("\"secret_wo\": null"));
    assert_eq!(folder.state().matches("hunter2").count(), 1, "only the source says it");
    folder.unchanged("");
    folder.unchanged("-refresh-only");
}

#[test]
fn what_is_unknown_at_plan_is_known_at_apply() {
    let config = r#"
resource "terraform_data" "late" { input = ["one", "two"] }
resource "notes_note" "a" {
  name   = "a"
  remind = terraform_data.late.id
  dynamic "line" {
    for_each = terraform_data.late.output
    content { says = line.value }
  }
}
data "notes_names" "all" { depends_on = [notes_note.a] }
output "names" { value = data.notes_names.all.names }
output "loud" { value = provider::notes::loud("a", "b") }
"#;
    let Some(folder) = Folder::new(config) else { return };
    let provider = folder.file("provider.tf");
    let late = provider.replace(
        "folder = ",
        "folder = terraform_data.folder.output\n}\nresource \"terraform_data\" \"folder\" {\n  input = ",
    );
    folder.write("provider.tf", &late);
    folder.ok("plan -out=plan");
    let applied = folder.ok("apply plan");
    assert!(applied.contains("loud = \"A B\"") && applied.contains("\"a\","), "{applied}");
    assert!(folder.state().contains("\"back\": \"owt\""));
    folder.unchanged("");
    let schemas = folder.ok("providers schema -json");
    assert!(schemas.contains("\"ephemeral_resource_schemas\"") && schemas.contains("\"write_only\":true"));
}
