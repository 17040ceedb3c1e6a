//! What names lead to, asked once for each sample.
//!
//! A host with forty paths is asked for a hundred and twenty samples: as many lookups would be a load on somebody's resolver
//! and tell nothing new. But a name whose answer rotates shows another replica with each lookup, and a resolver that fails
//! may recover. So sample number n of every path of a host shares one lookup, and a failed one is made again.
//!
//! An address is checked where it is connected to, never here: what a name led to before does not count.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::resolve::{Resolve, ResolveError};

/// One lookup; `None` is a name without an address, for certain.
type Lookup = Arc<OnceCell<Option<Vec<IpAddr>>>>;

/// The lookups of one run.
pub(super) struct Names {
    resolver: Arc<dyn Resolve>,
    lookups: Mutex<HashMap<(String, usize), Lookup>>,
}

impl Names {
    pub(super) fn new(resolver: Arc<dyn Resolve>) -> Self {
        Self { resolver, lookups: Mutex::default() }
    }

    /// The addresses of `host` for sample `number`.
    pub(super) async fn addresses(&self, host: &str, number: usize) -> Result<Vec<IpAddr>, ResolveError> {
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        let lookup = {
            let mut lookups = self.lookups.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(lookups.entry((host.to_owned(), number)).or_default())
        };
        let looked_up = lookup.get_or_try_init(|| async {
            match self.resolver.resolve(host).await {
                Ok(addresses) => Ok(Some(addresses)),
                Err(ResolveError::Absent) => Ok(None),
                Err(failed @ ResolveError::Failed(_)) => Err(failed),
            }
        });
        looked_up.await?.clone().ok_or(ResolveError::Absent)
    }
}
