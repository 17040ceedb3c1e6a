//! When the next request may go out.
//!
//! Cloudflare counts 1200 requests in five minutes for all tools of an account together, and shuts everything out for five
//! minutes beyond that; requests while it is shut out keep it so. So requests of one run go out one after the other, never
//! more than a part of the limit in its window, writes with a gap between them; and after a 429 nothing at all goes out
//! before the time that it named, whoever waits.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The window that the provider counts in.
const WINDOW: Duration = Duration::from_mins(5);
/// What we take of its 1200: the dashboard and other tools of the house share them.
const IN_WINDOW: usize = 1000;
/// Between the beginnings of two writes.
const GAP: Duration = Duration::from_millis(25);

/// The requests of the last minutes, and what is to be waited for.
#[derive(Debug, Default)]
pub(super) struct Pace {
    sent: VecDeque<Instant>,
    last_write: Option<Instant>,
    shut_until: Option<Instant>,
}

impl Pace {
    /// How long the next request has to wait, as of `now`.
    pub(super) fn wait(&mut self, now: Instant, is_write: bool) -> Duration {
        while self.sent.front().is_some_and(|first| now.duration_since(*first) >= WINDOW) {
            self.sent.pop_front();
        }
        let shut = self.shut_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        let full = match self.sent.front() {
            Some(first) if self.sent.len() >= IN_WINDOW => (*first + WINDOW).saturating_duration_since(now),
            _ => Duration::ZERO,
        };
        let gap = match self.last_write {
            Some(last) if is_write => (last + GAP).saturating_duration_since(now),
            _ => Duration::ZERO,
        };
        shut.max(full).max(gap)
    }

    /// Notes a request that goes out.
    pub(super) fn sent(&mut self, now: Instant, is_write: bool) {
        self.sent.push_back(now);
        if is_write {
            self.last_write = Some(now);
        }
    }

    /// Nothing may go out for so long.
    pub(super) fn shut(&mut self, now: Instant, pause: Duration) {
        let until = now + pause;
        self.shut_until = Some(self.shut_until.map_or(until, |earlier| earlier.max(until)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_keep_a_gap_and_reads_need_none() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        assert_eq!(pace.wait(now, true), Duration::ZERO);
        pace.sent(now, true);
        assert_eq!((pace.wait(now, true), pace.wait(now, false)), (GAP, Duration::ZERO));
        assert_eq!(pace.wait(now + GAP, true), Duration::ZERO);
    }

    #[test]
    fn no_window_has_more_than_our_part_of_the_limit() {
        let (mut pace, began) = (Pace::default(), Instant::now());
        let mut now = began;
        let mut sent = Vec::new();
        for _ in 0..2500 {
            now += pace.wait(now, true);
            pace.sent(now, true);
            sent.push(now);
        }
        for (index, first) in sent.iter().enumerate() {
            let within = sent[index..].iter().take_while(|one| one.duration_since(*first) < WINDOW).count();
            assert!(within <= IN_WINDOW, "{within} requests in a window");
        }
        assert!(now.duration_since(began) >= 2 * WINDOW && now.duration_since(began) < 3 * WINDOW);
    }

    #[test]
    fn after_a_429_everything_waits_the_named_time_and_a_shorter_one_does_not_open() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        pace.shut(now, Duration::from_secs(30));
        pace.shut(now, Duration::from_secs(2));
        assert_eq!(pace.wait(now, false), Duration::from_secs(30));
        assert_eq!(pace.wait(now + Duration::from_secs(30), true), Duration::ZERO);
    }
}
