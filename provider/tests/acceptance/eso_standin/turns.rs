//! Something that is done again and again, beside a test, until nobody needs it any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// A thread that takes its turns until it is dropped.
pub(crate) struct Turns {
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Turns {
    /// Calls `turn`, with that pause after each.
    pub(super) fn every(pause: Duration, mut turn: impl FnMut() + Send + 'static) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ended);
        let thread = std::thread::spawn(move || {
            while !end.load(Ordering::SeqCst) {
                turn();
                std::thread::sleep(pause);
            }
        });
        Self { ended, thread: Some(thread) }
    }
}

impl Drop for Turns {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let joined = thread.join();
            assert!(joined.is_ok() || std::thread::panicking(), "the stand-in panicked");
        }
    }
}
