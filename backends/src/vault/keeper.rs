//! Looks after the token while nobody asks for it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::link::Link;
use super::login::Login;

/// After a token was lost and could not be replaced.
const AGAIN: Duration = Duration::from_secs(5);

/// A task that renews the token in time. It ends with this.
#[derive(Default)]
pub(super) struct Keeper(OnceLock<AbortHandle>);

impl Keeper {
    /// Begins to look after the token, where that was not begun yet. There has to be a token by now.
    pub(super) fn begin(&self, login: &Arc<Login>, link: &Arc<Link>) {
        // Without a runtime that goes on, the next who asks for the token renews it.
        let Ok(runtime) = Handle::try_current() else { return };
        self.0.get_or_init(|| {
            let (login, link) = (Arc::clone(login), Arc::clone(link));
            let task = runtime.spawn(async move {
                while let Some(due) = login.due(&link).await {
                    tokio::time::sleep_until(due).await;
                    if login.token(&link).await.is_err() {
                        // Whoever asks is told; the store may be back before that.
                        tokio::time::sleep(AGAIN).await;
                    }
                }
            });
            task.abort_handle()
        });
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Some(task) = self.0.get() {
            task.abort();
        }
    }
}
