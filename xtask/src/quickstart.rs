//! `cargo xtask quickstart`: the main job, without a cluster, for somebody who has just cloned this.
//!
//! It builds the provider, writes a local mirror and a CLI configuration, and runs Terraform as a user would: init, plan,
//! apply, a second plan that is empty. Objects go to a folder. Then the probe looks through a real network at a small
//! origin that this process serves: first as declared, then with one door walled off behind Terraform's back.

mod folder;

use std::path::{Path, PathBuf};

use clap::Args;
use homelab_plane::terraform::{Cli, Kind};

use self::folder::Folder;
use crate::origin::Origin;
use crate::steps::{Done, fail, heading, run_cargo, target_dir};

#[derive(Args)]
pub(crate) struct Options {
    /// Where to leave the folder to go on from; must be empty or not there yet, or from an earlier quick start
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

/// The task.
pub(crate) fn run(options: &Options) -> Done {
    heading("build the provider and the CLI (about 3 minutes the first time)");
    run_cargo(["build", "--package", "terraform-provider-homelab", "--package", "homelab"])?;
    let built = target_dir()?.join("debug");
    let terraform = Cli::any()?;
    let dir = match &options.dir {
        Some(dir) => std::path::absolute(dir)?,
        None => target_dir()?.join("quickstart"),
    };
    let origin = Origin::start()?;
    let folder = Folder::prepare(&dir, &terraform, &built.join("terraform-provider-homelab"), origin.port())?;

    heading("init");
    folder.terraform(&["init", "-input=false", "-no-color"], 0)?;
    heading("plan");
    folder.terraform(&["plan", "-input=false", "-no-color", "-out=quickstart.tfplan"], 0)?;
    heading("apply");
    folder.terraform(&["apply", "-input=false", "-no-color", "quickstart.tfplan"], 0)?;
    heading("a second plan: empty");
    folder.terraform(&["plan", "-input=false", "-no-color", "-detailed-exitcode"], 0)?;
    heading("what was rendered");
    show(&dir.join("manifests"))?;

    heading("the doors as declared");
    let probe = |expected: i32| folder.homelab(&built.join("homelab"), &["probe", "run", "--dir", "."], expected);
    probe(0)?;
    heading("now somebody walls /share off behind Terraform's back");
    origin.wall_off("/share");
    probe(2)?;
    heading("and the next plan says so: exit code 2");
    folder.terraform_from("Plan:", &["plan", "-input=false", "-no-color", "-detailed-exitcode"], 2)?;
    origin.restore("/share");

    eprintln!("\n=== go on from here\n");
    eprintln!("{}", folder.farewell(terraform.kind() == Kind::Terraform));
    Ok(())
}

/// Prints every file below `dir`.
fn show(dir: &Path) -> Done {
    let mut files = Vec::new();
    collect(dir, &mut files)?;
    files.sort();
    if files.is_empty() {
        return fail("nothing was rendered");
    }
    for file in files {
        println!("--- {}", file.strip_prefix(dir).unwrap_or(&file).display());
        println!("{}", std::fs::read_to_string(&file)?.trim_end());
    }
    Ok(())
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> Done {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() { collect(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
