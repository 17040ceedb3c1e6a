//! What is down, so that it is not asked a hundred times.
//!
//! A path that does not answer is `unknown` whatever is asked after it, and each request costs the whole time limit. Without
//! this a plan over one dead host with forty paths would take a quarter of an hour to say what its first requests said.
//!
//! A place that nobody can connect to is down for every host behind it. A host that is connected to and does not answer is a
//! matter of its own: behind one load balancer stand many.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use homelab_core::probe::Failure;

/// Connections in a row that were not made before a place counts as down.
const NOT_REACHED: usize = 4;
/// Answers in a row that did not come before a host counts as down. More than of connections, since it may be one slow path
/// with what is asked around it, and not the host.
const NOT_ANSWERED: usize = 12;

/// Failures in a row, of each place of one kind.
pub(super) struct Down {
    limit: usize,
    streaks: Mutex<HashMap<(String, u16), Arc<Streak>>>,
}

/// Failures in a row.
pub(super) struct Streak {
    limit: usize,
    failures: Mutex<(usize, Option<Failure>)>,
}

impl Down {
    pub(super) fn places() -> Self {
        Self { limit: NOT_REACHED, streaks: Mutex::default() }
    }

    pub(super) fn hosts() -> Self {
        Self { limit: NOT_ANSWERED, streaks: Mutex::default() }
    }

    pub(super) fn of(&self, host: &str, port: u16) -> Arc<Streak> {
        let mut streaks = self.streaks.lock().unwrap_or_else(PoisonError::into_inner);
        let streak = streaks.entry((host.to_owned(), port));
        Arc::clone(streak.or_insert_with(|| Arc::new(Streak { limit: self.limit, failures: Mutex::default() })))
    }
}

impl Streak {
    /// Why it is not asked any more.
    pub(super) fn over(&self) -> Option<Failure> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let last = failures.1.as_ref().filter(|_| failures.0 >= self.limit)?;
        Some(Failure::GivenUp(Box::new(last.clone())))
    }

    /// Notes what came of one more try.
    pub(super) fn note<T>(&self, tried: &Result<T, Failure>) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        *failures = match tried {
            Ok(_) => (0, None),
            Err(failure) => (failures.0 + 1, Some(failure.clone())),
        };
    }
}
