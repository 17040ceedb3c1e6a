//! A line of a terminal that nobody sees.
//!
//! The terminal is told to hand over each key as it is pressed, and to show none. It is told to raise no signal either: a
//! process that ends at Ctrl-C in the middle of a prompt leaves a terminal behind that shows nothing any more.

use std::io::{self, Write as _};
use std::os::fd::AsFd as _;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::output::Failure;

const INTERRUPT: u8 = 0x03;
const END: u8 = 0x04;
const BACKSPACE: [u8; 2] = [0x08, 0x7f];
const ERASE_LINE: u8 = 0x15;
const ENTER: [u8; 2] = [b'\n', b'\r'];

/// The terminal as it was; it is so again when this goes.
struct Quiet(Termios);

impl Quiet {
    fn new() -> io::Result<Self> {
        let stdin = io::stdin();
        let before = tcgetattr(stdin.as_fd())?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
        // What was typed before is dropped: it was shown.
        tcsetattr(stdin.as_fd(), OptionalActions::Flush, &quiet)?;
        Ok(Self(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin().as_fd(), OptionalActions::Now, &self.0);
    }
}

/// Asks on stderr, and reads a line from the terminal of stdin without showing it.
pub(super) fn hidden(question: &str) -> Result<String, Failure> {
    let failed = |error: io::Error| {
        Failure::new(format!("failed to ask for the value: {error}")).hint("write the value to stdin instead")
    };
    let typed = {
        let _quiet = Quiet::new().map_err(failed)?;
        let mut stderr = io::stderr();
        let _ = stderr.write_all(question.as_bytes()).and_then(|()| stderr.flush());
        // Byte by byte, not through the buffer of stdin, which would keep what it has read.
        read(&mut ByteByByte)
    };
    let _ = io::stderr().write_all(b"\n");
    let bytes = typed.map_err(failed)?.ok_or_else(|| Failure::new("interrupted, so nothing was written"))?;
    String::from_utf8(bytes)
        .map_err(|_| Failure::new("what was typed is no text").hint("write the value to stdin instead"))
}

struct ByteByByte;

impl io::Read for ByteByByte {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(io::stdin().as_fd(), into)?)
    }
}

/// A line as it was typed; `None` where it was interrupted.
fn read(from: &mut impl io::Read) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let mut key = [0];
    loop {
        match from.read(&mut key) {
            Ok(0) => return Ok(Some(line)),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        match key[0] {
            INTERRUPT => return Ok(None),
            END => return Ok(Some(line)),
            ERASE_LINE => line.clear(),
            one if ENTER.contains(&one) => return Ok(Some(line)),
            one if BACKSPACE.contains(&one) => erase(&mut line),
            one => line.push(one),
        }
    }
}

/// Takes away the last character, which may be several bytes.
fn erase(line: &mut Vec<u8>) {
    while let Some(byte) = line.pop() {
        if byte & 0b1100_0000 != 0b1000_0000 {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[u8]) -> Option<String> {
        read(&mut &keys[..]).unwrap().map(|line| String::from_utf8(line).unwrap())
    }

    #[test]
    fn a_line_is_edited_ended_and_interrupted() {
        for (keys, expected) in [
            (&b"hunter2\nrest"[..], Some("hunter2")),
            (b"hunter2\r", Some("hunter2")),
            (b"a b\x7f\x08c\n", Some("ac")),
            (b"wrong\x15right\n", Some("right")),
            ("né\u{7f}e\n".as_bytes(), Some("ne")),
            (b"\x7f\n", Some("")),
            (b"half\x04", Some("half")),
            (b"", Some("")),
            (b"hunter2\x03", None),
        ] {
            assert_eq!(typed(keys).as_deref(), expected, "{keys:?}");
        }
    }
}
