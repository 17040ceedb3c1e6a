//! One line about what is waited for.
//!
//! Not a bar: most verbs do not know how much of their work is done, and a bar that only pretends is worse than a clock. Those
//! that know say how many of how many.

use std::io::Write;
use std::time::Duration;

use tokio::time::{Instant, interval_at};

/// What takes less is not worth a line.
const PATIENCE: Duration = Duration::from_secs(1);
/// Erases the line of the cursor.
const ERASE: &str = "\r\u{1b}[2K";

/// Runs `work`, with a line on `out` after a second, counting on. The line is gone when the work is done.
pub(super) async fn shown<T>(what: impl Fn() -> String, work: impl Future<Output = T>, mut out: impl Write) -> T {
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
                let _ = write!(out, "{ERASE}{} … {} s", what(), began.elapsed().as_secs()).and_then(|()| out.flush());
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
        assert_eq!(shown(|| "asking".to_owned(), async { 7 }, &mut out).await, 7);
        assert!(out.is_empty(), "quick work says nothing");
        shown(|| "asking".to_owned(), tokio::time::sleep(Duration::from_millis(2500)), &mut out).await;
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, format!("{ERASE}asking … 1 s{ERASE}asking … 2 s{ERASE}"));
        let (mut out, done) = (Vec::new(), std::cell::Cell::new(0));
        let work = async {
            tokio::time::sleep(Duration::from_millis(1500)).await;
            done.set(7);
            tokio::time::sleep(Duration::from_secs(1)).await;
        };
        shown(|| format!("asking: {} of 9", done.get()), work, &mut out).await;
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, format!("{ERASE}asking: 0 of 9 … 1 s{ERASE}asking: 7 of 9 … 2 s{ERASE}"));
    }
}
