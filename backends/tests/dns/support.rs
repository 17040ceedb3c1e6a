//! One API, and clients of it.

use std::collections::BTreeSet;
use std::time::Duration;

use homelab_backends::dns::{Dns, DnsError, Settings};
use homelab_core::dns::changes::{Changes, Clash, judge};
use homelab_core::dns::mark::Mark;
use homelab_core::dns::{Kind, Record};
use homelab_plane::dns_api::DnsApi;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

/// The token of every client here. It must appear in no text.
pub(crate) const TOKEN: &str = "canary-0123456789abcdef";
/// The zone of the API.
pub(crate) const ZONE: &str = "example.net";

pub(crate) fn api() -> DnsApi {
    DnsApi::start(ZONE, TOKEN).expect("the API")
}

pub(crate) fn settings(api: &DnsApi) -> Settings {
    Settings {
        base_url: api.url(),
        token: SecretString::from(TOKEN),
        zone: Some(ZONE.to_owned()),
        zone_id: Some(api.zone_id()),
        timeout: Duration::from_mins(1),
        pause: Duration::from_millis(5),
    }
}

/// A client as each run has its own.
pub(crate) fn client(api: &DnsApi) -> Dns {
    Dns::new(settings(api))
}

pub(crate) fn going() -> CancellationToken {
    CancellationToken::new()
}

pub(crate) fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub(crate) fn mark(owner: &str) -> Mark {
    Mark::new(owner, "0123456789abcdef")
}

pub(crate) fn proxied(name: &str) -> Record {
    record(name, Kind::Cname, "t.cfargotunnel.com")
}

pub(crate) fn record(name: &str, kind: Kind, content: &str) -> Record {
    Record { name: name.to_owned(), kind, content: content.to_owned(), proxied: kind == Kind::Cname }
}

/// Makes the zone as a resource of that owner does, whose records were at `former` before.
pub(crate) async fn want(
    dns: &Dns,
    owner: &str,
    wanted: &[Record],
    former: &[&str],
) -> Result<Result<Changes, Vec<Clash>>, DnsError> {
    let mark = mark(owner);
    let former = names(former);
    let mut at: BTreeSet<String> = wanted.iter().map(|record| record.name.clone()).collect();
    at.extend(former.iter().cloned());
    dns.converge(&at, &mark.text(), &going(), |found| {
        let verdict = judge(wanted, &former, found, &mark, false);
        if verdict.clashes.is_empty() { Ok(verdict.changes) } else { Err(verdict.clashes) }
    })
    .await
}
