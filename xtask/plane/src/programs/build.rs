//! Building a wrapper module with `go`, once, also when two runs want it at the same time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Program;
use super::once::{clock, once, run_told, say};
use crate::process::{describe, tail};
use crate::{Error, Result};

/// How long to wait before go is asked again. It asks the network for each of hundreds of modules once, and one answer
/// that is lost ends a build of minutes.
const PAUSES: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(20)];

/// Builds `program` into the cache and returns its file.
pub(super) fn build(program: &Program) -> Result<PathBuf> {
    let target = program.cached()?;
    once(program.name, &target, |arriving| {
        let go = toolchain(program)?;
        // Go may write go.mod and go.sum (-mod=mod), so it works on a copy; also the sources may be
        // somewhere that cannot be written.
        let work = tempfile::tempdir().map_err(Error::io("a temporary folder"))?;
        copy_files(&program.sources(), work.path())?;
        let built = work.path().join("built-program");
        run(program, &go, work.path(), &built)?;
        // The cache may be in another file system, so this is no rename.
        fs::copy(&built, arriving).map_err(Error::file(arriving)).map(drop)
    })?;
    Ok(target)
}

/// The `go` that can build `program`.
pub(super) fn toolchain(program: &Program) -> Result<PathBuf> {
    let missing = |reason: String| Error::Missing { program: program.what.to_owned(), reason };
    let go_mod = program.sources().join("go.mod");
    let text = fs::read_to_string(&go_mod).map_err(Error::file(&go_mod))?;
    let wanted = go_directive(&text).unwrap_or((1, 26, 0));
    let wanted_text = format!("{}.{}.{}", wanted.0, wanted.1, wanted.2);
    let instead = match program.installed_as {
        [] => String::new(),
        [name, ..] => format!(", or put `{name}` on the PATH"),
    };
    let Some(go) = super::on_path("go") else {
        return Err(missing(format!(
            "building it needs Go {wanted_text} or newer, and there is no `go` on the PATH; install Go{instead}"
        )));
    };
    let output = Command::new(&go)
        .args(["env", "GOVERSION"])
        .env("GOTOOLCHAIN", "local")
        .current_dir("/")
        .output()
        .map_err(Error::io("go env GOVERSION"))?;
    let found = String::from_utf8_lossy(&output.stdout).trim().trim_start_matches("go").to_owned();
    match version(&found) {
        Some(version) if version >= wanted => Ok(go),
        _ => Err(missing(format!(
            "building it needs Go {wanted_text} or newer, and the `go` on the PATH is {found}; install a newer Go{instead}"
        ))),
    }
}

/// The folder of one module that `program` is built from.
pub(super) fn module_dir(program: &Program, module: &str) -> Result<PathBuf> {
    let go = toolchain(program)?;
    again(|| {
        let output = Command::new(&go)
            .args(["mod", "download", "-json", module])
            .current_dir(program.sources())
            .envs([("GOFLAGS", ""), ("GOWORK", "off"), ("GOTOOLCHAIN", "local")])
            .stdin(Stdio::null())
            .output()
            .map_err(Error::io("go mod download"))?;
        // Go says what is wrong in the same JSON, or on standard error.
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        answer["Dir"].as_str().map(PathBuf::from).ok_or_else(|| {
            let said = answer["Error"].as_str().unwrap_or_default();
            Error::Build {
                program: module.to_owned(),
                status: describe(output.status),
                output: format!("{said}{}", String::from_utf8_lossy(&output.stderr)),
            }
        })
    })
}

/// What `work` gives; it is done again where a download failed in it.
fn again<T>(mut work: impl FnMut() -> Result<T>) -> Result<T> {
    for pause in PAUSES {
        match work() {
            Err(Error::Build { program, output, .. }) if is_download(&output) => {
                let seconds = pause.as_secs();
                say(&format!("a download for {program} failed, and is tried again in {seconds} s:\n{output}"));
                std::thread::sleep(pause);
            }
            done => return done,
        }
    }
    work()
}

/// Whether go failed over a download: its words name the address then. What is not there does not come later.
fn is_download(said: &str) -> bool {
    said.contains("://") && !["404 Not Found", "410 Gone"].iter().any(|gone| said.contains(gone))
}

