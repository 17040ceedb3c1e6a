//! What a command answered.

use std::time::Duration;

use serde_json::Value;

/// The answer of one command. Colour is taken out of both streams.
#[derive(Debug, Clone)]
pub struct Output {
    /// The command as a user would type it.
    pub command: String,
    /// Exit code; 128 and more stands for a signal, as a shell shows it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// From start to end.
    pub elapsed: Duration,
}

impl Output {
    pub(super) fn new(command: String, code: i32, stdout: &[u8], stderr: &[u8], elapsed: Duration) -> Self {
        Self { command, code, stdout: plain(stdout), stderr: plain(stderr), elapsed }
    }

    /// This output, if the command succeeded.
    ///
    /// # Panics
    ///
    /// With everything that the command said, if its exit code is not 0.
    #[track_caller]
    #[must_use = "or use `Workspace::ok`"]
    pub fn success(self) -> Self {
        assert!(self.code == 0, "expected success\n{self}");
        self
    }

    /// This output, if the command failed, with `text` in what it said ([`Output::says`]).
    ///
    /// # Panics
    ///
    /// With everything that the command said, otherwise.
    #[track_caller]
    #[must_use = "or bind it to `_`"]
    pub fn fails_with(self, text: &str) -> Self {
        assert!(self.code != 0, "expected a failure\n{self}");
        assert!(self.says(text), "expected it to say `{text}`\n{self}");
        self
    }

    /// Whether `text` is somewhere in what the command said. Terraform wraps lines and draws a bar at
    /// their left; neither counts, and any run of blanks is as good as another.
    pub fn says(&self, text: &str) -> bool {
        self.flowed().contains(&flow(text))
    }

    /// Both streams as one line, without bars and line breaks.
    pub fn flowed(&self) -> String {
        flow(&format!("{}\n{}", self.stdout, self.stderr))
    }

    /// Standard output as JSON.
    ///
    /// # Panics
    ///
    /// With everything that the command said, if it is not JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_str(&self.stdout) {
            Ok(value) => value,
            Err(error) => panic!("expected JSON ({error})\n{self}"),
        }
    }

    /// Standard output as one JSON value per line, as `plan -json` writes it; other lines are left out.
    pub fn json_lines(&self) -> Vec<Value> {
        self.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "$ {}\n{}\n{}\nexit code {} after {:.1} s",
            self.command,
            self.stdout.trim_end(),
            self.stderr.trim_end(),
            self.code,
            self.elapsed.as_secs_f64()
        )
    }
}

/// Text without colour: everything from ESC to the letter that ends the sequence goes.
pub(super) fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        if character != '\u{1b}' {
            plain.push(character);
            continue;
        }
        if rest.next() == Some('[') {
            // Parameters are digits and signs; the first letter ends it.
            let _ = rest.by_ref().find(char::is_ascii_alphabetic);
        }
    }
    plain
}

fn flow(text: &str) -> String {
    let bars = |c: char| matches!(c, '│' | '╷' | '╵' | '|') || c.is_whitespace();
    text.split(bars).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(stdout: &str, code: i32) -> Output {
        Output::new("terraform plan".into(), code, stdout.as_bytes(), b"", Duration::ZERO)
    }

    #[test]
    fn colour_goes_and_the_rest_stays() {
        assert_eq!(plain(b"\x1b[0m\x1b[1mPlan:\x1b[0m 1 to add [x]"), "Plan: 1 to add [x]");
    }

    #[test]
    fn a_wrapped_message_is_still_found() {
        let output = output("╷\n│ Error: the host app.example.net is\n│   taken by another route\n╵\n", 1);
        assert!(output.says("app.example.net is taken by"));
        assert!(!output.says("app.example.org"));
        let _ = output.fails_with("the host");
    }

    #[test]
    #[should_panic(expected = "no such file")]
    fn a_failure_shows_everything() {
        let _ = output("no such file", 1).success();
    }

    #[test]
    fn json_lines_skip_what_is_no_json() {
        let lines = output("{\"type\":\"version\"}\nnoise\n{\"type\":\"log\"}\n", 0).json_lines();
        assert_eq!(lines.len(), 2);
    }
}
