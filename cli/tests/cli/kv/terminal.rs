//! On a real terminal: nothing secret is ever shown on it.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use homelab_plane::process::wait_for;
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};
use serde_json::json;

use super::{Document, two};
use crate::support::Homelab;

/// A terminal with the program in front of it.
struct Terminal {
    keyboard: File,
    /// Kept open, so that its modes can be looked at when the program is gone.
    line: OwnedFd,
    screen: Arc<Mutex<Vec<u8>>>,
    child: Child,
    /// Its folder goes with it.
    _run: Homelab,
}

impl Terminal {
    fn with(mut run: Homelab) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        // Nothing that another test starts may get hold of it.
        let line = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).unwrap();
        let end = || Stdio::from(line.try_clone().unwrap());
        run.command.stdin(end()).stdout(end()).stderr(end());
        let child = run.command.spawn().unwrap();
        // The command keeps its ends of the line open, and with them the screen.
        run.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut from: File = master.try_clone().unwrap().into();
        let screen = Arc::new(Mutex::new(Vec::new()));
        let shown = Arc::clone(&screen);
        // It ends with the terminal.
        std::thread::spawn(move || {
            let mut buffer = [0; 1024];
            // A terminal that nobody holds any more answers with an error.
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                shown.lock().unwrap().extend_from_slice(&buffer[..count]);
            }
        });
        Self { keyboard: master.into(), line, screen, child, _run: run }
    }

    fn screen(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().unwrap()).into_owned()
    }

    fn until(&self, words: &str) {
        wait_for(words, Duration::from_mins(1), || {
            let screen = self.screen();
            Ok(if screen.contains(words) { Ok(()) } else { Err(screen) })
        })
        .unwrap();
    }

    fn types(&mut self, keys: &[u8]) {
        self.keyboard.write_all(keys).unwrap();
    }

    fn shows_what_is_typed(&self) -> bool {
        tcgetattr(self.line.as_fd())
            .unwrap()
            .local_modes
            .contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    }

    /// Its exit code, and all that was ever on the screen.
    fn end(mut self) -> (i32, String) {
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        assert!(self.shows_what_is_typed(), "the terminal is left as it was found");
        // What the program wrote last comes before what is written after it.
        rustix::io::write(&self.line, b"(end of screen)").unwrap();
        self.until("(end of screen)");
        let screen = self.screen();
        let screen = screen.split("(end of screen)").next().unwrap().to_owned();
        assert!(!screen.contains("panicked"), "{screen}");
        (code, screen)
    }
}

fn on_terminal(document: &Document, verb: &str, more: &str, term: &str) -> Terminal {
    Terminal::with(document.run(verb).args(more).env("TERM", term))
}

#[test]
fn a_document_and_any_json_of_values_refuse_a_terminal() {
    let document = Document::with(&two());
    for more in ["", "--output json", "--output json --field password"] {
        let (code, screen) = on_terminal(&document, "get", more, "xterm-kitty").end();
        assert_eq!(code, 1, "{more}");
        assert!(screen.contains("not written to a terminal") && screen.contains("--field"), "{more}: {screen}");
        assert!(!screen.contains("s3cret"), "{more}: {screen}");
    }
}

#[test]
fn a_value_goes_into_the_clipboard_and_is_taken_out_again() {
    let document = Document::with(&json!({"password": "s3cret"}));
    let (code, screen) = on_terminal(&document, "get", "--field password --clear-after 100ms", "xterm-kitty").end();
    assert_eq!(code, 0, "{screen}");
    let put = screen.find("\u{1b}]52;c;czNjcmV0\u{7}").expect("put in");
    let taken = screen.find("\u{1b}]52;c;!\u{7}").expect("taken out");
    assert!(put < taken, "{screen:?}");
    assert!(!screen.contains("s3cret") && screen.contains("the clipboard is empty"), "{screen:?}");
}

#[test]
fn an_interrupted_loan_is_taken_back() {
    let document = Document::with(&json!({"password": "s3cret"}));
    let terminal = on_terminal(&document, "get", "--field password --clear-after 10m", "tmux-256color");
    terminal.until("it is in the clipboard");
    let id = rustix::process::Pid::from_raw(i32::try_from(terminal.child.id()).unwrap()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    let (code, screen) = terminal.end();
    assert_eq!(code, 0);
    assert!(screen.contains("\u{1b}]52;c;!\u{7}") && screen.ends_with("the clipboard is empty\r\n"), "{screen:?}");
}

#[test]
fn a_terminal_without_a_clipboard_gets_nothing() {
    let document = Document::with(&json!({"password": "s3cret"}));
    for term in ["xterm-256color", "linux", "dumb"] {
        let (code, screen) = on_terminal(&document, "get", "--field password", term).end();
        assert_eq!(code, 1, "{term}");
        assert!(screen.contains("not known to have a clipboard") && !screen.contains("czNjcmV0"), "{term}: {screen}");
    }
    let (code, screen) = on_terminal(&document, "get", "--field password --clear-after 11m", "xterm-kitty").end();
    assert!(code == 1 && screen.contains("too short or too long"), "{screen}");
}

#[test]
fn a_value_is_typed_without_being_seen() {
    let document = Document::with(&two());
    let mut terminal = on_terminal(&document, "put", "token", "xterm");
    terminal.until("it is not shown");
    assert!(!terminal.shows_what_is_typed());
    terminal.types(b"wrong\x15hunter3\x7f2\r");
    let (code, screen) = terminal.end();
    assert_eq!(code, 0, "{screen}");
    assert!(!screen.contains("hunter") && screen.contains("wrote token to"), "{screen}");
    assert_eq!(document.now()["token"], "hunter2");
}

#[test]
fn a_prompt_that_is_left_writes_nothing_and_leaves_the_terminal_as_it_was() {
    let document = Document::with(&two());
    for (keys, said) in
        [(&b"half\x03"[..], "interrupted"), (b"\r", "no value was given"), (b"\x04", "no value was given")]
    {
        let mut terminal = on_terminal(&document, "put", "token", "xterm");
        terminal.until("it is not shown");
        terminal.types(keys);
        let (code, screen) = terminal.end();
        assert_eq!(code, 1, "{screen}");
        assert!(screen.contains(said) && !screen.contains("half"), "{screen}");
    }
    assert_eq!(document.now(), two());
}
