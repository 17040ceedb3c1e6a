//! One costly answer for all who need it.
//!
//! A plan of a thousand resources asks the same question a thousand times, ten at a time. [`Shared`] asks it once for all who
//! wait, and again when the answer is older than the next caller can take.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

/// The last answer to one question.
#[derive(Debug)]
pub struct Shared<T, E>(Mutex<Option<Last<T, E>>>);

#[derive(Debug)]
struct Last<T, E> {
    began: Instant,
    answer: Result<Arc<T>, E>,
}

impl<T, E> Default for Shared<T, E> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T, E: Clone> Shared<T, E> {
    /// The last answer, if asking for it began after this call did, or at most `max_age` before; else that of `ask`, which is
    /// awaited by one caller at a time. With an age of zero an answer is always from after the call.
    ///
    /// An error is shared with those who waited for it, and with nobody later. A caller that is dropped leaves the last
    /// answer as it was.
    pub async fn get<F: Future<Output = Result<T, E>>>(
        &self,
        max_age: Duration,
        ask: impl FnOnce() -> F,
    ) -> Result<Arc<T>, E> {
        let called = Instant::now();
        let mut last = self.0.lock().await;
        if let Some(last) = last.as_ref() {
            let is_recent = !max_age.is_zero() && last.answer.is_ok() && called - last.began <= max_age;
            if last.began > called || is_recent {
                return last.answer.clone();
            }
        }
        let began = Instant::now();
        let answer = ask().await.map(Arc::new);
        *last = Some(Last { began, answer: answer.clone() });
        answer
    }

    /// Forgets the last answer.
    pub async fn forget(&self) {
        *self.0.lock().await = None;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures::future::join_all;
    use tokio::sync::Notify;

    use super::*;

    const LONG: Duration = Duration::from_mins(10);

    fn next(count: &AtomicU32) -> u32 {
        count.fetch_add(1, Ordering::SeqCst)
    }

    #[tokio::test]
    async fn an_answer_is_kept_as_long_as_the_caller_can_take_it() {
        let (shared, count) = (Shared::default(), AtomicU32::new(0));
        for (max_age, expected) in [(LONG, 0), (LONG, 0), (Duration::ZERO, 1), (LONG, 1)] {
            assert_eq!(
                shared.get(max_age, || async { Ok::<_, &str>(next(&count)) }).await.map(|answer| *answer),
                Ok(expected)
            );
        }
        shared.forget().await;
        assert_eq!(shared.get(LONG, || async { Ok::<_, &str>(next(&count)) }).await.map(|answer| *answer), Ok(2));
    }

    #[tokio::test]
    async fn those_who_wait_share_the_next_answer_and_never_one_that_was_under_way() {
        let (shared, count, first_waits, go) = (Shared::default(), AtomicU32::new(0), Notify::new(), Notify::new());
        let first = shared.get(Duration::ZERO, || async {
            first_waits.notify_one();
            go.notified().await;
            Ok::<_, &str>(next(&count))
        });
        let others = async {
            first_waits.notified().await;
            let waiting =
                join_all((0..9).map(|_| shared.get(Duration::ZERO, || async { Ok::<_, &str>(next(&count)) })));
            let release = async { go.notify_one() };
            futures::join!(waiting, release).0
        };
        let (first, others) = futures::join!(first, others);
        assert_eq!(first.map(|answer| *answer), Ok(0));
        assert!(others.into_iter().all(|answer| answer.map(|answer| *answer) == Ok(1)));
    }

    #[tokio::test]
    async fn an_error_is_not_kept() {
        let (shared, count) = (Shared::<u32, &str>::default(), AtomicU32::new(0));
        assert_eq!(shared.get(LONG, || async { Err("away") }).await, Err("away"));
        assert_eq!(shared.get(LONG, || async { Ok::<_, &str>(next(&count)) }).await.map(|answer| *answer), Ok(0));
    }
}