fn run(program: &Program, go: &Path, work: &Path, built: &Path) -> Result<()> {
    let words = |name: &str| -> Vec<String> {
        let text = fs::read_to_string(work.join(name)).unwrap_or_default();
        text.split_whitespace().map(str::to_owned).collect()
    };
    // A program's own linker words, such as the version that it shall report, stand in its folder.
    let mut linker = vec!["-s".to_owned(), "-w".to_owned()];
    linker.extend(words("ldflags"));
    let go_mod = fs::read_to_string(work.join("go.mod")).map_err(Error::file(work.join("go.mod")))?;
    let package = tool_package(&go_mod).unwrap_or_else(|| ".".to_owned());
    let mut command = Command::new(go);
    command
        .args(["build", "-trimpath", "-buildvcs=false", "-ldflags", &linker.join(" ")])
        .args(words("goflags"))
        .arg("-o")
        .arg(built)
        .arg(package)
        .current_dir(work)
        // What a developer has in the environment must not decide what a test runs against, and no
        // prebuilt toolchain is downloaded.
        .envs([("CGO_ENABLED", "0"), ("GOFLAGS", ""), ("GOWORK", "off"), ("GOTOOLCHAIN", "local")]);

    let started = Instant::now();
    say(&format!("building {} with Go: about {}, this once", program.what, program.estimate()));
    let log = work.join("build.log");
    again(|| {
        let status = run_told(&mut command, &format!("building {}", program.what), &program.estimate(), &log)?;
        if status.success() {
            return Ok(());
        }
        let (program, status, output) = (program.name.to_owned(), describe(status), tail(&log, 25));
        Err(Error::Build { program, status, output })
    })?;
    say(&format!("built {} in {}", program.name, clock(started.elapsed())));
    Ok(())
}

fn copy_files(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from).map_err(Error::file(from))? {
        let path = entry.map_err(Error::file(from))?.path();
        if let (true, Some(name)) = (path.is_file(), path.file_name()) {
            fs::copy(&path, to.join(name)).map_err(Error::file(&path))?;
        }
    }
    Ok(())
}

/// The package of the `tool` line of a go.mod, if it has one.
fn tool_package(go_mod: &str) -> Option<String> {
    go_mod.lines().find_map(|line| line.strip_prefix("tool ").map(|rest| rest.trim().to_owned()))
}

/// The version of the `go` line of a go.mod.
fn go_directive(go_mod: &str) -> Option<(u32, u32, u32)> {
    go_mod.lines().find_map(|line| version(line.strip_prefix("go ")?))
}

/// "1.26.8", "1.26rc1" and "1.26.8-custom" to numbers; what is not there counts as 0.
fn version(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.trim().split('.').map(|part| {
        let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u32>().ok()
    });
    let major = parts.next()??;
    let minor = parts.next().flatten()?;
    Some((major, minor, parts.next().flatten().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert_eq!(version("1.26.8"), Some((1, 26, 8)));
        assert_eq!(version("1.26rc1"), Some((1, 26, 0)));
        assert_eq!(version("1.9.8-X:custom"), Some((1, 9, 8)));
        assert_eq!(version("devel"), None);
        assert!(version("1.9.0") < version("1.26.0"));
    }

    #[test]
    fn a_go_mod_says_what_to_build_and_with_what() {
        let text = "module m\n\ngo 1.26.6\n\ntool example.net/x/cmd/y\n\nrequire example.net/x v1\n";
        assert_eq!(go_directive(text), Some((1, 26, 6)));
        assert_eq!(tool_package(text).as_deref(), Some("example.net/x/cmd/y"));
        assert_eq!(tool_package("module m\n"), None);
    }

    #[test]
    fn only_a_download_is_tried_again() {
        let lost = "main.go:4:2: example.net/x@v1.2.0: Get \"https://proxy.example.net/x/v1.2.0.zip\": unexpected EOF";
        assert!(is_download(lost));
        assert!(!is_download("reading https://proxy.example.net/x/v9.zip: 404 Not Found"));
        assert!(!is_download("# example.net/x\n./main.go:4:2: undefined: y"));

        let mut times = 0;
        let failed = again::<()>(|| {
            times += 1;
            Err(Error::Build { program: "x".into(), status: "exit status: 1".into(), output: "undefined: y".into() })
        });
        assert!(failed.is_err());
        assert_eq!(times, 1);
    }

    #[test]
    fn the_modules_of_a_program_can_be_looked_into() {
        match module_dir(&Program::TFPLUGINDOCS, "github.com/hashicorp/terraform-plugin-docs") {
            Ok(dir) => assert!(dir.join("cmd/tfplugindocs").is_dir(), "{}", dir.display()),
            // Without Go there is nothing to look into; the sentence is what a developer then reads.
            Err(error) => assert!(error.is_missing(), "{error}"),
        }
        if toolchain(&Program::TFPLUGINDOCS).is_ok() {
            let error = module_dir(&Program::TFPLUGINDOCS, "example.net/no-such-module").unwrap_err();
            assert!(error.to_string().contains("no-such-module"), "{error}");
        }
    }
}
