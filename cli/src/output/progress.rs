//! One line about what is waited for.
//!
//! Not a bar: none of the verbs knows how much of its work is done, and a bar that only pretends is worse than a clock.

use std::io::Write;
use std::time::Duration;

use tokio::time::{Instant, interval_at};

/// What takes less is not worth a line.
const PATIENCE: Duration = Duration::from_secs(1);
/// Erases the line of the cursor.
const ERASE: &str = "\r\u{1b}[2K";

/// Runs `work`, with a line on `out` after a second, counting on. The line is gone when the work is done.
pub(super) async fn shown<T>(what: &str, work: impl Future<Output = T>, mut out: impl Write) -> T {
    let began = Instant::now();
    let mut ticks = interval_at(began + PATIENCE, PATIENCE);
    let mut work = std::pin::pin!(work);
    let mut written = false;
    loop {
        tokio::select! {
            biased;
            done = &mut work => {
                if written {
                    let _ = write!(out, "{ERASE}").and_then(|()| out.flush());
                }
                return done;
            }
            _ = ticks.tick() => {
                // A terminal that is gone does not stop the work.
                let _ = write!(out, "{ERASE}{what} … {} s", began.elapsed().as_secs()).and_then(|()| out.flush());
                written = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_line_appears_after_a_second_and_goes_when_the_work_is_done() {
        let mut out = Vec::new();
        assert_eq!(shown("asking", async { 7 }, &mut out).await, 7);
        assert!(out.is_empty(), "quick work says nothing");
        shown("asking", tokio::time::sleep(Duration::from_millis(2500)), &mut out).await;
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, format!("{ERASE}asking … 1 s{ERASE}asking … 2 s{ERASE}"));
    }
}
